// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QWidget>

#include "core/evaluate/study.h"
#include "ui/plots/evaluation_geometry.h"

class QComboBox;
class QPushButton;
class QSpinBox;
class QStackedLayout;
class QTextBrowser;
class QToolButton;

namespace rankscope::ui {

class Document;
class FramedPlot;
class MapView;

/// How errors of single layers become the error of the whole model: what each layer does alone, as a map of blocks and
/// roles or as bars, N layers together against three simple laws, and the sentences that follow from both.
class EvaluateStudy final : public QWidget {
  Q_OBJECT

 public:
  explicit EvaluateStudy(Document& document, QWidget* parent = nullptr);

  StudyOptions options() const;
  std::int64_t tokens() const;
  /// Null: no study of this plan yet.
  void show(const StudyReport* study);
  void setReady(bool ready, const QString& why);
  FramedPlot& sweep() { return *m_sweep; }
  FramedPlot& bars() { return *m_bars; }
  MapView& map() { return *m_map; }
  QToolButton& mapMenu() { return *m_mapMenu; } ///< copies and exports the map

 signals:
  void studyWanted();

 private:
  Effect effect() const;
  void showEffects();
  void showMap();
  QString sentences() const;

  Document& m_document;
  QComboBox* m_quantity;
  QToolButton* m_asBars;
  QStackedLayout* m_effects;
  MapView* m_map;
  QToolButton* m_mapMenu;
  FramedPlot* m_bars;
  FramedPlot* m_sweep;
  QTextBrowser* m_words;
  QSpinBox* m_tokens;
  QSpinBox* m_draws;
  QSpinBox* m_seed;
  QPushButton* m_run;
  std::optional<StudyReport> m_study;
};

} // namespace rankscope::ui
