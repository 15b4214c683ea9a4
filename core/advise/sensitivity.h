// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/advise/plan_predictor.h"
#include "core/advise/ways.h"
#include "core/evaluate/reference_run.h"

namespace rankscope {

/// One layer compressed alone in one way at one rank, and what that did.
struct Probe {
  std::string layer;
  std::string contentHash; ///< of the layer's matrix
  std::string kind;
  std::int64_t rank = 0;
  double quadratic = 0; ///< predicted by second moments (Way::quadratic)
  double kl = 0;        ///< measured, nats a token
  double nats = 0;      ///< the text's mean negative log-likelihood
  bool operator==(const Probe&) const = default;
};

/// All probes of a model on one text.
struct Sensitivity {
  std::string textHash; ///< of the tokens that were run, and of those that the ways are fitted to
  std::int64_t tokens = 0;
  double originalNats = 0;
  std::vector<Probe> probes;
  bool complete = false;
};

/// JSON with kind "sensitivity" for the run file, and back. Reading throws Error(Malformed).
std::string toJson(const Sensitivity& sensitivity);
Sensitivity parseSensitivity(std::string_view json);

/// The ranks, `count` (1 or 2) at most, at which a layer is tried: where its quadratic lies within what can be measured
/// and adds up.
std::vector<std::int64_t> probeRanks(const std::vector<double>& quadratic, std::int64_t largestRank, int count = 2);

/// The layer's effect by rank: the quadratic, scaled to what the probes measured and in between linearly on a log-log
/// scale. With no probes the quadratic itself.
EffectCurve scaledCurve(const std::string& kind, const std::vector<double>& quadratic, std::span<const Probe> probes);

/// Quadratics of the layers by kind.
using Quadratics = std::map<std::string, std::map<LayerId, std::vector<double>>>;
Quadratics quadraticsOf(const Checkpoint& checkpoint, std::span<const Way> ways, std::span<const LayerId> layers,
                        const Progress& progress = {});

/// A layer to be compressed alone in one way at one rank.
struct Trial {
  LayerId layer;
  const Way* way = nullptr;
  std::int64_t rank = 0;
  double quadratic = 0;
  std::optional<Probe> known; ///< of an earlier run: not measured again
  double cost = 1;            ///< of measuring it beside the others
};

/// What has to be tried of each of `layers` in each of `ways`, which must outlive it, and what `known` holds of that
/// for the same text and matrices.
std::vector<Trial> trialsOf(const Checkpoint& checkpoint, std::span<const Way> ways, const Quadratics& quadratics,
                            std::span<const LayerId> layers, const std::string& textHash,
                            const Sensitivity& known = {});

/// Measures what is not known of the trials. `partial` sees the probes so far after each. Throws Cancelled between
/// probes.
Sensitivity measureSensitivity(const ReferenceRun& reference, const Checkpoint& checkpoint,
                               std::span<const Trial> trials, const Factoriser& factoriser, const std::string& textHash,
                               const Progress& progress = {},
                               const std::function<void(const Sensitivity&)>& partial = {});

/// Effect curves of every layer of the checkpoint, for a PlanPredictor. A way that a layer was not tried in is scaled
/// as the layer's finest probe in another one.
std::vector<LayerEffects> layerEffects(const Checkpoint& checkpoint, const Quadratics& quadratics,
                                       const Sensitivity& sensitivity);

} // namespace rankscope
