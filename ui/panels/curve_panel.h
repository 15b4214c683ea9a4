// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QWidget>

#include "core/checkpoint/layer.h"
#include "core/spectrum/spectrum.h"
#include "ui/plots/rank_plot.h"

class QToolButton;

namespace rankscope::ui {

class Document;
class OutputSpectra;
class TextLine;

/// A plot of the selected layers over ranks, of their weights or of their outputs on the calibration text, with the
/// rank of the current one as a cursor. Dragging it sets the rank of all selected layers, as one undo step.
class CurvePanel final : public QWidget {
  Q_OBJECT

 public:
  enum class Quantity { Sigma, Cosine };

  CurvePanel(Document& document, OutputSpectra& outputs, Quantity quantity, QWidget* parent = nullptr);

  RankPlot& plot() const { return *m_plot; }
  QString title() const; ///< of the current layer: name, shape, dtype
  void setRankStep(int step);
  /// Keeps the rank axes of two panels the same, and whether they show weights or outputs.
  static void align(CurvePanel& a, CurvePanel& b);

 signals:
  void titleChanged(const QString& title);

 private:
  bool showsOutputs() const;
  std::shared_ptr<const Spectrum> spectrumOf(LayerId layer) const; ///< of what is shown
  QString obstacleOf(LayerId layer) const;
  void offerOutputs();
  void changeSpace();
  QString quantisedReadout(LayerId layer) const;
  void rebuild();
  void showCursor();
  void showReadout(double x);
  std::vector<Mark> marks(const LayerInfo& layer, const Spectrum& spectrum) const;
  void drag(qint64 rank);
  void step(qint64 by);
  void applyScales();

  Document& m_document;
  OutputSpectra& m_outputs;
  Quantity m_quantity;
  RankPlot* m_plot;
  TextLine* m_readout;
  QToolButton* m_logX;
  QToolButton* m_logY = nullptr;
  QToolButton* m_normalise = nullptr;
  QToolButton* m_space; ///< checked: of outputs
  int m_gesture = 0;
  int m_keyGesture = 0;
  std::vector<LayerId> m_drawn;
  bool m_arrived = false; ///< a spectrum that is to be drawn
};

} // namespace rankscope::ui
