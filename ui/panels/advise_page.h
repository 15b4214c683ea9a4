// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "ui/document/advising.h"

class QComboBox;
class QLabel;
class QPushButton;
class QStackedWidget;
class QTableView;
class QTextBrowser;

namespace rankscope::ui {

class AdviceModel;
class FramedPlot;
class JobRow;

/// Advice on the open model: what to ask for, the recommendation in sentences, every option measured in one table, what
/// each size can buy, how far the prediction can be trusted. An option becomes the plan with one click.
class AdvisePage final : public QWidget {
  Q_OBJECT

 public:
  AdvisePage(Document& document, Advising& advising, JobRunner& jobs, QWidget* parent = nullptr);

  void advise();
  AdviceWish wish() const;
  /// As it stands in its field; nullopt where that is none.
  std::optional<AdviceBudget> budget() const;
  void setObstacle(const QString& sentence); ///< why the model cannot be run; "" when it can

  QTableView& table() { return *m_table; }
  AdviceModel& model() { return *m_model; }
  FramedPlot& optionsPlot() { return *m_options; }
  FramedPlot& checksPlot() { return *m_checks; }
  QPushButton& takeButton() { return *m_take; }
  QPushButton& adviseButton() { return *m_run; }
  QString sentences() const;

 signals:
  void taken();                          ///< an option has become the plan
  void refused(const QString& sentence); ///< what is asked for cannot be

 private:
  void showView();
  void showJob();
  void drawPlots();
  std::optional<std::size_t> chosen() const;
  void take();
  QWidget* buildResults();

  Document& m_document;
  Advising& m_advising;
  JobRunner& m_jobs;
  QComboBox* m_text;
  QComboBox* m_budget;
  QPushButton* m_run;
  JobRow* m_job;
  QStackedWidget* m_body;
  QLabel* m_hint;
  QLabel* m_again; ///< says that what is shown is not of the advice that runs
  QPushButton* m_start;
  QTextBrowser* m_words;
  AdviceModel* m_model;
  QTableView* m_table;
  QPushButton* m_take;
  FramedPlot* m_options;
  FramedPlot* m_checks;
  QString m_obstacle;
  QString m_lastText;
};

} // namespace rankscope::ui
