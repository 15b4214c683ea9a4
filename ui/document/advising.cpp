// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/advising.h"

#include <cstdlib>

#include <nlohmann/json.hpp>

#include "core/evaluate/default_text.h"
#include "core/model/tokenizer/tokenizer.h"
#include "core/report/export_model.h"
#include "ui/document/advice_words.h"
#include "ui/document/calibrator.h"
#include "ui/document/document.h"
#include "ui/document/run_storage.h"
#include "ui/jobs/job_runner.h"

namespace rankscope::ui {

namespace {

std::string kindOf(const std::string& json) {
  const nlohmann::json parsed = nlohmann::json::parse(json, nullptr, false);
  return parsed.is_object() ? parsed.value("kind", "") : std::string();
}

std::string stamped(const Advice& advice, const AdviceWish& wish) {
  nlohmann::ordered_json json = toJson(advice);
  json["text_path"] = wish.text.string();
  json["calibration_tokens_wanted"] = static_cast<std::uint64_t>(wish.tokens.calibrationTokens);
  json["created"] = QDateTime::currentDateTimeUtc().toString(Qt::ISODate).toStdString();
  return json.dump();
}

/// The newest entry of a kind that a run has, "" without one.
std::string newest(const RunContents& contents, const std::string& kind) {
  int last = -1;
  std::string found;
  for (const auto& [number, json] : contents.evaluations) {
    const int at = std::atoi(number.c_str());
    if (at <= last || kindOf(json) != kind) continue;
    last = at;
    found = json;
  }
  return found;
}

/// The newest advice that was finished, or the newest at all where none was.
std::string newestAdvice(const RunContents& contents) {
  int last = -1;
  std::string found;
  for (const auto& [number, json] : contents.evaluations) {
    const int at = std::atoi(number.c_str());
    if (at <= last || kindOf(json) != "advice") continue;
    if (!nlohmann::json::parse(json, nullptr, false).value("complete", false)) continue;
    last = at;
    found = json;
  }
  return found.empty() ? newest(contents, "advice") : found;
}

/// Whether what a run has found so far takes the place of what is shown: a finished advice stays until the next one is
/// finished, and options that were measured until there are others.
bool replaces(const AdviceView& next, const std::optional<AdviceView>& shown) {
  if (!shown || next.complete) return true;
  return !shown->complete && (!next.rows.empty() || shown->rows.empty());
}

/// The plan's pinned layers with what they have.
std::map<LayerId, LayerChoice> pinnedChoices(const Document& document) {
  std::map<LayerId, LayerChoice> pinned;
  for (const std::string& name : document.planState().pinned)
    if (const auto layer = document.checkpoint()->findLayer(name)) pinned[*layer] = document.choice(*layer);
  return pinned;
}

/// One advice on a worker thread.
struct Work {
  AdviceWish wish;
  std::map<LayerId, LayerChoice> pinned;
  std::shared_ptr<const Checkpoint> checkpoint;
  std::shared_ptr<RunFile> run;
  std::function<void(const Advice&)> tell;

  void operator()(const Progress& progress) {
    const Model model(checkpoint);
    const auto tokenizer = openTokenizer(checkpoint->content().folder, checkpoint->architecture());
    const AdviceTexts texts = adviceTexts(evaluationText(wish.text), nullptr, *tokenizer, model.context(), wish.tokens);
    AdviceRequest request;
    request.budget = wish.budget;
    request.scope.factorDtype = Storage::F16;
    request.speed = wish.speed;
    request.limits.pinned = pinned;
    Sensitivity sensitivity;
    Advice advice;
    AdviceHooks hooks;
    hooks.exportBytes = [this](const ResolvedPlan& plan) {
      return exportBytes(*checkpoint, plan, ExportKind::Factored);
    };
    if (run) {
      const std::string known = newest(run->contents(), "sensitivity");
      if (!known.empty()) hooks.known = parseSensitivity(known);
    }
    hooks.sensitivity = [&](const Sensitivity& soFar) { sensitivity = soFar; };
    hooks.partial = [&](const Advice& soFar) {
      advice = soFar;
      tell(advice);
    };
    const auto keep = [&] {
      if (!run) return;
      if (!sensitivity.probes.empty()) run->addEvaluation(toJson(sensitivity));
      if (advice.predictor) run->addEvaluation(toJson(*advice.predictor));
      if (!advice.options.empty()) run->addEvaluation(stamped(advice, wish));
      run->finish();
    };
    try {
      advice = rankscope::advise(model, *tokenizer, texts, request, hooks, progress);
    } catch (...) {
      keep();
      throw;
    }
    keep();
    tell(advice);
  }
};

} // namespace

Advising::Advising(Document& document, JobRunner& jobs, QObject* parent)
    : QObject(parent), m_document(document), m_jobs(jobs) {
  connect(&document, &Document::aboutToChange, this, [this] {
    ++m_generation;
    m_view.reset();
    m_predictor.reset();
    m_job.reset();
  });
  const auto both = [this] {
    emit changed();
    emit predictorChanged();
  };
  connect(&document, &Document::opened, this, both);
  connect(&document, &Document::closed, this, both);
  connect(&document, &Document::runRead, this, &Advising::take);
}

void Advising::take(const RunContents& contents) {
  // What cannot be read was written by a later version, and the model can be advised on anew.
  try {
    if (const std::string json = newestAdvice(contents); !json.empty()) m_view = adviceFrom(json);
  } catch (const Error&) {
  }
  try {
    if (const std::string json = newest(contents, "predictor"); !json.empty())
      m_predictor = std::make_shared<const PlanPredictor>(parsePredictor(json, *m_document.checkpoint()));
  } catch (const Error&) {
  }
  emit changed();
  emit predictorChanged();
}

void Advising::advise(const AdviceWish& wish) {
  Job job;
  job.title = tr("Advice");
  job.prepare = [this, wish, generation = m_generation]() -> std::function<void(const Progress&)> {
    m_job = m_jobs.running() ? std::optional(m_jobs.running()->id) : std::nullopt;
    emit changed();
    Work work{wish, pinnedChoices(m_document), m_document.checkpoint(), m_document.storage()->file(), {}};
    work.tell = [this, wish, generation](const Advice& advice) {
      auto view = std::make_shared<AdviceView>(adviceFrom(stamped(advice, wish)));
      std::shared_ptr<const PlanPredictor> predictor;
      if (advice.predictor) predictor = std::make_shared<const PlanPredictor>(*advice.predictor);
      m_jobs.deliver([this, generation, view, predictor] {
        if (generation != m_generation || !replaces(*view, m_view)) return;
        m_view = std::move(*view);
        m_predictor = predictor;
        emit changed();
        emit predictorChanged();
      });
    };
    return work;
  };
  job.ended = [this, generation = m_generation](JobState outcome, const std::optional<Error>& error) {
    if (generation != m_generation) return;
    m_job.reset();
    emit changed();
    if (outcome == JobState::Failed) emit failed(QString::fromUtf8(error->what()));
  };
  m_jobs.enqueue(std::move(job));
}

void Advising::apply(const AdviceRow& row) {
  try {
    if (m_view && m_view->calibrationTokens > 0)
      m_document.calibrator().choose({m_view->textPath.toStdString(), m_view->calibrationTokens});
    m_document.changePlan(parsePlan(row.planJson, row.name.toStdString()), tr("Take the plan %1").arg(optionName(row.name)));
  } catch (const Error& error) {
    emit failed(QString::fromUtf8(error.what()));
  }
}

std::optional<PlanPrediction> Advising::prediction() const {
  return m_predictor && m_document.isOpen() ? m_predictor->predict(m_document.resolved()) : std::nullopt;
}

std::optional<double> Advising::effect(LayerId layer) const {
  if (!m_predictor || !m_document.isOpen()) return std::nullopt;
  return m_predictor->effect(layer, m_document.resolved().layers[layer.value]);
}

} // namespace rankscope::ui
