// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <QDateTime>
#include <QString>
#include <QStringList>

namespace rankscope::ui {

/// One way to compress the model as an advice measured it. NaN: not measured.
struct AdviceRow {
  QString name;
  QString description;
  QString group; ///< "study", "budget", "equal-bytes"
  std::string planJson;
  std::uint64_t bytes = 0;
  double scopeKept = 1; ///< of the bytes of attention and MLP
  bool withinBudget = true;
  double meanCosine = kNone;
  double outputCosine = kNone;
  double predictedKl = kNone;
  double kl = kNone;
  double perplexity = kNone;
  double repeated = kNone;
  double prefill = kNone;
  double decode = kNone;
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

struct AdviceCheck {
  double predicted = 0, low = 0, high = 0;
  double measured = 0;
};

/// What a window shows of an advice, read from the JSON that `advise` writes: the same for one that runs, one that is
/// finished and one of an earlier session.
struct AdviceView {
  std::vector<AdviceRow> rows;
  std::optional<std::size_t> recommended;
  QStringList sentences;
  QStringList notes;
  std::vector<AdvicePoint> frontier;
  std::vector<AdviceCheck> checks;
  double medianError = AdviceRow::kNone; ///< of the checks
  QString budget;
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
