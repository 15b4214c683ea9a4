// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <QString>

#include "core/tensor/dtype.h"
#include "core/tensor/stored_matrix.h"
#include "ui/document/plan_quality.h"

namespace rankscope::ui {

class Advising;
class Document;
class Evaluations;

/// What quality a trade-off is about.
enum class ModelQuality {
  KeptEnergy,  ///< mean over attention and MLP of cosine², 1 for dense: of the weights, predicted from spectra
  Kl,          ///< of the whole model from the original, nats a token
  OutputCosine ///< mean cosine of both models' logits
};

/// Matrices rounded to integers and nothing else, as measured.
struct PlainQuantisation {
  Storage storage;
  std::uint64_t bytes = 0; ///< of the whole model
  double keptEnergy = 0;
};

struct TradeOffLine {
  enum class Kind { Uniform, LowRank, Quantised };
  Kind kind;
  std::vector<double> bytes, values;
};

struct TradeOffMark {
  enum class Kind { Original, Plan, Snapshot, Evaluated, Study, Advised, Recommended, Quantised };
  Kind kind;
  QString name;
  std::uint64_t bytes = 0; ///< of the whole model's tensors
  double value = 0;
  bool measured = false;
  double low = std::numeric_limits<double>::quiet_NaN(), high = low; ///< of a prediction; holds about four in five
};

/// Everything that is known of bytes against one quality.
struct TradeOff {
  std::vector<TradeOffLine> lines;
  std::vector<TradeOffMark> marks;
  std::uint64_t original = 0;       ///< bytes of the whole model
  const TradeOffMark* plan() const; ///< null: its quality is not known
};

/// Whether there is anything to show beside the original: always for kept energy once spectra are known, for the others
/// once something was evaluated or advised.
bool isKnown(ModelQuality quality, const Advising& advising, const Evaluations& evaluations);

/// `uniform` is the curve of uniform plans for the storage of the document's factors.
TradeOff tradeOff(ModelQuality quality, const Document& document, const Advising& advising,
                  const Evaluations& evaluations, std::span<const TradeOffPoint> uniform,
                  std::span<const PlainQuantisation> quantised);

} // namespace rankscope::ui
