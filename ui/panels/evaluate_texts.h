// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include <QWidget>

#include "core/evaluate/generate.h"

class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;
class QTextBrowser;

namespace rankscope::ui {

/// What both models write after one prompt, side by side, the first word that differs marked in both; and the prompt
/// and settings for the next pair.
class EvaluateTexts final : public QWidget {
  Q_OBJECT

 public:
  explicit EvaluateTexts(QWidget* parent = nullptr);

  std::string prompt() const;
  GenerateOptions options() const;
  /// Null: nothing was written yet.
  void show(const GeneratedPair* texts, bool growing);
  void setReady(bool ready, const QString& why);

 signals:
  void generateWanted();

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void render();

  QLineEdit* m_prompt;
  QSpinBox* m_tokens;
  QDoubleSpinBox* m_temperature;
  QDoubleSpinBox* m_topP;
  QSpinBox* m_seed;
  QPushButton* m_write;
  QTextBrowser* m_original;
  QTextBrowser* m_compressed;
  QLabel* m_note;
  std::optional<GeneratedPair> m_texts;
  bool m_growing = false;
};

} // namespace rankscope::ui
