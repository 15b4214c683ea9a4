// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/evaluate_study.h"

#include <algorithm>
#include <cmath>

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QSplitter>
#include <QStackedLayout>
#include <QTextBrowser>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/document/document.h"
#include "ui/document/study_words.h"
#include "ui/document/words.h"
#include "ui/panels/map_panel.h"
#include "ui/plots/evaluation_plots.h"
#include "ui/plots/framed_plot.h"
#include "ui/plots/plot_files.h"

namespace rankscope::ui {

namespace {

constexpr std::size_t kMostBars = 16;

QString effectText(double value, Effect effect) {
  if (!std::isfinite(value)) return QStringLiteral("–");
  if (value == 0) return words::count(0);
  if (effect == Effect::WeightCosine || effect == Effect::OutputCosine) return words::cosine(value);
  return words::real(value, value >= 0.01 ? 3 : 5);
}

} // namespace

EvaluateStudy::EvaluateStudy(Document& document, QWidget* parent)
    : QWidget(parent), m_document(document), m_quantity(new QComboBox(this)), m_asBars(new QToolButton(this)),
      m_effects(new QStackedLayout), m_map(new MapView(document, this)),
      m_mapMenu(pictureMenuButton(*m_map, this, [this] { return m_map->csv(); })),
      m_bars(new FramedPlot(tr("Layers that hurt most alone"), {}, this)),
      m_sweep(new FramedPlot(tr("N layers together"), {}, this)), m_words(new QTextBrowser(this)),
      m_tokens(new QSpinBox(this)), m_draws(new QSpinBox(this)), m_seed(new QSpinBox(this)),
      m_run(new QPushButton(tr("Run the study"), this)) {
  for (const Effect each : {Effect::Kl, Effect::Error, Effect::WeightCosine, Effect::OutputCosine})
    m_quantity->addItem(effectName(each), static_cast<int>(each));
  m_quantity->setAccessibleName(tr("What is shown of each layer alone"));
  m_asBars->setText(tr("Bars"));
  m_asBars->setCheckable(true);
  m_asBars->setToolTip(tr("The worst layers as bars, else all as a map of blocks and roles"));
  m_asBars->setObjectName(QStringLiteral("studyBars"));
  m_tokens->setRange(64, 10'000'000);
  m_tokens->setSingleStep(1024);
  m_tokens->setValue(2048);
  m_tokens->setToolTip(tr("The model runs once for each layer and each draw: a few thousand tokens tell enough"));
  m_draws->setRange(1, 100);
  m_draws->setValue(5);
  m_draws->setToolTip(tr("Random choices of layers for each N"));
  m_seed->setRange(0, 1'000'000'000);
  m_seed->setValue(1);
  m_run->setObjectName(QStringLiteral("runStudy"));
  m_words->setAccessibleName(tr("What the study says"));
  m_words->document()->setDocumentMargin(8);
  m_words->setFrameShape(QFrame::NoFrame);

  auto* row = new QHBoxLayout;
  row->setContentsMargins(8, 8, 8, 4);
  row->setSpacing(6);
  const auto field = [&](const QString& name, QWidget* widget) {
    auto* label = new QLabel(name, this);
    label->setBuddy(widget);
    widget->setAccessibleName(QString(name).remove(QLatin1Char('&')));
    row->addWidget(label);
    row->addWidget(widget);
  };
  row->addWidget(m_quantity);
  row->addWidget(m_asBars);
  row->addWidget(m_mapMenu);
  row->addStretch(1);
  field(tr("T&okens"), m_tokens);
  field(tr("&Draws"), m_draws);
  field(tr("See&d"), m_seed);
  row->addWidget(m_run);

  auto* left = new QWidget(this);
  left->setLayout(m_effects);
  m_effects->addWidget(m_map);
  m_effects->addWidget(m_bars);
  auto* plots = new QSplitter(Qt::Horizontal, this);
  plots->addWidget(left);
  plots->addWidget(m_sweep);
  plots->setSizes({500, 500});
  auto* both = new QSplitter(Qt::Vertical, this);
  both->addWidget(plots);
  both->addWidget(m_words);
  both->setSizes({700, 220});
  both->setCollapsible(0, false);
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(0, 0, 0, 0);
  box->setSpacing(0);
  box->addLayout(row);
  box->addWidget(both, 1);
  connect(m_run, &QPushButton::clicked, this, &EvaluateStudy::studyWanted);
  connect(m_quantity, &QComboBox::currentIndexChanged, this, &EvaluateStudy::showEffects);
  connect(m_asBars, &QToolButton::toggled, this, &EvaluateStudy::showEffects);
  show(nullptr);
}

StudyOptions EvaluateStudy::options() const {
  StudyOptions options;
  options.draws = m_draws->value();
  options.seed = static_cast<std::uint64_t>(m_seed->value());
  return options;
}

std::int64_t EvaluateStudy::tokens() const {
  return m_tokens->value();
}
Effect EvaluateStudy::effect() const {
  return static_cast<Effect>(m_quantity->currentData().toInt());
}

void EvaluateStudy::setReady(bool ready, const QString& why) {
  m_run->setEnabled(ready);
  m_run->setToolTip(
      ready ? tr("Compresses each layer alone, then N together, and measures what the model's output loses") : why);
}

void EvaluateStudy::show(const StudyReport* study) {
  m_study = study ? std::optional(*study) : std::nullopt;
  showEffects();
  const bool swept = m_study && !m_study->sweepMeans.empty();
  m_sweep->setEmptyText(m_study ? tr("Comes when each layer alone is measured")
                                : tr("How does the error grow with the number of compressed layers? The study draws N "
                                     "layers at random and compares what it measures with three simple laws."));
  m_sweep->setTitle(
      m_study && m_study->errorFit
          ? tr("N layers together: the error grows as N^%1 ± %2")
                .arg(words::real(m_study->errorFit->exponent, 2), words::real(m_study->errorFit->standardError, 2))
          : tr("N layers together"),
      tr("Dashed: what the error ε of one layer would become if errors averaged out (ε/√N), stayed (ε) or "
         "added up independently (ε·√N). Circles are single draws, discs their means, the line the fit."));
  if (swept)
    m_sweep->setDrawing([report = *m_study](QCustomPlot& plot, const Theme& theme) { drawSweep(plot, theme, report); });
  else
    m_sweep->setDrawing({});
  m_words->setHtml(sentences());
}

QString EvaluateStudy::sentences() const {
  if (!m_study) return {};
  QString html;
  if (!m_study->sentences.empty()) { // it has come so far that something can be said
    for (const QString& sentence : studyWords(*m_study))
      html += QStringLiteral("<p style=\"margin:0 0 5px 0\">%1</p>").arg(sentence.toHtmlEscaped());
  }
  if (html.isEmpty() && !m_study->layers.empty())
    html = tr("One layer alone costs an error of %1 on average, on the text so far.")
               .arg(words::real(m_study->singleError, 3));
  return html;
}

void EvaluateStudy::showEffects() {
  const bool known = m_study && !m_study->layers.empty();
  m_effects->setCurrentIndex(m_asBars->isChecked() || !known ? 1 : 0);
  m_quantity->setEnabled(known);
  m_asBars->setEnabled(known);
  m_mapMenu->setVisible(m_effects->currentIndex() == 0); // the bars have one of their own
  showMap();
  if (!known) {
    m_bars->setEmptyText(m_study
                             ? tr("Measuring each layer alone…")
                             : tr("What does each layer cost alone? <b>Run the study</b> compresses the plan's layers "
                                  "one at a time and measures the whole model's output."));
    m_bars->setDrawing({});
    return;
  }
  const std::vector<LayerEffect> worst = worstLayers(m_study->layers, effect(), kMostBars);
  std::vector<QString> names;
  for (const LayerEffect& layer : worst) {
    const auto id = m_document.isOpen() ? m_document.checkpoint()->findLayer(layer.name) : std::nullopt;
    names.push_back(id ? words::shortName(m_document.layer(*id)) : QString::fromStdString(layer.name));
  }
  m_bars->setDrawing([worst, names, chosen = effect()](QCustomPlot& plot, const Theme& theme) {
    drawEffects(plot, theme, worst, names, chosen);
  });
}

void EvaluateStudy::showMap() {
  MapView::Look look;
  look.name = m_quantity->currentText();
  if (m_study && m_document.isOpen()) {
    std::map<LayerId, double> values;
    double least = 1e300, most = -1e300;
    for (const LayerEffect& layer : m_study->layers) {
      const auto id = m_document.checkpoint()->findLayer(layer.name);
      const double value = effectOf(layer, effect());
      if (!id || !std::isfinite(value)) continue;
      values[*id] = value;
      least = std::min(least, value);
      most = std::max(most, value);
    }
    const bool cosine = effect() == Effect::WeightCosine || effect() == Effect::OutputCosine;
    if (!values.empty()) {
      look.low = cosine ? least : 0;
      look.high = most;
      look.lowText = effectText(look.low, effect());
      look.highText = effectText(look.high, effect());
    }
    look.value = [values](LayerId id) -> std::optional<double> {
      const auto found = values.find(id);
      return found == values.end() ? std::nullopt : std::optional(found->second);
    };
    look.text = [values, which = effect()](LayerId id) {
      const auto found = values.find(id);
      return found == values.end() ? QStringLiteral("–") : effectText(found->second, which);
    };
  }
  m_map->setLook(std::move(look));
}

} // namespace rankscope::ui
