// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/evaluate_texts.h"

#include <QDoubleSpinBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTextBrowser>
#include <QVBoxLayout>

#include "ui/document/settings.h"
#include "ui/document/words.h"
#include "ui/plots/evaluation_geometry.h"
#include "ui/theme.h"

namespace rankscope::ui {

namespace {

const QString kPromptKey = QStringLiteral("evaluate/prompt");

QString escaped(const std::string& text) {
  QString html = QString::fromStdString(text).toHtmlEscaped();
  return html.replace(QLatin1Char('\n'), QStringLiteral("<br>"));
}

QString repetition(const Generated& text) {
  const Repetition& r = text.repetition;
  return EvaluateTexts::tr("%1 tokens%2 · distinct 1/2/3-grams %3 / %4 / %5 · repeated 4-grams %6 · longest repeat %7 "
                           "tokens")
      .arg(words::count(static_cast<std::int64_t>(text.tokens.size())),
           text.ended ? EvaluateTexts::tr(", ended by itself") : QString(), words::share(r.distinct1),
           words::share(r.distinct2), words::share(r.distinct3), words::share(r.repeated4grams),
           words::count(r.longestRepeat));
}

QString textHtml(const QString& heading, const GeneratedPair& pair, const Generated& text, bool marked,
                 const Theme& theme) {
  const QString faint = theme.palette.color(QPalette::PlaceholderText).name();
  QString html = QStringLiteral("<p style=\"color:%1;margin:0 0 6px 0\">%2</p><p style=\"margin:0;line-height:135%\">"
                                "<span style=\"color:%1\">%3</span>")
                     .arg(faint, heading, escaped(pair.prompt));
  if (!marked) {
    html += escaped(text.text);
  } else {
    const CutText cut = cutAt(text.text, pair.sameBytes);
    const QString mark = cut.word.empty() ? EvaluateTexts::tr("‹end›") : escaped(cut.word);
    html += escaped(cut.same) +
            QStringLiteral("<span style=\"background-color:%1;font-weight:600\">%2</span>")
                .arg(theme.palette.color(QPalette::Highlight).name(), mark) +
            escaped(cut.rest);
  }
  return html + QStringLiteral("</p>");
}

QTextBrowser* pane(const QString& name, QWidget* parent) {
  auto* view = new QTextBrowser(parent);
  view->setAccessibleName(name);
  view->document()->setDocumentMargin(10);
  view->setFrameShape(QFrame::StyledPanel);
  return view;
}

} // namespace

EvaluateTexts::EvaluateTexts(QWidget* parent)
    : QWidget(parent), m_prompt(new QLineEdit(this)), m_tokens(new QSpinBox(this)),
      m_temperature(new QDoubleSpinBox(this)), m_topP(new QDoubleSpinBox(this)), m_seed(new QSpinBox(this)),
      m_write(new QPushButton(tr("Write both"), this)), m_original(pane(tr("Text of the original"), this)),
      m_compressed(pane(tr("Text of the compressed model"), this)), m_note(new QLabel(this)) {
  const QByteArray last = settings::bytes(kPromptKey);
  m_prompt->setText(last.isEmpty() ? QStringLiteral("Once upon a time") : QString::fromUtf8(last));
  m_prompt->setAccessibleName(tr("Prompt"));
  m_prompt->setPlaceholderText(tr("What both texts begin with"));
  m_prompt->setObjectName(QStringLiteral("evaluatePrompt"));
  m_tokens->setRange(1, 100'000);
  m_tokens->setValue(150);
  m_tokens->setToolTip(tr("Tokens to write, at most"));
  m_temperature->setRange(0, 5);
  m_temperature->setSingleStep(0.1);
  m_temperature->setSpecialValueText(tr("greedy"));
  m_temperature->setToolTip(
      tr("0 always takes the likeliest token (greedy); more draws at random, wilder as it grows"));
  m_topP->setRange(0.01, 1);
  m_topP->setSingleStep(0.05);
  m_topP->setValue(1);
  m_topP->setToolTip(tr("Draws only among the likeliest tokens that have this probability together"));
  m_seed->setRange(0, 1'000'000'000);
  m_seed->setValue(1);
  m_seed->setToolTip(tr("The same seed draws the same text again"));
  m_write->setObjectName(QStringLiteral("evaluateWrite"));
  auto* row = new QHBoxLayout;
  row->setSpacing(6);
  const auto field = [&](const QString& name, QWidget* widget, int stretch = 0) {
    auto* label = new QLabel(name, this);
    label->setBuddy(widget);
    widget->setAccessibleName(QString(name).remove(QLatin1Char('&')));
    row->addWidget(label);
    row->addWidget(widget, stretch);
  };
  field(tr("&Prompt"), m_prompt, 1);
  field(tr("T&okens"), m_tokens);
  field(tr("Te&mperature"), m_temperature);
  field(tr("Top &p"), m_topP);
  field(tr("See&d"), m_seed);
  row->addWidget(m_write);
  m_note->setForegroundRole(QPalette::PlaceholderText);
  m_note->setWordWrap(true);
  auto* texts = new QHBoxLayout;
  texts->setSpacing(8);
  texts->addWidget(m_original, 1);
  texts->addWidget(m_compressed, 1);
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(8, 8, 8, 6);
  box->setSpacing(6);
  box->addLayout(row);
  box->addLayout(texts, 1);
  box->addWidget(m_note);
  connect(m_write, &QPushButton::clicked, this, &EvaluateTexts::generateWanted);
  connect(m_prompt, &QLineEdit::returnPressed, m_write, &QPushButton::click);
  connect(m_prompt, &QLineEdit::textChanged, this,
          [](const QString& text) { settings::setBytes(kPromptKey, text.toUtf8()); });
  render();
}

std::string EvaluateTexts::prompt() const {
  return m_prompt->text().toStdString();
}

GenerateOptions EvaluateTexts::options() const {
  return {m_tokens->value(), m_temperature->value(), m_topP->value(), static_cast<std::uint64_t>(m_seed->value())};
}

void EvaluateTexts::show(const GeneratedPair* texts, bool growing) {
  m_texts = texts ? std::optional(*texts) : std::nullopt;
  m_growing = growing;
  render();
}

void EvaluateTexts::setReady(bool ready, const QString& why) {
  m_write->setEnabled(ready);
  m_write->setToolTip(ready ? tr("Lets the original and the compressed model continue the prompt") : why);
}

void EvaluateTexts::render() {
  const Theme& theme = themeFor(palette());
  if (!m_texts) {
    const QString hint = QStringLiteral("<p style=\"color:%1\">%2</p>")
                             .arg(theme.palette.color(QPalette::PlaceholderText).name(),
                                  tr("Nothing written under this plan yet. <b>Write both</b> lets the original and the "
                                     "compressed model continue the prompt."));
    m_original->setHtml(hint);
    m_compressed->clear();
    m_note->clear();
    return;
  }
  const bool marked = m_texts->firstDifference.has_value();
  m_original->setHtml(textHtml(tr("Original"), *m_texts, m_texts->original, marked, theme));
  m_compressed->setHtml(textHtml(tr("Compressed"), *m_texts, m_texts->compressed, marked, theme));
  if (m_growing && !marked) {
    m_note->setText(tr("Writing…"));
    return;
  }
  const QString how = m_texts->options.temperature > 0 ? tr("temperature %1, top p %2, seed %3")
                                                             .arg(words::real(m_texts->options.temperature, 2),
                                                                  words::real(m_texts->options.topP, 2))
                                                             .arg(m_texts->options.seed)
                                                       : tr("greedy");
  const QString where = marked ? tr("The texts part at token %1 (%2).").arg(*m_texts->firstDifference + 1).arg(how)
                               : tr("Both texts are the same (%1).").arg(how);
  m_note->setText(QStringLiteral("%1\n%2\n%3")
                      .arg(where, tr("Original: %1").arg(repetition(m_texts->original)),
                           tr("Compressed: %1").arg(repetition(m_texts->compressed))));
}

void EvaluateTexts::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) render();
}

} // namespace rankscope::ui
