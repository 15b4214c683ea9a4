// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "ui/document/evaluation_entry.h"

class QComboBox;
class QLabel;
class QPushButton;
class QStackedWidget;
class QTabWidget;
class QTextBrowser;

namespace rankscope::ui {

class Document;
class EvaluateControls;
class EvaluateFigures;
class EvaluateStudy;
class EvaluateTexts;
class Evaluations;
class FramedPlot;
class JobRow;
class JobRunner;

/// What compression costs the whole model: what to run, which result to look at, its figures beside their controls, the
/// plots, the two texts, the aggregation study.
class EvaluatePage final : public QWidget {
  Q_OBJECT

 public:
  EvaluatePage(Document& document, Evaluations& evaluations, JobRunner& jobs, QWidget* parent = nullptr);

  /// Start a job with the settings on the page.
  void evaluate();
  void study();
  void generate();

  EvaluateControls& controls() { return *m_controls; }
  EvaluateFigures& figures() { return *m_figures; }
  EvaluateTexts& texts() { return *m_texts; }
  EvaluateStudy& studyTab() { return *m_study; }
  FramedPlot& depth() { return *m_depth; }
  FramedPlot& histogram() { return *m_histogram; }
  QTextBrowser& details() { return *m_details; }
  QComboBox& results() { return *m_results; }
  QTabWidget& tabs() { return *m_tabs; }
  QString hint() const; ///< the sentence shown where there is no result

 protected:
  void changeEvent(QEvent* event) override;
  void showEvent(QShowEvent* event) override;

 private:
  void fillResults(int newest);
  void showSelected();
  void showJob();
  void showReadiness();
  void showPlots(const ShownParts& shown);
  const EvaluationEntry* selected() const;
  QWidget* buildTabs();

  Document& m_document;
  Evaluations& m_evaluations;
  JobRunner& m_jobs;
  EvaluateControls* m_controls;
  QComboBox* m_results;
  QLabel* m_stale;
  JobRow* m_job;
  QStackedWidget* m_body;
  QLabel* m_hint;
  QPushButton* m_start;
  EvaluateFigures* m_figures;
  QTabWidget* m_tabs;
  FramedPlot* m_depth;
  FramedPlot* m_histogram;
  EvaluateTexts* m_texts;
  EvaluateStudy* m_study;
  QTextBrowser* m_details;
};

} // namespace rankscope::ui
