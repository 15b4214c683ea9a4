// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace rankscope {

/// Element types that a safetensors header can name. Only the first four are weights; the others pass through.
enum class DType { F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, Bool, F8E4M3, F8E5M2 };

/// Bytes of one element.
std::size_t byteSize(DType dtype);

/// The safetensors spelling ("F32", "BF16", "F8_E4M3", "BOOL", …).
std::string_view name(DType dtype);
std::optional<DType> parseDType(std::string_view safetensorsName);

/// True for F64, F32, F16 and BF16: the types whose values Rankscope computes with.
bool isWeight(DType dtype);

}  // namespace rankscope
