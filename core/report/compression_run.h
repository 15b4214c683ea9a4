// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "core/compress/compress.h"
#include "core/report/export_model.h"
#include "core/spectrum/analyse.h"
#include "core/store/run_file.h"

namespace rankscope {

/// Spectra of some layers of a checkpoint, by LayerId::value; those not asked for, or without one, are empty.
using LayerSpectra = std::vector<std::optional<AnalysedLayer>>;

/// The spectra of `layers`: those that `run` (may be null) has for the same bytes, the others computed and recorded
/// there as they are done. A stop request throws Cancelled; what was recorded stays.
LayerSpectra spectraOf(const Checkpoint& checkpoint, std::span<const LayerId> layers, RunFile* run,
                       const Progress& progress, int cores = 0);

/// The lookup that plans and compression take; `spectra` must outlive it.
SpectrumLookup lookupIn(const LayerSpectra& spectra);

/// One compression from file to file.
struct CompressionRequest {
  ResolvedPlan plan;
  SpectrumLookup spectra = {};   ///< may be empty
  Factoriser factoriser = {};    ///< for layers whose choice has a method
  OutputMeasure outputs = {};    ///< measures what compressed layers put out, where a text is known
  RunFile* run = nullptr;        ///< takes every result at once; what it holds already is not computed again
  ModelExport* target = nullptr; ///< takes the factors; the caller calls finish()
  /// Sees each layer with its factors, from the run file or fresh, one call at a time; may be empty.
  std::function<void(const CompressedLayer&)> take = {};
  int cores = 0;
};

/// Carries out the plan for every layer. `sink` gets each one as soon as it is safe in the run file, without its
/// factors, one call at a time, from any thread.
void runCompression(const Checkpoint& checkpoint, const CompressionRequest& request,
                    const std::function<void(CompressedLayer&&)>& sink, const Progress& progress);

/// True when the run holds the result of every layer that the plan compresses: then carrying it out computes nothing.
bool holdsResults(const RunFile& run, const Checkpoint& checkpoint, const ResolvedPlan& plan);

} // namespace rankscope
