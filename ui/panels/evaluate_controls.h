// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "ui/document/evaluations.h"

class QCheckBox;
class QComboBox;
class QPushButton;
class QSpinBox;

namespace rankscope::ui {

/// What the next evaluation runs on and measures.
class EvaluateControls final : public QWidget {
  Q_OBJECT

 public:
  explicit EvaluateControls(QWidget* parent = nullptr);

  TextChoice text() const;
  void setText(const TextChoice& text);
  /// Controls and speed as chosen; the caller adds the prompt if wantsTexts().
  EvaluationOptions options() const;
  bool wantsTexts() const;
  void setReady(bool ready, const QString& why);

 signals:
  void evaluateWanted();

 private:
  void chooseFile();
  void addFile(const QString& path);

  QComboBox* m_text;
  QSpinBox* m_tokens;
  QCheckBox* m_controls;
  QCheckBox* m_speed;
  QCheckBox* m_texts;
  QPushButton* m_run;
  int m_lastText = 0;
};

} // namespace rankscope::ui
