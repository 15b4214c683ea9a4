// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/tensor/stored_matrix.h"

namespace rankscope {

/// What a rule or an override asks of a layer.
struct KeepDense { bool operator==(const KeepDense&) const = default; };
struct UseRank { std::int64_t rank = 1; bool operator==(const UseRank&) const = default; };
struct UseFraction { double fraction = 1; bool operator==(const UseFraction&) const = default; };  ///< of min(rows, cols)
struct ReachCosine { double cosine = 1; bool operator==(const ReachCosine&) const = default; };    ///< needs the spectrum
struct ReachEnergy { double energy = 1; bool operator==(const ReachEnergy&) const = default; };    ///< needs the spectrum
using Action = std::variant<KeepDense, UseRank, UseFraction, ReachCosine, ReachEnergy>;

/// A pattern over whole layer names and what to do with those it matches. A glob (`*`, `?`, `[…]`) must match the whole
/// name, a regular expression (PCRE2) is searched in it.
struct Rule {
  enum class Syntax { Glob, Regex };
  Syntax syntax = Syntax::Glob;
  std::string pattern;
  Action action;
  bool operator==(const Rule&) const = default;
};

/// A plan as written by a person or a preset: the content of a plan file. It decides nothing until it is resolved
/// against a checkpoint.
struct RankPlan {
  std::int64_t minDim = 0;  ///< layers with min(rows, cols) below it stay dense
  Storage factorDtype = Storage::F32;
  int group = 0;
  std::vector<Rule> rules;                                             ///< first match wins
  std::map<std::string, std::optional<std::int64_t>, std::less<>> overrides;  ///< name -> rank, or dense; before all rules
  bool operator==(const RankPlan&) const = default;
};

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

}  // namespace rankscope
