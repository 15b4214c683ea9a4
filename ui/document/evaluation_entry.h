// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <QDateTime>
#include <QString>

#include "core/evaluate/evaluate.h"
#include "core/evaluate/study.h"
#include "core/plan/resolve.h"

namespace rankscope::ui {

/// One measurement of the whole model under one plan, as the run file keeps it. One of the three parts is there.
struct EvaluationEntry {
  int number = 0;       ///< in the run file; 0 while it runs
  QDateTime time;       ///< invalid where it was not recorded
  std::string planJson; ///< as normalisedPlan() writes it; "" where it was not recorded
  ByteTotals bytes;     ///< of the whole model; zeros where they were not recorded
  std::optional<EvaluationReport> evaluation;
  std::optional<StudyReport> study;
  std::optional<GeneratedPair> texts;

  bool complete() const;
};

/// The same plan always as the same text.
std::string normalisedPlan(const std::string& json);

/// JSON for RunFile::addEvaluation(): what the core writes, and `created`, `plan`, `bytes_before`, `bytes_after`.
std::string toJson(const EvaluationEntry& entry);
/// Throws Error(Malformed), also for what others keep there: advices, sensitivities.
EvaluationEntry entryFrom(int number, const std::string& json);

/// "Evaluation · 27.1 MiB (48 %) · KL 0.751 · today 15:42", stopped ones marked.
QString title(const EvaluationEntry& entry);

/// What a page shows when `selected` is chosen: its own parts, and for those that it lacks the newest of the same plan.
struct ShownParts {
  const Comparison* comparison = nullptr;
  const EvaluationReport* evaluation = nullptr;
  const StudyReport* study = nullptr;
  const GeneratedPair* texts = nullptr;
};
ShownParts shownParts(const std::vector<EvaluationEntry>& entries, const EvaluationEntry& selected);

} // namespace rankscope::ui
