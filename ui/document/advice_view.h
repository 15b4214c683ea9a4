// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <QDateTime>
#include <QString>

#include "core/evaluate/speed_ratio.h"

namespace rankscope::ui {

/// One way to compress the model as an advice measured it. NaN: not measured.
struct AdviceRow {
  QString name;
  QString description;
  QString group; ///< "study", "budget", "equal-bytes"
  std::string planJson;
  QString method;                                        ///< of most of the plan's layers: "plain", "fisher", …
  std::vector<std::pair<QString, std::int64_t>> storage; ///< layers by how they are stored: "factors", "int4+rank", …
  std::uint64_t bytes = 0;
  double kept = kNone;  ///< of the whole model
  double scopeKept = 1; ///< of the bytes of attention and MLP
  bool withinBudget = true;
  double meanCosine = kNone;
  double outputCosine = kNone;
  double predictedKl = kNone;
  double kl = kNone;
  double perplexity = kNone;
  double perplexityError = kNone; ///< standard error
  double sameToken = kNone;       ///< how often the likeliest token stays the same
  double repeated = kNone;
  SpeedRatio prefill{kNone, kNone, kNone};
  SpeedRatio decode{kNone, kNone, kNone};
  QString sample;

  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
};

/// A point of a curve: what a size can cost at best, as predicted.
struct AdvicePoint {
  QString kind;
  double scopeKept = 1;
  std::uint64_t scopeBytes = 0; ///< 0 where it was not recorded
  double kl = 0, low = 0, high = 0;
};

/// What an advice leaves out or leaves alone (AdviceNote), as it was stored.
struct AdviceRemark {
  QString sentence; ///< in English
  QString why;      ///< "pinned", "changes-nothing", "too-large"; "" where only the sentence is known
  QString option;
  std::int64_t layers = 0;
  std::int64_t of = 0;
};

struct AdviceCheck {
  double predicted = 0, low = 0, high = 0;
  double measured = 0;
};

/// What a window shows of an advice, read from the JSON that `advise` writes: the same for one that runs, one that is
/// finished and one of an earlier session.
struct AdviceView {
  std::vector<AdviceRow> rows;
  std::optional<std::size_t> recommended;
  std::vector<AdviceRemark> notes;
  std::vector<AdvicePoint> frontier;
  std::vector<AdviceCheck> checks;
  double medianError = AdviceRow::kNone; ///< of the checks
  QString budget;
  QString text; ///< measured on; its name
  QString calibrationText;
  std::int64_t calibratedOn = 0; ///< tokens
  bool calibrationCovers = true;
  std::int64_t probes = 0;
  std::int64_t tokens = 0; ///< measured on; 0 where it was not recorded
  QString prompt;          ///< that samples continue; "" where it was not recorded
  double originalRepeated = AdviceRow::kNone;
  QString textPath;                   ///< "" for the stories that come with the program
  std::int64_t calibrationTokens = 0; ///< at most, as asked for; 0 where it was not recorded
  double originalPerplexity = AdviceRow::kNone;
  std::uint64_t bytesBefore = 0; ///< of an export that changes nothing
  std::uint64_t scopeBytesBefore = 0;
  QDateTime time;
  bool complete = false;
};

/// Throws Error(Malformed).
AdviceView adviceFrom(const std::string& json);

} // namespace rankscope::ui
