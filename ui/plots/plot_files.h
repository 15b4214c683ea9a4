// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <QString>

class QCustomPlot;
class QToolButton;
class QWidget;

namespace rankscope::ui {

/// PNG (at twice the size on screen), SVG, PDF or CSV of what a plot shows, by extension. False when it cannot be
/// written.
bool savePlot(QCustomPlot& plot, const QString& path);

/// Property of a graph whose name in the legend may be cut short.
inline constexpr char kFullName[] = "fullName";

/// Every graph of the plot as lines "series,x,y", in full precision.
QString plotCsv(const QCustomPlot& plot);

/// A button with a menu: copy, export, show everything (`reset`).
QToolButton* plotMenuButton(QCustomPlot& plot, QWidget* parent, std::function<void()> reset);

/// The same for a widget that paints itself: its picture, and its numbers as `csv`.
bool saveWidget(QWidget& widget, const std::function<QString()>& csv, const QString& path);
QToolButton* pictureMenuButton(QWidget& widget, QWidget* parent, std::function<QString()> csv);

} // namespace rankscope::ui
