// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Private to core/store: one layer's group in a run file. All throw hdf5::Failure.

#include <optional>
#include <string>
#include <string_view>

#include "core/store/hdf5_file.h"
#include "core/store/run_data.h"

namespace rankscope {

/// The record as attributes and datasets of the layer's group; `index` is its place in the model.
void writeLayer(hid_t group, const LayerRecord& layer, std::size_t index);
LayerRecord readLayer(hid_t group, const std::string& name);

/// What stands for the layer: base, factors, bias shift. Reading gives nothing when they are not there or not whole.
void writeStored(hid_t group, const StoredLayer& stored);
std::optional<StoredLayer> readStoredParts(hid_t group);
/// True for the datasets that writeStored() makes.
bool isPart(std::string_view child);

/// True when version 1 of the format cannot hold the layer: a quantised base, a bias shift, int3.
bool needsVersion2(const LayerRecord& layer);

} // namespace rankscope
