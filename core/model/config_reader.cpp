// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/config_reader.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/error.h"

namespace rankscope {

using nlohmann::json;

ConfigReader::ConfigReader(const Checkpoint& checkpoint) : m_checkpoint(checkpoint) {
  const std::string& text = checkpoint.content().configJson;
  if (text.empty()) refuse(ErrorKind::NotFound, "there is no config.json beside the weights");
  m_json = json::parse(text, nullptr, false);
  if (!m_json.is_object()) refuse(ErrorKind::Malformed, "config.json is no JSON object");
  if (has("quantization_config"))
    refuseKey("quantization_config", "weights that other programs have quantised are not supported");
}

void ConfigReader::refuse(ErrorKind kind, const std::string& problem) const {
  throw Error(kind, fmt::format("{}: {}. The model cannot be run, but it can still be analysed and compressed.",
                                m_checkpoint.path().string(), problem));
}

void ConfigReader::refuseKey(std::string_view key, const std::string& problem) const {
  refuse(ErrorKind::Unsupported, fmt::format("config.json: \"{}\": {}", key, problem));
}

bool ConfigReader::has(std::string_view key) const {
  const auto at = m_json.find(key);
  return at != m_json.end() && !at->is_null();
}

const json& ConfigReader::raw(std::string_view key) const {
  static const json kNothing;
  const auto at = m_json.find(key);
  return at == m_json.end() ? kNothing : *at;
}

std::int64_t ConfigReader::count(std::string_view key) const {
  if (!has(key)) refuse(ErrorKind::Malformed, fmt::format("config.json has no \"{}\"", key));
  return count(key, 0);
}

std::int64_t ConfigReader::count(std::string_view key, std::int64_t otherwise) const {
  if (!has(key)) return otherwise;
  const json& value = raw(key);
  if (!value.is_number_integer() || value.get<std::int64_t>() <= 0)
    refuse(ErrorKind::Malformed, fmt::format("config.json: \"{}\" is {}, not a positive integer", key, value.dump()));
  if (value.get<std::int64_t>() > 1'000'000'000)
    refuse(ErrorKind::Malformed, fmt::format("config.json: \"{}\" is {}, which no model has", key, value.dump()));
  return value.get<std::int64_t>();
}

std::int64_t ConfigReader::blocks(std::string_view key) const {
  const std::int64_t blocks = count(key);
  const std::size_t tensors = m_checkpoint.tensors().size();
  if (static_cast<std::size_t>(blocks) > tensors)
    refuse(ErrorKind::Malformed,
           fmt::format("config.json: \"{}\" is {}, but there are {} tensors", key, blocks, tensors));
  return blocks;
}

static bool isPositive(const json& value) {
  return value.is_number() && value.get<double>() > 0 && std::isfinite(value.get<double>());
}

double ConfigReader::positive(std::string_view key, double otherwise) const {
  if (!has(key)) return otherwise;
  const json& value = raw(key);
  if (!isPositive(value))
    refuse(ErrorKind::Malformed, fmt::format("config.json: \"{}\" is {}, not a positive number", key, value.dump()));
  return value.get<double>();
}

bool ConfigReader::flag(std::string_view key, bool otherwise) const {
  if (!has(key)) return otherwise;
  if (!raw(key).is_boolean())
    refuse(ErrorKind::Malformed, fmt::format("config.json: \"{}\" is {}, not true or false", key, raw(key).dump()));
  return raw(key).get<bool>();
}

std::string ConfigReader::word(std::string_view key, std::string_view otherwise) const {
  if (!has(key)) return std::string(otherwise);
  if (!raw(key).is_string())
    refuse(ErrorKind::Malformed, fmt::format("config.json: \"{}\" is {}, not a string", key, raw(key).dump()));
  return raw(key).get<std::string>();
}

Activation ConfigReader::activation(std::string_view key, std::string_view otherwise) const {
  const std::string name = word(key, otherwise);
  if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast") return Activation::GeluNew;
  if (name == "gelu" || name == "gelu_python") return Activation::Gelu;
  if (name == "silu" || name == "swish") return Activation::Silu;
  if (name == "relu") return Activation::Relu;
  if (name == "quick_gelu") return Activation::QuickGelu;
  refuseKey(key, fmt::format("activation \"{}\" is not known", name));
}

namespace {

/// Numbers of the rope_scaling object.
struct ScalingReader {
  const ConfigReader& config;
  std::string_view key;
  const json& object;

  bool has(const char* name) const { return object.contains(name) && !object[name].is_null(); }
  double number(const char* name) const {
    if (!has(name)) config.refuseKey(key, fmt::format("\"{}\" is missing", name));
    return number(name, 0);
  }
  double number(const char* name, double otherwise) const {
    if (!has(name)) return otherwise;
    if (!isPositive(object[name]))
      config.refuseKey(key, fmt::format("\"{}\" is {}, not a positive number", name, object[name].dump()));
    return object[name].get<double>();
  }
};

double yarnMagnitude(double scale, double m) {
  return scale <= 1 ? 1.0 : 0.1 * m * std::log(scale) + 1.0;
}

void readYarn(Rope& rope, const ScalingReader& scaling, double context) {
  rope.scaling = Rope::Scaling::Yarn;
  rope.originalContext = scaling.number("original_max_position_embeddings", context);
  rope.factor = scaling.number("factor", context / rope.originalContext);
  rope.betaFast = scaling.number("beta_fast", 32);
  rope.betaSlow = scaling.number("beta_slow", 1);
  if (scaling.has("truncate")) rope.truncate = scaling.object["truncate"] == true;
  const double ratio = scaling.has("mscale") && scaling.has("mscale_all_dim")
                           ? yarnMagnitude(rope.factor, scaling.number("mscale")) /
                                 yarnMagnitude(rope.factor, scaling.number("mscale_all_dim"))
                           : yarnMagnitude(rope.factor, 1);
  rope.attentionFactor = scaling.number("attention_factor", ratio);
  if (rope.theta <= 1) scaling.config.refuseKey(scaling.key, "yarn needs a rope_theta above 1");
  if (rope.betaFast < rope.betaSlow) scaling.config.refuseKey(scaling.key, "beta_fast is below beta_slow");
}

void readLlama3(Rope& rope, const ScalingReader& scaling) {
  rope.scaling = Rope::Scaling::Llama3;
  rope.factor = scaling.number("factor");
  rope.originalContext = scaling.number("original_max_position_embeddings");
  rope.lowFrequencyFactor = scaling.number("low_freq_factor");
  rope.highFrequencyFactor = scaling.number("high_freq_factor");
  if (rope.highFrequencyFactor <= rope.lowFrequencyFactor)
    scaling.config.refuseKey(scaling.key, "high_freq_factor is not above low_freq_factor");
}

} // namespace

Rope ConfigReader::rope(std::int64_t dims, std::int64_t context, std::string_view thetaKey) const {
  if (dims <= 0 || dims % 2 != 0)
    refuse(ErrorKind::Malformed, fmt::format("config.json: {} rotary dimensions, not an even number", dims));
  Rope rope;
  rope.dims = dims;
  rope.theta = positive(thetaKey, 10000);
  const std::string_view key = has("rope_parameters") ? "rope_parameters" : "rope_scaling";
  if (!has(key)) return rope;
  if (!raw(key).is_object()) refuseKey(key, "not an object");
  const ScalingReader scaling{*this, key, raw(key)};
  rope.theta = scaling.number("rope_theta", rope.theta);
  std::string type;
  for (const char* name : {"rope_type", "type"}) {
    if (!scaling.has(name)) continue;
    if (!scaling.object[name].is_string()) refuseKey(key, "its type is no string");
    const auto own = scaling.object[name].get<std::string>();
    if (!type.empty() && type != own) refuseKey(key, fmt::format("it is both \"{}\" and \"{}\"", type, own));
    type = own;
  }
  if (type.empty()) {
    if (scaling.has("factor")) refuseKey(key, "it has a factor, but no type");
    type = "default";
  }
  if (type == "default") return rope;
  if (type == "linear") {
    rope.scaling = Rope::Scaling::Linear;
    rope.factor = scaling.number("factor");
  } else if (type == "dynamic") {
    rope.scaling = Rope::Scaling::Dynamic;
    rope.factor = scaling.number("factor");
    rope.originalContext = scaling.number("original_max_position_embeddings", static_cast<double>(context));
    if (dims <= 2) refuseKey(key, "dynamic scaling needs more than two rotary dimensions");
  } else if (type == "llama3") {
    readLlama3(rope, scaling);
  } else if (type == "yarn") {
    readYarn(rope, scaling, static_cast<double>(context));
  } else {
    refuseKey(key, fmt::format("rotary scaling \"{}\" is not supported", type));
  }
  return rope;
}

double ConfigReader::rotaryShare(std::initializer_list<std::string_view> keys, double otherwise) const {
  for (const std::string_view key : keys)
    if (has(key)) {
      const double share = positive(key, otherwise);
      if (share > 1) refuseKey(key, "more than the whole head");
      return share;
    }
  const json& parameters = raw("rope_parameters");
  if (!parameters.is_object()) return otherwise;
  const double share = ScalingReader{*this, "rope_parameters", parameters}.number("partial_rotary_factor", otherwise);
  if (share > 1) refuseKey("rope_parameters", "\"partial_rotary_factor\" is more than the whole head");
  return share;
}

void ConfigReader::readTokens(Architecture& architecture) const {
  const auto token = [&](const json& id) -> std::optional<int> {
    if (!id.is_number_integer() || id.get<std::int64_t>() < 0 || id.get<std::int64_t>() >= architecture.vocabulary)
      return std::nullopt;
    return id.get<int>();
  };
  architecture.bosToken = token(raw("bos_token_id"));
  const json& eos = raw("eos_token_id");
  for (const json& id : eos.is_array() ? eos : json::array({eos}))
    if (const auto one = token(id)) architecture.eosTokens.push_back(*one);
}

std::string ConfigReader::prefixOf(std::initializer_list<std::string_view> prefixes, std::string_view name) const {
  for (const std::string_view prefix : prefixes) {
    const std::string full = std::string(prefix) + std::string(name);
    if (m_checkpoint.findTensor(full) || m_checkpoint.findLayer(full)) return std::string(prefix);
  }
  refuse(ErrorKind::NotFound, fmt::format("tensor {}{} is missing", *prefixes.begin(), name));
}

LinearNames ConfigReader::linear(const std::string& stem, bool bias) const {
  const std::string name = stem + ".bias";
  const bool stored = m_checkpoint.findTensor(name) != nullptr;
  if (bias && !stored) refuse(ErrorKind::NotFound, fmt::format("tensor {} is missing", name));
  if (!bias && stored)
    refuse(ErrorKind::Malformed,
           fmt::format("tensor {} is there, but config.json says that there is no such bias", name));
  return {stem + ".weight", bias ? name : std::string()};
}

std::string headName(const ConfigReader& config, const std::string& own, const std::string& embedding,
                     bool tiedByDefault) {
  const Checkpoint& checkpoint = config.checkpoint();
  const bool tied = config.flag("tie_word_embeddings", tiedByDefault);
  const bool stored = checkpoint.findLayer(own).has_value();
  if (!tied) {
    if (!stored)
      config.refuse(ErrorKind::NotFound,
                    fmt::format("tensor {} is missing, and config.json does not tie it to the embedding", own));
    return own;
  }
  if (!stored) return embedding;
  const auto head = checkpoint.findLayer(own), words = checkpoint.findLayer(embedding);
  if (words && checkpoint.contentHash(*head) != checkpoint.contentHash(*words))
    config.refuse(ErrorKind::Malformed,
                  fmt::format("config.json ties {} to {}, but both are stored and differ", own, embedding));
  return own;
}

} // namespace rankscope
