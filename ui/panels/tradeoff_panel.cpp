// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/tradeoff_panel.h"

#include <array>
#include <mutex>

#include <qcustomplot.h>

#include <QComboBox>
#include <QHBoxLayout>
#include <QHelpEvent>
#include <QLabel>
#include <QPushButton>
#include <QStandardItemModel>
#include <QToolTip>
#include <QVBoxLayout>

#include "core/tensor/convert.h"
#include "ui/document/advising.h"
#include "ui/document/document.h"
#include "ui/document/evaluations.h"
#include "ui/document/words.h"
#include "ui/jobs/job_runner.h"
#include "ui/plots/framed_plot.h"
#include "ui/plots/legend_place.h"
#include "ui/plots/plot_files.h"
#include "ui/plots/trade_off_plot.h"
#include "ui/refresher.h"
#include "ui/theme.h"

namespace rankscope::ui {

namespace {

constexpr int kInt4Group = 32;
constexpr int kLaterMs = 30;

StorageFormat plainFormat(Storage storage) {
  return {storage, ScaleAxis::PerRow, storage == Storage::Int4 ? kInt4Group : 0};
}

/// Cosine of a matrix with itself after plain rounding, squared: the energy that the direction keeps.
double keptEnergyOf(const MatrixView& view, const StorageFormat& format) {
  const RowMatrixD original = toDouble(view);
  if (!original.allFinite()) return 1;
  const RowMatrixD rounded = load(storeMatrix(original, format)).cast<double>();
  const double a = original.squaredNorm(), b = rounded.squaredNorm();
  if (a == 0 || b == 0) return a == b ? 1 : 0;
  const double inner = original.cwiseProduct(rounded).sum();
  return inner * inner / (a * b);
}

} // namespace

TradeOffPanel::TradeOffPanel(Document& document, JobRunner& jobs, Advising& advising, Evaluations& evaluations,
                             QWidget* parent)
    : QWidget(parent), m_document(document), m_jobs(jobs), m_advising(advising), m_evaluations(evaluations),
      m_plot(new QCustomPlot(this)), m_note(new QLabel(this)), m_quality(new QComboBox(this)),
      m_measure(new QPushButton(tr("Measure int8 and int4"), this)), m_later(new Refresher(
                                                                         *this, [this] { rebuild(); }, kLaterMs)) {
  m_quality->addItem(tr("Kept energy"), static_cast<int>(ModelQuality::KeptEnergy));
  m_quality->addItem(tr("KL"), static_cast<int>(ModelQuality::Kl));
  m_quality->addItem(tr("Output cosine"), static_cast<int>(ModelQuality::OutputCosine));
  m_quality->setAccessibleName(tr("Quality on the vertical axis"));
  m_quality->setToolTip(tr("Energy follows from the spectra alone. KL and output cosine are of the whole model: they "
                           "come with an evaluation (F6) or an advice (F7)."));
  m_measure->setToolTip(
      tr("Quantises the dense linears plainly, without low rank, and measures what that keeps: the reference to beat"));
  auto* head = new QHBoxLayout;
  head->setContentsMargins(8, 4, 8, 0);
  head->setSpacing(8);
  m_note->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  head->addWidget(m_quality);
  head->addWidget(m_note, 1);
  head->addWidget(m_measure);
  head->addWidget(plotMenuButton(*m_plot, this, [this] { rebuild(); }));
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(0, 0, 0, 0);
  box->setSpacing(0);
  box->addLayout(head);
  box->addWidget(m_plot, 1);
  m_plot->setAccessibleName(tr("Size against quality"));
  m_plot->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
  m_plot->installEventFilter(this);
  connect(m_plot, &QCustomPlot::afterLayout, this, [this] { keepLegendClear(*m_plot); });

  connect(m_quality, &QComboBox::activated, this, [this] {
    m_chosen = true;
    rebuild();
  });
  connect(m_measure, &QPushButton::clicked, this, &TradeOffPanel::measureQuantisation);
  connect(&document, &Document::totalsChanged, m_later, &Refresher::request);
  connect(&document, &Document::snapshotsChanged, m_later, &Refresher::request);
  const auto known = [this] {
    offerQualities();
    m_later->request();
  };
  connect(&advising, &Advising::changed, this, known);
  connect(&evaluations, &Evaluations::changed, this, known);
  const auto fresh = [this] {
    m_curveOld = true;
    m_later->request();
  };
  connect(&document, &Document::spectraEnded, this, fresh);
  connect(&advising, &Advising::predictorChanged, this, [known, fresh] {
    known();
    fresh();
  });
  connect(&document, &Document::aboutToChange, this, [this, fresh] {
    ++m_generation;
    m_references.clear();
    m_shown = {};
    m_chosen = false;
    fresh();
  });
  connect(&document, &Document::closed, this, fresh);
  offerQualities();
  rebuild();
}

ModelQuality TradeOffPanel::quality() const {
  return static_cast<ModelQuality>(m_quality->currentData().toInt());
}

/// What is not known yet can't be chosen. What the model's output loses says more than what its weights do, so the axis
/// takes it once it is there, unless the user has chosen.
void TradeOffPanel::offerQualities() {
  auto* items = static_cast<QStandardItemModel*>(m_quality->model());
  for (int i = 0; i < m_quality->count(); ++i) {
    const auto each = static_cast<ModelQuality>(m_quality->itemData(i).toInt());
    items->item(i)->setEnabled(m_document.isOpen() ? isKnown(each, m_advising, m_evaluations)
                                                   : each == ModelQuality::KeptEnergy);
  }
  const bool known = items->item(m_quality->currentIndex())->isEnabled();
  if (m_chosen && known) return;
  const int kl = m_quality->findData(static_cast<int>(ModelQuality::Kl));
  m_quality->setCurrentIndex(items->item(kl)->isEnabled() ? kl : 0);
}

void TradeOffPanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) m_later->request();
}

bool TradeOffPanel::eventFilter(QObject* object, QEvent* event) {
  if (object == m_plot && event->type() == QEvent::Resize) m_later->request(); // names go by pixels
  if (object == m_plot && event->type() == QEvent::ToolTip) {
    const auto& help = *static_cast<QHelpEvent*>(event);
    const TradeOffMark* mark = markAt(*m_plot, m_shown, help.pos());
    if (mark)
      QToolTip::showText(help.globalPos(), describe(*mark, quality()), m_plot);
    else
      QToolTip::hideText();
    return true;
  }
  return QWidget::eventFilter(object, event);
}

void TradeOffPanel::updateCurve() {
  const RankPlan& plan = m_document.plan();
  if (!m_curveOld && m_curveStorage == plan.factorDtype && m_curveGroup == plan.group) return;
  m_curve =
      uniformCurve(*m_document.checkpoint(), m_document.spectra(), m_document.scope(), plan.factorDtype, plan.group);
  if (const PlanPredictor* predictor = m_advising.predictor()) {
    for (TradeOffPoint& point : m_curve) {
      const auto predicted =
          predictor->predict(uniformPlan(*m_document.checkpoint(), m_document.spectra(), m_document.scope(),
                                         plan.factorDtype, plan.group, point.share));
      if (predicted && predicted->covered) point.kl = predicted->kl;
    }
  }
  m_curveStorage = plan.factorDtype;
  m_curveGroup = plan.group;
  m_curveOld = false;
}

QString TradeOffPanel::note() const {
  const TradeOffMark* plan = m_shown.plan();
  const QString size = words::bytes(m_document.totals().model.after);
  if (!plan && quality() == ModelQuality::OutputCosine) return tr("Plan: %1; evaluate it (F6) to place it").arg(size);
  if (!plan) return tr("Plan: %1; nothing predicts its quality here").arg(size);
  const QString value = quality() == ModelQuality::Kl ? words::nats(plan->value) : words::cosine(plan->value);
  return plan->measured ? tr("Plan: %1, %2 measured").arg(size, value) : tr("Plan: %1, %2 predicted").arg(size, value);
}

void TradeOffPanel::rebuild() {
  m_plot->clearPlottables();
  m_plot->clearItems();
  m_plot->legend->setVisible(false);
  putLegendInside(*m_plot);
  const Theme& theme = themeFor(palette());
  styleAxes(*m_plot, theme, font());
  const bool ready =
      m_document.isOpen() && static_cast<std::size_t>(m_document.spectraKnown()) == m_document.layerCount();
  m_measure->setEnabled(m_document.isOpen());
  m_measure->setVisible(quality() == ModelQuality::KeptEnergy);
  if (!ready) {
    m_shown = {};
    m_note->setText(m_document.isOpen() ? tr("Waiting for the spectra…") : QString());
    m_plot->replot(QCustomPlot::rpQueuedReplot);
    return;
  }
  updateCurve();
  m_shown = tradeOff(quality(), m_document, m_advising, m_evaluations, m_curve, m_references);
  drawTradeOff(*m_plot, theme, m_shown, quality());
  m_note->setText(note());
  m_plot->replot(QCustomPlot::rpQueuedReplot);
}

void TradeOffPanel::measureQuantisation() {
  if (!m_document.isOpen()) return;
  Job job;
  job.title = tr("int8 and int4 for comparison");
  job.asksBeforeStop = false;
  job.prepare = [this, checkpoint = m_document.checkpoint(), scope = m_document.scope(), generation = m_generation] {
    return [this, checkpoint, scope, generation](const Progress& progress) {
      constexpr std::array storages{Storage::Int8, Storage::Int4};
      std::array<double, 2> energy{};
      std::array<std::uint64_t, 2> bytes{checkpoint->bytes(), checkpoint->bytes()};
      std::mutex mutex;
      std::vector<double> costs;
      for (const LayerId id : scope) costs.push_back(static_cast<double>(checkpoint->layer(id).parameters()));
      runScheduled(Schedule(costs), 0, progress, [&](std::size_t item, int) {
        const LayerInfo& layer = checkpoint->layer(scope[item]);
        const Checkpoint::Matrix matrix = checkpoint->matrix(layer.id);
        for (std::size_t i = 0; i < storages.size(); ++i) {
          const StorageFormat format = plainFormat(storages[i]);
          const double kept = keptEnergyOf(matrix.view, format);
          const std::lock_guard lock(mutex);
          energy[i] += kept;
          bytes[i] = bytes[i] - layer.bytes + storedBytes(layer.rows, layer.cols, format);
        }
        checkpoint->finishReading(layer.id);
      });
      m_jobs.deliver([this, energy, bytes, generation, count = scope.size()] {
        if (generation != m_generation) return;
        m_references.clear();
        for (std::size_t i = 0; i < 2; ++i) {
          m_references.push_back({i == 0 ? Storage::Int8 : Storage::Int4, bytes[i],
                                  count == 0 ? 1.0 : energy[i] / static_cast<double>(count)});
        }
        m_later->request();
      });
    };
  };
  m_jobs.enqueue(std::move(job));
}

} // namespace rankscope::ui
