// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/evaluate_figures.h"

#include <cmath>

#include <QCoreApplication>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include "ui/document/words.h"
#include "ui/theme.h"

namespace rankscope::ui {

namespace {

constexpr std::size_t kCards = 5;

QString tr(const char* text) {
  return QCoreApplication::translate("rankscope::ui", text);
}

/// Three significant digits, as many as there are where the number is large.
QString significant(double value) {
  if (!std::isfinite(value)) return QStringLiteral("–");
  const double size = std::abs(value);
  if (size >= 1000) return words::count(std::llround(value));
  return words::real(value, size >= 100 ? 1 : size >= 10 ? 2 : size >= 0.01 || size == 0 ? 3 : size >= 1e-4 ? 5 : 7);
}

QString ratio(double value) {
  return QStringLiteral("× %1").arg(words::real(value, 2));
}

Figure cosineFigure(const Comparison& c, const Controls* controls) {
  Figure figure{tr("Output cosine"),
                words::cosine(c.logits.cosine),
                {},
                tr("Mean cosine of the logits of both models, position by position. Centred: minus each vector's mean, "
                   "which softmax does not see and which a raw cosine rewards.")};
  if (!controls) {
    figure.lines << tr("centred %1").arg(words::cosine(c.centeredLogits.cosine));
    return figure;
  }
  const Controls& k = *controls;
  figure.lines << tr("unrelated text %1 · bf16 %2")
                      .arg(words::cosine(k.unrelatedLogitCosine), words::cosine(k.bf16.logits.cosine));
  if (k.random) figure.lines << tr("random factors %1").arg(words::cosine(k.random->logits.cosine));
  figure.lines << tr("centred %1 · unrelated %2")
                      .arg(words::cosine(c.centeredLogits.cosine), words::cosine(k.unrelatedCenteredCosine));
  return figure;
}

Figure perplexityFigure(const Comparison& c, const QString& text) {
  Figure figure{tr("Perplexity"),
                QStringLiteral("%1 → %2").arg(significant(c.original.value), significant(c.compressed.value)),
                {},
                tr("exp of the mean negative log-likelihood a token, original → compressed, with standard errors over "
                   "the text's records.")};
  figure.lines << tr("± %1 → ± %2").arg(significant(c.original.standardError), significant(c.compressed.standardError))
               << tr("%1 the original's").arg(ratio(c.compressed.value / c.original.value))
               << tr("%1 tokens, %2 records").arg(words::count(c.positions), words::count(c.records));
  if (!text.isEmpty()) figure.lines << tr("of %1").arg(text);
  return figure;
}

Figure klFigure(const Comparison& c, const Controls* controls) {
  Figure figure{tr("KL, nats a token"),
                words::nats(c.kl.mean),
                {},
                tr("Kullback–Leibler divergence of the compressed model's predictions from the original's: mean over "
                   "positions. 0 is no change.")};
  figure.lines << tr("median %1 · 90 % %2").arg(words::nats(c.kl.median), words::nats(c.kl.p90))
               << tr("99 % %1 · max %2").arg(words::nats(c.kl.p99), words::nats(c.kl.max));
  if (controls) figure.lines << tr("bf16 %1").arg(words::nats(controls->bf16.kl.mean));
  if (controls && controls->random)
    figure.lines.back() += QStringLiteral(" · ") + tr("random %1").arg(words::nats(controls->random->kl.mean));
  return figure;
}

Figure agreementFigure(const Comparison& c, const Controls* controls) {
  Figure figure{
      tr("Same likeliest token"),
      words::relativeError(c.top1Agreement),
      {},
      tr("Share of positions where both models put the same token first, and the mean share of the original's "
         "five likeliest that are among the compressed model's five.")};
  figure.lines << tr("of the first five: %1").arg(words::relativeError(c.top5Agreement));
  if (controls) {
    figure.lines << tr("bf16 %1").arg(words::relativeError(controls->bf16.top1Agreement));
    if (controls->random)
      figure.lines << tr("random factors %1").arg(words::relativeError(controls->random->top1Agreement));
  }
  return figure;
}

Figure sizeFigure(const SpeedReport* speed, const ByteTotals& bytes) {
  Figure figure{
      tr("Size and speed"),
      QStringLiteral("–"),
      {},
      tr("Bytes of the weights as stored; tokens a second reading a text (prefill) and writing one (decode), as "
         "ratios to the original measured by turns.")};
  if (bytes.before > 0) {
    figure.value = tr("%1 kept").arg(words::share(bytes.kept()));
    figure.lines << QStringLiteral("%1 → %2").arg(words::bytes(bytes.before), words::bytes(bytes.after));
  }
  if (!speed) return figure;
  if (speed->models.size() > 1) { // with factors in int8: among all figures
    const Speed& compressed = speed->models[1];
    figure.lines << tr("reads %1").arg(words::times(compressed.prefillRatio))
                 << tr("writes %1").arg(words::times(compressed.decodeRatio));
  }
  return figure;
}

} // namespace

std::vector<Figure> figuresOf(const ShownParts& shown, const ByteTotals& bytes) {
  if (!shown.comparison || shown.comparison->positions == 0) return {};
  const Comparison& c = *shown.comparison;
  const Controls* controls = shown.evaluation && shown.evaluation->controls ? &*shown.evaluation->controls : nullptr;
  const SpeedReport* speed = shown.evaluation && shown.evaluation->speed ? &*shown.evaluation->speed : nullptr;
  const QString text = shown.evaluation ? QString::fromStdString(shown.evaluation->text) : QString();
  return {cosineFigure(c, controls), perplexityFigure(c, text), klFigure(c, controls), agreementFigure(c, controls),
          sizeFigure(speed, bytes)};
}

EvaluateFigures::EvaluateFigures(QWidget* parent) : QWidget(parent) {
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(8, 0, 8, 0);
  row->setSpacing(8);
  for (std::size_t i = 0; i < kCards; ++i) {
    auto* frame = new QFrame(this);
    frame->setFrameShape(QFrame::StyledPanel);
    frame->setAutoFillBackground(true);
    frame->setBackgroundRole(QPalette::Base);
    const Card card{frame, new QLabel(frame), new QLabel(frame), new QLabel(frame)};
    auto* box = new QVBoxLayout(frame);
    box->setContentsMargins(10, 6, 10, 7);
    box->setSpacing(1);
    QFont large = font();
    large.setPointSizeF(1.65 * font().pointSizeF());
    large.setWeight(QFont::DemiBold);
    card.value->setFont(large);
    for (QLabel* label : {card.title, card.value, card.lines}) {
      label->setTextInteractionFlags(Qt::TextSelectableByMouse);
      label->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
      box->addWidget(label);
    }
    box->addStretch(1);
    row->addWidget(frame, 1);
    m_cards.push_back(card);
  }
  restyle();
}

void EvaluateFigures::show(const std::vector<Figure>& figures, bool stale) {
  for (std::size_t i = 0; i < m_cards.size(); ++i) {
    const Card& card = m_cards[i];
    card.frame->setVisible(i < figures.size());
    if (i >= figures.size()) continue;
    card.title->setText(figures[i].title);
    card.value->setText(figures[i].value);
    card.lines->setText(figures[i].lines.join(QLatin1Char('\n')));
    card.frame->setToolTip(figures[i].explanation);
    card.frame->setAccessibleName(figures[i].title + QLatin1Char(' ') + figures[i].value);
  }
  m_stale = stale;
  restyle();
}

QString EvaluateFigures::text() const {
  QStringList lines;
  for (const Card& card : m_cards) {
    if (card.frame->isHidden()) continue;
    lines << card.title->text() + QStringLiteral(": ") + card.value->text() + QStringLiteral("; ") +
                 card.lines->text().replace(QLatin1Char('\n'), QStringLiteral("; "));
  }
  return lines.join(QLatin1Char('\n'));
}

void EvaluateFigures::restyle() {
  const Theme& theme = themeFor(palette());
  for (const Card& card : m_cards) {
    QPalette faint = palette(), value = palette();
    faint.setColor(QPalette::WindowText, palette().color(QPalette::PlaceholderText));
    if (m_stale) value.setColor(QPalette::WindowText, theme.stale);
    card.title->setPalette(faint);
    card.lines->setPalette(faint);
    card.value->setPalette(value);
    QFont large = card.value->font();
    large.setStrikeOut(m_stale);
    card.value->setFont(large);
  }
}

void EvaluateFigures::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange && !m_cards.empty()) restyle();
}

} // namespace rankscope::ui
