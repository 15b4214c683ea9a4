// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QWidget>

#include "core/tensor/stored_matrix.h"
#include "ui/document/plan_quality.h"

class QCustomPlot;
class QLabel;
class QPushButton;
class QTimer;

namespace rankscope::ui {

class Document;
class JobRunner;

/// Bytes of the whole model against the mean energy that its linears keep: the curve of uniform ranks, the plan as it
/// is, the snapshots, and plain quantisation measured on the same matrices.
class TradeOffPanel final : public QWidget {
  Q_OBJECT

 public:
  TradeOffPanel(Document& document, JobRunner& jobs, QWidget* parent = nullptr);
  QPushButton* measureButton() const { return m_measure; }

  /// Quantises every linear to int8 and int4 (groups of 32) in the background and measures what is kept.
  void measureQuantisation();
  struct Reference {
    Storage storage;
    TradeOffPoint point;
  };
  const std::vector<Reference>& references() const { return m_references; }
  QCustomPlot* canvas() const { return m_plot; }

 protected:
  void changeEvent(QEvent* event) override;
  void showEvent(QShowEvent* event) override;

 private:
  void later();
  void rebuild();
  void style();

  Document& m_document;
  JobRunner& m_jobs;
  QCustomPlot* m_plot;
  QLabel* m_note;
  QPushButton* m_measure;
  QTimer* m_timer;
  std::vector<Reference> m_references;
  std::vector<TradeOffPoint> m_curve;
  bool m_curveOld = true;
  Storage m_curveStorage = Storage::F32;
  int m_curveGroup = 0;
  int m_generation = 0;
};

} // namespace rankscope::ui
