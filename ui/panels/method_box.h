// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QComboBox;
class QLabel;
class QPushButton;
class QSpinBox;

namespace rankscope::ui {

class Document;

/// How factors are found: by the weights alone, or fitted to a text. That text, and how long all are refined together.
class MethodBox final : public QWidget {
  Q_OBJECT

 public:
  explicit MethodBox(Document& document, QWidget* parent = nullptr);
  QComboBox& method() { return *m_method; }
  QPushButton& calibrateButton() { return *m_calibrate; }
  QSpinBox& refineSteps() { return *m_refine; }
  QString state() const;

 private:
  void showPlan();
  void chooseText(int index);
  void tellText();

  Document& m_document;
  QComboBox* m_method;
  QComboBox* m_text;
  QSpinBox* m_tokens;
  QPushButton* m_calibrate;
  QSpinBox* m_refine;
  QLabel* m_state;
  bool m_showing = false;
  int m_lastText = 0;
};

} // namespace rankscope::ui
