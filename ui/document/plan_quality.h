// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/plan/resolve.h"

namespace rankscope::ui {

/// Whether the spectrum says what a choice keeps of the weights: only for the plain truncation, not for factors fitted
/// to a text, nor where a quantised base takes part.
bool isPredictable(const LayerChoice& choice);

/// Mean predicted cosine of the layers that get factors; nullopt while a spectrum is missing; 1 when none does.
std::optional<double> meanCosine(const Checkpoint& checkpoint, const ResolvedPlan& plan, const SpectrumLookup& spectra);

/// Mean over `scope` of the relative energy kept (cosine², 1 for dense), the quantity that budgets maximise; nullopt
/// while a spectrum is missing.
std::optional<double> meanKeptEnergy(const ResolvedPlan& plan, const SpectrumLookup& spectra,
                                     std::span<const LayerId> scope);

/// A plan as a point of the trade-off: bytes of the whole model against mean kept energy.
struct TradeOffPoint {
  double share = 0; ///< of the full rank, for a point of the uniform curve
  std::uint64_t bytes = 0;
  double keptEnergy = 0;
  std::optional<double> kl; ///< of the whole model, where an advice lets it be predicted
};

/// Every layer of `scope` at this share of its full rank; where that saves nothing, and where the spectrum is not
/// known, the layer stays dense.
ResolvedPlan uniformPlan(const Checkpoint& checkpoint, const SpectrumLookup& spectra, std::span<const LayerId> scope,
                         Storage storage, int group, double share);

/// The curve of uniformPlan() over shares, up to the first that leaves every layer dense.
std::vector<TradeOffPoint> uniformCurve(const Checkpoint& checkpoint, const SpectrumLookup& spectra,
                                        std::span<const LayerId> scope, Storage storage, int group, int points = 48);

} // namespace rankscope::ui
