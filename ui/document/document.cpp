// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/document.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <QUndoCommand>

#include "core/calibrate/plan_fit.h"
#include "ui/document/plan_quality.h"
#include "ui/document/run_storage.h"
#include "ui/document/settings.h"
#include "ui/document/words.h"
#include "ui/jobs/job_runner.h"

namespace rankscope::ui {

/// From one state of the plan to another. Steps of one gesture (a drag, a held key) merge.
class ChangePlan final : public QUndoCommand {
 public:
  ChangePlan(Document& document, std::shared_ptr<const PlanState> after, const QString& name, int gesture)
      : QUndoCommand(name), m_document(document), m_before(document.m_state), m_after(std::move(after)),
        m_gesture(gesture) {}

  void undo() override { m_document.apply(m_before); }
  void redo() override { m_document.apply(m_after); }
  int id() const override { return m_gesture == 0 ? -1 : 1; }

  bool mergeWith(const QUndoCommand* next) override {
    const auto* later = static_cast<const ChangePlan*>(next);
    if (later->m_gesture != m_gesture) return false;
    m_after = later->m_after;
    setText(later->text());
    return true;
  }

 private:
  Document& m_document;
  std::shared_ptr<const PlanState> m_before;
  std::shared_ptr<const PlanState> m_after;
  int m_gesture;
};

Document::Document(JobRunner& jobs, QObject* parent)
    : QObject(parent), m_jobs(jobs), m_thresholds(settings::thresholds()) {
  connect(&jobs.mailbox(), &Mailbox::emptied, this, &Document::flushTouched);
  connect(&jobs, &JobRunner::ended, this, [this] {
    if (isOpen()) emit calibrated(); // any job that needs fitted methods may have fitted them
  });
}

Document::~Document() {
  closeInBackground(std::move(m_storage));
  waitForClosing();
}

std::vector<LayerId> Document::allLayers() const {
  std::vector<LayerId> ids;
  for (std::size_t i = 0; i < layerCount(); ++i) ids.push_back(LayerId{i});
  return ids;
}

SpectrumLookup Document::spectra() const {
  std::vector<std::shared_ptr<const Spectrum>> known;
  known.reserve(m_layers.size());
  for (const Layer& layer : m_layers) known.push_back(layer.spectrum);
  return [known = std::move(known)](LayerId id) { return known[id.value].get(); };
}

std::optional<double> Document::predictedCosine(LayerId id) const {
  if (choice(id).isDense()) return 1.0;
  const Layer& layer = m_layers[id.value];
  if (!layer.spectrum || !isPredictable(choice(id))) return std::nullopt;
  return layer.spectrum->cosineAt(*rank(id));
}

std::optional<double> Document::diagnostic(LayerId id, Diagnostic which) const {
  const double value = diagnostics(id)[static_cast<std::size_t>(which)];
  return std::isnan(value) ? std::nullopt : std::optional(value);
}

const LayerResult* Document::result(LayerId id) const {
  const auto& result = m_layers[id.value].result;
  return result ? &*result : nullptr;
}

namespace {

/// A result's method also names the text it was fitted to, and the plan where its layers were found together:
/// `identity`. A plan's own choices do not until they are carried out.
bool isSame(const LayerChoice& measured, const LayerChoice& planned, const std::string& identity) {
  if (measured == planned) return true;
  if (measured.rank != planned.rank || measured.base != planned.base) return false;
  LayerChoice result = measured;
  if (result.method != planned.method) {
    const std::size_t word = std::min(result.method.size(), result.method.find(' '));
    const std::size_t text = std::min(result.method.size(), result.method.find(' ', word + 1));
    if (result.method.compare(text, std::string::npos, identity) != 0) return false;
    result.method.resize(word);
  }
  return result == planned;
}

} // namespace

Standing Document::standing(LayerId id) const {
  const LayerResult* known = result(id);
  const bool together = isFittedTogether(choice(id), m_resolved.refineSteps);
  if (known && isSame(known->choice, choice(id), together ? m_planIdentity : std::string())) return Standing::Measured;
  if (known) return Standing::Stale;
  return predictedCosine(id) ? Standing::Predicted : Standing::Unknown;
}

std::optional<double> Document::bestCosine(LayerId id) const {
  if (standing(id) == Standing::Measured && result(id)->error.isEmpty()) return result(id)->quality.cosine;
  return predictedCosine(id);
}

std::optional<Verdict> Document::verdict(LayerId id) const {
  if (choice(id).isDense()) return std::nullopt;
  const auto cosine = bestCosine(id);
  if (!cosine) return std::nullopt;
  return verdictFor(*cosine, m_thresholds);
}

std::uint64_t Document::bytesAfter(LayerId id) const {
  return rankscope::bytesAfter(layer(id), m_resolved.layers[id.value]);
}

void Document::setThresholds(const VerdictThresholds& thresholds) {
  m_thresholds = thresholds;
  if (!isOpen()) return;
  updateTotals({});
  emit layersChanged(allLayers());
  emit totalsChanged();
}

void Document::change(PlanState state, const QString& name, int gesture) {
  if (state == *m_state) return;
  m_planEdited = true;
  m_undo.push(new ChangePlan(*this, std::make_shared<const PlanState>(std::move(state)), name, gesture));
}

void Document::changePlan(RankPlan plan, const QString& name) {
  PlanState next = *m_state;
  next.plan = keepingPinned(std::move(plan), *m_state, *m_checkpoint, m_resolved);
  change(std::move(next), name);
}

void Document::setRank(const std::vector<LayerId>& layers, std::optional<std::int64_t> rank, int gesture) {
  std::vector<std::pair<LayerId, std::optional<std::int64_t>>> ranks;
  for (const LayerId id : layers) ranks.emplace_back(id, rank);
  const QString which = layers.size() == 1 ? words::shortName(layer(layers.front()))
                                           : tr("%n layers", nullptr, static_cast<int>(layers.size()));
  setRanks(ranks, rank ? tr("Rank %1 for %2").arg(words::count(*rank), which) : tr("Keep %1 dense").arg(which),
           gesture);
}

void Document::setRanks(const std::vector<std::pair<LayerId, std::optional<std::int64_t>>>& ranks, const QString& name,
                        int gesture) {
  PlanState next = *m_state;
  for (const auto& [id, rank] : ranks) {
    const LayerInfo& info = layer(id);
    if (info.isCompressed()) continue; // what is compressed already stays as it is
    if (!rank) {
      next.plan.overrides[info.name] = std::nullopt;
      continue;
    }
    // A base that is there stays, and the rank is its correction's.
    Override request = overrideFor(layer(id), choice(id), next.plan);
    request.action = UseRank{std::clamp<std::int64_t>(*rank, 1, info.smallSide())};
    next.plan.overrides[info.name] = request;
  }
  change(std::move(next), name, gesture);
}

void Document::setBase(const std::vector<LayerId>& layers, std::optional<Storage> base) {
  PlanState next = *m_state;
  for (const LayerId id : layers) {
    if (layer(id).isCompressed()) continue;
    Override request = overrideFor(layer(id), choice(id), next.plan);
    request.settings.base = base;
    next.plan.overrides[layer(id).name] = request;
  }
  const int count = static_cast<int>(layers.size());
  change(std::move(next), base ? tr("%1 base for %n layer(s)", nullptr, count).arg(QString::fromUtf8(name(*base)))
                               : tr("No base for %n layer(s)", nullptr, count));
}

bool Document::needsCalibration() const {
  return needText(methodsIn(plan()));
}

void Document::clearOverrides(const std::vector<LayerId>& layers) {
  PlanState next = *m_state;
  for (const LayerId id : layers) {
    next.plan.overrides.erase(layer(id).name);
    next.pinned.erase(layer(id).name);
  }
  change(std::move(next), tr("Back to the rules for %n layer(s)", nullptr, static_cast<int>(layers.size())));
}

void Document::setPinned(const std::vector<LayerId>& layers, bool pinned) {
  PlanState next = *m_state;
  for (const LayerId id : layers) {
    const std::string& name = layer(id).name;
    if (!pinned) {
      next.pinned.erase(name);
      continue;
    }
    next.pinned.insert(name);
    next.plan.overrides[name] = overrideFor(layer(id), choice(id), next.plan);
  }
  const int count = static_cast<int>(layers.size());
  change(std::move(next), pinned ? tr("Pin %n layer(s)", nullptr, count) : tr("Unpin %n layer(s)", nullptr, count));
}

/// The layers whose overrides differ between `before` and the plan in force, with what is chosen for them now; nullopt
/// when more than that has to be looked at: an override that is there decides alone, one that went away leaves the
/// layer to the rules.
std::optional<std::vector<std::pair<LayerId, LayerChoice>>> Document::overridden(const RankPlan& before) const {
  const auto names = changedOverrides(before, plan());
  if (!names) return std::nullopt;
  std::vector<std::pair<LayerId, LayerChoice>> choices;
  choices.reserve(names->size());
  for (const std::string& name : *names) {
    const auto found = plan().overrides.find(name);
    const auto id = m_checkpoint->findLayer(name);
    if (!id || found == plan().overrides.end() || isTarget(found->second.action)) return std::nullopt;
    choices.emplace_back(*id, choiceFor(layer(*id), found->second, plan()));
  }
  return choices;
}

void Document::apply(const SharedState& state) {
  const SharedState before = std::exchange(m_state, state);
  if (auto choices = overridden(before->plan)) {
    for (auto& [id, choice] : *choices) {
      m_resolved.layers[id.value] = std::move(choice);
      touch(id);
    }
    m_resolved.notes.clear();
  } else {
    try {
      resolveAll();
    } catch (const Error&) {
      m_state = before;
      throw;
    }
  }
  std::vector<std::string> pins;
  std::set_symmetric_difference(before->pinned.begin(), before->pinned.end(), state->pinned.begin(),
                                state->pinned.end(), std::back_inserter(pins));
  for (const std::string& name : pins) {
    if (const auto id = m_checkpoint->findLayer(name)) touch(*id);
  }
  flushTouched();
  if (m_storage) m_storage->savePlan(m_state);
  emit planChanged();
}

/// Rules by cosine or energy wait for their spectra: until then such a layer counts as dense.
ResolvedPlan Document::resolvedAs(const RankPlan& plan) const {
  RankPlan known = plan;
  for (const LayerId id : spectraNeeded(known, *m_checkpoint)) {
    if (!m_layers[id.value].spectrum) known.overrides[layer(id).name] = std::nullopt;
  }
  return resolve(known, *m_checkpoint, [this](LayerId id) { return m_layers[id.value].spectrum.get(); });
}

void Document::resolveAll() {
  ResolvedPlan fresh = resolvedAs(plan());
  for (const LayerId id : allLayers()) {
    if (m_resolved.layers.size() != fresh.layers.size() || m_resolved.layers[id.value] != fresh.layers[id.value])
      touch(id);
  }
  m_resolved = std::move(fresh);
}

Document::Tally Document::tallyOf(LayerId id) const {
  if (choice(id).isDense()) return {.bytes = bytesAfter(id)};
  Tally tally{.bytes = bytesAfter(id), .standing = standing(id), .dense = false};
  const LayerResult* known = result(id);
  tally.cosine = tally.standing == Standing::Measured && known->error.isEmpty() ? std::optional(known->quality.cosine)
                                                                                : predictedCosine(id);
  return tally;
}

void Document::updateTotals(const std::vector<LayerId>& changed) {
  for (const LayerId id : changed) m_layers[id.value].tally = tallyOf(id);
  PlanTotals totals;
  totals.model.before = totals.model.after = m_checkpoint->bytes();
  double sum = 0;
  for (const LayerInfo& info : m_checkpoint->layers()) {
    const Tally& tally = m_layers[info.id.value].tally;
    totals.model.after = totals.model.after - info.bytes + tally.bytes;
    if (tally.bytes > info.bytes) ++totals.larger;
    if (tally.dense) {
      ++totals.dense;
      continue;
    }
    ++totals.compressed;
    if (!tally.cosine) {
      ++totals.unknown;
      continue;
    }
    if (tally.standing == Standing::Measured) ++totals.measured;
    sum += *tally.cosine;
    ++totals.verdicts[static_cast<std::size_t>(verdictFor(*tally.cosine, m_thresholds))];
  }
  for (const LayerId id : m_scope) {
    totals.scope.before += layer(id).bytes;
    totals.scope.after += m_layers[id.value].tally.bytes;
  }
  const int knownCount = totals.compressed - totals.unknown;
  totals.meanCosine = knownCount > 0 ? sum / knownCount : 1.0;
  m_totals = totals;
}

void Document::touch(LayerId id) {
  m_touched.push_back(id);
}

void Document::flushTouched() {
  if (!isOpen()) return;
  if (std::exchange(m_rulesWait, false)) resolveAll();
  // What was found together stands for the whole plan: one change makes all of it stale.
  if (std::string identity = planIdentity(m_resolved); identity != m_planIdentity) {
    m_planIdentity = std::move(identity);
    m_touched = allLayers();
  }
  if (m_touched.empty()) return;
  std::vector<LayerId> touched = std::exchange(m_touched, {});
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  updateTotals(touched);
  emit layersChanged(touched);
  emit totalsChanged();
}

void Document::select(std::vector<LayerId> layers, std::optional<LayerId> current) {
  if (layers == m_selection && current == m_current) return;
  m_selection = std::move(layers);
  m_current = current;
  preferLayers();
  emit selectionChanged();
}

void Document::setVisibleLayers(std::vector<LayerId> layers) {
  m_visible = std::move(layers);
  preferLayers();
}

void Document::preferLayers() {
  if (!m_schedule) return;
  std::vector<std::size_t> wanted;
  if (m_current) wanted.push_back(m_current->value);
  for (const LayerId id : m_selection) wanted.push_back(id.value);
  for (const LayerId id : m_visible) wanted.push_back(id.value);
  std::set<std::size_t> seen;
  std::erase_if(wanted, [&](std::size_t item) { return !seen.insert(item).second; });
  m_schedule->prefer(wanted);
}

void Document::setSnapshots(std::map<std::string, std::string, std::less<>> snapshots) {
  m_snapshots = std::move(snapshots);
  if (m_storage) m_storage->saveSnapshots(m_snapshots);
  emit snapshotsChanged();
}

void Document::savePlan(const std::filesystem::path& path) {
  rankscope::writePlan(planWithPins(*m_state), path);
}

void Document::loadPlan(const std::filesystem::path& path) {
  PlanState next = stateFrom(readPlan(path));
  // Found out now, not inside the undo step: an override for a layer that this model does not have.
  resolve(next.plan, *m_checkpoint, [this](LayerId id) {
    static const Spectrum unknown(1, 1, {0.0});
    const Spectrum* spectrum = m_layers[id.value].spectrum.get();
    return spectrum ? spectrum : &unknown;
  });
  change(std::move(next), tr("Load plan %1").arg(QString::fromStdString(path.filename().string())));
}

} // namespace rankscope::ui
