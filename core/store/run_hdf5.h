// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Private to core/store.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/store/hdf5_file.h"
#include "core/store/run_data.h"

namespace rankscope {

/// A layer's group name: '/', '%' and NUL percent-escaped, and so are "." and ".." and the empty name. And back.
std::string escapedName(std::string_view name);
std::string unescapedName(std::string_view name);

/// Opens a run file for reading. Throws Error: NotFound, Unreadable, InUse, Malformed (no HDF5, damaged, another
/// program's), Unsupported (newer). Every function here needs a Session while it runs and while handles live.
hdf5::Id openRun(const std::filesystem::path& path);

/// Everything of an open run file; `path` is for messages.
RunData readRunData(hid_t file, const std::filesystem::path& path);

/// What an open run file holds of a compressed layer; nothing when it is not there or not intact.
std::optional<StoredLayer> readStored(hid_t file, const std::string& layer);

/// Writes the run as a new file over `to`, atomically and durably, by way of `scratch` on the same disk. What `run`
/// does not hold itself (factors merged earlier, arrays that others added) is copied from `previous`, when that is
/// open. Throws Error (NoSpace, Unwritable), then `to` is as it was.
void writeRunData(const RunData& run, hid_t previous, const std::filesystem::path& scratch,
                  const std::filesystem::path& to);

} // namespace rankscope
