// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QWidget>

#include "ui/document/trade_off.h"

class QComboBox;
class QCustomPlot;
class QLabel;
class QPushButton;

namespace rankscope::ui {

class Advising;
class Document;
class Evaluations;
class JobRunner;
class Refresher;

/// Bytes of the whole model against a quality that can be chosen: kept energy of the weights, and, once something was
/// evaluated or advised, KL or cosine of the model's output. Shows the curve of uniform ranks, what an advice found
/// possible, the plan as it is, snapshots, and plain quantisation.
class TradeOffPanel final : public QWidget {
  Q_OBJECT

 public:
  TradeOffPanel(Document& document, JobRunner& jobs, Advising& advising, Evaluations& evaluations,
                QWidget* parent = nullptr);
  QPushButton* measureButton() const { return m_measure; }
  QComboBox* qualityBox() const { return m_quality; }

  /// Quantises every linear to int8 and int4 (groups of 32) in the background and measures what is kept.
  void measureQuantisation();
  const std::vector<PlainQuantisation>& references() const { return m_references; }
  const TradeOff& shown() const { return m_shown; }
  QCustomPlot* canvas() const { return m_plot; }

 protected:
  void changeEvent(QEvent* event) override;
  bool eventFilter(QObject* object, QEvent* event) override;

 private:
  ModelQuality quality() const;
  void offerQualities();
  void rebuild();
  void updateCurve();
  QString note() const;

  Document& m_document;
  JobRunner& m_jobs;
  Advising& m_advising;
  Evaluations& m_evaluations;
  QCustomPlot* m_plot;
  QLabel* m_note;
  QComboBox* m_quality;
  QPushButton* m_measure;
  Refresher* m_later;
  std::vector<PlainQuantisation> m_references;
  std::vector<TradeOffPoint> m_curve;
  TradeOff m_shown;
  bool m_chosen = false; ///< the quality, by the user: it stays what it is
  bool m_curveOld = true;
  Storage m_curveStorage = Storage::F32;
  int m_curveGroup = 0;
  int m_generation = 0;
};

} // namespace rankscope::ui
