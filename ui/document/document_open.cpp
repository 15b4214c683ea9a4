// SPDX-License-Identifier: GPL-3.0-or-later
// Opening, closing and the run file of a Document.
#include <algorithm>
#include <map>

#include "core/spectrum/spectrum_cache.h"
#include "ui/document/calibrator.h"
#include "ui/document/document.h"
#include "ui/document/read_model.h"
#include "ui/document/run_storage.h"
#include "ui/document/settings.h"
#include "ui/document/words.h"
#include "ui/jobs/job_runner.h"

namespace rankscope::ui {

void Document::open(const std::filesystem::path& path) {
  show(readModel(path));
}

void Document::openMoved(const std::filesystem::path& run, const std::filesystem::path& model) {
  show(readMovedModel(run, model));
}

void Document::show(OpenedModel model) {
  close();
  emit aboutToChange();
  m_checkpoint = std::move(model.checkpoint);
  m_calibrator = std::make_shared<Calibrator>(m_checkpoint);
  m_layers.assign(m_checkpoint->layers().size(), {});
  PlanState dense;
  dense.plan.factorDtype = settings::factorStorage();
  m_state = std::make_shared<const PlanState>(std::move(dense));
  m_scope = defaultScope(*m_checkpoint);
  m_resolved = {};
  resolveAll();
  m_touched.clear();
  updateTotals(allLayers());
  m_runIsPrivate = model.runPath == usualRunPath(m_checkpoint->path());
  const std::vector<LayerId>& first = m_scope.empty() ? allLayers() : m_scope;
  if (!first.empty()) {
    m_selection = {first.front()};
    m_current = first.front();
  }
  m_storage = newStorage(model.runPath);
  emit opened();
  emit totalsChanged();
  emit selectionChanged();
  startSpectra();
}

std::shared_ptr<RunStorage> Document::newStorage(const std::filesystem::path& path) {
  return std::make_shared<RunStorage>(path, [this, generation = m_generation](const Error& error) {
    m_jobs.deliver([this, generation, error] {
      if (generation == m_generation) emit failed(error);
    });
  });
}

void Document::close() {
  if (!isOpen()) return;
  m_jobs.cancelAllAndWait();
  emit aboutToChange();
  ++m_generation;
  closeInBackground(std::move(m_storage));
  m_schedule.reset();
  m_selection.clear();
  m_current.reset();
  m_visible.clear();
  m_touched.clear();
  m_layers.clear();
  m_scope.clear();
  m_snapshots.clear();
  m_state = std::make_shared<const PlanState>();
  m_resolved = {};
  m_planIdentity.clear();
  m_totals = {};
  m_undo.clear();
  m_checkpoint.reset();
  m_spectraKnown = 0;
  m_planEdited = false;
  m_rulesWait = false;
  emit closed();
}

namespace {

/// What a worker needs to analyse a model without touching the document. A run that stepped aside leaves `records`.
struct Analysis {
  struct Records {
    bool taken = false; ///< from the run file
    std::map<std::string, LayerRecord, std::less<>> byName;
  };
  std::shared_ptr<const Checkpoint> checkpoint;
  std::shared_ptr<RunStorage> storage;
  std::shared_ptr<Records> records;
  std::vector<bool> done; ///< by LayerId::value
  Schedule schedule;
  int cores;
  std::uint64_t cacheBytes;
};

LayerResult resultOf(const LayerRecord::Compression& compression) {
  return {compression.choice, compression.quality, compression.outputs, compression.bytesAfter,
          QString::fromStdString(compression.error)};
}

std::optional<EntryStatistics> entriesOf(const LayerRecord& record) {
  const auto& named = record.diagnostics;
  const auto largest = named.find("largest_entry"), kurtosis = named.find("kurtosis");
  if (largest == named.end() || kurtosis == named.end()) return std::nullopt;
  return EntryStatistics{largest->second, kurtosis->second};
}

/// The results that hold for the bytes of the layer, from the run file or by computing.
AnalysedLayer analysed(const Analysis& analysis, LayerId id, const Progress& progress, int threads,
                       const std::function<void(LayerResult)>& tellResult) {
  const std::string& name = analysis.checkpoint->layer(id).name;
  const std::shared_ptr<RunFile> run = analysis.storage->file();
  const auto record = analysis.records->byName.find(name);
  if (run && record != analysis.records->byName.end() && !record->second.contentHash.empty()) {
    AnalysedLayer known;
    known.layer = id;
    known.contentHash = analysis.checkpoint->contentHash(id);
    if (record->second.contentHash == known.contentHash) {
      const auto& compression = record->second.compression;
      if (compression && compression->resultVersion == kResultVersion) tellResult(resultOf(*compression));
      known.spectrum = run->spectrum(name, known.contentHash);
      known.entries = entriesOf(record->second);
      if (known.spectrum && !known.entries) { // an older run file
        known.entries = entryStatistics(analysis.checkpoint->matrix(id).view);
        analysis.checkpoint->finishReading(id);
      }
      if (known.spectrum) return known;
    }
  }
  AnalysedLayer fresh = analyseLayer(*analysis.checkpoint, id, progress.silent(), threads);
  if (run) run->record(fresh);
  return fresh;
}

} // namespace

void Document::startSpectra() {
  Job job;
  job.title = tr("Spectra");
  job.asksBeforeStop = false; // a next start takes up what is finished
  job.yields = true;
  job.prepare = [this, generation = m_generation, records = std::make_shared<Analysis::Records>()] {
    std::vector<bool> done;
    for (const Layer& layer : m_layers) done.push_back(layer.spectrum || !layer.error.isEmpty());
    m_schedule = spectrumSchedule(*m_checkpoint, allLayers());
    preferLayers();
    return [this, generation,
            analysis =
                Analysis{m_checkpoint, m_storage, records, std::move(done), *m_schedule, settings::cores(),
                         static_cast<std::uint64_t>(settings::cacheMebibytes()) << 20}](const Progress& progress) {
      const auto post = [this, generation](std::function<void()> letter) {
        m_jobs.deliver([this, generation, letter = std::move(letter)] {
          if (generation == m_generation) letter();
        });
      };
      if (!std::exchange(analysis.records->taken, true)) {
        try {
          analysis.storage->openOnce(*analysis.checkpoint);
          auto contents = std::make_shared<RunContents>(analysis.storage->file()->contents());
          for (const LayerRecord& record : contents->layers) analysis.records->byName.emplace(record.name, record);
          post([this, contents] { takeRun(*contents); });
        } catch (const Error& error) {
          // Without a run file everything works but saving.
          post([this, error] { emit runNotKept(error); });
        }
      }
      runScheduled(analysis.schedule, analysis.cores, progress, [&](std::size_t item, int threads) {
        if (analysis.done[item]) return;
        const LayerId id{item};
        auto layer = std::make_shared<AnalysedLayer>(analysed(analysis, id, progress, threads, [&](LayerResult result) {
          post([this, id, result = std::move(result)] { takeResult(id, result); });
        }));
        // Not on the GUI thread: of a thousand layers, it adds up.
        const DiagnosticValues diagnostics = diagnosticValues(layer->spectrum, layer->entries);
        post([this, layer, diagnostics] { take(std::move(*layer), diagnostics); });
      });
      SpectrumCache(userCacheFolder(), analysis.cacheBytes).prune();
    };
  };
  job.ended = [this, generation = m_generation](JobState outcome, const std::optional<Error>& error) {
    if (generation != m_generation) return;
    m_schedule.reset();
    flushTouched();
    if (outcome == JobState::Failed) emit failed(*error);
    emit spectraEnded();
  };
  m_spectraJob = m_jobs.enqueue(std::move(job));
}

void Document::take(AnalysedLayer&& analysed, const DiagnosticValues& diagnostics) {
  Layer& layer = m_layers[analysed.layer.value];
  layer.error = QString::fromStdString(analysed.error);
  if (analysed.spectrum) {
    layer.spectrum = std::make_shared<const Spectrum>(std::move(*analysed.spectrum));
    layer.diagnostics = diagnostics;
  }
  ++m_spectraKnown;
  touch(analysed.layer);
  m_rulesWait =
      m_rulesWait || std::any_of(plan().rules.begin(), plan().rules.end(), [](const Rule& rule) {
        return std::holds_alternative<ReachCosine>(rule.action) || std::holds_alternative<ReachEnergy>(rule.action);
      });
  emit spectrumArrived(analysed.layer);
}

void Document::takeResult(LayerId id, LayerResult result) {
  m_layers[id.value].result = std::move(result);
  touch(id);
}

void Document::takeRun(const RunContents& contents) {
  emit runRead(contents);
  m_snapshots = contents.snapshots;
  emit snapshotsChanged();
  if (contents.planJson.empty() || m_planEdited) return;
  try {
    PlanState restoredState = stateFrom(parsePlan(contents.planJson, "the run file"));
    if (restoredState == *m_state) return;
    apply(std::make_shared<const PlanState>(std::move(restoredState)));
  } catch (const Error& error) {
    emit failed(error);
    return;
  }
  const auto results = std::count_if(contents.layers.begin(), contents.layers.end(),
                                     [](const LayerRecord& record) { return record.compression.has_value(); });
  emit restored(results > 0
                    ? tr("Your plan and %n result(s) of the last session are back.", nullptr, static_cast<int>(results))
                    : tr("Your plan of the last session is back."));
}

std::filesystem::path Document::runPath() const {
  return m_storage ? m_storage->path() : std::filesystem::path();
}

} // namespace rankscope::ui
