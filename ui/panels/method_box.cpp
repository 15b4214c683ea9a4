// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/method_box.h"

#include <QComboBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>

#include "ui/document/calibrator.h"
#include "ui/document/document.h"
#include "ui/document/words.h"

namespace rankscope::ui {

namespace {

const QString kAsk = QStringLiteral("?");

} // namespace

MethodBox::MethodBox(Document& document, QWidget* parent)
    : QWidget(parent), m_document(document), m_method(new QComboBox(this)), m_text(new QComboBox(this)),
      m_tokens(new QSpinBox(this)), m_calibrate(new QPushButton(tr("Calibrate"), this)), m_refine(new QSpinBox(this)),
      m_state(new QLabel(this)) {
  m_method->addItem(tr("plain: the weights alone"), static_cast<int>(Method::Plain));
  m_method->addItem(tr("aware: as a text's activations see the weights"), static_cast<int>(Method::Aware));
  m_method->addItem(tr("Fisher: as the predictions on a text see them"), static_cast<int>(Method::Fisher));
  m_method->addItem(tr("sequential: the same, each on what the layers before it give"),
                    static_cast<int>(Method::Sequential));
  m_method->setAccessibleName(tr("Method"));
  m_method->setObjectName(QStringLiteral("planMethod"));
  m_method->setToolTip(
      tr("At the same bytes, methods fitted to a text lose several times less of the model's output than "
         "the plain truncation of the weights"));
  m_text->addItem(tr("Stories that the demo never saw"), QString());
  m_text->addItem(tr("Choose a file…"), kAsk);
  m_text->setAccessibleName(tr("Calibration text"));
  m_text->setToolTip(tr("Keep it apart from the text that you evaluate on: figures on the same text flatter"));
  m_text->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  m_text->setMinimumContentsLength(12);
  m_tokens->setRange(64, 100'000'000);
  m_tokens->setSingleStep(4096);
  m_tokens->setGroupSeparatorShown(true);
  m_tokens->setValue(32'768);
  m_tokens->setKeyboardTracking(false);
  m_tokens->setAccessibleName(tr("Calibration tokens, at most"));
  m_calibrate->setObjectName(QStringLiteral("calibrate"));
  m_calibrate->setToolTip(tr("Runs the text through the original now; else it happens when it is needed"));
  m_refine->setRange(0, kMostRefineSteps);
  m_refine->setSingleStep(25);
  m_refine->setSpecialValueText(tr("none"));
  m_refine->setKeyboardTracking(false);
  m_refine->setObjectName(QStringLiteral("refineSteps"));
  m_refine->setAccessibleName(tr("Refinement steps"));
  m_refine->setToolTip(tr("After the layers are found, so many steps in which all of them are moved together towards "
                          "what the original predicts on the text. Takes seconds a step"));
  m_state->setWordWrap(true);
  m_state->setForegroundRole(QPalette::PlaceholderText);
  auto* form = new QFormLayout(this);
  form->setContentsMargins(0, 0, 0, 0);
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  form->addRow(tr("Method"), m_method);
  auto* text = new QHBoxLayout;
  text->addWidget(m_text, 1);
  text->addWidget(m_tokens);
  text->addWidget(m_calibrate);
  form->addRow(tr("Fitted to"), text);
  form->addRow(tr("Refinement steps"), m_refine);
  form->addRow(QString(), m_state);
  connect(m_method, &QComboBox::currentIndexChanged, this, [this] {
    if (m_showing || !m_document.isOpen()) return;
    RankPlan plan = m_document.plan();
    plan.method = static_cast<Method>(m_method->currentData().toInt());
    m_document.changePlan(std::move(plan),
                          tr("Method %1").arg(m_method->currentText().section(QLatin1Char(':'), 0, 0)));
  });
  connect(m_refine, &QSpinBox::valueChanged, this, [this](int steps) {
    if (m_showing || !m_document.isOpen()) return;
    RankPlan plan = m_document.plan();
    plan.refineSteps = steps;
    m_document.changePlan(std::move(plan), tr("%n refinement step(s)", nullptr, steps));
  });
  connect(m_text, &QComboBox::activated, this, &MethodBox::chooseText);
  connect(m_tokens, &QSpinBox::valueChanged, this, &MethodBox::tellText);
  connect(m_calibrate, &QPushButton::clicked, this, [this] { m_document.calibrate(); });
  connect(&document, &Document::opened, this, &MethodBox::tellText);
  connect(&document, &Document::planChanged, this, &MethodBox::showPlan);
  connect(&document, &Document::calibrated, this, &MethodBox::showPlan);
  showPlan();
}

void MethodBox::chooseText(int index) {
  if (m_text->itemData(index).toString() == kAsk) {
    const QString path = QFileDialog::getOpenFileName(this, tr("Text to calibrate on"));
    if (!path.isEmpty()) {
      m_lastText = m_text->count() - 1;
      m_text->insertItem(m_lastText, QFileInfo(path).fileName(), path);
    }
    m_text->setCurrentIndex(m_lastText);
  } else {
    m_lastText = index;
  }
  tellText();
}

void MethodBox::tellText() {
  if (m_document.isOpen())
    m_document.calibrator().choose({m_text->itemData(m_lastText).toString().toStdString(), m_tokens->value()});
  showPlan();
}

QString MethodBox::state() const {
  return m_state->text();
}

void MethodBox::showPlan() {
  m_showing = true;
  const bool open = m_document.isOpen();
  setEnabled(open);
  const Method method = open ? m_document.plan().method : Method::Plain;
  m_method->setCurrentIndex(m_method->findData(static_cast<int>(method)));
  m_refine->setValue(open ? m_document.plan().refineSteps : 0);
  m_showing = false;
  if (!open) return;
  const bool needed = m_document.needsCalibration();
  for (QWidget* widget : {static_cast<QWidget*>(m_text), static_cast<QWidget*>(m_tokens),
                          static_cast<QWidget*>(m_calibrate), static_cast<QWidget*>(m_refine)})
    widget->setEnabled(needed);
  const auto fitted = m_document.calibrator().fitted();
  if (!needed)
    m_state->setText(tr("Nothing of this plan is fitted to a text."));
  else if (!fitted)
    m_state->setText(tr("The text is read when it is needed, or now by Calibrate."));
  else
    m_state->setText(
        fitted->coversWidth
            ? tr("Calibrated on %1 tokens: more than the widest layer has inputs.").arg(words::count(fitted->tokens))
            : tr("Calibrated on %1 tokens: fewer than the widest layer has inputs, more would be better.")
                  .arg(words::count(fitted->tokens)));
}

} // namespace rankscope::ui
