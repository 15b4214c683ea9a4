// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/framed_plot.h"

#include <qcustomplot.h>

#include <QHBoxLayout>
#include <QLabel>
#include <QStackedLayout>
#include <QVBoxLayout>

#include "ui/plots/legend_place.h"
#include "ui/plots/plot_files.h"
#include "ui/theme.h"

namespace rankscope::ui {

void styleAxes(QCustomPlot& plot, const Theme& theme, const QFont& font) {
  plot.setBackground(theme.palette.color(QPalette::Base));
  for (QCPAxis* axis : {plot.xAxis, plot.yAxis, plot.xAxis2, plot.yAxis2}) {
    const QPen pen(theme.axis, 1);
    axis->setBasePen(pen);
    axis->setTickPen(pen);
    axis->setSubTickPen(pen);
    axis->setTickLabelColor(theme.axis);
    axis->setLabelColor(theme.axis);
    axis->setTickLabelFont(font);
    axis->setLabelFont(font);
    axis->grid()->setPen(QPen(theme.grid, 1));
    axis->grid()->setZeroLinePen(Qt::NoPen);
  }
  plot.legend->setFont(font);
  plot.legend->setTextColor(theme.axis);
  plot.legend->setBorderPen(QPen(theme.grid, 1));
  QColor paper = theme.palette.color(QPalette::Base);
  paper.setAlpha(225);
  plot.legend->setBrush(paper);
}

FramedPlot::FramedPlot(const QString& title, const QString& empty, QWidget* parent)
    : QWidget(parent), m_title(new QLabel(title, this)), m_empty(new QLabel(empty, this)),
      m_plot(new QCustomPlot(this)), m_stack(new QStackedLayout) {
  setMinimumSize(220, 150);
  setAutoFillBackground(true);
  setBackgroundRole(QPalette::Base);
  m_title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  m_empty->setAlignment(Qt::AlignCenter);
  m_empty->setWordWrap(true);
  m_empty->setMargin(16);
  m_empty->setForegroundRole(QPalette::PlaceholderText);
  m_plot->setAccessibleName(title);
  m_plot->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
  m_plot->setFocusPolicy(Qt::StrongFocus);
  connect(m_plot, &QCustomPlot::afterLayout, this, [this] { keepLegendClear(*m_plot); });
  auto* head = new QHBoxLayout;
  head->setContentsMargins(8, 2, 4, 0);
  head->addWidget(m_title, 1);
  head->addWidget(plotMenuButton(*m_plot, this, [this] { redraw(); }));
  m_stack->addWidget(m_empty);
  m_stack->addWidget(m_plot);
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(0, 0, 0, 0);
  box->setSpacing(0);
  box->addLayout(head);
  box->addLayout(m_stack, 1);
}

void FramedPlot::setTitle(const QString& title, const QString& toolTip) {
  m_title->setText(title);
  m_title->setToolTip(toolTip);
  m_plot->setAccessibleName(title);
}

void FramedPlot::setEmptyText(const QString& sentence) {
  m_empty->setText(sentence);
}

void FramedPlot::setDrawing(Draw draw) {
  m_draw = std::move(draw);
  redraw();
}

void FramedPlot::redraw() {
  if (m_stack->count() < 2) return; // a palette arrives while the widget is being put together
  m_stack->setCurrentIndex(m_draw ? 1 : 0);
  m_plot->clearPlottables();
  m_plot->clearItems();
  m_plot->legend->setVisible(false);
  putLegendInside(*m_plot);
  const Theme& theme = themeFor(palette());
  styleAxes(*m_plot, theme, font());
  if (m_draw) m_draw(*m_plot, theme);
  m_plot->replot(QCustomPlot::rpQueuedReplot);
}

void FramedPlot::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) redraw();
}

} // namespace rankscope::ui
