// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>

namespace rankscope {

/// Whether every global heap collection of an HDF5 file (HDF5 File Format Specification, III.E) is as HDF5 writes it
/// for texts. HDF5 keeps variable-length texts there, the only metadata it guards by no checksum, and 1.10 hangs or
/// reads beyond its buffers where a collection contradicts itself. So this looks first.
bool heapsAreSound(std::span<const std::byte> file);

} // namespace rankscope
