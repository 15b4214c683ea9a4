// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/evaluate_controls.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>

#include "ui/document/settings.h"
#include "ui/icons.h"

namespace rankscope::ui {

namespace {

const QString kTextKey = QStringLiteral("evaluate/text");
const QString kAsk = QStringLiteral("?"); // no path: opens the file dialog

} // namespace

EvaluateControls::EvaluateControls(QWidget* parent)
    : QWidget(parent), m_text(new QComboBox(this)), m_tokens(new QSpinBox(this)),
      m_controls(new QCheckBox(tr("Con&trols"), this)), m_speed(new QCheckBox(tr("Sp&eed"), this)),
      m_texts(new QCheckBox(tr("&Write texts"), this)), m_run(new QPushButton(icon("evaluate"), tr("Evaluate"), this)) {
  m_text->setObjectName(QStringLiteral("evaluateText"));
  m_text->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  m_text->setMaximumWidth(380);
  m_text->addItem(tr("Stories that the demo never saw"), QString());
  m_text->addItem(tr("Choose a file…"), kAsk);
  m_text->setToolTip(tr("Text that both models read: plain or .gz, records separated by lines of <|endoftext|>"));
  m_tokens->setObjectName(QStringLiteral("evaluateTokens"));
  m_tokens->setRange(16, 1'000'000'000);
  m_tokens->setSingleStep(1000);
  m_tokens->setGroupSeparatorShown(true);
  m_tokens->setValue(20'000);
  m_tokens->setToolTip(tr("Tokens of the text, at most. More make the standard errors smaller."));
  m_controls->setChecked(settings::flag(QStringLiteral("evaluate/controls"), true));
  m_controls->setObjectName(QStringLiteral("evaluateControls"));
  m_controls->setToolTip(
      tr("Also measures the original in bf16, random factors of the same energy, and unrelated texts: "
         "without these a cosine of 0.9 means nothing"));
  m_speed->setChecked(settings::flag(QStringLiteral("evaluate/speed"), true));
  m_speed->setObjectName(QStringLiteral("evaluateSpeed"));
  m_speed->setToolTip(
      tr("Also measures tokens a second of the original, the compressed model and int8 factors, by turns"));
  m_texts->setChecked(settings::flag(QStringLiteral("evaluate/texts"), true));
  m_texts->setObjectName(QStringLiteral("evaluateTexts"));
  m_texts->setToolTip(tr("Also lets both continue the prompt of the page Texts"));
  m_run->setObjectName(QStringLiteral("evaluateRun"));
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(8, 6, 8, 4);
  row->setSpacing(6);
  const auto field = [&](const QString& name, QWidget* widget) {
    auto* label = new QLabel(name, this);
    label->setBuddy(widget);
    widget->setAccessibleName(QString(name).remove(QLatin1Char('&')));
    row->addWidget(label);
    row->addWidget(widget);
  };
  field(tr("Te&xt"), m_text);
  field(tr("To&kens"), m_tokens);
  row->addSpacing(8);
  row->addWidget(m_controls);
  row->addWidget(m_speed);
  row->addWidget(m_texts);
  row->addStretch(1);
  row->addWidget(m_run);
  connect(m_run, &QPushButton::clicked, this, &EvaluateControls::evaluateWanted);
  connect(m_text, &QComboBox::activated, this, [this](int index) {
    if (m_text->itemData(index).toString() == kAsk)
      chooseFile();
    else
      m_lastText = index;
    settings::setBytes(kTextKey, m_text->currentData().toString().toUtf8());
  });
  const auto keep = [this](QCheckBox* box, const QString& key) {
    connect(box, &QCheckBox::toggled, this, [key](bool on) { settings::setFlag(key, on); });
  };
  keep(m_controls, QStringLiteral("evaluate/controls"));
  keep(m_speed, QStringLiteral("evaluate/speed"));
  keep(m_texts, QStringLiteral("evaluate/texts"));
  const QString last = QString::fromUtf8(settings::bytes(kTextKey));
  if (!last.isEmpty() && QFileInfo::exists(last)) addFile(last);
}

void EvaluateControls::chooseFile() {
  const QString path = QFileDialog::getOpenFileName(this, tr("Text to evaluate on"), {},
                                                    tr("Texts (*.txt *.txt.gz *.gz *.md *.jsonl);;All files (*)"));
  if (path.isEmpty())
    m_text->setCurrentIndex(m_lastText);
  else
    addFile(path);
}

void EvaluateControls::addFile(const QString& path) {
  int index = m_text->findData(path);
  if (index < 0) {
    index = m_text->count() - 1;
    m_text->insertItem(index, QFileInfo(path).fileName(), path);
    m_text->setItemData(index, path, Qt::ToolTipRole);
  }
  m_text->setCurrentIndex(index);
  m_lastText = index;
}

TextChoice EvaluateControls::text() const {
  return {m_text->itemData(m_lastText).toString().toStdString(), m_tokens->value()};
}

void EvaluateControls::setText(const TextChoice& text) {
  m_tokens->setValue(static_cast<int>(text.tokens));
  if (text.file.empty())
    m_text->setCurrentIndex(m_lastText = 0);
  else
    addFile(QString::fromStdString(text.file.string()));
}

EvaluationOptions EvaluateControls::options() const {
  EvaluationOptions options;
  if (!m_controls->isChecked()) options.controlTokens = 0;
  options.speed = m_speed->isChecked();
  return options;
}

bool EvaluateControls::wantsTexts() const {
  return m_texts->isChecked();
}

void EvaluateControls::setReady(bool ready, const QString& why) {
  m_run->setEnabled(ready);
  m_run->setToolTip(ready ? tr("Runs the original and the plan on the text (F6)") : why);
}

} // namespace rankscope::ui
