// SPDX-License-Identifier: GPL-3.0-or-later
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/plan/rank_plan.h"

namespace rankscope {

namespace {

using Json = nlohmann::ordered_json;

/// Reads a plan and knows where it is, so that every complaint names file and place.
class PlanReader final {
 public:
  explicit PlanReader(std::string_view source) : m_source(source) {}

  RankPlan read(std::string_view text) const {
    const Json root = parse(text);
    if (!root.is_object()) fail("a plan is a JSON object");
    onlyKeys(root, "", {"format", "version", "min_dim", "factor_dtype", "group", "rules", "overrides"});
    if (!root.contains("format") || root["format"] != "rankscope-plan") fail("\"format\" must be \"rankscope-plan\"");
    if (!root.contains("version")) fail("\"version\" is missing");
    if (root["version"] != 1) fail(fmt::format("\"version\" is {}; this program reads version 1", root["version"].dump()));
    RankPlan plan;
    if (root.contains("min_dim")) plan.minDim = integer(root["min_dim"], "min_dim", 0);
    if (root.contains("factor_dtype")) plan.factorDtype = storage(root["factor_dtype"]);
    if (root.contains("group")) plan.group = group(root["group"]);
    if (root.contains("rules")) plan.rules = rules(root["rules"]);
    if (root.contains("overrides")) readOverrides(root["overrides"], plan);
    return plan;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorKind::Malformed, fmt::format("{}: {}", m_source, what));
  }

  /// nlohmann keeps the last of two equal keys; in a hand-edited file that hides a mistake.
  Json parse(std::string_view text) const {
    std::vector<std::set<std::string>> open;
    const auto noTwice = [&](int depth, Json::parse_event_t event, Json& parsed) {
      if (depth > 16) fail("nested too deeply for a plan");
      if (event == Json::parse_event_t::object_start) open.emplace_back();
      if (event == Json::parse_event_t::object_end) open.pop_back();
      if (event == Json::parse_event_t::key && !open.back().insert(parsed.get<std::string>()).second)
        fail(fmt::format("\"{}\" stands twice in one object", parsed.get<std::string>()));
      return true;
    };
    try {
      return Json::parse(text.begin(), text.end(), noTwice);
    } catch (const Json::parse_error& error) {
      fail(fmt::format("no valid JSON at byte {}", error.byte));
    } catch (const Json::exception&) { // a number like 1e999
      fail("a number is out of range");
    }
  }

  void onlyKeys(const Json& object, const std::string& where, std::initializer_list<std::string_view> known) const {
    for (const auto& [key, value] : object.items())
      if (std::find(known.begin(), known.end(), key) == known.end()) fail(fmt::format("{}unknown key \"{}\"", where, key));
  }

  std::int64_t integer(const Json& value, std::string_view where, std::int64_t least) const {
    if (!value.is_number_integer() || (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) ||
        value.get<std::int64_t>() < least)
      fail(fmt::format("{} must be a whole number from {}, not {}", where, least, value.dump()));
    return value.get<std::int64_t>();
  }

  double share(const Json& value, std::string_view where) const {
    if (!value.is_number() || !(value.get<double>() > 0) || value.get<double>() > 1)
      fail(fmt::format("{} must be above 0 and at most 1, not {}", where, value.dump()));
    return value.get<double>();
  }

  Storage storage(const Json& value) const {
    const auto parsed = value.is_string() ? parseStorage(value.get<std::string>()) : std::nullopt;
    if (!parsed) fail(fmt::format("\"factor_dtype\" is one of f32, f16, bf16, int8, int4, not {}", value.dump()));
    return *parsed;
  }

  int group(const Json& value) const {
    const std::int64_t size = integer(value, "\"group\"", 0);
    if (size != 0 && size != 32 && size != 64 && size != 128) fail(fmt::format("\"group\" is 0, 32, 64 or 128, not {}", size));
    return static_cast<int>(size);
  }

  std::vector<Rule> rules(const Json& list) const {
    if (!list.is_array()) fail("\"rules\" must be a list");
    std::vector<Rule> result;
    for (const Json& entry : list) result.push_back(rule(entry, fmt::format("rule {}: ", result.size() + 1)));
    return result;
  }

  Rule rule(const Json& entry, const std::string& where) const {
    if (!entry.is_object()) fail(where + "must be an object");
    onlyKeys(entry, where, {"glob", "regex", "rank", "fraction", "cosine", "energy", "dense"});
    if (entry.contains("glob") == entry.contains("regex")) fail(where + "needs either \"glob\" or \"regex\"");
    Rule result;
    result.syntax = entry.contains("glob") ? Rule::Syntax::Glob : Rule::Syntax::Regex;
    const Json& pattern = entry.contains("glob") ? entry["glob"] : entry["regex"];
    if (!pattern.is_string()) fail(where + "the pattern must be a string");
    result.pattern = pattern.get<std::string>();
    result.action = action(entry, where);
    try {
      Matcher{result};
    } catch (const Error& error) {
      fail(where + error.what());
    }
    return result;
  }

  Action action(const Json& entry, const std::string& where) const {
    if (entry.size() != 2) fail(where + "needs exactly one of rank, fraction, cosine, energy, dense");
    if (entry.contains("rank")) return UseRank{integer(entry["rank"], where + "rank", 1)};
    if (entry.contains("fraction")) return UseFraction{share(entry["fraction"], where + "fraction")};
    if (entry.contains("cosine")) return ReachCosine{share(entry["cosine"], where + "cosine")};
    if (entry.contains("energy")) return ReachEnergy{share(entry["energy"], where + "energy")};
    if (!entry.contains("dense") || entry["dense"] != true) fail(where + "\"dense\" can only be true");
    return KeepDense{};
  }

  void readOverrides(const Json& object, RankPlan& plan) const {
    if (!object.is_object()) fail("\"overrides\" must be an object");
    for (const auto& [layer, value] : object.items()) {
      if (value == "dense") plan.overrides[layer] = std::nullopt;
      else if (value.is_string()) fail(fmt::format("override of \"{}\" is a rank or \"dense\", not {}", layer, value.dump()));
      else plan.overrides[layer] = integer(value, fmt::format("override of \"{}\"", layer), 1);
    }
  }

  std::string_view m_source;
};

Json toJson(const Rule& rule) {
  Json entry;
  entry[rule.syntax == Rule::Syntax::Glob ? "glob" : "regex"] = rule.pattern;
  struct Writer {
    Json& entry;
    void operator()(KeepDense) const { entry["dense"] = true; }
    void operator()(UseRank action) const { entry["rank"] = action.rank; }
    void operator()(UseFraction action) const { entry["fraction"] = action.fraction; }
    void operator()(ReachCosine action) const { entry["cosine"] = action.cosine; }
    void operator()(ReachEnergy action) const { entry["energy"] = action.energy; }
  };
  std::visit(Writer{entry}, rule.action);
  return entry;
}

}  // namespace

std::string toJson(const RankPlan& plan) {
  Json root;
  root["format"] = "rankscope-plan";
  root["version"] = 1;
  root["min_dim"] = plan.minDim;
  root["factor_dtype"] = name(plan.factorDtype);
  root["group"] = plan.group;
  root["rules"] = Json::array();
  for (const Rule& rule : plan.rules) root["rules"].push_back(toJson(rule));
  root["overrides"] = Json::object();
  for (const auto& [layer, rank] : plan.overrides) {
    if (rank) root["overrides"][layer] = *rank;
    else root["overrides"][layer] = "dense";
  }
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

RankPlan parsePlan(std::string_view json, std::string_view source) { return PlanReader(source).read(json); }

RankPlan readPlan(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path))
    throw systemError(in ? EISDIR : errno, "cannot read", path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return parsePlan(text, path.string());
}

void writePlan(const RankPlan& plan, const std::filesystem::path& path) {
  const std::filesystem::path fresh = path.string() + ".new";
  std::ofstream out(fresh, std::ios::binary);
  out << toJson(plan);
  out.close();
  if (!out) {
    const int reason = errno;
    std::error_code ignored;
    std::filesystem::remove(fresh, ignored);
    throw systemError(reason, "cannot write", path);
  }
  std::error_code failure;
  std::filesystem::rename(fresh, path, failure);
  if (failure) throw systemError(failure.value(), "cannot write", path);
}

}  // namespace rankscope
