// SPDX-License-Identifier: GPL-3.0-or-later
// Compression, export, saving and report of a Document: snapshots of the plan go to a worker, values come back.
#include <algorithm>

#include "core/calibrate/plan_fit.h"
#include "core/report/compression_run.h"
#include "core/report/report.h"
#include "ui/document/calibrator.h"
#include "ui/document/document.h"
#include "ui/document/run_storage.h"
#include "ui/document/settings.h"
#include "ui/jobs/job_runner.h"

namespace rankscope::ui {

namespace {

/// Everything a compression needs, by value, so that the plan may change while it runs.
struct Order {
  std::shared_ptr<const Checkpoint> checkpoint;
  ResolvedPlan plan;
  SpectrumLookup spectra;
  std::shared_ptr<RunStorage> storage;
  std::shared_ptr<Calibrator> calibrator;
  std::set<Method> methods;
  int cores = 0;
  Factoriser factoriser = {}; ///< both set by fit()
  OutputMeasure outputs = {};

  /// Of the work, that fit() takes.
  double share() const {
    if (!needText(methods)) return 0;
    return isFittedTogether(plan) ? 0.8 : 0.4;
  }
};

/// Fits the methods that the plan asks for, so that its choices name the text that they are fitted to, and finds the
/// layers that have to be found together unless the run file has them.
void fit(Order& order, const Progress& progress) {
  const bool together = isFittedTogether(order.plan);
  const auto method = order.calibrator->fit(order.methods, progress.slice(0, together ? 0.3 : 1));
  if (!method) return;
  identify(order.plan, *method);
  order.outputs = [method](LayerId layer, const StoredLayer& stored) { return method->outputMeasure()(layer, stored); };
  const std::shared_ptr<RunFile> run = order.storage->file();
  order.factoriser = run && holdsResults(*run, *order.checkpoint, order.plan)
                         ? method->factoriser()
                         : fitPlan(Model(order.checkpoint), order.plan, *method, progress.slice(0.3, 1));
}

LayerResult resultOf(const CompressedLayer& layer) {
  return {layer.choice, layer.quality, layer.outputs, layer.bytesAfter, QString::fromStdString(layer.error)};
}

/// Without a run file everything works but resuming; that there is none was said when the spectra began.
void openIfPossible(const Order& order) {
  try {
    order.storage->openOnce(*order.checkpoint);
  } catch (const Error&) {
  }
}

/// Carries the order out; results go to the run file, to `target` if there is one, with their factors to `take` if that
/// is given, and as values to `sink`.
void carryOut(const Order& order, ModelExport* target, const std::function<void(const CompressedLayer&)>& take,
              const std::function<void(CompressedLayer&&)>& sink, const Progress& progress) {
  const std::shared_ptr<RunFile> run = order.storage->file();
  runCompression(*order.checkpoint,
                 {.plan = order.plan,
                  .spectra = order.spectra,
                  .factoriser = order.factoriser,
                  .outputs = order.outputs,
                  .run = run.get(),
                  .target = target,
                  .take = take,
                  .cores = order.cores},
                 sink, progress);
}

} // namespace

bool Document::waitsForSpectra() const {
  const std::vector<LayerId> needed = spectraNeeded(plan(), *m_checkpoint);
  return std::any_of(needed.begin(), needed.end(), [this](LayerId id) { return !m_layers[id.value].spectrum; });
}

void Document::compress() {
  Job job;
  job.title = tr("Compression");
  job.waitsForYielding = waitsForSpectra();
  job.prepare = [this, generation = m_generation] {
    return [this, generation,
            order = Order{m_checkpoint, m_resolved, spectra(), m_storage, m_calibrator, methodsIn(plan()),
                          settings::cores()}](const Progress& progress) mutable {
      openIfPossible(order);
      fit(order, progress.slice(0, order.share()));
      carryOut(order, nullptr, {}, resultSink(generation), progress.slice(order.share(), 0.97));
      if (const auto run = order.storage->file()) run->finish();
    };
  };
  job.ended = [this, generation = m_generation](JobState outcome, const std::optional<Error>& error) {
    if (generation != m_generation) return;
    flushTouched();
    if (outcome == JobState::Failed) emit failed(*error);
    if (outcome == JobState::Done) emit notice(tr("%n layer(s) compressed and measured.", nullptr, m_totals.measured));
    if (outcome == JobState::Cancelled)
      emit notice(tr("Stopped. What is finished is kept; Compress goes on from there."));
  };
  m_jobs.enqueue(std::move(job));
}

void Document::calibrate() {
  Job job;
  job.title = tr("Calibration");
  job.asksBeforeStop = false;
  job.prepare = [this] {
    return [calibrator = m_calibrator, methods = methodsIn(plan())](const Progress& progress) {
      calibrator->fit(methods, progress);
    };
  };
  job.ended = [this, generation = m_generation](JobState outcome, const std::optional<Error>& error) {
    if (generation != m_generation) return;
    if (outcome == JobState::Failed) emit failed(*error);
  };
  m_jobs.enqueue(std::move(job));
}

void Document::exportModel(const std::filesystem::path& target, ExportKind kind, bool overwrite) {
  Job job;
  job.title = tr("Export");
  job.waitsForYielding = waitsForSpectra();
  job.prepare = [this, target, kind, overwrite, generation = m_generation] {
    return [this, target, kind, overwrite, generation,
            order = Order{m_checkpoint, m_resolved, spectra(), m_storage, m_calibrator, methodsIn(plan()),
                          settings::cores()}](const Progress& progress) mutable {
      openIfPossible(order);
      fit(order, progress.slice(0, order.share()));
      ModelExport written(order.checkpoint, order.plan, kind, target, overwrite);
      carryOut(order, &written, {}, resultSink(generation), progress.slice(order.share(), 0.8));
      written.finish(progress.slice(0.8, 1));
    };
  };
  job.ended = [this, target, generation = m_generation](JobState outcome, const std::optional<Error>& error) {
    if (generation != m_generation) return;
    if (outcome == JobState::Failed) emit failed(*error);
    if (outcome == JobState::Done) emit exported(QString::fromStdString(target.string()));
  };
  m_jobs.enqueue(std::move(job));
}

std::function<Substitutes(const Progress&)> Document::compressedLinears() {
  return [order =
              Order{m_checkpoint, m_resolved, spectra(), m_storage, m_calibrator, methodsIn(plan()), settings::cores()},
          tell = resultSink(m_generation)](const Progress& progress) mutable {
    fit(order, progress.slice(0, order.share()));
    Substitutes linears;
    std::string failure;
    const auto take = [&](const CompressedLayer& layer) {
      if (!layer.error.empty() && failure.empty()) failure = layer.error;
      if (LinearPtr linear = linearOf(*order.checkpoint, layer)) linears[layer.layer] = std::move(linear);
    };
    carryOut(order, nullptr, take, tell, progress.slice(order.share(), 1));
    if (!failure.empty()) throw Error(ErrorKind::BadValues, failure);
    return linears;
  };
}

std::function<void(CompressedLayer&&)> Document::resultSink(int generation) {
  return [this, generation](CompressedLayer&& layer) {
    m_jobs.deliver([this, generation, id = layer.layer, result = resultOf(layer)] {
      if (generation == m_generation) takeResult(id, result);
    });
  };
}

namespace {

/// False where the run file cannot be opened and this window `mayDoWithout` it, to begin one of its own.
bool opens(RunStorage& storage, const Checkpoint& checkpoint, bool mayDoWithout) {
  try {
    storage.openOnce(checkpoint);
    return true;
  } catch (const Error&) {
    if (!mayDoWithout) throw;
    return false;
  }
}

void recordSpectra(RunFile& run, const Checkpoint& checkpoint, const SpectrumLookup& spectra) {
  for (const LayerInfo& layer : checkpoint.layers())
    if (const Spectrum* spectrum = spectra(layer.id))
      run.record(AnalysedLayer{layer.id, checkpoint.contentHash(layer.id), *spectrum, {}, {}});
}

} // namespace

void Document::saveRunAs(const std::filesystem::path& path) {
  Job job;
  job.title = tr("Save");
  job.prepare = [this, path, generation = m_generation] {
    const bool moves = path != runPath();
    m_storage->savePlan(m_state);
    return [this, path, generation, checkpoint = m_checkpoint, storage = m_storage, spectra = spectra(),
            moved = moves ? newStorage(path) : nullptr](const Progress&) {
      const bool ours = opens(*storage, *checkpoint, moved != nullptr);
      if (ours) storage->flush();
      if (!moved) return;
      if (ours) copyRun(storage->path(), path);
      moved->openOnce(*checkpoint);
      if (!ours) recordSpectra(*moved->file(), *checkpoint, spectra);
      m_jobs.deliver([this, moved, generation] {
        if (generation == m_generation) m_storage = moved;
      });
    };
  };
  job.ended = [this, path, generation = m_generation](JobState outcome, const std::optional<Error>& error) {
    if (generation != m_generation) return;
    if (outcome == JobState::Failed) emit failed(*error);
    if (outcome != JobState::Done) return;
    m_runIsPrivate = path == usualRunPath(m_checkpoint->path());
    m_undo.setClean();
    m_storage->savePlan(m_state); // edits made while it was copied
    m_storage->saveSnapshots(m_snapshots);
    emit runMoved();
    emit saved(QString::fromStdString(path.string()));
  };
  m_jobs.enqueue(std::move(job));
}

void Document::writeReport(const std::filesystem::path& path) {
  Job job;
  job.title = tr("Report");
  job.prepare = [this, path] {
    return [path, storage = m_storage, checkpoint = m_checkpoint, plan = planWithPins(*m_state),
            thresholds = m_thresholds](const Progress&) {
      storage->openOnce(*checkpoint);
      RunContents contents = storage->file()->contents();
      contents.planJson = toJson(plan);
      rankscope::writeReport(contents, path, thresholds);
    };
  };
  job.ended = [this, path, generation = m_generation](JobState outcome, const std::optional<Error>& error) {
    if (generation != m_generation) return;
    if (outcome == JobState::Failed) emit failed(*error);
    if (outcome == JobState::Done) emit reported(QString::fromStdString(path.string()));
  };
  m_jobs.enqueue(std::move(job));
}

} // namespace rankscope::ui
