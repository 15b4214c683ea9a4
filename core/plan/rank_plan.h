// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/plan/method.h"
#include "core/tensor/stored_matrix.h"

namespace rankscope {

/// The rank that a rule or an override asks for; KeepDense: no factors.
struct KeepDense {
  bool operator==(const KeepDense&) const = default;
};
struct UseRank {
  std::int64_t rank = 1;
  bool operator==(const UseRank&) const = default;
};
struct UseFraction {
  double fraction = 1; ///< of min(rows, cols)
  bool operator==(const UseFraction&) const = default;
};
struct ReachCosine {
  double cosine = 1; ///< needs the spectrum
  bool operator==(const ReachCosine&) const = default;
};
struct ReachEnergy {
  double energy = 1; ///< needs the spectrum
  bool operator==(const ReachEnergy&) const = default;
};
using Action = std::variant<KeepDense, UseRank, UseFraction, ReachCosine, ReachEnergy>;

inline constexpr int kDefaultBaseGroup = 32;
inline constexpr int kMostRefineSteps = 1'000'000;

/// What a rule or an override says besides the rank. What is absent follows the plan.
struct LayerSettings {
  std::optional<Storage> base = {};  ///< int8, int4 or int3: the matrix is quantised, and factors correct it
  std::optional<int> baseGroup = {}; ///< of the base's scales; kDefaultBaseGroup when absent, 0: one scale an output
  std::optional<Storage> factorDtype = {};
  std::optional<int> group = {};
  std::optional<Method> method = {};
  std::optional<bool> biasShift = {}; ///< whether the linear's bias, where it has one, takes up the mean error
  bool operator==(const LayerSettings&) const = default;
};

/// What a plan says of one layer by name: a rank (or a share, a cosine, an energy to reach), no factors, a base.
struct Override {
  Action action = KeepDense{};
  LayerSettings settings = {};

  Override() = default;
  Override(std::nullopt_t) {} ///< dense
  Override(std::int64_t rank) : action(UseRank{rank}) {}
  Override(std::optional<std::int64_t> rank) { ///< nullopt: dense
    if (rank) action = UseRank{*rank};
  }
  Override(Action given, LayerSettings with) : action(given), settings(with) {}

  bool isDense() const { return std::holds_alternative<KeepDense>(action) && !settings.base; }
  /// The rank where it is given as a number.
  std::optional<std::int64_t> rank() const {
    const auto* use = std::get_if<UseRank>(&action);
    return use ? std::optional(use->rank) : std::nullopt;
  }
  bool operator==(const Override&) const = default;
};

/// A pattern over whole layer names and what to do with those it matches. A glob (`*`, `?`, `[…]`) must match the whole
/// name, a regular expression (PCRE2) is searched in it.
struct Rule {
  enum class Syntax { Glob, Regex };
  Syntax syntax = Syntax::Glob;
  std::string pattern;
  Action action;
  LayerSettings settings = {};
  bool operator==(const Rule&) const = default;
};

/// A plan as written by a person or a preset: the content of a plan file. It decides nothing until it is resolved
/// against a checkpoint.
struct RankPlan {
  std::int64_t minDim = 0; ///< layers with min(rows, cols) below it stay dense
  Storage factorDtype = Storage::F32;
  int group = 0;
  Method method = Method::Plain;
  bool biasShift = true;   ///< of layers whose method is fitted to a text and that have a bias
  int refineSteps = 0;     ///< of distillation over all layers fitted to a text, once they are found; 0: none
  std::vector<Rule> rules; ///< first match wins
  std::map<std::string, Override, std::less<>> overrides; ///< by layer name; before all rules
  std::set<std::string, std::less<>> pins;                ///< layers that presets, targets and budgets leave alone
  bool operator==(const RankPlan&) const = default;
};

/// The methods that the plan may ask for.
std::set<Method> methodsIn(const RankPlan& plan);

/// JSON of a plan (format "rankscope-plan", version 1) and back. Throws Error(BadRequest or Malformed) that names
/// `source` and the key or pattern that is wrong; unknown keys are errors.
std::string toJson(const RankPlan& plan);
RankPlan parsePlan(std::string_view json, std::string_view source);
RankPlan readPlan(const std::filesystem::path& path);
void writePlan(const RankPlan& plan, const std::filesystem::path& path);

/// Compiled pattern of a rule. Throws Error(BadRequest) naming a bad pattern.
class Matcher final {
 public:
  explicit Matcher(const Rule& rule);
  ~Matcher();
  Matcher(Matcher&&) noexcept;
  Matcher& operator=(Matcher&&) noexcept;
  bool matches(std::string_view name) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> m_compiled;
};

} // namespace rankscope
