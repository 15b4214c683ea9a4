// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/calibrator.h"

#include "core/advise/advise.h"
#include "core/calibrate/calibration_cache.h"
#include "core/evaluate/default_text.h"
#include "core/model/tokenizer/tokenizer.h"

namespace rankscope::ui {

void Calibrator::choose(const CalibrationChoice& choice) {
  const std::lock_guard lock(m_mutex);
  if (choice == m_choice) return;
  m_choice = choice;
  m_fitted.reset();
}

CalibrationChoice Calibrator::choice() const {
  const std::lock_guard lock(m_mutex);
  return m_choice;
}

std::optional<Calibrator::Fitted> Calibrator::fitted() const {
  const std::lock_guard lock(m_mutex);
  return m_fitted;
}

std::shared_ptr<const CalibratedMethod> Calibrator::fit(const std::set<Method>& needed, const Progress& progress) {
  if (!needText(needed)) return nullptr;
  const bool gradients = needGradients(needed);
  CalibrationChoice choice;
  {
    const std::lock_guard lock(m_mutex);
    if (m_fitted && (m_withGradients || !gradients)) return m_fitted->method;
    choice = m_choice;
  }
  const Model model(m_checkpoint);
  const auto tokenizer = openTokenizer(m_checkpoint->content().folder, m_checkpoint->architecture());
  AdviceTextOptions options;
  options.calibrationTokens = choice.tokens;
  std::vector<std::vector<int>> sequences =
      adviceTexts(evaluationText(choice.file), nullptr, *tokenizer, model.context(), options).calibration;
  CalibrationOptions settings;
  settings.gradients = gradients;
  Calibration calibration =
      calibrateCached(model, sequences, settings, CalibrationCache(), CalibrationCache::kDefaultMemory, progress);
  Fitted fitted;
  fitted.tokens = calibration.tokens;
  fitted.coversWidth = calibration.coversWidth();
  const std::string hash = hashOf(sequences);
  fitted.method = std::make_shared<const CalibratedMethod>(
      m_checkpoint, std::move(calibration), gradients ? Method::Fisher : Method::Aware, hash, std::move(sequences));
  const std::lock_guard lock(m_mutex);
  if (choice == m_choice) {
    m_fitted = fitted;
    m_withGradients = gradients;
  }
  return fitted.method;
}

} // namespace rankscope::ui
