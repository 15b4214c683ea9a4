// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/evaluations.h"

#include <algorithm>
#include <chrono>

#include "core/advise/advise.h"
#include "core/evaluate/default_text.h"
#include "core/model/architecture.h"
#include "core/model/tokenizer/tokenizer.h"
#include "ui/document/calibrator.h"
#include "ui/document/document.h"
#include "ui/document/run_storage.h"
#include "ui/jobs/job_runner.h"

namespace rankscope::ui {

namespace {

/// Values that grow are shown so often; more would cost more than it tells.
constexpr std::chrono::milliseconds kTellEvery{150};
/// Share of a job in which layers are compressed that have not been yet.
constexpr double kCompressing = 0.15;

struct Runnable {
  Model original;
  Model compressed;
  std::shared_ptr<const Tokenizer> tokenizer;
};

Runnable runnable(const std::shared_ptr<const Checkpoint>& checkpoint, const Substitutes& linears) {
  if (linears.empty())
    throw Error(ErrorKind::BadRequest, "the plan changes no layer, so there is nothing to compare: choose ranks first");
  const Model original(checkpoint);
  return {original, original.with(linears), openTokenizer(checkpoint->content().folder, checkpoint->architecture())};
}

/// The text, without what the plan's methods may have been fitted to.
EvaluationText textOf(const TextChoice& choice, bool isFittedTo, const Tokenizer& tokenizer) {
  EvaluationText text = evaluationText(choice.file);
  return isFittedTo ? unseenPart(text, tokenizer) : text;
}

bool hasContent(const EvaluationEntry& entry) {
  if (entry.evaluation) return entry.evaluation->comparison.positions > 0;
  return entry.study ? entry.study->together.has_value() : entry.texts.has_value();
}

} // namespace

Evaluations::Evaluations(Document& document, JobRunner& jobs, QObject* parent)
    : QObject(parent), m_document(document), m_jobs(jobs) {
  connect(&document, &Document::aboutToChange, this, [this] {
    ++m_generation;
    m_entries.clear();
    m_choices.clear();
    m_running.reset();
    m_job.reset();
    m_obstacle.clear();
    m_unsaved = 0;
  });
  connect(&document, &Document::opened, this, [this] {
    m_obstacle = QString::fromStdString(whyNotRunnable(*m_document.checkpoint()));
    emit changed(-1);
  });
  connect(&document, &Document::closed, this, [this] { emit changed(-1); });
  connect(&document, &Document::runRead, this, &Evaluations::take);
}

void Evaluations::take(const RunContents& contents) {
  m_entries.clear();
  m_choices.clear();
  for (const auto& [number, json] : contents.evaluations) {
    try {
      m_entries.push_back(entryFrom(std::stoi(number), json));
    } catch (const std::exception&) {
      // An advice, or written by a later version or by hand.
    }
  }
  std::sort(m_entries.begin(), m_entries.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  emit changed(-1);
}

const EvaluationEntry* Evaluations::entry(int number) const {
  if (number == 0) return running();
  const auto found =
      std::find_if(m_entries.begin(), m_entries.end(), [&](const auto& e) { return e.number == number; });
  return found == m_entries.end() ? nullptr : &*found;
}

bool Evaluations::isStale(const EvaluationEntry& entry) const {
  if (entry.planJson.empty()) return false;
  auto known = m_choices.find(entry.number);
  if (known == m_choices.end()) {
    try {
      const RankPlan plan = parsePlan(entry.planJson, "an evaluation's plan");
      known = m_choices.emplace(entry.number, resolve(plan, *m_document.checkpoint(), m_document.spectra())).first;
    } catch (const Error&) {
      // It does not fit this model, or waits for spectra that the plan in force does not need.
      return entry.planJson != normalisedPlan(rankscope::toJson(m_document.plan()));
    }
  }
  const ResolvedPlan &then = known->second, &now = m_document.resolved();
  return then.layers != now.layers || then.refineSteps != now.refineSteps;
}

void Evaluations::enqueue(const QString& title, Work work) {
  if (!m_obstacle.isEmpty()) {
    emit failed(m_obstacle);
    return;
  }
  Job job;
  job.title = title;
  job.prepare = [this, work = std::move(work), generation = m_generation]() -> std::function<void(const Progress&)> {
    EvaluationEntry begun;
    begun.planJson = normalisedPlan(rankscope::toJson(m_document.plan()));
    begun.bytes = m_document.totals().model;
    m_running = begun;
    m_job = m_jobs.running() ? std::optional(m_jobs.running()->id) : std::nullopt;
    emit changed(0);
    return [this, work, generation, begun, linearsOf = m_document.compressedLinears(),
            checkpoint = m_document.checkpoint(), storage = m_document.storage()](const Progress& progress) {
      EvaluationEntry entry = begun;
      auto last = std::chrono::steady_clock::now();
      const Keep tell = [&](const EvaluationEntry& soFar) {
        const auto now = std::chrono::steady_clock::now();
        if (now - last < kTellEvery) return;
        last = now;
        m_jobs.deliver([this, generation, copy = soFar]() mutable {
          if (generation != m_generation || !m_running) return;
          m_running = std::move(copy);
          emit grew();
        });
      };
      const auto keep = [&] {
        if (!hasContent(entry)) return;
        entry.time = QDateTime::currentDateTimeUtc();
        if (const std::shared_ptr<RunFile> run = storage->file()) {
          entry.number = run->addEvaluation(toJson(entry));
          run->finish();
        }
        m_jobs.deliver([this, generation, copy = entry] {
          if (generation == m_generation) finish(copy);
        });
      };
      try {
        work(entry, linearsOf(progress.slice(0, kCompressing)), checkpoint, progress.slice(kCompressing, 1), tell);
      } catch (...) {
        keep();
        throw;
      }
      keep();
    };
  };
  job.ended = [this, generation = m_generation](JobState outcome, const std::optional<Error>& error) {
    if (generation != m_generation) return;
    m_job.reset();
    m_running.reset();
    emit changed(m_entries.empty() ? -1 : m_entries.back().number);
    if (outcome == JobState::Failed) emit failed(QString::fromUtf8(error->what()));
  };
  m_jobs.enqueue(std::move(job));
}

void Evaluations::finish(EvaluationEntry entry) {
  if (entry.number == 0) entry.number = -++m_unsaved;
  m_running.reset();
  m_entries.push_back(std::move(entry));
}

bool Evaluations::isFittedTo(const TextChoice& text) const {
  return m_document.needsCalibration() && isSameText(m_document.calibrator().choice().file, text.file);
}

void Evaluations::evaluate(const TextChoice& text, const EvaluationOptions& options) {
  enqueue(tr("Evaluation"), [text, options,
                             fitted = isFittedTo(text)](EvaluationEntry& entry, const Substitutes& linears,
                                                        const std::shared_ptr<const Checkpoint>& checkpoint,
                                                        const Progress& progress, const Keep& tell) {
    const Runnable models = runnable(checkpoint, linears);
    EvaluationOptions wanted = options;
    wanted.tokens = text.tokens;
    rankscope::evaluate(models.original, models.compressed, *models.tokenizer, textOf(text, fitted, *models.tokenizer),
                        wanted, progress, [&](const EvaluationReport& soFar) {
                          entry.evaluation = soFar;
                          tell(entry);
                        });
  });
}

void Evaluations::study(const TextChoice& text, const StudyOptions& options) {
  enqueue(tr("Study"), [text, options, fitted = isFittedTo(text)](EvaluationEntry& entry, const Substitutes& linears,
                                                                  const std::shared_ptr<const Checkpoint>& checkpoint,
                                                                  const Progress& progress, const Keep& tell) {
    const Runnable models = runnable(checkpoint, linears);
    const EvaluationText read = textOf(text, fitted, *models.tokenizer);
    const std::vector<Window> windows =
        windowsOf(read.records, *models.tokenizer, models.original.context(), text.tokens);
    if (windows.empty()) throw Error(ErrorKind::BadRequest, read.name + ": too little text to study on");
    studyAggregation(models.original, linears, windows, options, progress, [&](const StudyReport& soFar) {
      entry.study = soFar;
      tell(entry);
    });
  });
}

void Evaluations::generate(const std::string& prompt, const GenerateOptions& options) {
  enqueue(tr("Texts"), [prompt, options](EvaluationEntry& entry, const Substitutes& linears,
                                         const std::shared_ptr<const Checkpoint>& checkpoint, const Progress& progress,
                                         const Keep& tell) {
    const Runnable models = runnable(checkpoint, linears);
    const auto grow = [&](const GeneratedPair& soFar) {
      EvaluationEntry growing = entry;
      growing.texts = soFar;
      tell(growing);
    };
    entry.texts = generatePair(models.original, models.compressed, *models.tokenizer, prompt, options, progress, grow);
  });
}

} // namespace rankscope::ui
