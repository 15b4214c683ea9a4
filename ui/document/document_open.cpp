// SPDX-License-Identifier: GPL-3.0-or-later
// Opening, closing and the run file of a Document.
#include <algorithm>
#include <map>

#include "ui/document/calibrator.h"
#include "ui/document/document.h"
#include "ui/document/run_storage.h"
#include "ui/document/settings.h"
#include "ui/document/words.h"
#include "ui/jobs/job_runner.h"

namespace rankscope::ui {

void Document::open(const std::filesystem::path& path) {
  if (std::filesystem::is_regular_file(path) && looksLikeRunFile(path)) {
    const RunContents contents = readRun(path);
    std::shared_ptr<const Checkpoint> checkpoint;
    try {
      checkpoint = openCheckpoint(contents.model.path);
    } catch (const Error& error) {
      throw Error(error.kind(),
                  "the model that " + path.filename().string() + " belongs to cannot be opened: " + error.what());
    }
    show(std::move(checkpoint), path);
    return;
  }
  auto checkpoint = openCheckpoint(path);
  const auto runPath = usualRunPath(checkpoint->path());
  show(std::move(checkpoint), runPath);
}

void Document::show(std::shared_ptr<const Checkpoint> checkpoint, const std::filesystem::path& runPath) {
  close();
  emit aboutToChange();
  m_checkpoint = std::move(checkpoint);
  m_calibrator = std::make_shared<Calibrator>(m_checkpoint);
  m_layers.assign(m_checkpoint->layers().size(), {});
  m_state = {};
  m_state.plan.factorDtype = settings::factorStorage();
  m_scope = defaultScope(*m_checkpoint);
  m_resolved = {};
  resolveAll();
  m_touched.clear();
  updateTotals();
  m_runIsPrivate = runPath == usualRunPath(m_checkpoint->path());
  const std::vector<LayerId>& first = m_scope.empty() ? allLayers() : m_scope;
  if (!first.empty()) {
    m_selection = {first.front()};
    m_current = first.front();
  }
  m_storage = std::make_shared<RunStorage>(runPath, [this, generation = m_generation](const Error& error) {
    m_jobs.deliver([this, generation, error] {
      if (generation == m_generation) emit failed(error);
    });
  });
  emit opened();
  emit totalsChanged();
  emit selectionChanged();
  startSpectra();
}

void Document::close() {
  if (!isOpen()) return;
  m_jobs.cancelAllAndWait();
  emit aboutToChange();
  ++m_generation;
  m_storage.reset();
  m_schedule.reset();
  m_selection.clear();
  m_current.reset();
  m_visible.clear();
  m_touched.clear();
  m_layers.clear();
  m_scope.clear();
  m_snapshots.clear();
  m_state = {};
  m_resolved = {};
  m_totals = {};
  m_undo.clear();
  m_checkpoint.reset();
  m_spectraKnown = 0;
  m_planEdited = false;
  m_rulesWait = false;
  emit closed();
}

namespace {

/// What a worker needs to analyse a model without touching the document.
struct Analysis {
  std::shared_ptr<const Checkpoint> checkpoint;
  std::shared_ptr<RunStorage> storage;
  Schedule schedule;
  int cores;
};

LayerResult resultOf(const LayerRecord::Compression& compression) {
  return {compression.choice, compression.quality, compression.bytesAfter, QString::fromStdString(compression.error)};
}

} // namespace

void Document::startSpectra() {
  const std::vector<LayerId> layers = allLayers();
  m_schedule = spectrumSchedule(*m_checkpoint, layers);
  preferLayers();
  Analysis analysis{m_checkpoint, m_storage, *m_schedule, settings::cores()};
  Job job;
  job.title = tr("Spectra");
  job.asksBeforeStop = false; // a next start takes up what is finished
  job.prepare = [this, analysis = std::move(analysis), generation = m_generation] {
    return [this, analysis, generation](const Progress& progress) {
      const auto post = [this, generation](std::function<void()> letter) {
        m_jobs.deliver([this, generation, letter = std::move(letter)] {
          if (generation == m_generation) letter();
        });
      };
      std::map<std::string, LayerRecord, std::less<>> known;
      try {
        analysis.storage->open(*analysis.checkpoint);
        auto contents = std::make_shared<RunContents>(analysis.storage->file()->contents());
        for (const LayerRecord& record : contents->layers) known.emplace(record.name, record);
        post([this, contents] { takeRun(*contents); });
      } catch (const Error& error) {
        // Without a run file everything works but saving.
        post([this, error] { emit failed(error); });
      }
      const std::shared_ptr<RunFile> run = analysis.storage->file();
      runScheduled(analysis.schedule, analysis.cores, progress, [&](std::size_t item, int threads) {
        const LayerId id{item};
        const std::string& name = analysis.checkpoint->layer(id).name;
        const auto record = known.find(name);
        AnalysedLayer analysed;
        analysed.layer = id;
        if (record != known.end() && !record->second.contentHash.empty()) {
          analysed.contentHash = analysis.checkpoint->contentHash(id);
          if (record->second.contentHash == analysed.contentHash) {
            if (const auto& compression = record->second.compression) {
              if (compression->resultVersion == kResultVersion) {
                post([this, id, result = resultOf(*compression)] { takeResult(id, result); });
              }
            }
            analysed.spectrum = run->spectrum(name, analysed.contentHash);
          }
        }
        if (!analysed.spectrum) {
          analysed = analyseLayer(*analysis.checkpoint, id, progress.silent(), threads);
          if (run) run->record(analysed);
        }
        auto shared = std::make_shared<AnalysedLayer>(std::move(analysed));
        post([this, shared] { take(std::move(*shared)); });
      });
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

void Document::take(AnalysedLayer&& analysed) {
  Layer& layer = m_layers[analysed.layer.value];
  layer.error = QString::fromStdString(analysed.error);
  if (analysed.spectrum) {
    layer.spectrum = std::make_shared<const Spectrum>(std::move(*analysed.spectrum));
    layer.effectiveRank = layer.spectrum->effectiveRank(Spectrum::Weight::Sigma);
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
    const PlanState restoredState = stateFrom(parsePlan(contents.planJson, "the run file"));
    if (restoredState == m_state) return;
    apply(restoredState);
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

void Document::saveRunAs(const std::filesystem::path& path) {
  if (path != runPath()) {
    m_storage->flush();
    copyRun(runPath(), path);
    auto storage = std::make_shared<RunStorage>(path, [this, generation = m_generation](const Error& error) {
      m_jobs.deliver([this, generation, error] {
        if (generation == m_generation) emit failed(error);
      });
    });
    storage->open(*m_checkpoint);
    m_storage = std::move(storage);
    m_runIsPrivate = false;
    emit runMoved();
  }
  m_storage->savePlan(plan());
  m_storage->flush();
  m_undo.setClean();
}

} // namespace rankscope::ui
