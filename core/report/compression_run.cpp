// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/compression_run.h"

#include <algorithm>
#include <atomic>

namespace rankscope {

LayerSpectra spectraOf(const Checkpoint& checkpoint, std::span<const LayerId> layers, RunFile* run,
                       const Progress& progress, int cores) {
  LayerSpectra spectra(checkpoint.layers().size());
  std::vector<LayerId> missing;
  for (const LayerId id : layers) {
    progress.check();
    std::optional<Spectrum> known;
    if (run) known = run->spectrum(checkpoint.layer(id).name, checkpoint.contentHash(id));
    if (known)
      spectra[id.value] = AnalysedLayer{id, checkpoint.contentHash(id), std::move(known), std::nullopt, {}};
    else
      missing.push_back(id);
  }
  analyse(
      checkpoint, missing, spectrumSchedule(checkpoint, missing),
      [&](AnalysedLayer&& layer) {
        if (run) run->record(layer);
        spectra[layer.layer.value] = std::move(layer);
      },
      progress, cores);
  return spectra;
}

bool holdsResults(const RunFile& run, const Checkpoint& checkpoint, const ResolvedPlan& plan) {
  std::map<std::string, LayerRecord, std::less<>> known;
  for (LayerRecord& record : run.contents().layers) known.emplace(record.name, std::move(record));
  return std::ranges::all_of(checkpoint.layers(), [&](const LayerInfo& layer) {
    const LayerChoice& choice = plan.layers[layer.id.value];
    if (choice.isDense()) return true;
    const auto found = known.find(layer.name);
    if (found == known.end() || !found->second.compression) return false;
    const LayerRecord::Compression& result = *found->second.compression;
    return result.choice == choice && result.resultVersion == kResultVersion &&
           found->second.contentHash == checkpoint.contentHash(layer.id) &&
           (result.hasFactors || !result.error.empty());
  });
}

SpectrumLookup lookupIn(const LayerSpectra& spectra) {
  return [&spectra](LayerId id) -> const Spectrum* {
    const auto& layer = spectra[id.value];
    return layer && layer->spectrum ? &*layer->spectrum : nullptr;
  };
}

void runCompression(const Checkpoint& checkpoint, const CompressionRequest& request,
                    const std::function<void(CompressedLayer&&)>& sink, const Progress& progress) {
  std::vector<std::atomic<bool>> known(checkpoint.layers().size());
  CompressionHooks hooks;
  hooks.factoriser = request.factoriser;
  hooks.outputs = request.outputs;
  if (request.run)
    hooks.finished = [&](LayerId id, const LayerChoice& choice) {
      auto result = request.run->finished(id, checkpoint.contentHash(id), choice);
      known[id.value] = result.has_value();
      return result;
    };
  hooks.sink = [&](CompressedLayer&& layer) {
    if (request.run && !known[layer.layer.value]) request.run->record(layer);
    if (request.target) request.target->add(layer);
    if (request.take) request.take(layer);
    layer.stored = {};
    sink(std::move(layer));
  };
  compress(checkpoint, request.plan, request.spectra, hooks, progress, request.cores);
}

} // namespace rankscope
