// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
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
    onlyKeys(root, "",
             {"format", "version", "min_dim", "factor_dtype", "group", "method", "bias_shift", "refine", "rules",
              "overrides", "pins"});
    if (!root.contains("format") || root["format"] != "rankscope-plan") fail("\"format\" must be \"rankscope-plan\"");
    if (!root.contains("version")) fail("\"version\" is missing");
    if (root["version"] != 1)
      fail(fmt::format("\"version\" is {}; this program reads version 1", root["version"].dump()));
    RankPlan plan;
    if (root.contains("min_dim")) plan.minDim = integer(root["min_dim"], "min_dim", 0);
    if (root.contains("factor_dtype")) plan.factorDtype = storage(root["factor_dtype"], "\"factor_dtype\"");
    if (root.contains("group")) plan.group = group(root["group"], "\"group\"");
    if (root.contains("method")) plan.method = method(root["method"], "");
    if (root.contains("bias_shift")) plan.biasShift = boolean(root["bias_shift"], "\"bias_shift\"");
    if (root.contains("refine")) plan.refineSteps = refineSteps(root["refine"]);
    if (root.contains("rules")) plan.rules = rules(root["rules"]);
    if (root.contains("overrides")) readOverrides(root["overrides"], plan);
    if (root.contains("pins")) plan.pins = pins(root["pins"]);
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
      if (std::find(known.begin(), known.end(), key) == known.end())
        fail(fmt::format("{}unknown key \"{}\"", where, key));
  }

  std::int64_t integer(const Json& value, std::string_view where, std::int64_t least) const {
    if (!value.is_number_integer() || (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) ||
        value.get<std::int64_t>() < least)
      fail(fmt::format("{} must be a whole number from {}, not {}", where, least, value.dump()));
    return value.get<std::int64_t>();
  }

  bool boolean(const Json& value, const std::string& where) const {
    if (!value.is_boolean()) fail(fmt::format("{} is true or false, not {}", where, value.dump()));
    return value.get<bool>();
  }

  int refineSteps(const Json& value) const {
    const std::int64_t steps = integer(value, "refine", 0);
    if (steps > kMostRefineSteps) fail(fmt::format("refine is at most {}, not {}", kMostRefineSteps, steps));
    return static_cast<int>(steps);
  }

  double share(const Json& value, std::string_view where) const {
    if (!value.is_number() || !(value.get<double>() > 0) || value.get<double>() > 1)
      fail(fmt::format("{} must be above 0 and at most 1, not {}", where, value.dump()));
    return value.get<double>();
  }

  Storage storage(const Json& value, const std::string& where,
                  const std::vector<Storage>& allowed = {Storage::F32, Storage::F16, Storage::BF16, Storage::Int8,
                                                         Storage::Int4, Storage::Int3}) const {
    const auto parsed = value.is_string() ? parseStorage(value.get<std::string>()) : std::nullopt;
    if (parsed && std::find(allowed.begin(), allowed.end(), *parsed) != allowed.end()) return *parsed;
    std::vector<std::string_view> names;
    for (const Storage storage : allowed) names.push_back(name(storage));
    fail(fmt::format("{} is one of {}, not {}", where, fmt::join(names, ", "), value.dump()));
  }

  Method method(const Json& value, const std::string& where) const {
    const auto parsed = value.is_string() ? parseMethod(value.get<std::string>()) : std::nullopt;
    if (parsed) return *parsed;
    std::vector<std::string_view> names;
    for (const Method known : kMethods) names.push_back(name(known));
    fail(fmt::format("{}\"method\" is one of {}, not {}", where, fmt::join(names, ", "), value.dump()));
  }

  int group(const Json& value, const std::string& where) const {
    const std::int64_t size = integer(value, where, 0);
    if (size != 0 && size != 32 && size != 64 && size != 128)
      fail(fmt::format("{} is 0, 32, 64 or 128, not {}", where, size));
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
    onlyKeys(entry, where,
             {"glob", "regex", "rank", "fraction", "cosine", "energy", "dense", "base", "base_group", "factor_dtype",
              "group", "method", "bias_shift"});
    if (entry.contains("glob") == entry.contains("regex")) fail(where + "needs either \"glob\" or \"regex\"");
    Rule result;
    result.syntax = entry.contains("glob") ? Rule::Syntax::Glob : Rule::Syntax::Regex;
    const Json& pattern = entry.contains("glob") ? entry["glob"] : entry["regex"];
    if (!pattern.is_string()) fail(where + "the pattern must be a string");
    result.pattern = pattern.get<std::string>();
    const Override asked = request(entry, where);
    result.action = asked.action;
    result.settings = asked.settings;
    try {
      Matcher{result};
    } catch (const Error& error) {
      fail(where + error.what());
    }
    return result;
  }

  /// What a rule or an override asks for: its keys, apart from a pattern, are known.
  Override request(const Json& entry, const std::string& where) const {
    int actions = 0;
    for (const char* key : {"rank", "fraction", "cosine", "energy", "dense"}) actions += entry.contains(key) ? 1 : 0;
    if (actions > 1 || (actions == 0 && !entry.contains("base")))
      fail(where + "needs exactly one of rank, fraction, cosine, energy, dense, or a base");
    const Override result(actions == 0 ? KeepDense{} : action(entry, where), settings(entry, where));
    const LayerSettings& with = result.settings;
    if (entry.contains("dense") && with != LayerSettings{}) fail(where + "\"dense\" cannot go with anything else");
    if (with.baseGroup && !with.base) fail(where + "\"base_group\" needs a base");
    if (actions == 0 && (with.factorDtype || with.group))
      fail(where + "\"factor_dtype\" and \"group\" say how factors are stored, but there are none: give a rank");
    if (with.base && (entry.contains("cosine") || entry.contains("energy")))
      fail(where + "cosine and energy go by the spectrum of the whole matrix: with a base give rank or fraction");
    return result;
  }

  LayerSettings settings(const Json& entry, const std::string& where) const {
    LayerSettings result;
    if (entry.contains("base")) {
      result.base = storage(entry["base"], where + "\"base\"", {Storage::Int8, Storage::Int4, Storage::Int3});
    }
    if (entry.contains("base_group")) result.baseGroup = group(entry["base_group"], where + "\"base_group\"");
    if (entry.contains("factor_dtype")) result.factorDtype = storage(entry["factor_dtype"], where + "\"factor_dtype\"");
    if (entry.contains("group")) result.group = group(entry["group"], where + "\"group\"");
    if (entry.contains("method")) result.method = method(entry["method"], where);
    if (entry.contains("bias_shift")) result.biasShift = boolean(entry["bias_shift"], where + "\"bias_shift\"");
    return result;
  }

  Action action(const Json& entry, const std::string& where) const {
    if (entry.contains("rank")) return UseRank{integer(entry["rank"], where + "rank", 1)};
    if (entry.contains("fraction")) return UseFraction{share(entry["fraction"], where + "fraction")};
    if (entry.contains("cosine")) return ReachCosine{share(entry["cosine"], where + "cosine")};
    if (entry.contains("energy")) return ReachEnergy{share(entry["energy"], where + "energy")};
    if (entry["dense"] != true) fail(where + "\"dense\" can only be true");
    return KeepDense{};
  }

  void readOverrides(const Json& object, RankPlan& plan) const {
    if (!object.is_object()) fail("\"overrides\" must be an object");
    for (const auto& [layer, value] : object.items()) {
      const std::string where = fmt::format("override of \"{}\"", layer);
      if (value == "dense") {
        plan.overrides[layer] = std::nullopt;
      } else if (value.is_object()) {
        onlyKeys(value, where + ": ",
                 {"rank", "fraction", "cosine", "energy", "dense", "base", "base_group", "factor_dtype", "group",
                  "method", "bias_shift"});
        plan.overrides[layer] = request(value, where + ": ");
      } else if (value.is_string()) {
        fail(fmt::format("{} is a rank, \"dense\" or an object, not {}", where, value.dump()));
      } else {
        plan.overrides[layer] = integer(value, where, 1);
      }
    }
  }

  std::set<std::string, std::less<>> pins(const Json& list) const {
    if (!list.is_array()) fail("\"pins\" must be a list of layer names");
    std::set<std::string, std::less<>> names;
    for (const Json& name : list) {
      if (!name.is_string()) fail(fmt::format("\"pins\" must be a list of layer names, and {} is none", name.dump()));
      if (!names.insert(name.get<std::string>()).second) fail(fmt::format("\"pins\" has {} twice", name.dump()));
    }
    return names;
  }

  std::string_view m_source;
};

/// Writes an action and what goes with it into a rule's or an override's object.
void addRequest(Json& entry, const Action& action, const LayerSettings& settings) {
  struct Writer {
    Json& entry;
    bool hasBase;
    void operator()(KeepDense) const {
      if (!hasBase) entry["dense"] = true;
    }
    void operator()(UseRank action) const { entry["rank"] = action.rank; }
    void operator()(UseFraction action) const { entry["fraction"] = action.fraction; }
    void operator()(ReachCosine action) const { entry["cosine"] = action.cosine; }
    void operator()(ReachEnergy action) const { entry["energy"] = action.energy; }
  };
  std::visit(Writer{entry, settings.base.has_value()}, action);
  if (entry.contains("dense")) return; // nothing else has a meaning then
  if (settings.base) entry["base"] = name(*settings.base);
  if (settings.baseGroup) entry["base_group"] = *settings.baseGroup;
  if (settings.factorDtype) entry["factor_dtype"] = name(*settings.factorDtype);
  if (settings.group) entry["group"] = *settings.group;
  if (settings.method) entry["method"] = name(*settings.method);
  if (settings.biasShift) entry["bias_shift"] = *settings.biasShift;
}

Json toJson(const Rule& rule) {
  Json entry;
  entry[rule.syntax == Rule::Syntax::Glob ? "glob" : "regex"] = rule.pattern;
  addRequest(entry, rule.action, rule.settings);
  return entry;
}

Json toJson(const Override& request) {
  if (request.isDense()) return "dense";
  if (request.rank() && request.settings == LayerSettings{}) return *request.rank();
  Json entry = Json::object();
  addRequest(entry, request.action, request.settings);
  return entry;
}

} // namespace

std::set<Method> methodsIn(const RankPlan& plan) {
  std::set<Method> methods;
  const auto add = [&](const Action& action, const LayerSettings& settings) {
    if (!std::holds_alternative<KeepDense>(action) || settings.base)
      methods.insert(settings.method.value_or(plan.method));
  };
  for (const Rule& rule : plan.rules) add(rule.action, rule.settings);
  for (const auto& [layer, request] : plan.overrides) add(request.action, request.settings);
  return methods;
}

std::string toJson(const RankPlan& plan) {
  Json root;
  root["format"] = "rankscope-plan";
  root["version"] = 1;
  root["min_dim"] = plan.minDim;
  root["factor_dtype"] = name(plan.factorDtype);
  root["group"] = plan.group;
  root["method"] = name(plan.method);
  if (!plan.biasShift) root["bias_shift"] = false;
  if (plan.refineSteps > 0) root["refine"] = plan.refineSteps;
  root["rules"] = Json::array();
  for (const Rule& rule : plan.rules) root["rules"].push_back(toJson(rule));
  root["overrides"] = Json::object();
  for (const auto& [layer, request] : plan.overrides) root["overrides"][layer] = toJson(request);
  if (!plan.pins.empty()) root["pins"] = plan.pins;
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

RankPlan parsePlan(std::string_view json, std::string_view source) {
  return PlanReader(source).read(json);
}

RankPlan readPlan(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path)) throw systemError(in ? EISDIR : errno, "cannot read", path);
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

} // namespace rankscope
