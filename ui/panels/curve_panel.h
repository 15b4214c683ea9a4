// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "core/checkpoint/layer.h"
#include "core/spectrum/spectrum.h"
#include "ui/plots/rank_plot.h"

class QToolButton;

namespace rankscope::ui {

class Document;
class TextLine;

/// A plot of the selected layers over ranks, with the rank of the current one as a cursor. Dragging it sets the rank of
/// all selected layers, as one undo step.
class CurvePanel final : public QWidget {
  Q_OBJECT

 public:
  enum class Quantity { Sigma, Cosine };

  CurvePanel(Document& document, Quantity quantity, QWidget* parent = nullptr);

  RankPlot& plot() const { return *m_plot; }
  QString title() const; ///< of the current layer: name, shape, dtype
  void setRankStep(int step);
  /// Keeps the rank axes of two panels the same.
  static void align(CurvePanel& a, CurvePanel& b);

 signals:
  void titleChanged(const QString& title);

 private:
  void rebuild();
  void showCursor();
  void showReadout(double x);
  std::vector<Mark> marks(const LayerInfo& layer, const Spectrum& spectrum) const;
  void drag(qint64 rank);
  void step(qint64 by);
  void applyScales();

  Document& m_document;
  Quantity m_quantity;
  RankPlot* m_plot;
  TextLine* m_readout;
  QToolButton* m_logX;
  QToolButton* m_logY = nullptr;
  QToolButton* m_normalise = nullptr;
  int m_gesture = 0;
  int m_keyGesture = 0;
  std::vector<LayerId> m_drawn;
  bool m_arrived = false; ///< a spectrum that is to be drawn
};

} // namespace rankscope::ui
