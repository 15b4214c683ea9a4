// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/curve_panel.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <qcustomplot.h>

#include <QHBoxLayout>
#include <QToolButton>
#include <QVBoxLayout>

#include "core/spectrum/diagnostics.h"
#include "ui/document/document.h"
#include "ui/document/output_spectra.h"
#include "ui/document/settings.h"
#include "ui/document/words.h"
#include "ui/panels/text_line.h"
#include "ui/plots/plot_files.h"

namespace rankscope::ui {

namespace {

/// Points of one curve, and of all: more curves are drawn with fewer points each.
constexpr std::size_t kMostPoints = 1000, kLeastPoints = 100, kAllPoints = 100'000;

QToolButton* toggle(QWidget* parent, const QString& text, const QString& tip, bool checked) {
  auto* button = new QToolButton(parent);
  button->setText(text);
  button->setToolTip(tip);
  button->setAccessibleName(tip);
  button->setCheckable(true);
  button->setChecked(checked);
  button->setAutoRaise(true);
  return button;
}

} // namespace

CurvePanel::CurvePanel(Document& document, OutputSpectra& outputs, Quantity quantity, QWidget* parent)
    : QWidget(parent), m_document(document), m_outputs(outputs), m_quantity(quantity), m_plot(new RankPlot(this)),
      m_readout(new TextLine(Qt::PlainText, this)),
      m_logX(toggle(this, tr("log x"), tr("Logarithmic rank axis"), false)),
      m_space(toggle(this, tr("outputs"), QString(), false)) {
  const bool sigma = quantity == Quantity::Sigma;
  auto* head = new QHBoxLayout;
  head->setContentsMargins(8, 4, 4, 0);
  head->setSpacing(4);
  m_readout->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  m_readout->setAccessibleName(tr("Values at the pointer or the rank"));
  head->addWidget(m_readout, 1);
  m_space->setObjectName(QStringLiteral("ofOutputs"));
  head->addWidget(m_space);
  connect(m_space, &QToolButton::toggled, this, &CurvePanel::changeSpace);
  if (sigma) {
    m_logY = toggle(this, tr("log σ"), tr("Logarithmic axis of singular values"), true);
    m_normalise = toggle(this, tr("σ / σ₁"), tr("Divide by the largest singular value, to compare shapes"), false);
    head->addWidget(m_normalise);
    head->addWidget(m_logY);
    connect(m_normalise, &QToolButton::toggled, this, &CurvePanel::rebuild);
    connect(m_logY, &QToolButton::toggled, this, &CurvePanel::applyScales);
  }
  head->addWidget(m_logX);
  connect(m_logX, &QToolButton::toggled, this, &CurvePanel::applyScales);
  head->addWidget(plotMenuButton(*m_plot->canvas(), this, [this] { m_plot->resetView(); }));

  auto* box = new QVBoxLayout(this);
  box->setContentsMargins(0, 0, 0, 0);
  box->setSpacing(0);
  box->addLayout(head);
  box->addWidget(m_plot, 1);

  m_plot->setAccessibleName(sigma ? tr("Singular values by rank") : tr("Predicted cosine by rank"));
  m_plot->canvas()->setAccessibleName(m_plot->accessibleName());
  m_plot->canvas()->setAccessibleDescription(tr("Left and right arrow keys change the rank of the selected layers"));
  m_plot->setClickSetsRank(!sigma);
  m_plot->setRankStep(settings::rankStep());
  m_plot->setLegendCorner(Qt::AlignBottom | (sigma ? Qt::AlignLeft : Qt::AlignRight));
  offerOutputs();
  applyScales();

  connect(m_plot, &RankPlot::rankGrabbed, this, [this] { m_gesture = m_document.newGesture(); });
  connect(m_plot, &RankPlot::rankDragged, this, &CurvePanel::drag);
  connect(m_plot, &RankPlot::rankReleased, this, [this] { m_gesture = 0; });
  connect(m_plot, &RankPlot::rankStepped, this, &CurvePanel::step);
  connect(m_plot, &RankPlot::hovered, this, &CurvePanel::showReadout);
  connect(&document, &Document::opened, this, &CurvePanel::offerOutputs);
  connect(&document, &Document::closed, this, &CurvePanel::rebuild);
  connect(&document, &Document::selectionChanged, this, [this] {
    m_keyGesture = 0;
    rebuild();
  });
  connect(&document, &Document::spectrumArrived, this, [this](LayerId id) {
    const auto& selection = m_document.selection();
    m_arrived = m_arrived || std::find(selection.begin(), selection.end(), id) != selection.end();
  });
  connect(&outputs, &OutputSpectra::arrived, this, [this](LayerId id) {
    if (showsOutputs() && std::find(m_drawn.begin(), m_drawn.end(), id) != m_drawn.end()) rebuild();
  });
  connect(&outputs, &OutputSpectra::changed, this, [this] {
    if (showsOutputs()) rebuild();
  });
  // Comes once after many spectra have arrived.
  connect(&document, &Document::layersChanged, this, [this] {
    if (std::exchange(m_arrived, false))
      rebuild();
    else
      showCursor();
  });
  rebuild();
}

QString CurvePanel::title() const {
  const auto current = m_document.current();
  if (!current) return {};
  const LayerInfo& layer = m_document.layer(*current);
  return tr("%1 · %2 · %3")
      .arg(words::shortName(layer), words::shape(layer.rows, layer.cols), words::dtype(layer.dtype));
}

bool CurvePanel::showsOutputs() const {
  return m_space->isChecked();
}

std::shared_ptr<const Spectrum> CurvePanel::spectrumOf(LayerId layer) const {
  return showsOutputs() ? m_outputs.spectrum(layer) : m_document.spectrum(layer);
}

QString CurvePanel::obstacleOf(LayerId layer) const {
  return showsOutputs() ? m_outputs.obstacle(layer) : m_document.spectrumError(layer);
}

/// A model that cannot be run has no outputs to show: the button then says why.
void CurvePanel::offerOutputs() {
  const QString obstacle = m_outputs.modelObstacle();
  const QString tip = obstacle.isEmpty()
                          ? tr("Of the layer's outputs on the calibration text (W·√C, as the method \"aware\" "
                               "truncates) instead of its weights")
                          : obstacle;
  m_space->setToolTip(tip);
  m_space->setAccessibleName(tip);
  m_space->setEnabled(obstacle.isEmpty());
  if (!obstacle.isEmpty()) m_space->setChecked(false);
  changeSpace();
}

void CurvePanel::changeSpace() {
  const bool outputs = showsOutputs();
  if (outputs) m_outputs.ask();
  m_plot->setTitles(m_quantity == Quantity::Sigma ? outputs ? tr("σ of W·√C") : tr("singular value σ")
                    : outputs ? tr("cosine of outputs, method aware")
                                                  : tr("predicted cosine"),
                    tr("rank"));
  rebuild();
}

void CurvePanel::setRankStep(int step) {
  m_plot->setRankStep(step);
}

void CurvePanel::applyScales() {
  const auto scale = [](const QToolButton* button) {
    return button && button->isChecked() ? RankPlot::Scale::Log : RankPlot::Scale::Linear;
  };
  m_plot->setScales(scale(m_logX), scale(m_logY));
  rebuild();
}

std::vector<Mark> CurvePanel::marks(const LayerInfo& layer, const Spectrum& spectrum) const {
  std::vector<Mark> marks{{breakEvenRank(layer.rows, layer.cols), tr("break-even"), true, true}};
  if (showsOutputs()) return marks; // verdicts and noise are about weights
  if (m_quantity == Quantity::Cosine) {
    const VerdictThresholds& bounds = m_document.thresholds();
    const std::array lines{std::pair(bounds.good, Verdict::Good), std::pair(bounds.fair, Verdict::Fair),
                           std::pair(bounds.poor, Verdict::Poor)};
    for (const auto& [cosine, verdict] : lines) marks.push_back({cosine, words::verdict(verdict), false, false, true});
    return marks;
  }
  const double unit = m_normalise->isChecked() && spectrum.sigma().front() > 0 ? spectrum.sigma().front() : 1.0;
  const double median = spectrum.sigma()[spectrum.sigma().size() / 2];
  const double largest = static_cast<double>(std::max(layer.rows, layer.cols));
  const double scale = median / std::sqrt(largest * marchenkoPasturMedian(layer.rows, layer.cols));
  const double edge = scale * (std::sqrt(static_cast<double>(layer.rows)) + std::sqrt(static_cast<double>(layer.cols)));
  if (edge > 0 && edge < spectrum.sigma().front())
    marks.push_back({edge / unit, tr("noise edge"), false, false, false, true});
  const double donoho = gavishDonohoCoefficient(layer.rows, layer.cols) * median;
  if (donoho > 0 && donoho < spectrum.sigma().front())
    marks.push_back({donoho / unit, tr("Gavish–Donoho"), false, false});
  return marks;
}

void CurvePanel::rebuild() {
  const std::vector<LayerId>& selection = m_document.selection();
  const auto current = m_document.current();
  emit titleChanged(title());
  std::vector<LayerId> front;
  if (current) front.push_back(*current);
  for (const LayerId id : selection)
    if (id != current) front.push_back(id);
  const std::size_t points = std::clamp(kAllPoints / std::max<std::size_t>(front.size(), 1), kLeastPoints, kMostPoints);
  std::vector<Series> series;
  std::vector<Curve> curves;
  std::vector<Mark> lines;
  std::int64_t longest = 1;
  bool waiting = false;
  QString error;
  for (const LayerId id : front) {
    const auto spectrum = spectrumOf(id);
    if (!spectrum) {
      waiting = waiting || obstacleOf(id).isEmpty();
      if (error.isEmpty()) error = obstacleOf(id);
      continue;
    }
    const Curve whole =
        m_quantity == Quantity::Sigma ? sigmaCurve(*spectrum, m_normalise->isChecked()) : cosineCurve(*spectrum);
    curves.push_back(whole);
    series.push_back({words::shortName(m_document.layer(id)), decimated(whole, points), false});
    longest = std::max(longest, spectrum->fullRank());
  }
  const LayerInfo* layer = current ? &m_document.layer(*current) : nullptr;
  const auto spectrum = current ? spectrumOf(*current) : nullptr;
  if (spectrum && spectrum->fullRank() > 1 && spectrum->frobeniusNorm() > 0) lines = marks(*layer, *spectrum);
  if (!lines.empty() && !showsOutputs()) {
    const double norm = m_quantity == Quantity::Sigma && m_normalise->isChecked()
                            ? spectrum->frobeniusNorm() / spectrum->sigma().front()
                            : spectrum->frobeniusNorm();
    const Curve noise = m_quantity == Quantity::Sigma ? gaussianSigmaCurve(layer->rows, layer->cols, norm)
                                                      : gaussianCosineCurve(layer->rows, layer->cols);
    series.push_back({tr("random matrix of this norm"), decimated(noise, kMostPoints), true});
  }
  m_plot->setFullRank(layer ? layer->smallSide() : 1);
  m_plot->setEmptyText(!m_document.isOpen() ? QString()
                       : front.empty()      ? tr("Select a layer in the table")
                       : !error.isEmpty()   ? error
                       : !waiting           ? QString()
                       : showsOutputs()     ? tr("Running the calibration text…")
                                            : tr("Computing the spectrum…"));
  const double last = static_cast<double>(longest);
  const bool logX = m_logX->isChecked();
  const Range x{logX ? 0.9 : -0.01 * last, logX ? last * 1.1 : last * 1.01};
  Range y{0, 1.03};
  if (m_quantity == Quantity::Sigma) {
    y = sigmaRange(curves);
    if (!m_logY->isChecked()) y.lower = 0;
  }
  const bool same = m_drawn == front;
  m_drawn = front;
  m_plot->show(series, lines, x, y, same);
  showCursor();
}

void CurvePanel::showCursor() {
  const auto current = m_document.isOpen() ? m_document.current() : std::nullopt;
  if (!current || !spectrumOf(*current)) {
    m_plot->setCursorRank(std::nullopt, {});
    m_readout->setText({});
    return;
  }
  const LayerInfo& layer = m_document.layer(*current);
  const auto rank = m_document.rank(*current);
  const std::int64_t at = rank.value_or(layer.smallSide());
  QString label = words::choice(m_document.choice(*current));
  const std::optional<double> cosine =
      showsOutputs() ? spectrumOf(*current)->cosineAt(at) : m_document.predictedCosine(*current);
  if (rank && cosine && !m_document.choice(*current).base && m_quantity == Quantity::Cosine)
    label += QStringLiteral("  ") + words::cosine(*cosine);
  m_plot->setCursorRank(at, label);
  if (!m_plot->underMouse()) showReadout(std::numeric_limits<double>::quiet_NaN());
}

void CurvePanel::showReadout(double x) {
  const auto current = m_document.isOpen() ? m_document.current() : std::nullopt;
  const auto spectrum = current ? spectrumOf(*current) : nullptr;
  if (!spectrum) {
    m_readout->setText({});
    return;
  }
  if (std::isnan(x) && m_document.choice(*current).base) {
    m_readout->setText(quantisedReadout(*current));
    return;
  }
  const std::int64_t rank =
      std::isnan(x) ? m_document.rank(*current).value_or(spectrum->fullRank()) : rankAt(x, spectrum->fullRank(), 1);
  const QString at = words::count(rank), cosine = words::cosine(spectrum->cosineAt(rank));
  if (m_quantity == Quantity::Sigma) {
    const QString sigma = QLocale().toString(spectrum->sigma()[static_cast<std::size_t>(rank - 1)], 'g', 4);
    m_readout->setText((showsOutputs() ? tr("i = %1   σ = %2   output cosine with method aware %3")
                                       : tr("i = %1   σ = %2   cosine %3"))
                           .arg(at, sigma, cosine));
    return;
  }
  m_readout->setText((showsOutputs() ? tr("rank %1   with method aware: output cosine %2, error %3")
                                     : tr("rank %1   cosine %2   error %3"))
                         .arg(at, cosine, words::relativeError(spectrum->relativeErrorAt(rank))));
}

/// The curves are of truncations alone: what a quantised layer keeps is what was measured.
QString CurvePanel::quantisedReadout(LayerId layer) const {
  const QString form = words::choice(m_document.choice(layer));
  const std::optional<double> cosine = m_document.bestCosine(layer);
  return cosine ? tr("%1   cosine %2, measured").arg(form, words::cosine(*cosine))
                : tr("%1   cosine not measured yet").arg(form);
}

void CurvePanel::drag(qint64 rank) {
  if (m_document.selection().empty()) return;
  m_document.setRank(m_document.selection(), rank, m_gesture);
}

void CurvePanel::step(qint64 by) {
  const auto current = m_document.current();
  if (!current) return;
  if (m_keyGesture == 0) m_keyGesture = m_document.newGesture();
  const LayerInfo& layer = m_document.layer(*current);
  const std::int64_t from = m_document.rank(*current).value_or(layer.smallSide());
  m_document.setRank(m_document.selection(), std::clamp<std::int64_t>(from + by, 1, layer.smallSide()), m_keyGesture);
}

void CurvePanel::align(CurvePanel& a, CurvePanel& b) {
  connect(a.m_plot, &RankPlot::viewChanged, &b, [&a, &b] { b.m_plot->setViewX(a.m_plot->viewX()); });
  connect(b.m_plot, &RankPlot::viewChanged, &a, [&a, &b] { a.m_plot->setViewX(b.m_plot->viewX()); });
  connect(a.m_logX, &QToolButton::toggled, b.m_logX, &QToolButton::setChecked);
  connect(b.m_logX, &QToolButton::toggled, a.m_logX, &QToolButton::setChecked);
  connect(a.m_space, &QToolButton::toggled, b.m_space, &QToolButton::setChecked);
  connect(b.m_space, &QToolButton::toggled, a.m_space, &QToolButton::setChecked);
}

} // namespace rankscope::ui
