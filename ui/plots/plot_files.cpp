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
#include <QPainter>
#include <QPdfWriter>
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

bool saveText(const QString& text, const QString& path) {
  QFile file(path);
  return file.open(QIODevice::WriteOnly) && file.write(text.toUtf8()) >= 0 && file.flush();
}

void askAndSave(QWidget* parent, const std::function<bool(const QString& path)>& save) {
  const QString path = QFileDialog::getSaveFileName(parent, tr("Export plot"), tr("plot.png"),
                                                    tr("Pictures and data (*.png *.svg *.pdf *.csv)"));
  if (path.isEmpty() || save(path)) return;
  QMessageBox::warning(
      parent, tr("Export plot"),
      tr("%1 could not be written. Choose a folder that you may write to, and .png, .svg, .pdf or .csv.").arg(path));
}

/// At twice the size on screen.
QPixmap doubled(QWidget& widget) {
  QPixmap picture(widget.size() * 2);
  picture.setDevicePixelRatio(2);
  picture.fill(widget.palette().color(QPalette::Base));
  widget.render(&picture);
  return picture;
}

} // namespace

bool savePlot(QCustomPlot& plot, const QString& path) {
  const QString kind = QFileInfo(path).suffix().toLower();
  if (kind == QLatin1String("pdf")) return plot.savePdf(path);
  if (kind == QLatin1String("svg")) return saveSvg(plot, path);
  if (kind == QLatin1String("csv")) return saveText(plotCsv(plot), path);
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
  for (int i = 0; i < plot.graphCount(); ++i) {
    const QVariant whole = plot.graph(i)->property(kFullName);
    add(whole.isValid() ? whole.toString() : plot.graph(i)->name(), *plot.graph(i)->data());
  }
  for (const QCPAbstractPlottable* plottable : plot.axisRect()->plottables()) {
    const auto* bars = qobject_cast<const QCPBars*>(plottable);
    if (bars) add(bars->name(), *bars->data());
  }
  return text;
}

bool saveWidget(QWidget& widget, const std::function<QString()>& csv, const QString& path) {
  const QString kind = QFileInfo(path).suffix().toLower();
  if (kind == QLatin1String("csv")) return saveText(csv(), path);
  const auto paint = [&widget](QPaintDevice* device, double scale) {
    QPainter painter;
    if (!painter.begin(device)) return false;
    painter.scale(scale, scale);
    widget.render(&painter);
    return painter.end();
  };
  if (kind == QLatin1String("svg")) {
    QSvgGenerator generator;
    generator.setFileName(path);
    generator.setSize(widget.size());
    generator.setViewBox(QRect(QPoint(), widget.size()));
    return QFileInfo(QFileInfo(path).path()).isWritable() && paint(&generator, 1);
  }
  if (kind == QLatin1String("pdf")) {
    QPdfWriter writer(path);
    constexpr int kDotsPerInch = 96;
    writer.setResolution(kDotsPerInch);
    writer.setPageMargins({});
    writer.setPageSize(QPageSize(QSizeF(widget.size()) * 72 / kDotsPerInch, QPageSize::Point));
    return paint(&writer, 1);
  }
  return doubled(widget).save(path);
}

namespace {

QToolButton* menuButton(QWidget* parent, std::function<void()> copy, std::function<void()> save) {
  auto* button = new QToolButton(parent);
  button->setIcon(icon("camera"));
  button->setAutoRaise(true);
  button->setPopupMode(QToolButton::InstantPopup);
  button->setToolTip(tr("Picture, data, reset view"));
  button->setAccessibleName(tr("Plot menu"));
  auto* menu = new QMenu(button);
  QObject::connect(menu->addAction(icon("copy"), tr("Copy picture")), &QAction::triggered, button, std::move(copy));
  QObject::connect(menu->addAction(icon("export"), tr("Export as PNG, SVG, PDF or CSV…")), &QAction::triggered, button,
                   std::move(save));
  button->setMenu(menu);
  return button;
}

} // namespace

QToolButton* pictureMenuButton(QWidget& widget, QWidget* parent, std::function<QString()> csv) {
  return menuButton(
      parent, [&widget] { QApplication::clipboard()->setPixmap(doubled(widget)); },
      [&widget, parent, csv = std::move(csv)] {
        askAndSave(parent, [&](const QString& path) { return saveWidget(widget, csv, path); });
      });
}

QToolButton* plotMenuButton(QCustomPlot& plot, QWidget* parent, std::function<void()> reset) {
  QToolButton* button = menuButton(
      parent, [&plot] { QApplication::clipboard()->setPixmap(plot.toPixmap(plot.width(), plot.height(), 2)); },
      [&plot, parent] { askAndSave(parent, [&](const QString& path) { return savePlot(plot, path); }); });
  button->menu()->addSeparator();
  QObject::connect(button->menu()->addAction(icon("fit"), tr("Show everything")), &QAction::triggered, &plot,
                   std::move(reset));
  return button;
}

} // namespace rankscope::ui
