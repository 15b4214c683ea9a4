// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>

#include <QDialog>

#include "core/compress/quality.h"

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QSpinBox;

namespace rankscope::ui {

/// What the user may set once for all models. Nothing is kept unless the dialog is accepted.
class Preferences final : public QDialog {
  Q_OBJECT

 public:
  explicit Preferences(QWidget* parent = nullptr);

  VerdictThresholds thresholds() const;

 public slots:
  void accept() override;

 private:
  void check();

  void showWhenSpoken();

  std::array<QDoubleSpinBox*, 4> m_bounds{};
  QComboBox* m_language;
  QLabel* m_whenSpoken;
  QComboBox* m_storage;
  QSpinBox* m_cores;
  QComboBox* m_units;
  QSpinBox* m_cache;
  QLabel* m_problem;
};

} // namespace rankscope::ui
