// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Private to core/advise: the plans that an advice compares.

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/advise/advise.h"

namespace rankscope {

/// The ways that a request allows, fitted to a text, and what makes their factors.
struct FittedWays {
  std::vector<Way> all;
  std::vector<Way> pinned; ///< of pinned layers whose kind is not among `all`: for their effect, not to choose from
  Factoriser factoriser;
  std::shared_ptr<const CalibratedMethod> method;
  bool sequential = false; ///< plans may also be fitted in order (fitPlan)
  std::string textHash;
  std::int64_t tokens = 0;
  bool coversWidth = true;

  const Way* find(std::string_view kind) const;
  std::vector<Way> lowRank() const; ///< the best one for factors without a base
  const Way* bestLowRank() const;
  std::vector<Way> tried() const; ///< `all` and `pinned`
};
FittedWays fitWays(const Model& original, std::span<const std::vector<int>> calibration, const AdviceRequest& request,
                   const Progress& progress);

/// Curves of the frontier: what may be chosen, by name.
std::vector<std::pair<std::string, std::vector<Way>>> frontierWays(const FittedWays& ways);

/// Solved plans whose layers' single effects add up to values spread from small to near one nat.
std::vector<ResolvedPlan> plansOfRisingCost(const Checkpoint& checkpoint, std::span<const LayerId> scope,
                                            const FittedWays& ways, const PlanPredictor& singles,
                                            const CandidateOptions& limits, int count);

/// Random plans: some layers dense, the others compressed in a random way at a random rank, single effects up to about
/// one nat together.
class RandomPlans final {
 public:
  RandomPlans(const Checkpoint& checkpoint, std::span<const LayerId> scope, const FittedWays& ways,
              const PlanPredictor& singles, const std::map<LayerId, LayerChoice>& pinned, std::uint64_t seed);
  ResolvedPlan next();

 private:
  double uniform();
  const Checkpoint& m_checkpoint;
  std::vector<LayerId> m_scope; ///< without pinned layers
  const FittedWays& m_ways;
  const PlanPredictor& m_singles;
  const std::map<LayerId, LayerChoice>& m_pinned;
  std::mt19937_64 m_random;
};

struct PlannedOption {
  std::string name;
  std::string description;
  AdviceOption::Group group = AdviceOption::Group::InBudget;
  ResolvedPlan choices;
  bool inOrder = false; ///< fitted layer after layer on the compressed model's own inputs
};

/// Makes the plans of all options.
class PlanMaker final {
 public:
  PlanMaker(const Checkpoint& checkpoint, std::span<const LayerId> scope, const FittedWays& ways,
            const PlanPredictor& predictor, const AdviceRequest& request,
            const std::function<std::uint64_t(const ResolvedPlan&)>& exportBytes);

  /// `notes` receives every option that cannot be made. Throws Error(BadRequest) when none of ours fits
  /// the budget.
  std::vector<PlannedOption> options(std::vector<AdviceNote>& notes, const Progress& progress) const;
  RankPlan planFile(const ResolvedPlan& choices) const;
  std::uint64_t scopeBytes(const ResolvedPlan& choices) const;
  bool isWithin(const ResolvedPlan& choices, double kl) const;

 private:
  /// Room for the layers in scope, or for the whole model as written.
  struct Limit {
    std::optional<double> scope;
    std::optional<std::uint64_t> model;
  };
  using Make = std::function<std::optional<ResolvedPlan>(double scopeLimit)>;

  Limit budgetLimit() const;
  std::optional<ResolvedPlan> within(const Limit& limit, const Make& make) const;
  std::optional<ResolvedPlan> solved(const std::vector<Way>& ways, const ChoiceCost& cost, const Limit& limit) const;
  std::optional<ResolvedPlan> uniform(const Way& way, const Limit& limit) const;
  std::optional<ResolvedPlan> everywhere(const Way& way, std::int64_t rank) const;
  void addStudy(std::vector<PlannedOption>& options, std::vector<AdviceNote>& notes) const;
  void addOurs(std::vector<PlannedOption>& options, std::vector<AdviceNote>& notes, const Progress& progress) const;
  bool fits(const ResolvedPlan& plan, const Limit& limit) const;
  void keepPinned(ResolvedPlan& plan) const;

  const Checkpoint& m_checkpoint;
  std::span<const LayerId> m_scope;
  const FittedWays& m_ways;
  const PlanPredictor& m_predictor;
  const AdviceRequest& m_request;
  const std::function<std::uint64_t(const ResolvedPlan&)>& m_exportBytes;
};

/// "50 % of the bytes of attention and MLP", "9,000,000 bytes", "a KL of at most 0.1"
std::string words(const AdviceBudget& budget);

} // namespace rankscope
