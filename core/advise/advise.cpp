// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/advise/advise.h"

#include <algorithm>
#include <chrono>
#include <random>

#include <fmt/format.h>

#include "core/advise/advice_plans.h"
#include "core/advise/frontier.h"
#include "core/base/error.h"
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
        m_request(request), m_hooks(hooks), m_progress(progress) {
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
    m_ways = fitWays(m_original, m_texts.calibration, m_request, m_progress.slice(0, 0.12));
    for (auto& [id, choice] : m_request.limits.pinned)
      if (!choice.method.empty()) choice.method = m_ways.method->identity(methodOf(choice.method));
    m_advice.calibrationTokens = m_ways.tokens;
    m_advice.calibrationCovers = m_ways.coversWidth;
    measureLayers(m_progress.slice(0.12, 0.5));
    fitPrediction(m_progress.slice(0.5, 0.62));
    drawFrontier();
    measureOptions(m_progress.slice(0.62, 1));
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

  void tell() {
    m_advice.recommended = recommendedOption(m_advice);
    m_advice.sentences = adviceSentences(m_advice);
    if (m_hooks.partial) m_hooks.partial(m_advice);
  }

  void measureLayers(const Progress& progress) {
    const std::vector<Way> ways = m_ways.tried();
    m_quadratics = quadraticsOf(m_checkpoint, ways, m_scope, progress.slice(0, 0.15));
    m_reference.emplace(m_original, m_texts.probes, progress.slice(0.15, 0.2));
    m_sensitivity = measureSensitivity(*m_reference, m_checkpoint, ways, m_quadratics, m_scope, m_ways.factoriser,
                                       probedTexts(), m_hooks.known, progress.slice(0.2, 1), m_hooks.sensitivity);
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

  void fitPrediction(const Progress& progress) {
    m_together.emplace(m_original, m_texts.together, progress.silent());
    const std::vector<LayerEffects> effects = layerEffects(m_checkpoint, m_quadratics, m_sensitivity);
    m_singles.emplace(effects, JointFit{}, m_reference->originalNats());
    std::vector<ResolvedPlan> plans =
        plansOfRisingCost(m_checkpoint, m_scope, m_ways, *m_singles, m_request.limits, m_request.jointRuns / 2);
    RandomPlans random(m_checkpoint, m_scope, m_ways, *m_singles, m_request.limits.pinned, 1);
    while (static_cast<int>(plans.size()) < m_request.jointRuns) plans.push_back(random.next());
    const double all = static_cast<double>(plans.size() + static_cast<std::size_t>(m_request.checks));
    double done = 0;
    std::vector<JointRun> runs;
    for (const ResolvedPlan& plan : plans) {
      runs.push_back(runJointly(plan));
      progress.report(++done / all, "layers together");
    }
    m_advice.predictor.emplace(effects, fitJointRuns(runs), m_together->originalNats());
    m_together.reset();
    m_text.emplace(m_original, m_texts.measured, 512, OriginalText::kMemory, progress.silent());
    m_advice.originalPerplexity = m_text->compareWith(m_original, progress.silent()).original.value;
    RandomPlans others(m_checkpoint, m_scope, m_ways, *m_singles, m_request.limits.pinned, 2);
    for (int i = 0; i < m_request.checks; ++i) {
      const ResolvedPlan plan = others.next();
      const CarriedOut carried = carryOut(m_checkpoint, plan, m_ways.factoriser, m_progress.silent());
      m_advice.checks.push_back({*m_advice.predictor->predict(plan),
                                 m_text->compareWith(m_original.with(carried.linears), progress.silent()).kl.mean});
      progress.report(++done / all, "checking the prediction");
    }
    tell();
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

  void measureOptions(const Progress& progress) {
    const PlanMaker maker(m_checkpoint, m_scope, m_ways, *m_advice.predictor, m_request, m_hooks.exportBytes);
    std::vector<PlannedOption> planned = maker.options(m_advice.notes, progress.slice(0, 0.1));
    if (m_request.sampleTokens > 0)
      m_advice.originalSample = generate(m_original, m_tokenizer, m_texts.prompt, sampleOptions(), progress.silent());
    const Progress measuring = progress.slice(0.1, 1);
    for (std::size_t i = 0; i < planned.size(); ++i) {
      measuring.report(static_cast<double>(i) / static_cast<double>(planned.size()), planned[i].name);
      m_advice.options.push_back(measured(maker, planned[i]));
      tell();
    }
  }

  GenerateOptions sampleOptions() const {
    GenerateOptions options;
    options.tokens = m_request.sampleTokens;
    return options;
  }

  static SpeedOptions quickSpeed() {
    SpeedOptions options;
    options.promptTokens = 128;
    options.decodeTokens = 12;
    options.mostRounds = 7;
    options.seconds = 5;
    options.int8 = false;
    return options;
  }

  AdviceOption measured(const PlanMaker& maker, const PlannedOption& planned) const {
    const Progress silent = m_progress.silent();
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
    const CarriedOut carried = carryOut(m_checkpoint, plan, fitPlan(m_original, plan, *m_ways.method, silent), silent);
    option.meanCosine = carried.meanCosine;
    const Model compressed = m_original.with(carried.linears);
    option.measured = m_text->compareWith(compressed, silent);
    option.withinBudget = maker.isWithin(planned.choices, option.measured.kl.mean);
    if (m_request.speed) option.speed = measureSpeed(m_original, compressed, quickSpeed(), silent).models.at(1);
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
  return Advisor(original, tokenizer, texts, request, hooks, progress).run();
}

} // namespace rankscope
