// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/dtype.h"

#include <array>

namespace rankscope {

namespace {

struct Entry {
  DType dtype;
  std::string_view name;
  std::size_t bytes;
};

constexpr std::array<Entry, 15> kTypes{{
    {DType::F64, "F64", 8},   {DType::F32, "F32", 4},       {DType::F16, "F16", 2},       {DType::BF16, "BF16", 2},
    {DType::I64, "I64", 8},   {DType::I32, "I32", 4},       {DType::I16, "I16", 2},       {DType::I8, "I8", 1},
    {DType::U64, "U64", 8},   {DType::U32, "U32", 4},       {DType::U16, "U16", 2},       {DType::U8, "U8", 1},
    {DType::Bool, "BOOL", 1}, {DType::F8E4M3, "F8_E4M3", 1}, {DType::F8E5M2, "F8_E5M2", 1},
}};

const Entry& entry(DType dtype) { return kTypes[static_cast<std::size_t>(dtype)]; }

}  // namespace

std::size_t byteSize(DType dtype) { return entry(dtype).bytes; }

std::string_view name(DType dtype) { return entry(dtype).name; }

std::optional<DType> parseDType(std::string_view safetensorsName) {
  for (const Entry& type : kTypes)
    if (type.name == safetensorsName) return type.dtype;
  return std::nullopt;
}

bool isWeight(DType dtype) { return dtype <= DType::BF16; }

}  // namespace rankscope
