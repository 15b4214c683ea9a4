// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/advise/advice_plans.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "core/base/error.h"

namespace rankscope {

namespace {

constexpr double kLeastSum = 0.03; // nats: of the plans that the prediction is fitted to and checked with
constexpr double kLargestSum = 0.9;
constexpr double kShareStep = 0.005;
constexpr int kTries = 12;

/// Σ_{i>r}σ_i² / Σσ_i²: what rank r leaves out of a layer's energy.
double energyLost(const std::vector<double>& sigma, std::int64_t rank) {
  double all = 0, lost = 0;
  for (std::size_t i = 0; i < sigma.size(); ++i) {
    all += sigma[i] * sigma[i];
    if (static_cast<std::int64_t>(i) >= rank) lost += sigma[i] * sigma[i];
  }
  return all > 0 ? lost / all : 0;
}

double sumOf(const PlanPredictor& singles, const ResolvedPlan& plan) {
  double sum = 0;
  for (std::size_t i = 0; i < plan.layers.size(); ++i) sum += singles.effect(LayerId{i}, plan.layers[i]).value_or(0);
  return sum;
}

std::string_view factorWords(std::string_view kind) {
  if (kind == "plain") return "plain SVD";
  if (kind == "aware") return "activation-aware factors";
  return "factors weighted by what the predictions depend on";
}

} // namespace

std::vector<std::pair<std::string, std::vector<Way>>> frontierWays(const FittedWays& ways) {
  std::vector<std::pair<std::string, std::vector<Way>>> curves;
  if (!ways.lowRank().empty()) curves.emplace_back("low rank", ways.lowRank());
  if (ways.all.size() > ways.lowRank().size()) {
    std::vector<Way> bases;
    for (const Way& way : ways.all)
      if (way.baseAlone) bases.push_back(way);
    if (bases.empty()) return curves;
    curves.emplace_back("quantised, with corrections", bases);
  }
  return curves;
}

std::vector<ResolvedPlan> plansOfRisingCost(const Checkpoint& checkpoint, std::span<const LayerId> scope,
                                            const FittedWays& ways, const PlanPredictor& singles,
                                            const CandidateOptions& limits, int count) {
  const ChoiceCost cost = [&](LayerId layer, const LayerChoice& choice) { return singles.effect(layer, choice); };
  std::vector<ResolvedPlan> plans;
  const auto curves = frontierWays(ways);
  for (int i = 0; i < count; ++i) {
    const Candidates candidates =
        candidatesFor(checkpoint, scope, curves[static_cast<std::size_t>(i) % curves.size()].second, cost, limits);
    const double share = count > 1 ? static_cast<double>(i) / (count - 1) : 0.5;
    const double sum = kLeastSum * std::pow(kLargestSum / kLeastSum, share);
    plans.push_back(planOf(checkpoint, candidates, leastBytes(candidates.alternatives, sum)));
  }
  return plans;
}

RandomPlans::RandomPlans(const Checkpoint& checkpoint, std::span<const LayerId> scope, const FittedWays& ways,
                         const PlanPredictor& singles, const std::map<LayerId, LayerChoice>& pinned, std::uint64_t seed)
    : m_checkpoint(checkpoint), m_ways(ways), m_singles(singles), m_pinned(pinned), m_random(seed) {
  std::ranges::copy_if(scope, std::back_inserter(m_scope), [&](LayerId layer) { return !pinned.contains(layer); });
}

double RandomPlans::uniform() {
  return static_cast<double>(m_random() >> 11) / 9007199254740992.0;
}

ResolvedPlan RandomPlans::next() {
  const double dense = 0.7 * uniform(), least = 0.2 + 0.5 * uniform();
  const double target = kLeastSum * std::pow(kLargestSum / kLeastSum, uniform());
  ResolvedPlan plan;
  plan.layers.resize(m_checkpoint.layers().size());
  for (const auto& [id, choice] : m_pinned) plan.layers[id.value] = choice;
  for (const LayerId id : m_scope) {
    if (uniform() < dense) continue;
    const LayerInfo& layer = m_checkpoint.layer(id);
    const Way& way = m_ways.all[static_cast<std::size_t>(uniform() * static_cast<double>(m_ways.all.size()))];
    const double breakEven = static_cast<double>(layer.parameters()) / static_cast<double>(layer.rows + layer.cols);
    // A correction is small beside the matrix that it corrects.
    const double share = way.baseAlone ? 0.3 * uniform() * uniform() : least + (1 - least) * uniform();
    plan.layers[id.value] =
        way.choice(layer, std::max<std::int64_t>(way.baseAlone ? 0 : 1, std::llround(share * breakEven)));
  }
  // Dense again at random, until the plan costs no more than what it was meant to.
  std::vector<LayerId> order(m_scope.begin(), m_scope.end());
  std::shuffle(order.begin(), order.end(), m_random);
  for (std::size_t i = 0; i + 1 < order.size() && sumOf(m_singles, plan) > target; ++i)
    plan.layers[order[i].value] = LayerChoice{};
  return plan;
}

PlanMaker::PlanMaker(const Checkpoint& checkpoint, std::span<const LayerId> scope, const FittedWays& ways,
                     const PlanPredictor& predictor, const AdviceRequest& request,
                     const std::function<std::uint64_t(const ResolvedPlan&)>& exportBytes)
    : m_checkpoint(checkpoint), m_scope(scope), m_ways(ways), m_predictor(predictor), m_request(request),
      m_exportBytes(exportBytes) {}

std::uint64_t PlanMaker::scopeBytes(const ResolvedPlan& choices) const {
  std::uint64_t sum = 0;
  for (const LayerId id : m_scope) sum += bytesAfter(m_checkpoint.layer(id), choices.layers[id.value]);
  return sum;
}

RankPlan PlanMaker::planFile(const ResolvedPlan& choices) const {
  RankPlan plan;
  plan.factorDtype = m_request.scope.factorDtype;
  plan.group = m_request.scope.group;
  std::map<Method, int> counts;
  for (const LayerChoice& choice : choices.layers)
    if (!choice.isDense()) ++counts[methodOf(choice.method)];
  const auto byCount = [](const auto& a, const auto& b) { return a.second < b.second; };
  if (!counts.empty()) plan.method = std::ranges::max_element(counts, byCount)->first; // for fewer words
  for (const LayerInfo& layer : m_checkpoint.layers())
    if (const LayerChoice& choice = choices.layers[layer.id.value]; !choice.isDense())
      plan.overrides[layer.name] = overrideFor(layer, choice, plan);
  return plan;
}

bool PlanMaker::fits(const ResolvedPlan& plan, const Limit& limit) const {
  if (limit.scope && static_cast<double>(scopeBytes(plan)) > *limit.scope) return false;
  return !limit.model || m_exportBytes(plan) <= *limit.model;
}

bool PlanMaker::isWithin(const ResolvedPlan& choices, double kl) const {
  if (const auto* largest = std::get_if<LargestKl>(&m_request.budget)) return kl <= largest->nats;
  return fits(choices, budgetLimit());
}

PlanMaker::Limit PlanMaker::budgetLimit() const {
  if (const auto* share = std::get_if<KeepShare>(&m_request.budget))
    return {share->share * denseBytes(m_checkpoint, m_scope) + 1e-6, std::nullopt};
  if (const auto* keep = std::get_if<KeepBytes>(&m_request.budget)) return {std::nullopt, keep->bytes};
  // The sum of single effects whose prediction is a standard deviation below the KL asked for.
  const JointFit& fit = m_predictor.fit();
  const double sum =
      std::exp((std::log(std::get<LargestKl>(m_request.budget).nats) - fit.spread - fit.intercept) / fit.exponent);
  std::vector<Way> ways;
  for (const auto& [kind, some] : frontierWays(m_ways)) ways.insert(ways.end(), some.begin(), some.end());
  const ChoiceCost cost = [this](LayerId layer, const LayerChoice& choice) {
    return m_predictor.effect(layer, choice);
  };
  const Candidates candidates = candidatesFor(m_checkpoint, m_scope, ways, cost, m_request.limits);
  return {leastBytes(candidates.alternatives, sum).bytes, std::nullopt};
}

std::optional<ResolvedPlan> PlanMaker::within(const Limit& limit, const Make& make) const {
  double room = limit.scope.value_or(denseBytes(m_checkpoint, m_scope));
  for (int i = 0; i < kTries; ++i) {
    std::optional<ResolvedPlan> plan = make(room);
    if (!plan || fits(*plan, limit)) return plan;
    if (!limit.model) return std::nullopt;
    // What does not belong to the layers (header, manifest, other tensors) follows from the plan: take it off.
    const double over = static_cast<double>(m_exportBytes(*plan)) - static_cast<double>(*limit.model);
    room = std::min(room, static_cast<double>(scopeBytes(*plan))) - over;
  }
  return std::nullopt;
}

std::optional<ResolvedPlan> PlanMaker::solved(const std::vector<Way>& ways, const ChoiceCost& cost,
                                              const Limit& limit) const {
  if (ways.empty()) return std::nullopt;
  const Candidates candidates = candidatesFor(m_checkpoint, m_scope, ways, cost, m_request.limits);
  return within(limit, [&](double room) -> std::optional<ResolvedPlan> {
    const Selection selection = leastCost(candidates.alternatives, room);
    if (!selection.feasible) return std::nullopt;
    return planOf(m_checkpoint, candidates, selection);
  });
}

std::optional<ResolvedPlan> PlanMaker::uniform(const Way& way, const Limit& limit) const {
  for (double share = 1 - kShareStep; share > kShareStep / 2; share -= kShareStep) {
    ResolvedPlan plan;
    plan.layers.resize(m_checkpoint.layers().size());
    for (const LayerId id : m_scope) {
      const LayerInfo& layer = m_checkpoint.layer(id);
      const LayerChoice choice = way.choice(layer, rankForFraction(layer, share));
      if (isBelowBreakEven(layer, choice)) plan.layers[id.value] = choice;
    }
    keepPinned(plan);
    if (fits(plan, limit)) return plan;
  }
  return std::nullopt;
}

std::optional<ResolvedPlan> PlanMaker::everywhere(const Way& way, std::int64_t rank) const {
  ResolvedPlan plan;
  plan.layers.resize(m_checkpoint.layers().size());
  for (const LayerId id : m_scope) {
    const LayerChoice choice = way.choice(m_checkpoint.layer(id), rank);
    if (isBelowBreakEven(m_checkpoint.layer(id), choice)) plan.layers[id.value] = choice;
  }
  keepPinned(plan);
  return plan;
}

void PlanMaker::keepPinned(ResolvedPlan& plan) const {
  for (const auto& [id, choice] : m_request.limits.pinned) plan.layers[id.value] = choice;
}

void PlanMaker::addStudy(std::vector<PlannedOption>& options, std::vector<AdviceNote>& notes) const {
  struct StudyOption {
    const char* name;
    const char* description;
    Preset preset;
    std::optional<double> fraction;
  };
  static const StudyOption kOptions[]{
      {"study-doubled", "plain SVD, the study's rank doubled: 12.5 % of every matrix's full rank", Preset::Uniform,
       0.125},
      {"study-selective", "plain SVD at 6.25 %, MLP and the first and last block left dense", Preset::Selective, {}},
      {"study-hybrid",
       "plain SVD, ranks by the layer's name (18.75, 12.5 and 9.375 %), MLP left dense",
       Preset::Hybrid,
       {}},
  };
  for (const StudyOption& option : kOptions) {
    PresetOptions preset = m_request.scope;
    preset.fraction = option.fraction;
    ResolvedPlan plan = resolve(presetPlan(option.preset, m_checkpoint, preset), m_checkpoint, {}, preset.recompress);
    keepPinned(plan);
    const bool changes = std::ranges::any_of(m_checkpoint.layers(), [&](const LayerInfo& layer) {
      return !plan.layers[layer.id.value].isDense() && !m_request.limits.pinned.contains(layer.id);
    });
    if (changes)
      options.push_back({option.name, option.description, AdviceOption::Group::Study, plan});
    else
      notes.push_back({AdviceNote::Why::ChangesNothing, option.name});
  }
}

void PlanMaker::addOurs(std::vector<PlannedOption>& options, std::vector<AdviceNote>& notes,
                        const Progress& progress) const {
  const Limit limit = budgetLimit();
  const std::size_t before = options.size();
  const auto add = [&](const char* name, std::string description, const std::optional<ResolvedPlan>& plan) {
    if (plan)
      options.push_back({name, std::move(description), AdviceOption::Group::InBudget, *plan});
    else
      notes.push_back({AdviceNote::Why::TooLarge, name});
  };
  const ChoiceCost effects = [this](LayerId layer, const LayerChoice& choice) {
    return m_predictor.effect(layer, choice);
  };
  for (const char* const kind : {"plain", "aware"}) {
    const Way* way = m_ways.find(kind);
    if (!way) continue;
    std::map<LayerId, std::vector<double>> sigma;
    for (const LayerId id : m_scope) {
      progress.check();
      sigma[id] = way->sigma(id);
    }
    const ChoiceCost energy = [&](LayerId layer, const LayerChoice& choice) -> std::optional<double> {
      return choice.rank ? energyLost(sigma.at(layer), *choice.rank) : 0.0;
    };
    const std::string prefix = kind;
    add((prefix + "-uniform").c_str(), fmt::format("{}, the same share of every layer's rank", factorWords(kind)),
        uniform(*way, limit));
    add((prefix + "-energy").c_str(),
        fmt::format("{}, ranks where they keep the most relative energy", factorWords(kind)),
        solved({*way}, energy, limit));
  }
  if (const Way* best = m_ways.bestLowRank()) {
    if (best->kind != "plain" && best->kind != "aware")
      add((best->kind + "-uniform").c_str(),
          fmt::format("{}, the same share of every layer's rank", factorWords(best->kind)), uniform(*best, limit));
    add("low-rank", fmt::format("{}, ranks by measured sensitivity", factorWords(best->kind)),
        solved({*best}, effects, limit));
  }
  std::vector<Way> all = m_ways.lowRank();
  for (const Way& way : m_ways.all) {
    if (!way.baseAlone) continue;
    const std::optional<ResolvedPlan> plan = everywhere(way, 0);
    const std::string name = way.kind.substr(0, way.kind.find('/'));
    add(name.c_str(), fmt::format("every layer in {}, rounded", name),
        plan && fits(*plan, limit) ? plan : std::nullopt);
    all.push_back(way);
  }
  if (all.size() > m_ways.lowRank().size())
    add("mixed", "for every layer the best of dense, low rank, quantised, and quantised with a low-rank correction",
        solved(all, effects, limit));
  if (m_ways.sequential)
    for (std::size_t i = before, end = options.size(); i < end; ++i) {
      if (options[i].name != "low-rank" && options[i].name != "mixed") continue;
      PlannedOption inOrder = options[i];
      inOrder.name += "-sequential";
      inOrder.description += "; fitted layer after layer on what the compressed model gives it";
      inOrder.inOrder = true;
      options.push_back(std::move(inOrder));
    }
  if (options.size() == before)
    throw Error(ErrorKind::BadRequest, fmt::format("nothing fits into a budget of {}", words(m_request.budget)));
}

std::vector<PlannedOption> PlanMaker::options(std::vector<AdviceNote>& notes, const Progress& progress) const {
  std::vector<PlannedOption> study, all;
  addStudy(study, notes);
  all = study;
  addOurs(all, notes, progress);
  const ChoiceCost effects = [this](LayerId layer, const LayerChoice& choice) {
    return m_predictor.effect(layer, choice);
  };
  std::vector<Way> everything = m_ways.lowRank();
  for (const Way& way : m_ways.all)
    if (way.baseAlone) everything.push_back(way);
  for (const PlannedOption& option : study) {
    if (const auto plan = solved(everything, effects, {std::nullopt, m_exportBytes(option.choices)}))
      all.push_back({"as-small-as-" + option.name, fmt::format("ours at the bytes of {}", option.name),
                     AdviceOption::Group::EqualBytes, *plan});
  }
  return all;
}

std::string words(const AdviceBudget& budget) {
  if (const auto* share = std::get_if<KeepShare>(&budget))
    return fmt::format("{:g} % of the bytes of attention and MLP", 100 * share->share);
  if (const auto* keep = std::get_if<KeepBytes>(&budget))
    return fmt::format("{} bytes for the whole model", keep->bytes);
  return fmt::format("a KL of at most {:g} nats a token", std::get<LargestKl>(budget).nats);
}

} // namespace rankscope
