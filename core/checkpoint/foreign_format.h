// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rankscope {

/// True when the name alone says that the file holds weights in a format that Rankscope does not read (.bin, .pt, …).
bool hasForeignExtension(const std::filesystem::path& file);

/// Throws Error (Unsupported) that says what the file is and how to convert it, when its first bytes (or else its
/// extension) show a known format other than safetensors.
void refuseForeignFormat(const std::filesystem::path& file, std::span<const std::byte> bytes);

/// Throws Error (Unsupported) when config.json's text or a quantize_config.json beside it says that the weights are
/// quantised by GPTQ, AWQ, bitsandbytes or the like.
void refuseQuantisedModel(const std::filesystem::path& folder, std::string_view configJson);

/// The same by a tensor's name; `file` is for the words.
void refuseQuantisedTensor(std::string_view name, const std::filesystem::path& file);

} // namespace rankscope
