// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "core/calibrate/calibrated_method.h"

namespace rankscope::ui {

/// The text that methods are fitted to: of `file` (empty: the stories that come with the program) the records that an
/// advice calibrates on, so that a plan of an advice gets the same factors again; what an advice measures on is left out.
struct CalibrationChoice {
  std::filesystem::path file;
  std::int64_t tokens = 32'768;
  bool operator==(const CalibrationChoice&) const = default;
};

/// Fits the calibrated methods of one model to a text when they are first needed, and keeps them. Thread-safe.
class Calibrator final {
 public:
  struct Fitted {
    std::shared_ptr<const CalibratedMethod> method;
    std::int64_t tokens = 0;
    bool coversWidth = true;
  };

  explicit Calibrator(std::shared_ptr<const Checkpoint> checkpoint) : m_checkpoint(std::move(checkpoint)) {}

  void choose(const CalibrationChoice& choice);
  CalibrationChoice choice() const;
  /// What is fitted already; nullopt before.
  std::optional<Fitted> fitted() const;

  /// Fits what `needed` asks for unless it is there; null when that is nothing but Plain. Throws Error for a model that
  /// cannot be run or a text that is too short, Cancelled.
  std::shared_ptr<const CalibratedMethod> fit(const std::set<Method>& needed, const Progress& progress);

 private:
  std::shared_ptr<const Checkpoint> m_checkpoint;
  mutable std::mutex m_mutex;
  CalibrationChoice m_choice;
  std::optional<Fitted> m_fitted;
  bool m_withGradients = false;
};

} // namespace rankscope::ui
