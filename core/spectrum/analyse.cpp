// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/spectrum/analyse.h"

#include <mutex>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/linalg/svd.h"
#include "core/spectrum/spectrum_cache.h"

namespace rankscope {

AnalysedLayer analyseLayer(const Checkpoint& checkpoint, LayerId layer, const Progress& progress, int threads) {
  const LayerInfo& info = checkpoint.layer(layer);
  AnalysedLayer result{
      .layer = layer, .contentHash = checkpoint.contentHash(layer), .spectrum = {}, .entries = {}, .error = {}};
  const SpectrumCache cache;
  const SpectrumCache::Key key{result.contentHash, info.dtype, info.rows, info.cols};
  progress.check();
  auto known = cache.load(key);
  const bool isNew = !known;
  if (isNew) {
    try {
      const Checkpoint::Matrix matrix = checkpoint.matrix(layer);
      known.emplace(Spectrum(info.rows, info.cols, singularValues(matrix.view, progress, threads)),
                    entryStatistics(matrix.view));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::BadValues) throw;
      result.error = fmt::format("{}: {}", info.name, error.what());
    }
  }
  checkpoint.finishReading(layer);
  if (known) {
    if (isNew) cache.save(key, *known);
    result.spectrum = std::move(known->spectrum);
    result.entries = known->entries;
  }
  return result;
}

Schedule spectrumSchedule(const Checkpoint& checkpoint, std::span<const LayerId> layers) {
  std::vector<double> costs;
  costs.reserve(layers.size());
  for (const LayerId id : layers) {
    const LayerInfo& info = checkpoint.layer(id);
    costs.push_back(singularValuesFlops(info.rows, info.cols));
  }
  return Schedule(std::move(costs));
}

void analyse(const Checkpoint& checkpoint, std::span<const LayerId> layers, const Schedule& schedule,
             const std::function<void(AnalysedLayer&&)>& sink, const Progress& progress, int cores) {
  std::mutex delivery;
  runScheduled(schedule, cores, progress, [&](std::size_t item, int threads) {
    AnalysedLayer result = analyseLayer(checkpoint, layers[item], progress.silent(), threads);
    const std::lock_guard lock(delivery);
    sink(std::move(result));
  });
  SpectrumCache().prune();
}

} // namespace rankscope
