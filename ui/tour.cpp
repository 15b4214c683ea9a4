// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tour.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/theme.h"

namespace rankscope::ui {

namespace {

constexpr int kCardWidth = 360;
constexpr int kGap = 14;

/// A line around the place that is explained; the mouse goes through it.
class Frame final : public QWidget {
 public:
  explicit Frame(QWidget* parent) : QWidget(parent) {
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setAttribute(Qt::WA_NoSystemBackground);
  }

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(themeFor(palette()).cursor, 3));
    painter.drawRoundedRect(QRectF(rect()).adjusted(2, 2, -2, -2), 6, 6);
  }
};

} // namespace

Tour::Tour(std::vector<Step> steps, QWidget* window)
    : QFrame(window), m_steps(std::move(steps)), m_window(window), m_frame(new Frame(window)),
      m_title(new QLabel(this)), m_text(new QLabel(this)), m_count(new QLabel(this)),
      m_skip(new QPushButton(tr("Skip"), this)), m_next(new QPushButton(this)) {
  setObjectName(QStringLiteral("tour"));
  setAccessibleName(tr("Tour of the window"));
  setFrameShape(QFrame::StyledPanel);
  setAutoFillBackground(true);
  setBackgroundRole(QPalette::Base);
  setFixedWidth(kCardWidth);
  QFont large = m_title->font();
  large.setBold(true);
  large.setPointSizeF(large.pointSizeF() * 1.15);
  m_title->setFont(large);
  m_text->setWordWrap(true);
  m_count->setForegroundRole(QPalette::PlaceholderText);
  m_next->setDefault(true);
  auto* row = new QHBoxLayout;
  row->addWidget(m_count);
  row->addStretch(1);
  row->addWidget(m_skip);
  row->addWidget(m_next);
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(16, 14, 16, 12);
  box->setSpacing(8);
  box->addWidget(m_title);
  box->addWidget(m_text);
  box->addLayout(row);
  connect(m_skip, &QPushButton::clicked, this, &Tour::end);
  connect(m_next, &QPushButton::clicked, this, &Tour::next);
  m_window->installEventFilter(this);
  showStep();
  show();
  m_next->setFocus();
}

Tour::~Tour() {
  delete m_frame;
}

void Tour::next() {
  if (++m_step >= static_cast<int>(m_steps.size()))
    end();
  else
    showStep();
}

void Tour::showStep() {
  const Step& step = m_steps[static_cast<std::size_t>(m_step)];
  if (m_place) m_place->removeEventFilter(this);
  m_place = step.place();
  if (m_place) m_place->installEventFilter(this);
  m_title->setText(step.title);
  m_text->setText(step.text);
  m_text->setAccessibleName(step.title + QStringLiteral(". ") + step.text);
  m_count->setText(tr("%1 of %2").arg(m_step + 1).arg(m_steps.size()));
  const bool last = m_step + 1 == static_cast<int>(m_steps.size());
  m_next->setText(last ? tr("Done") : tr("Next"));
  m_skip->setVisible(!last);
  arrange();
}

/// The card stands beside its place where there is room, else over the middle of the window.
void Tour::arrange() {
  setFixedHeight(layout()->heightForWidth(width()));
  const QRect all = m_window->rect().adjusted(kGap, kGap, -kGap, -kGap);
  QRect place(all.center(), QSize());
  m_frame->setVisible(m_place && m_place->isVisible());
  if (m_frame->isVisible()) {
    place = QRect(m_place->mapTo(m_window, QPoint()), m_place->size());
    m_frame->setGeometry(place.adjusted(-3, -3, 3, 3).intersected(m_window->rect()));
    m_frame->raise();
  }
  QPoint at(place.center().x() - width() / 2, place.center().y() - height() / 2);
  if (place.right() + kGap + width() <= all.right())
    at.setX(place.right() + kGap);
  else if (place.left() - kGap - width() >= all.left())
    at.setX(place.left() - kGap - width());
  else if (place.bottom() + kGap + height() <= all.bottom())
    at.setY(place.bottom() + kGap);
  else if (place.top() - kGap - height() >= all.top())
    at.setY(place.top() - kGap - height());
  at.setX(std::clamp(at.x(), all.left(), std::max(all.left(), all.right() - width())));
  at.setY(std::clamp(at.y(), all.top(), std::max(all.top(), all.bottom() - height())));
  move(at);
  raise();
}

bool Tour::eventFilter(QObject* object, QEvent* event) {
  const bool moved = event->type() == QEvent::Resize || event->type() == QEvent::Move;
  const bool gone = event->type() == QEvent::Show || event->type() == QEvent::Hide;
  if ((object == m_window && event->type() == QEvent::Resize) || (object == m_place && (moved || gone)))
    QMetaObject::invokeMethod(this, &Tour::arrange, Qt::QueuedConnection);
  return QFrame::eventFilter(object, event);
}

void Tour::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Escape)
    end();
  else
    QFrame::keyPressEvent(event);
}

void Tour::end() {
  m_window->removeEventFilter(this);
  if (m_place) m_place->removeEventFilter(this);
  m_place = nullptr;
  hide();
  m_frame->hide();
  emit ended();
  deleteLater();
}

} // namespace rankscope::ui
