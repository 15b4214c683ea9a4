// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/schedule.h"
#include "core/compress/quality.h"
#include "core/plan/resolve.h"

namespace rankscope {

/// Raised when the numbers that compression produces change, so that a run never resumes results of an older method.
inline constexpr int kResultVersion = 1;

/// Two factors before rounding: the stored matrix is a·b, a rows × r, b r × cols.
struct FactorValues {
  RowMatrixD a;
  RowMatrixD b;
};

/// What stands for one layer, the factors before rounding: base + a·b. The parts are those that the choice asks for: a
/// base in its format, factors of its rank, a bias shift (one number an output) where it says so.
struct LayerParts {
  std::optional<StoredMatrix> base;
  std::optional<FactorValues> factors;
  std::vector<float> biasShift;
};

/// Finds the parts of a choice whose method is not the plain one. Called from several threads at once.
using Factoriser = std::function<LayerParts(LayerId, const LayerChoice&, const Progress&, int threads)>;

/// One layer after its choice was carried out.
struct CompressedLayer {
  LayerId layer;
  LayerChoice choice;
  std::string contentHash;
  StoredLayer stored; ///< empty for a dense layer or a failed one
  Quality quality;    ///< measured from the parts as stored; exactly 1 and 0 for dense
  std::optional<Quality> outputs; ///< of what the layer puts out on the text that methods are fitted to
  std::optional<double>
      predictedCosine; ///< of the exact truncation, from the spectrum; nothing for other methods or a base
  std::uint64_t bytesBefore = 0;
  std::uint64_t bytesAfter = 0;
  std::string error; ///< why this layer could not be compressed ("" if it was); it then stays dense
};

/// Carries out one layer's choice. Plainly: the base rounded to nearest, then the exact truncated SVD of what is left
/// of the matrix, √σ into both factors, rounded; measured as stored. Pure. NaN or infinity in the matrix, and values
/// beyond the range of their format (F16), become `error`. A layer that stays dense is not looked at. `spectrum` may be
/// null; `factoriser` finds the parts of a choice with a method of its own.
CompressedLayer compressLayer(const Checkpoint& checkpoint, LayerId layer, const LayerChoice& choice,
                              const Spectrum* spectrum, const Progress& progress, int threads,
                              const Factoriser& factoriser = {});

using OutputMeasure = std::function<std::optional<Quality>(LayerId, const StoredLayer&)>;

struct CompressionHooks {
  /// Result of an earlier run for this layer and choice, if it still holds; then nothing is computed. Any thread.
  std::function<std::optional<CompressedLayer>(LayerId, const LayerChoice&)> finished;
  Factoriser factoriser;
  /// Every layer as it is done, those of an earlier run included, from any thread, one call at a time. The layer may be
  /// moved from: nothing is kept.
  std::function<void(CompressedLayer&&)> sink;
  /// Measures a compressed layer's outputs; nullopt for one whose inputs are not known. Any thread.
  OutputMeasure outputs = {};
};

/// All layers of the plan on all cores; memory is bounded by the layers in flight.
void compress(const Checkpoint& checkpoint, const ResolvedPlan& plan, const SpectrumLookup& spectra,
              const CompressionHooks& hooks, const Progress& progress, int cores = 0);

} // namespace rankscope
