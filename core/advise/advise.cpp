// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/advise/advise.h"

#include <algorithm>
#include <chrono>
#include <random>

#include <fmt/format.h>

#include "core/advise/advice_costs.h"
#include "core/advise/advice_plans.h"
#include "core/advise/frontier.h"
#include "core/base/error.h"
#include "core/base/stages.h"
#include "core/calibrate/calibration_cache.h"
#include "core/calibrate/plan_fit.h"
#include "core/evaluate/original_text.h"

namespace rankscope {

namespace {

/// Substitutes of a plan and what their weights kept.
struct CarriedOut {
  Substitutes linears;
  double meanCosine = 1;
};

CarriedOut carryOut(const Checkpoint& checkpoint, const ResolvedPlan& plan, const Factoriser& factoriser,
                    const Progress& progress) {
  CarriedOut result;
  std::string failure;
  double sum = 0;
  CompressionHooks hooks;
  hooks.factoriser = factoriser;
  hooks.sink = [&](CompressedLayer&& layer) {
    if (!layer.error.empty() && failure.empty()) failure = layer.error;
    if (LinearPtr linear = linearOf(checkpoint, layer)) {
      sum += layer.quality.cosine;
      result.linears[layer.layer] = std::move(linear);
    }
  };
  compress(checkpoint, plan, {}, hooks, progress);
  if (!failure.empty()) throw Error(ErrorKind::BadValues, failure);
  if (!result.linears.empty()) result.meanCosine = sum / static_cast<double>(result.linears.size());
  return result;
}

/// One advice, from texts to sentences.
class Advisor final {
 public:
  Advisor(const Model& original, const Tokenizer& tokenizer, const AdviceTexts& texts, const AdviceRequest& request,
          const AdviceHooks& hooks, const Progress& progress)
      : m_original(original), m_checkpoint(original.checkpoint()), m_tokenizer(tokenizer), m_texts(texts),
        m_request(request), m_hooks(hooks), m_progress(progress), m_costs(original, texts, m_request) {
    m_advice.model = m_checkpoint.content().modelName;
    m_advice.text = texts.name;
    m_advice.calibrationText = texts.calibrationName;
    m_advice.modelBytes = hooks.exportBytes(unchanged());
    m_advice.prompt = texts.prompt;
    m_advice.budget = words(request.budget);
    m_advice.fewestBytes = std::holds_alternative<LargestKl>(request.budget);
    for (const LayerId id : planScope(m_checkpoint, request.scope))
      if (original.linears().contains(id)) m_scope.push_back(id);
    std::erase_if(m_request.limits.pinned,
                  [this](const auto& pin) { return std::ranges::find(m_scope, pin.first) == m_scope.end(); });
    const auto isPinned = [this](LayerId layer) { return m_request.limits.pinned.contains(layer); };
    if (std::ranges::all_of(m_scope, isPinned))
      throw Error(ErrorKind::BadRequest, "there is no layer that a plan could change");
    if (const auto count = static_cast<std::int64_t>(m_request.limits.pinned.size()))
      m_advice.notes.push_back({AdviceNote::Why::Pinned, "", count, static_cast<std::int64_t>(m_scope.size())});
    m_advice.scopeTotal = static_cast<std::uint64_t>(denseBytes(m_checkpoint, m_scope));
  }

  Advice run() {
    const auto begin = std::chrono::steady_clock::now();
    const bool calibrated = isCalibrated(m_original, m_texts.calibration);
    const double reference = m_costs.run(tokensOf(m_texts.probes));
    m_stages.emplace(m_progress, std::vector{calibrated ? 0 : m_costs.calibration(), m_costs.curves(m_scope), reference,
                                             m_costs.trials(m_scope), m_costs.joint(), m_costs.options()});
    m_ways = fitWays(m_original, m_texts.calibration, m_request, stage("calibrating"));
    for (auto& [id, choice] : m_request.limits.pinned)
      if (!choice.method.empty()) choice.method = m_ways.method->identity(methodOf(choice.method));
    m_advice.calibrationTokens = m_ways.tokens;
    m_advice.calibrationCovers = m_ways.coversWidth;
    measureLayers();
    fitPrediction();
    drawFrontier();
    measureOptions();
    m_advice.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    m_advice.complete = true;
    tell();
    return std::move(m_advice);
  }

 private:
  ResolvedPlan unchanged() const {
    ResolvedPlan plan;
    plan.layers.resize(m_checkpoint.layers().size());
    return plan;
  }

  /// What the next stage reports through, once its name is said.
  Progress stage(std::string_view name) {
    const Progress progress = m_stages->next();
    progress.report(0, name);
    return progress;
  }

  void tell() {
    m_advice.recommended = recommendedOption(m_advice);
    m_advice.sentences = adviceSentences(m_advice);
    if (m_hooks.partial) m_hooks.partial(m_advice);
  }

  void measureLayers() {
    const std::vector<Way> ways = m_ways.tried();
    m_quadratics = quadraticsOf(m_checkpoint, ways, m_scope, stage("curves of the layers"));
    m_reference.emplace(m_original, m_texts.probes, m_stages->next());
    std::vector<Trial> trials = trialsOf(m_checkpoint, ways, m_quadratics, m_scope, probedTexts(), m_hooks.known);
    double cost = 0;
    for (Trial& trial : trials) {
      trial.cost = m_costs.trial(trial.layer);
      if (!trial.known) cost += trial.cost;
    }
    m_stages->expect({cost, m_costs.joint(), m_costs.options()});
    m_sensitivity = measureSensitivity(*m_reference, m_checkpoint, trials, m_ways.factoriser, probedTexts(),
                                       m_stages->next(), m_hooks.sensitivity);
    if (m_hooks.sensitivity) m_hooks.sensitivity(m_sensitivity);
    m_advice.probes = static_cast<std::int64_t>(m_sensitivity.probes.size());
  }

  /// Tells apart what the ways are fitted to and what layers are tried on.
  std::string probedTexts() const {
    std::vector<std::vector<int>> probes;
    for (const Window& window : m_texts.probes) probes.push_back(window.tokens);
    return m_ways.textHash + " " + hashOf(probes);
  }

  JointRun runJointly(const ResolvedPlan& plan) const {
    double sum = 0;
    for (std::size_t i = 0; i < plan.layers.size(); ++i) sum += *m_singles->effect(LayerId{i}, plan.layers[i]);
    const Effect effect = m_together->measure(
        carryOut(m_checkpoint, plan, m_ways.factoriser, m_progress.silent()).linears, m_progress.silent());
    return {sum, effect.kl, effect.nats - m_together->originalNats()};
  }

  void fitPrediction() {
    const double runs = m_request.jointRuns * m_costs.jointRun(), original = m_costs.original(),
                 checks = m_request.checks * m_costs.check();
    Stages stages(m_stages->next(), {runs, original, checks});
    const std::vector<LayerEffects> effects = layerEffects(m_checkpoint, m_quadratics, m_sensitivity);
    m_singles.emplace(effects, JointFit{}, m_reference->originalNats());
    m_advice.predictor.emplace(effects, fitJointRuns(runJointly(stages.next())), m_together->originalNats());
    m_together.reset();
    m_text.emplace(m_original, m_texts.measured, 512, OriginalText::kMemory, m_progress.silent());
    m_advice.originalPerplexity = m_text->compareWith(m_original, m_progress.silent()).original.value;
    stages.next().report(1);
    checkPrediction(stages.next());
    tell();
  }

  /// Plans of all kinds, with what their layers cost alone and together.
  std::vector<JointRun> runJointly(const Progress& progress) {
    progress.report(0, "layers together");
    m_together.emplace(m_original, m_texts.together, progress.silent());
    std::vector<ResolvedPlan> plans =
        plansOfRisingCost(m_checkpoint, m_scope, m_ways, *m_singles, m_request.limits, m_request.jointRuns / 2);
    RandomPlans random(m_checkpoint, m_scope, m_ways, *m_singles, m_request.limits.pinned, 1);
    while (static_cast<int>(plans.size()) < m_request.jointRuns) plans.push_back(random.next());
    std::vector<JointRun> runs;
    for (const ResolvedPlan& plan : plans) {
      runs.push_back(runJointly(plan));
      progress.report(static_cast<double>(runs.size()) / static_cast<double>(plans.size()), "layers together");
    }
    return runs;
  }

  void checkPrediction(const Progress& progress) {
    RandomPlans others(m_checkpoint, m_scope, m_ways, *m_singles, m_request.limits.pinned, 2);
    for (int i = 0; i < m_request.checks; ++i) {
      progress.report(static_cast<double>(i) / m_request.checks, "checking the prediction");
      const ResolvedPlan plan = others.next();
      const CarriedOut carried = carryOut(m_checkpoint, plan, m_ways.factoriser, progress.silent());
      m_advice.checks.push_back({*m_advice.predictor->predict(plan),
                                 m_text->compareWith(m_original.with(carried.linears), progress.silent()).kl.mean});
    }
  }

  void drawFrontier() {
    for (const auto& [kind, ways] : frontierWays(m_ways)) {
      const Candidates candidates =
          candidatesFor(m_checkpoint, m_scope, ways, predictorCost(*m_advice.predictor), m_request.limits);
      for (FrontierPoint& point :
           frontierOf(kind, m_checkpoint, candidates, *m_advice.predictor, m_request.frontierPoints))
        m_advice.frontier.push_back(std::move(point));
    }
  }

  void measureOptions() {
    const PlanMaker maker(m_checkpoint, m_scope, m_ways, *m_advice.predictor, m_request, m_hooks.exportBytes);
    std::vector<PlannedOption> planned = maker.options(m_advice.notes, m_progress.silent());
    std::vector<double> costs{m_costs.sample()};
    for (const PlannedOption& option : planned) costs.push_back(m_costs.option(option.inOrder));
    Stages stages(m_stages->next(), costs);
    const Progress first = stages.next();
    if (m_request.sampleTokens > 0)
      m_advice.originalSample = generate(m_original, m_tokenizer, m_texts.prompt, sampleOptions(), first.silent());
    for (const PlannedOption& option : planned) {
      const Progress progress = stages.next();
      progress.report(0, option.name);
      m_advice.options.push_back(measured(maker, option, progress));
      progress.report(1);
      tell();
    }
  }

  GenerateOptions sampleOptions() const {
    GenerateOptions options;
    options.tokens = m_request.sampleTokens;
    return options;
  }

  AdviceOption measured(const PlanMaker& maker, const PlannedOption& planned, const Progress& progress) const {
    const Progress silent = progress.silent();
    Stages stages(progress, {planned.inOrder ? m_costs.fitInOrder() : 0, m_costs.option(false)});
    AdviceOption option;
    option.name = planned.name;
    option.description = planned.description;
    option.group = planned.group;
    option.bytes = m_hooks.exportBytes(planned.choices);
    option.scopeBytes = maker.scopeBytes(planned.choices);
    option.kept = static_cast<double>(option.bytes) / static_cast<double>(m_advice.modelBytes);
    option.scopeKept = static_cast<double>(option.scopeBytes) / static_cast<double>(m_advice.scopeTotal);
    option.predicted = m_advice.predictor->predict(planned.choices);
    option.inOrder = planned.inOrder;
    ResolvedPlan plan = planned.choices;
    if (planned.inOrder)
      for (std::size_t i = 0; i < plan.layers.size(); ++i)
        if (methodOf(plan.layers[i].method) == Method::Fisher && !m_request.limits.pinned.contains(LayerId{i}))
          plan.layers[i].method = m_ways.method->identity(Method::Sequential);
    option.choices = plan;
    option.plan = maker.planFile(plan);
    const Factoriser fitted = fitPlan(m_original, plan, *m_ways.method, stages.next());
    const CarriedOut carried = carryOut(m_checkpoint, plan, fitted, silent);
    option.meanCosine = carried.meanCosine;
    const Model compressed = m_original.with(carried.linears);
    option.measured = m_text->compareWith(compressed, silent);
    option.withinBudget = maker.isWithin(planned.choices, option.measured.kl.mean);
    if (m_request.speed) option.speed = measureSpeed(m_original, compressed, adviceSpeed(), silent).models.at(1);
    if (m_request.sampleTokens > 0)
      option.sample = generate(compressed, m_tokenizer, m_texts.prompt, sampleOptions(), silent);
    return option;
  }

  const Model& m_original;
  const Checkpoint& m_checkpoint;
  const Tokenizer& m_tokenizer;
  const AdviceTexts& m_texts;
  AdviceRequest m_request; ///< pins of layers in scope only, their methods fitted to this text
  const AdviceHooks& m_hooks;
  Progress m_progress;
  AdviceCosts m_costs;
  std::optional<Stages> m_stages;
  std::vector<LayerId> m_scope;
  FittedWays m_ways;
  Quadratics m_quadratics;
  Sensitivity m_sensitivity;
  std::optional<ReferenceRun> m_reference; ///< of the probes' text
  std::optional<ReferenceRun> m_together;  ///< of the joint runs' text
  std::optional<OriginalText> m_text;      ///< that options are measured on
  std::optional<PlanPredictor> m_singles;  ///< effects without the joint fit
  Advice m_advice;
};

} // namespace

Advice advise(const Model& original, const Tokenizer& tokenizer, const AdviceTexts& texts, const AdviceRequest& request,
              const AdviceHooks& hooks, const Progress& progress) {
  requirePossible(original, request, hooks.exportBytes);
  return Advisor(original, tokenizer, texts, request, hooks, progress).run();
}

} // namespace rankscope
