// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace rankscope {

/// A checksum of a whole HDF5 file, behind its end, where HDF5 does not look. HDF5 1.10 hangs or crashes on some damaged
/// files, so a sealed file is checked before HDF5 sees it. A program that opens the file for writing cuts the seal off.
enum class Seal { Absent, Intact, Broken };

Seal sealOf(std::span<const std::byte> file);

/// Appends the seal to a finished file. Throws Error (NoSpace, Unwritable).
void appendSeal(const std::filesystem::path& path);

} // namespace rankscope
