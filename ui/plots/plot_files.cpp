// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/plot_files.h"

#include <qcustomplot.h>

#include <QApplication>
#include <QClipboard>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>
#include <QMessageBox>
#include <QSvgGenerator>
#include <QToolButton>

#include "ui/icons.h"

namespace rankscope::ui {

namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("rankscope::ui", text);
}

bool saveSvg(QCustomPlot& plot, const QString& path) {
  QFile file(path);
  if (!file.open(QIODevice::WriteOnly)) return false;
  QSvgGenerator generator;
  generator.setOutputDevice(&file);
  generator.setSize(plot.size());
  generator.setViewBox(QRect(QPoint(), plot.size()));
  QCPPainter painter;
  if (!painter.begin(&generator)) return false;
  painter.setMode(QCPPainter::pmVectorized);
  painter.setMode(QCPPainter::pmNoCaching);
  plot.toPainter(&painter, plot.width(), plot.height());
  return painter.end() && file.flush();
}

void exportPlot(QCustomPlot& plot, QWidget* parent) {
  const QString path = QFileDialog::getSaveFileName(parent, tr("Export plot"), tr("plot.png"),
                                                    tr("Pictures and data (*.png *.svg *.pdf *.csv)"));
  if (path.isEmpty() || savePlot(plot, path)) return;
  QMessageBox::warning(
      parent, tr("Export plot"),
      tr("%1 could not be written. Choose a folder that you may write to, and .png, .svg, .pdf or .csv.").arg(path));
}

} // namespace

bool savePlot(QCustomPlot& plot, const QString& path) {
  const QString kind = QFileInfo(path).suffix().toLower();
  if (kind == QLatin1String("pdf")) return plot.savePdf(path);
  if (kind == QLatin1String("svg")) return saveSvg(plot, path);
  if (kind == QLatin1String("csv")) {
    QFile file(path);
    return file.open(QIODevice::WriteOnly) && file.write(plotCsv(plot).toUtf8()) >= 0 && file.flush();
  }
  return plot.toPixmap(plot.width(), plot.height(), 2).save(path);
}

QString plotCsv(const QCustomPlot& plot) {
  QString text = QStringLiteral("series,x,y\n");
  const auto add = [&text](QString name, const auto& data) {
    name.replace(QLatin1Char('"'), QLatin1String("\"\""));
    for (auto point = data.constBegin(); point != data.constEnd(); ++point)
      text += QStringLiteral("\"%1\",%2,%3\n")
                  .arg(name, QString::number(point->key, 'g', 17), QString::number(point->value, 'g', 17));
  };
  for (int i = 0; i < plot.graphCount(); ++i) add(plot.graph(i)->name(), *plot.graph(i)->data());
  for (const QCPAbstractPlottable* plottable : plot.axisRect()->plottables()) {
    const auto* bars = qobject_cast<const QCPBars*>(plottable);
    if (bars) add(bars->name(), *bars->data());
  }
  return text;
}

QToolButton* plotMenuButton(QCustomPlot& plot, QWidget* parent, std::function<void()> reset) {
  auto* button = new QToolButton(parent);
  button->setIcon(icon("camera"));
  button->setAutoRaise(true);
  button->setPopupMode(QToolButton::InstantPopup);
  button->setToolTip(tr("Picture, data, reset view"));
  button->setAccessibleName(tr("Plot menu"));
  auto* menu = new QMenu(button);
  QObject::connect(menu->addAction(icon("copy"), tr("Copy picture")), &QAction::triggered, &plot,
                   [&plot] { QApplication::clipboard()->setPixmap(plot.toPixmap(plot.width(), plot.height(), 2)); });
  QObject::connect(menu->addAction(icon("export"), tr("Export as PNG, SVG, PDF or CSV…")), &QAction::triggered, &plot,
                   [&plot, parent] { exportPlot(plot, parent); });
  menu->addSeparator();
  QObject::connect(menu->addAction(icon("fit"), tr("Show everything")), &QAction::triggered, &plot, std::move(reset));
  button->setMenu(menu);
  return button;
}

} // namespace rankscope::ui
