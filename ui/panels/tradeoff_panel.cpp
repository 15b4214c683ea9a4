// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/tradeoff_panel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>

#include <qcustomplot.h>

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QTimer>
#include <QVBoxLayout>

#include "core/tensor/convert.h"
#include "ui/document/document.h"
#include "ui/document/words.h"
#include "ui/jobs/job_runner.h"
#include "ui/plots/plot_files.h"
#include "ui/theme.h"

namespace rankscope::ui {

namespace {

constexpr double kMebi = 1024.0 * 1024.0;
constexpr int kInt4Group = 32;

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

TradeOffPanel::TradeOffPanel(Document& document, JobRunner& jobs, QWidget* parent)
    : QWidget(parent), m_document(document), m_jobs(jobs), m_plot(new QCustomPlot(this)), m_note(new QLabel(this)),
      m_measure(new QPushButton(tr("Measure int8 and int4"), this)), m_timer(new QTimer(this)) {
  auto* head = new QHBoxLayout;
  head->setContentsMargins(8, 4, 8, 0);
  m_note->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  head->addWidget(m_note, 1);
  m_measure->setToolTip(
      tr("Quantises the dense linears plainly, without low rank, and measures what that keeps: the reference to beat"));
  head->addWidget(m_measure);
  head->addWidget(plotMenuButton(*m_plot, this, [this] { rebuild(); }));
  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(0, 0, 0, 0);
  box->setSpacing(0);
  box->addLayout(head);
  box->addWidget(m_plot, 1);
  m_plot->setAccessibleName(tr("Size against kept energy"));
  m_plot->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
  m_plot->xAxis->setLabel(tr("size of the whole model, MiB"));
  m_plot->yAxis->setLabel(tr("mean kept energy of the linears"));
  m_timer->setSingleShot(true);
  m_timer->setInterval(30);
  connect(m_timer, &QTimer::timeout, this, &TradeOffPanel::rebuild);
  connect(m_measure, &QPushButton::clicked, this, &TradeOffPanel::measureQuantisation);
  connect(&document, &Document::totalsChanged, this, &TradeOffPanel::later);
  connect(&document, &Document::snapshotsChanged, this, &TradeOffPanel::later);
  const auto fresh = [this] {
    m_curveOld = true;
    later();
  };
  connect(&document, &Document::spectraEnded, this, fresh);
  connect(&document, &Document::aboutToChange, this, [this, fresh] {
    ++m_generation;
    m_references.clear();
    fresh();
  });
  connect(&document, &Document::closed, this, fresh);
  style();
}

void TradeOffPanel::later() {
  if (isVisible() && !m_timer->isActive()) m_timer->start();
}

void TradeOffPanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  rebuild();
}

void TradeOffPanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) {
    style();
    later();
  }
}

void TradeOffPanel::style() {
  const Theme& theme = themeFor(palette());
  m_plot->setBackground(palette().color(QPalette::Base));
  for (QCPAxis* axis : {m_plot->xAxis, m_plot->yAxis}) {
    const QPen pen(theme.axis, 1);
    axis->setBasePen(pen);
    axis->setTickPen(pen);
    axis->setSubTickPen(pen);
    axis->setTickLabelColor(theme.axis);
    axis->setLabelColor(theme.axis);
    axis->setTickLabelFont(font());
    axis->setLabelFont(font());
    axis->grid()->setPen(QPen(theme.grid, 1));
    axis->grid()->setZeroLinePen(Qt::NoPen);
  }
  m_plot->replot(QCustomPlot::rpQueuedReplot);
}

void TradeOffPanel::rebuild() {
  m_plot->clearGraphs();
  m_plot->clearItems();
  const bool ready =
      m_document.isOpen() && static_cast<std::size_t>(m_document.spectraKnown()) == m_document.layerCount();
  m_measure->setEnabled(m_document.isOpen());
  if (!ready) {
    m_note->setText(m_document.isOpen() ? tr("Waiting for the spectra…") : QString());
    m_plot->replot(QCustomPlot::rpQueuedReplot);
    return;
  }
  const Theme& theme = themeFor(palette());
  const auto& scope = m_document.scope();
  const SpectrumLookup spectra = m_document.spectra();
  const RankPlan& plan = m_document.plan();
  if (m_curveOld || m_curveStorage != plan.factorDtype || m_curveGroup != plan.group) {
    m_curve = uniformCurve(*m_document.checkpoint(), spectra, scope, plan.factorDtype, plan.group);
    m_curveStorage = plan.factorDtype;
    m_curveGroup = plan.group;
    m_curveOld = false;
  }
  double low = 1;
  double most = static_cast<double>(m_document.totals().model.before) / kMebi, least = most;
  const auto fit = [&](double x, double y) {
    low = std::min(low, y);
    least = std::min(least, x);
    most = std::max(most, x);
  };
  QCPGraph* line = m_plot->addGraph();
  line->setPen(QPen(theme.series[0], 1.8));
  line->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, theme.series[0], theme.series[0], 3));
  line->setName(tr("uniform ranks"));
  for (const TradeOffPoint& point : m_curve) {
    line->addData(static_cast<double>(point.bytes) / kMebi, point.keptEnergy);
    fit(static_cast<double>(point.bytes) / kMebi, point.keptEnergy);
  }
  const auto place = [&](double x, double y, const QString& name, const QColor& colour,
                         QCPScatterStyle::ScatterShape shape, bool wordLeft = false) {
    QCPGraph* graph = m_plot->addGraph();
    graph->setLineStyle(QCPGraph::lsNone);
    graph->setScatterStyle(QCPScatterStyle(shape, QPen(colour, 1.8),
                                           shape == QCPScatterStyle::ssDisc ? QBrush(colour) : QBrush(Qt::NoBrush), 9));
    graph->addData(x, y);
    graph->setName(name);
    auto* text = new QCPItemText(m_plot);
    text->setText(name);
    text->setColor(colour);
    text->setFont(font());
    text->setPadding({8, 2, 8, 2});
    text->position->setCoords(x, y);
    text->setPositionAlignment(wordLeft || x > (least + most) / 2 ? Qt::AlignRight | Qt::AlignTop
                                                                  : Qt::AlignLeft | Qt::AlignTop);
    fit(x, y);
  };
  place(static_cast<double>(m_document.totals().model.before) / kMebi, 1, tr("original"), theme.axis,
        QCPScatterStyle::ssSquare);
  for (const Reference& reference : m_references) {
    place(static_cast<double>(reference.point.bytes) / kMebi, reference.point.keptEnergy,
          reference.storage == Storage::Int8 ? tr("int8, measured") : tr("int4, measured"), theme.series[2],
          QCPScatterStyle::ssDiamond);
  }
  for (const auto& [name, json] : m_document.snapshots()) {
    try {
      const ResolvedPlan snapshot = resolve(parsePlan(json, "snapshot"), *m_document.checkpoint(), spectra);
      const auto kept = meanKeptEnergy(snapshot, spectra, scope);
      const double x = static_cast<double>(modelTotals(*m_document.checkpoint(), snapshot).after) / kMebi;
      if (kept) place(x, *kept, QString::fromStdString(name), theme.series[3], QCPScatterStyle::ssTriangle);
    } catch (const Error&) {
      // A snapshot that does not fit this model has no place here; its own panel says so.
    }
  }
  if (const auto kept = meanKeptEnergy(m_document.resolved(), spectra, scope)) {
    const double x = static_cast<double>(m_document.totals().model.after) / kMebi;
    place(x, *kept, tr("this plan"), theme.cursor, QCPScatterStyle::ssDisc);
    m_note->setText(tr("This plan: %1, kept energy %2 (predicted)")
                        .arg(words::bytes(m_document.totals().model.after), words::cosine(*kept)));
  }
  const double air = std::max(0.04 * (most - least), 0.01);
  m_plot->xAxis->setRange(least - air, most + air);
  m_plot->yAxis->setRange(std::max(-0.02, low - 0.06), 1.04);
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
        checkpoint->release(layer.id);
      });
      m_jobs.deliver([this, energy, bytes, generation, count = scope.size()] {
        if (generation != m_generation) return;
        m_references.clear();
        for (std::size_t i = 0; i < 2; ++i) {
          m_references.push_back({i == 0 ? Storage::Int8 : Storage::Int4,
                                  {0, bytes[i], count == 0 ? 1.0 : energy[i] / static_cast<double>(count)}});
        }
        later();
      });
    };
  };
  m_jobs.enqueue(std::move(job));
}

} // namespace rankscope::ui
