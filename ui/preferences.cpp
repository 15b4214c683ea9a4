// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/preferences.h"

#include <thread>

#include <QComboBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

#include "ui/document/settings.h"
#include "ui/document/words.h"

namespace rankscope::ui {

Preferences::Preferences(QWidget* parent)
    : QDialog(parent), m_language(new QComboBox), m_whenSpoken(new QLabel), m_storage(new QComboBox),
      m_cores(new QSpinBox), m_units(new QComboBox), m_cache(new QSpinBox), m_problem(new QLabel) {
  setWindowTitle(tr("Preferences"));
  auto* form = new QFormLayout;
  m_language->setObjectName(QStringLiteral("language"));
  m_language->setAccessibleName(tr("Language"));
  m_language->addItem(tr("System"), QString());
  m_language->addItem(QStringLiteral("English"), QStringLiteral("en")); // each in its own, to be found by its speakers
  m_language->addItem(QStringLiteral("Português (Brasil)"), QStringLiteral("pt_BR"));
  m_language->setCurrentIndex(std::max(0, m_language->findData(settings::language())));
  form->addRow(tr("Language"), m_language);
  m_whenSpoken->setObjectName(QStringLiteral("whenSpoken"));
  m_whenSpoken->setForegroundRole(QPalette::PlaceholderText);
  form->addRow(QString(), m_whenSpoken);
  connect(m_language, &QComboBox::currentIndexChanged, this, &Preferences::showWhenSpoken);
  showWhenSpoken();
  const VerdictThresholds now = settings::thresholds();
  const std::array values{now.excellent, now.good, now.fair, now.poor};
  for (std::size_t i = 0; i < m_bounds.size(); ++i) {
    auto* bound = new QDoubleSpinBox;
    bound->setRange(0.001, 1);
    bound->setDecimals(3);
    bound->setSingleStep(0.01);
    bound->setValue(values[i]);
    bound->setAccessibleName(tr("Smallest cosine of %1").arg(words::verdict(kVerdicts[i])));
    form->addRow(tr("%1 %2 from cosine").arg(words::verdictMark(kVerdicts[i]), words::verdict(kVerdicts[i])), bound);
    connect(bound, &QDoubleSpinBox::valueChanged, this, &Preferences::check);
    m_bounds[i] = bound;
  }
  for (const Storage storage : {Storage::F32, Storage::F16, Storage::BF16, Storage::Int8, Storage::Int4}) {
    m_storage->addItem(words::storage(storage), static_cast<int>(storage));
  }
  m_storage->setCurrentIndex(m_storage->findData(static_cast<int>(settings::factorStorage())));
  m_storage->setAccessibleName(tr("Factors of a new plan"));
  form->addRow(tr("Factors of a new plan"), m_storage);
  m_cores->setRange(0, static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
  m_cores->setSpecialValueText(tr("all"));
  m_cores->setValue(settings::cores());
  m_cores->setAccessibleName(tr("Processor cores to use"));
  form->addRow(tr("Processor cores to use"), m_cores);
  m_units->addItem(tr("MiB (2²⁰ bytes)"), false);
  m_units->addItem(tr("MB (10⁶ bytes)"), true);
  m_units->setCurrentIndex(settings::decimalUnits() ? 1 : 0);
  m_units->setAccessibleName(tr("Units of sizes"));
  form->addRow(tr("Units of sizes"), m_units);
  m_cache->setRange(0, 100000);
  m_cache->setSingleStep(64);
  m_cache->setSuffix(tr(" MiB"));
  m_cache->setValue(settings::cacheMebibytes());
  m_cache->setAccessibleName(tr("Cache of spectra"));
  m_cache->setToolTip(tr("Spectra of matrices seen before are kept, so that a model opens at once the next time"));
  form->addRow(tr("Cache of spectra"), m_cache);
  m_problem->setWordWrap(true);
  auto* buttons =
      new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel | QDialogButtonBox::RestoreDefaults);
  auto* box = new QVBoxLayout(this);
  box->addLayout(form);
  box->addWidget(m_problem);
  box->addWidget(buttons);
  connect(buttons, &QDialogButtonBox::accepted, this, &Preferences::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  connect(buttons->button(QDialogButtonBox::RestoreDefaults), &QPushButton::clicked, this, [this] {
    const VerdictThresholds usual;
    const std::array defaults{usual.excellent, usual.good, usual.fair, usual.poor};
    for (std::size_t i = 0; i < m_bounds.size(); ++i) m_bounds[i]->setValue(defaults[i]);
    m_storage->setCurrentIndex(m_storage->findData(static_cast<int>(Storage::F16)));
    m_cores->setValue(0);
    m_units->setCurrentIndex(0);
    m_language->setCurrentIndex(0);
    m_cache->setValue(256);
  });
  check();
}

VerdictThresholds Preferences::thresholds() const {
  return {m_bounds[0]->value(), m_bounds[1]->value(), m_bounds[2]->value(), m_bounds[3]->value()};
}

void Preferences::check() {
  if (!m_bounds.back()) return;
  const VerdictThresholds t = thresholds();
  const bool falls = t.excellent > t.good && t.good > t.fair && t.fair > t.poor;
  m_problem->setText(falls ? QString() : tr("The bounds must fall from EXCELLENT to POOR."));
  if (auto* buttons = findChild<QDialogButtonBox*>()) buttons->button(QDialogButtonBox::Ok)->setEnabled(falls);
}

void Preferences::showWhenSpoken() {
  const bool changes = m_language->currentData().toString() != settings::language();
  m_whenSpoken->setText(changes ? tr("Takes effect at the next start") : QString());
}

void Preferences::accept() {
  settings::setLanguage(m_language->currentData().toString());
  settings::setThresholds(thresholds());
  settings::setFactorStorage(static_cast<Storage>(m_storage->currentData().toInt()));
  settings::setCores(m_cores->value());
  settings::setDecimalUnits(m_units->currentData().toBool());
  settings::setCacheMebibytes(m_cache->value());
  words::useDecimalBytes(settings::decimalUnits());
  QDialog::accept();
}

} // namespace rankscope::ui
