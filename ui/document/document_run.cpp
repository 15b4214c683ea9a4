// SPDX-License-Identifier: GPL-3.0-or-later
// Compression, export and report of a Document: snapshots of the plan go to a worker, values come back.
#include <atomic>

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
  Factoriser factoriser = {}; ///< set by fit()

  /// Of the work, that fit() takes.
  double share() const { return methods.size() > (methods.contains(Method::Plain) ? 1 : 0) ? 0.4 : 0; }
};

/// Fits the methods that the plan asks for, so that its choices name the text that they are fitted to.
void fit(Order& order, const Progress& progress) {
  const auto method = order.calibrator->fit(order.methods, progress);
  if (!method) return;
  method->applyTo(order.plan);
  order.factoriser = method->factoriser();
}

LayerResult resultOf(const CompressedLayer& layer) {
  return {layer.choice, layer.quality, layer.bytesAfter, QString::fromStdString(layer.error)};
}

using Tell = std::function<void(LayerId, LayerResult)>;

/// Carries the order out; results go to the run file, with their factors to `take` if there is one, and as values to
/// `tell`.
void carryOut(const Order& order, const std::function<void(const CompressedLayer&)>& take, const Tell& tell,
              const Progress& progress) {
  const std::shared_ptr<RunFile> run = order.storage->file();
  std::vector<std::atomic<bool>> fromRun(order.plan.layers.size());
  CompressionHooks hooks;
  hooks.finished = [&](LayerId id, const LayerChoice& choice) -> std::optional<CompressedLayer> {
    if (!run) return std::nullopt;
    auto finished = run->finished(id, order.checkpoint->contentHash(id), choice);
    if (finished) fromRun[id.value] = true;
    return finished;
  };
  hooks.factoriser = order.factoriser;
  hooks.sink = [&](CompressedLayer&& layer) {
    if (run && !fromRun[layer.layer.value]) run->record(layer);
    if (take) take(layer);
    tell(layer.layer, resultOf(layer));
  };
  compress(*order.checkpoint, order.plan, order.spectra, hooks, progress, order.cores);
}

} // namespace

void Document::compress() {
  Job job;
  job.title = tr("Compression");
  job.prepare = [this, generation = m_generation] {
    return [this, generation,
            order = Order{m_checkpoint, m_resolved, spectra(), m_storage, m_calibrator, methodsIn(plan()),
                          settings::cores()}](const Progress& progress) mutable {
      fit(order, progress.slice(0, order.share()));
      carryOut(order, nullptr, resultSink(generation), progress.slice(order.share(), 0.97));
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
  job.prepare = [this, target, kind, overwrite, generation = m_generation] {
    return [this, target, kind, overwrite, generation,
            order = Order{m_checkpoint, m_resolved, spectra(), m_storage, m_calibrator, methodsIn(plan()),
                          settings::cores()}](const Progress& progress) mutable {
      fit(order, progress.slice(0, order.share()));
      ModelExport written(order.checkpoint, order.plan, kind, target, overwrite);
      const auto take = [&](const CompressedLayer& layer) { written.add(layer); };
      carryOut(order, take, resultSink(generation), progress.slice(order.share(), 0.8));
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
    carryOut(order, take, tell, progress.slice(order.share(), 1));
    if (!failure.empty()) throw Error(ErrorKind::BadValues, failure);
    return linears;
  };
}

std::function<void(LayerId, LayerResult)> Document::resultSink(int generation) {
  return [this, generation](LayerId id, LayerResult result) {
    m_jobs.deliver([this, generation, id, result = std::move(result)] {
      if (generation == m_generation) takeResult(id, result);
    });
  };
}

void Document::writeReport(const std::filesystem::path& path) {
  const std::shared_ptr<RunFile> run = m_storage->file();
  if (!run) throw Error(ErrorKind::NotFound, "there is no run file to report on yet");
  RunContents contents = run->contents();
  contents.planJson = toJson(planWithPins(m_state));
  rankscope::writeReport(contents, path, m_thresholds);
}

} // namespace rankscope::ui
