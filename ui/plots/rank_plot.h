// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <QFrame>
#include <QRectF>
#include <QString>

#include "ui/plots/geometry.h"

class QCustomPlot;
class QCPItemText;
class QCPLayer;
class QCPTextElement;
class QCPItemStraightLine;
class QKeyEvent;
class QMouseEvent;
class QRubberBand;

namespace rankscope::ui {

struct Theme;

/// One curve of a plot.
struct Series {
  QString name;
  Curve curve;            ///< already decimated
  bool reference = false; ///< drawn thin, grey and dashed, behind the others
};

/// A line across the plot with a word beside it, where there is room.
struct Mark {
  double at = 0;
  QString text;
  bool vertical = true;
  bool strong = false;
  bool left = false;  ///< the word is best at the left end of a horizontal line
  bool below = false; ///< and below it
};

/// A plot over ranks: curves, marks, and one cursor that can be dragged. Paints and emits; what to show comes from
/// outside. Drag the cursor or double-click to choose a rank, drag elsewhere to pan, turn the wheel to zoom (Shift:
/// only y), drag with the right button for a box, Home resets. Arrow keys move the cursor.
class RankPlot final : public QFrame {
  Q_OBJECT

 public:
  enum class Scale { Linear, Log };

  explicit RankPlot(QWidget* parent = nullptr);
  ~RankPlot() override;

  void setTitles(const QString& yTitle, const QString& xTitle);
  void setScales(Scale x, Scale y);
  /// Replaces everything drawn; the axes fit to `x` and `y` unless the user zoomed and nothing but values changed.
  void show(const std::vector<Series>& series, const std::vector<Mark>& marks, Range x, Range y, bool keepView);
  void setCursorRank(std::optional<std::int64_t> rank, const QString& label);
  void setFullRank(std::int64_t fullRank) { m_fullRank = fullRank; }
  /// Where the legend goes if curves and words leave room there; else to another corner, an edge, or in between.
  void setLegendCorner(Qt::Alignment corner);
  void setEmptyText(const QString& text);
  void setRankStep(int step) { m_step = step; }
  /// Where a click anywhere sets the rank (and a drag moves it); otherwise only the cursor can be grabbed.
  void setClickSetsRank(bool on) { m_clickSets = on; }
  void resetView();

  QCustomPlot* canvas() const { return m_plot; }
  std::optional<std::int64_t> cursorRank() const { return m_rank; }
  /// Pixel of a rank on the canvas, for tests that drag.
  QPoint pixelOf(double x, double y) const;
  /// Where words, legend and the reference curve's name stand on the canvas; for tests.
  std::vector<QRectF> labelRects() const;
  Range viewX() const;
  void setViewX(Range range);
  QSize sizeHint() const override { return {520, 260}; }
  QSize minimumSizeHint() const override { return {260, 120}; }

 signals:
  void rankGrabbed();
  void rankDragged(qint64 rank);
  void rankReleased();
  void rankStepped(qint64 by);      ///< by keys
  void hovered(double x, double y); ///< over the axes; NaN when it left
  void viewChanged();

 protected:
  bool eventFilter(QObject* object, QEvent* event) override;
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  enum class Gesture { None, Cursor, Pan, Box };
  void restyle();
  void wrapEmptyText();
  void placeCursor();
  void paintCursor();
  void fillLegend();
  void dropMore();
  void layLabels();
  void placeMarks(std::vector<QRectF>& taken, const std::vector<QRectF>& spots);
  void placeLegend(std::vector<QRectF>& taken, const std::vector<QRectF>& spots);
  void placeReferenceLabel(const std::vector<QRectF>& taken, const std::vector<QRectF>& spots);
  std::vector<QRectF> curveSpots() const;
  bool press(const QMouseEvent& event);
  bool move(const QMouseEvent& event);
  bool release(const QMouseEvent& event);
  bool key(const QKeyEvent& event);
  void zoomToBox(const QRect& box);
  void dragTo(int x);
  bool nearCursor(const QPoint& at) const;

  QCustomPlot* m_plot;
  QCPLayer* m_cursorLayer;
  QCPItemStraightLine* m_cursor;
  QCPItemText* m_cursorLabel;
  QCPItemText* m_referenceLabel;
  QCPItemText* m_empty;
  QString m_emptyText;              ///< before it is broken into lines
  QCPTextElement* m_more = nullptr; ///< last line of a legend that is too long
  QRubberBand* m_band = nullptr;
  std::vector<Series> m_series;
  std::vector<Mark> m_marks;
  std::vector<QCPItemStraightLine*> m_markLines;
  std::vector<QCPItemText*> m_markTexts;
  Range m_fullX, m_fullY;
  QString m_yTitle, m_xTitle;
  std::optional<std::int64_t> m_rank;
  std::int64_t m_fullRank = 1;
  int m_step = 1;
  bool m_clickSets = false;
  bool m_cursorMoved = false; ///< and not painted yet
  bool m_zoomed = false;
  Qt::Alignment m_legendCorner = Qt::AlignTop | Qt::AlignRight;
  Gesture m_gesture = Gesture::None;
  QPoint m_pressed, m_last;
  std::optional<std::int64_t> m_dragged; ///< told last in this gesture
};

} // namespace rankscope::ui
