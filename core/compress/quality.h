// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <string_view>

#include "core/checkpoint/checkpoint.h"
#include "core/tensor/stored_layer.h"

namespace rankscope {

/// How near a compressed matrix is to the original, both as stored, in the Frobenius inner product.
struct Quality {
  double cosine = 1;        ///< <W, Ŵ> / (‖W‖·‖Ŵ‖); 1 when both are zero, 0 when only one is
  double relativeError = 0; ///< ‖W − Ŵ‖ / ‖W‖; 0 when both are zero, infinite when only W is
};

/// Of base + a·b as stored (after rounding), in double, a block of rows at a time. NaN where a part is not finite;
/// throws Error(BadValues) where the original is not. `stored` is not empty.
Quality measureQuality(const MatrixView& original, const StoredLayer& stored);

enum class Verdict { Excellent, Good, Fair, Poor, Critical };
inline constexpr std::array kVerdicts{Verdict::Excellent, Verdict::Good, Verdict::Fair, Verdict::Poor,
                                      Verdict::Critical};
std::string_view name(Verdict verdict); ///< "EXCELLENT" …

/// Smallest cosines of the four better verdicts; the study's words, our bounds.
struct VerdictThresholds {
  double excellent = 0.99;
  double good = 0.95;
  double fair = 0.85;
  double poor = 0.65;
  bool operator==(const VerdictThresholds&) const = default;
};
Verdict verdictFor(double cosine, const VerdictThresholds& thresholds = {});

} // namespace rankscope
