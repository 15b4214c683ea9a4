// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "core/base/schedule.h"
#include "core/checkpoint/checkpoint.h"
#include "core/spectrum/diagnostics.h"
#include "core/spectrum/spectrum.h"

namespace rankscope {

/// One layer's spectrum, or why there is none (NaN or infinity in the matrix).
struct AnalysedLayer {
  LayerId layer;
  std::string contentHash;
  std::optional<Spectrum> spectrum;
  std::optional<EntryStatistics> entries;
  std::string error;
};

/// Looks in the user's SpectrumCache first and keeps what it computes there.
AnalysedLayer analyseLayer(const Checkpoint& checkpoint, LayerId layer, const Progress& progress = {}, int threads = 1);

/// A schedule over `layers` by the flops of their spectra; item i is layers[i].
Schedule spectrumSchedule(const Checkpoint& checkpoint, std::span<const LayerId> layers);

/// Spectra of `layers` on all cores, delivered as they are done, one call at a time, from worker threads. `schedule`
/// comes from spectrumSchedule() for the same layers and may be used to bring some forward.
void analyse(const Checkpoint& checkpoint, std::span<const LayerId> layers, const Schedule& schedule,
             const std::function<void(AnalysedLayer&&)>& sink, const Progress& progress, int cores = 0);

} // namespace rankscope
