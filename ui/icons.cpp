// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/icons.h"

#include <QFile>
#include <QGuiApplication>
#include <QIconEngine>
#include <QPainter>
#include <QPalette>
#include <QPixmap>
#include <QSvgRenderer>

/// The icons lie in a static library, whose resources are not there by themselves.
static void initRankscopeResource() {
  Q_INIT_RESOURCE(rankscope);
}

namespace rankscope::ui {

void registerResources() {
  static const bool once = (initRankscopeResource(), true);
  Q_UNUSED(once)
}

namespace {

class TintedIcon final : public QIconEngine {
 public:
  explicit TintedIcon(QByteArray svg) : m_svg(std::move(svg)) {}

  void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override {
    const QPalette palette = QGuiApplication::palette();
    const QColor colour =
        palette.color(mode == QIcon::Disabled ? QPalette::Disabled : QPalette::Active, QPalette::ButtonText);
    QByteArray svg = m_svg;
    svg.replace("currentColor", colour.name().toLatin1());
    QSvgRenderer(svg).render(painter, rect);
  }

  QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
    QPixmap pixmap(size);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    paint(&painter, QRect(QPoint(), size), mode, state);
    return pixmap;
  }

  QIconEngine* clone() const override { return new TintedIcon(m_svg); }

 private:
  QByteArray m_svg;
};

} // namespace

QIcon icon(const char* name) {
  registerResources();
  QFile file(QStringLiteral(":/icons/%1.svg").arg(QLatin1String(name)));
  if (!file.open(QIODevice::ReadOnly)) return {};
  return QIcon(new TintedIcon(file.readAll()));
}

} // namespace rankscope::ui
