// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/checkpoint/checkpoint.h"
#include "core/model/architecture.h"
#include "core/model/rope.h"

namespace rankscope {

/// config.json of one checkpoint, read key by key. Every failure is an Error that names file and key and says that the
/// model can still be analysed and compressed.
class ConfigReader final {
 public:
  explicit ConfigReader(const Checkpoint& checkpoint);

  bool has(std::string_view key) const; ///< present and not null
  bool hasKey(std::string_view key) const { return m_json.contains(key); }
  std::int64_t count(std::string_view key) const; ///< a positive integer
  std::int64_t count(std::string_view key, std::int64_t otherwise) const;
  std::int64_t blocks(std::string_view key) const; ///< a count of blocks, of which each has tensors of its own
  double positive(std::string_view key, double otherwise) const; ///< finite, too
  bool flag(std::string_view key, bool otherwise) const;
  std::string word(std::string_view key, std::string_view otherwise) const;
  const nlohmann::json& raw(std::string_view key) const;

  Activation activation(std::string_view key, std::string_view otherwise) const;
  /// A share of each head in (0, 1] that is rotary: the first of the keys, in rope_parameters too.
  double rotaryShare(std::initializer_list<std::string_view> keys, double otherwise) const;
  /// rope_scaling or rope_parameters, rope_theta; `dims` rotated dimensions.
  Rope rope(std::int64_t dims, std::int64_t context, std::string_view thetaKey) const;
  void readTokens(Architecture& architecture) const;

  /// "<path>: <problem>. It cannot be run, but …" as an Error.
  [[noreturn]] void refuse(ErrorKind kind, const std::string& problem) const;
  [[noreturn]] void refuseKey(std::string_view key, const std::string& problem) const;

  const Checkpoint& checkpoint() const { return m_checkpoint; }

  /// The first of the prefixes under which a tensor called `name` is stored.
  std::string prefixOf(std::initializer_list<std::string_view> prefixes, std::string_view name) const;
  /// Names of a linear with or without a bias, as the config says; refuses a checkpoint that says otherwise.
  LinearNames linear(const std::string& stem, bool bias) const;

 private:
  const Checkpoint& m_checkpoint;
  nlohmann::json m_json;
};

/// The head's tensor name: `own` where it is stored, else the embedding's when the model ties them.
std::string headName(const ConfigReader& config, const std::string& own, const std::string& embedding,
                     bool tiedByDefault);

// One per family, in families/.
Architecture describeGptNeo(const ConfigReader& config);
Architecture describeGpt2(const ConfigReader& config);
Architecture describeGptNeoX(const ConfigReader& config);
Architecture describeLlama(const ConfigReader& config);
Architecture describeMistral(const ConfigReader& config);
Architecture describeQwen2(const ConfigReader& config);

} // namespace rankscope
