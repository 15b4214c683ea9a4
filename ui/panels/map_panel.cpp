// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/map_panel.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <QComboBox>
#include <QHBoxLayout>
#include <QHelpEvent>
#include <QLabel>
#include <QMouseEvent>
#include <QPainter>
#include <QToolButton>
#include <QToolTip>

#include "ui/document/advising.h"
#include "ui/document/document.h"
#include "ui/document/words.h"
#include "ui/plots/plot_files.h"
#include "ui/refresher.h"
#include "ui/theme.h"

namespace rankscope::ui {

namespace {

constexpr int kLeft = 40;
constexpr int kTop = 40;
constexpr int kRight = 10;
constexpr int kBottom = 34;

enum Quantity { RankShare, BestCosine, PredictedCosine, MeasuredCosine, EffectiveRank, BytesAfter, SingleEffect };

QColor inkOn(const QColor& paper) {
  return contrast(Qt::white, paper) >= contrast(Qt::black, paper) ? Qt::white : Qt::black;
}

} // namespace

MapView::MapView(Document& document, QWidget* parent) : QWidget(parent), m_document(document) {
  setFocusPolicy(Qt::StrongFocus);
  setAccessibleName(tr("Map of layers by block and role"));
  setAccessibleDescription(tr("Arrow keys move the selection, Shift extends it"));
  setMouseTracking(true);
  const auto paint = [this] { update(); };
  connect(&document, &Document::opened, this, &MapView::rebuild);
  connect(&document, &Document::closed, this, &MapView::rebuild);
  connect(&document, &Document::layersChanged, this, paint);
  connect(&document, &Document::selectionChanged, this, paint);
}

void MapView::setLook(Look look) {
  m_look = std::move(look);
  update();
}

void MapView::rebuild() {
  m_map = m_document.isOpen() ? layerMap(*m_document.checkpoint()) : LayerMap{};
  update();
}

QRect MapView::grid() const {
  return rect().adjusted(kLeft, kTop, -kRight, -kBottom);
}

QRect MapView::cellRect(int row, int column) const {
  const QRect all = grid();
  const int rows = std::max<int>(1, static_cast<int>(m_map.blocks.size())),
            columns = std::max<int>(1, static_cast<int>(m_map.columns.size()));
  const int left = all.left() + all.width() * column / columns,
            right = all.left() + all.width() * (column + 1) / columns;
  const int top = all.top() + all.height() * row / rows, bottom = all.top() + all.height() * (row + 1) / rows;
  return {left, top, right - left, bottom - top};
}

QString MapView::columnName(const LayerMap::Column& column) const {
  const QString role = words::role(column.role);
  return column.nth == 0 ? role : tr("%1 %2").arg(role).arg(column.nth + 1);
}

void MapView::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.fillRect(rect(), palette().color(QPalette::Base));
  if (m_map.blocks.empty()) {
    painter.setPen(palette().color(QPalette::PlaceholderText));
    painter.drawText(rect(), Qt::AlignCenter,
                     m_document.isOpen() ? tr("No layer of this model belongs to a block") : QString());
    return;
  }
  const Theme& theme = themeFor(palette());
  const std::set<LayerId> selected(m_document.selection().begin(), m_document.selection().end());
  const QFontMetrics metrics(font());
  painter.setPen(theme.axis);
  for (int column = 0; column < static_cast<int>(m_map.columns.size()); ++column) {
    const QRect cell = cellRect(0, column);
    const QString name = columnName(m_map.columns[static_cast<std::size_t>(column)]);
    painter.drawText(QRect(cell.left(), 4, cell.width(), kTop - 8),
                     Qt::AlignHCenter | Qt::AlignBottom | Qt::TextWordWrap, name);
  }
  int lastLabel = -1000;
  for (int row = 0; row < static_cast<int>(m_map.blocks.size()); ++row) {
    const QRect first = cellRect(row, 0);
    if (first.center().y() - lastLabel >= metrics.height()) {
      painter.setPen(theme.axis);
      painter.drawText(QRect(0, first.top(), kLeft - 6, first.height()),
                       Qt::AlignRight | Qt::AlignVCenter | Qt::TextDontClip,
                       QString::number(m_map.blocks[static_cast<std::size_t>(row)]));
      lastLabel = first.center().y();
    }
    for (int column = 0; column < static_cast<int>(m_map.columns.size()); ++column) {
      const auto id = m_map.cells[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)];
      if (!id) continue;
      const QRect cell = cellRect(row, column).adjusted(0, 0, -1, -1);
      const auto value = m_look.value ? m_look.value(*id) : std::nullopt;
      if (value) {
        const double span = m_look.high - m_look.low;
        const QColor paper = heatColour(span > 0 ? (*value - m_look.low) / span : 1.0);
        painter.fillRect(cell, paper);
        const QString text = m_look.text(*id);
        if (cell.height() >= metrics.height() && cell.width() >= metrics.horizontalAdvance(text) + 4) {
          painter.setPen(inkOn(paper));
          painter.drawText(cell, Qt::AlignCenter, text);
        }
      } else {
        painter.fillRect(cell, QBrush(theme.grid, Qt::BDiagPattern));
      }
      if (selected.contains(*id)) {
        painter.setPen(QPen(theme.cursor, *id == m_document.current() ? 3 : 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(cell.adjusted(1, 1, -1, -1));
      }
    }
  }
  paintScale(painter);
  if (hasFocus()) {
    painter.setPen(QPen(palette().color(QPalette::Link), 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
  }
}

void MapView::paintScale(QPainter& painter) const {
  const QRect all = grid();
  const int top = all.bottom() + 14, width = std::min(160, all.width() / 2);
  const QRect bar(all.center().x() - width / 2, top, width, 10);
  for (int x = 0; x < bar.width(); ++x) {
    painter.fillRect(bar.left() + x, bar.top(), 1, bar.height(), heatColour(static_cast<double>(x) / bar.width()));
  }
  painter.setPen(themeFor(palette()).axis);
  const int line = bar.center().y();
  painter.drawText(QRect(bar.left() - 206, line - 10, 200, 20), Qt::AlignRight | Qt::AlignVCenter, m_look.lowText);
  painter.drawText(QRect(bar.right() + 6, line - 10, 200, 20), Qt::AlignLeft | Qt::AlignVCenter, m_look.highText);
}

std::optional<std::pair<int, int>> MapView::cellAt(const QPoint& at) const {
  for (int row = 0; row < static_cast<int>(m_map.blocks.size()); ++row) {
    for (int column = 0; column < static_cast<int>(m_map.columns.size()); ++column) {
      if (cellRect(row, column).contains(at)) return std::pair(row, column);
    }
  }
  return std::nullopt;
}

std::optional<std::pair<int, int>> MapView::cellOf(LayerId id) const {
  for (std::size_t row = 0; row < m_map.cells.size(); ++row) {
    for (std::size_t column = 0; column < m_map.columns.size(); ++column) {
      if (m_map.cells[row][column] == id) return std::pair(static_cast<int>(row), static_cast<int>(column));
    }
  }
  return std::nullopt;
}

void MapView::mousePressEvent(QMouseEvent* event) {
  setFocus(Qt::MouseFocusReason);
  m_from = cellAt(event->pos());
  if (!m_from || event->button() != Qt::LeftButton) return;
  m_before = event->modifiers() & Qt::ControlModifier ? m_document.selection() : std::vector<LayerId>{};
  mouseMoveEvent(event);
}

void MapView::mouseMoveEvent(QMouseEvent* event) {
  if (!m_from || !(event->buttons() & Qt::LeftButton)) return;
  const auto to = cellAt(event->pos());
  if (!to) return;
  std::vector<LayerId> layers = layersBetween(m_map, *m_from, *to);
  if (layers.empty()) return;
  const LayerId current =
      m_map.cells[static_cast<std::size_t>(to->first)][static_cast<std::size_t>(to->second)].value_or(layers.front());
  layers.insert(layers.end(), m_before.begin(), m_before.end());
  std::sort(layers.begin(), layers.end());
  layers.erase(std::unique(layers.begin(), layers.end()), layers.end());
  m_document.select(std::move(layers), current);
}

void MapView::mouseReleaseEvent(QMouseEvent*) {
  m_from.reset();
}

void MapView::keyPressEvent(QKeyEvent* event) {
  const auto current = m_document.isOpen() ? m_document.current() : std::nullopt;
  const auto at = current ? cellOf(*current) : std::nullopt;
  int down = 0, right = 0;
  switch (event->key()) {
  case Qt::Key_Up:
    down = -1;
    break;
  case Qt::Key_Down:
    down = 1;
    break;
  case Qt::Key_Left:
    right = -1;
    break;
  case Qt::Key_Right:
    right = 1;
    break;
  default:
    QWidget::keyPressEvent(event);
    return;
  }
  if (!at) return;
  const std::pair<int, int> to(at->first + down, at->second + right);
  const std::vector<LayerId> there = layersBetween(m_map, to, to);
  if (there.empty()) return;
  std::vector<LayerId> layers = there;
  if (event->modifiers() & Qt::ShiftModifier) {
    layers = m_document.selection();
    if (std::find(layers.begin(), layers.end(), there.front()) == layers.end()) layers.push_back(there.front());
    std::sort(layers.begin(), layers.end());
  }
  m_document.select(std::move(layers), there.front());
}

bool MapView::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    const auto& help = *static_cast<QHelpEvent*>(event);
    const auto cell = cellAt(help.pos());
    const auto id = cell ? m_map.cells[static_cast<std::size_t>(cell->first)][static_cast<std::size_t>(cell->second)]
                         : std::nullopt;
    if (id && m_look.text) {
      QToolTip::showText(help.globalPos(),
                         tr("%1\n%2: %3").arg(words::shortName(m_document.layer(*id)), m_look.name, m_look.text(*id)),
                         this);
    } else {
      QToolTip::hideText();
    }
    return true;
  }
  if (event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut) update();
  return QWidget::event(event);
}

QString MapView::csv() const {
  QString text = QStringLiteral("block,role,layer,value\n");
  for (std::size_t row = 0; row < m_map.cells.size(); ++row) {
    for (std::size_t column = 0; column < m_map.columns.size(); ++column) {
      const auto id = m_map.cells[row][column];
      const auto value = id && m_look.value ? m_look.value(*id) : std::nullopt;
      if (!id) continue;
      text += QStringLiteral("%1,\"%2\",\"%3\",%4\n")
                  .arg(QString::number(m_map.blocks[row]), columnName(m_map.columns[column]),
                       QString::fromStdString(m_document.layer(*id).name),
                       value ? QString::number(*value, 'g', 17) : QString());
    }
  }
  return text;
}

MapPanel::MapPanel(Document& document, Advising& advising, QWidget* parent)
    : QWidget(parent), m_document(document), m_advising(advising), m_quantity(new QComboBox(this)),
      m_view(new MapView(document, this)) {
  m_quantity->setAccessibleName(tr("What the map shows"));
  m_quantity->addItem(tr("Rank, share of the full rank"), RankShare);
  m_quantity->addItem(tr("Cosine, measured or predicted"), BestCosine);
  m_quantity->addItem(tr("Predicted cosine"), PredictedCosine);
  m_quantity->addItem(tr("Measured cosine"), MeasuredCosine);
  m_quantity->addItem(tr("Effective rank, share of the full rank"), EffectiveRank);
  m_quantity->addItem(tr("Bytes after"), BytesAfter);
  m_quantity->addItem(tr("KL of the layer alone, by the last advice"), SingleEffect);
  m_quantity->setCurrentIndex(m_quantity->findData(BestCosine));
  auto* head = new QHBoxLayout;
  head->setContentsMargins(8, 4, 8, 0);
  head->setSpacing(6);
  auto* label = new QLabel(tr("Colour by"));
  label->setBuddy(m_quantity);
  head->addWidget(label);
  head->addWidget(m_quantity);
  head->addStretch(1);
  head->addWidget(pictureMenuButton(*m_view, this, [this] { return m_view->csv(); }));
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(0, 0, 0, 0);
  box->setSpacing(0);
  box->addLayout(head);
  box->addWidget(m_view, 1);
  connect(m_quantity, &QComboBox::currentIndexChanged, this, &MapPanel::choose);
  connect(&advising, &Advising::predictorChanged, this, &MapPanel::choose);
  connect(&document, &Document::opened, this, &MapPanel::choose);
  auto* later = new Refresher(
      *this, [this] { choose(); }, 0);
  connect(&document, &Document::totalsChanged, later, &Refresher::request);
  choose();
}

void MapPanel::choose() {
  Document* d = &m_document;
  MapView::Look look;
  look.name = m_quantity->currentText();
  const auto shareText = [](double value) { return words::share(value); };
  const auto cosineLook = [&](std::function<std::optional<double>(LayerId)> value) {
    look.value = value;
    look.text = [value](LayerId id) { return value(id) ? words::cosine(*value(id)) : QStringLiteral("–"); };
    look.low = 0.4;
    look.lowText = tr("≤ %1").arg(words::real(0.4));
    look.highText = tr("1 (dense)");
  };
  switch (static_cast<Quantity>(m_quantity->currentData().toInt())) {
  case RankShare:
    look.value = [d](LayerId id) -> std::optional<double> {
      const auto rank = d->rank(id);
      return rank ? static_cast<double>(*rank) / static_cast<double>(d->layer(id).smallSide()) : 1.0;
    };
    look.text = [d](LayerId id) { return words::choice(d->choice(id)); };
    look.lowText = shareText(0);
    look.highText = tr("100 % or dense");
    break;
  case BestCosine:
    cosineLook([d](LayerId id) { return d->bestCosine(id); });
    break;
  case PredictedCosine:
    cosineLook([d](LayerId id) { return d->predictedCosine(id); });
    break;
  case MeasuredCosine:
    cosineLook([d](LayerId id) -> std::optional<double> {
      if (d->standing(id) != Standing::Measured || !d->result(id)->error.isEmpty()) return std::nullopt;
      return d->result(id)->quality.cosine;
    });
    break;
  case EffectiveRank:
    look.value = [d](LayerId id) -> std::optional<double> {
      const auto rank = d->diagnostic(id, Diagnostic::EffectiveRank);
      return rank ? std::optional(*rank / static_cast<double>(d->layer(id).smallSide())) : std::nullopt;
    };
    look.text = [d](LayerId id) {
      const auto rank = d->diagnostic(id, Diagnostic::EffectiveRank);
      return rank ? words::real(*rank, 0) : QStringLiteral("–");
    };
    look.lowText = shareText(0);
    look.highText = shareText(1);
    break;
  case SingleEffect: {
    double most = 0;
    for (const LayerId id : d->allLayers()) most = std::max(most, m_advising.effect(id).value_or(0));
    look.value = [this](LayerId id) { return m_advising.effect(id); };
    look.text = [this](LayerId id) {
      const auto effect = m_advising.effect(id);
      return effect ? words::real(*effect, *effect >= 0.01 || *effect == 0 ? 3 : 5) : QStringLiteral("–");
    };
    look.high = most;
    look.lowText = words::real(0, 3);
    look.highText = words::real(most, 3);
    break;
  }
  case BytesAfter: {
    std::uint64_t most = 1;
    for (const LayerId id : d->allLayers()) {
      if (d->layer(id).block) most = std::max(most, d->layer(id).bytes);
    }
    look.value = [d](LayerId id) -> std::optional<double> { return static_cast<double>(d->bytesAfter(id)); };
    look.text = [d](LayerId id) { return words::bytes(d->bytesAfter(id)); };
    look.high = static_cast<double>(most);
    look.lowText = words::bytes(0);
    look.highText = words::bytes(most);
    break;
  }
  }
  m_view->setLook(std::move(look));
}

} // namespace rankscope::ui
