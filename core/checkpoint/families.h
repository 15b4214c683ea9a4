// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/checkpoint/layer.h"

namespace rankscope {

/// What one weight of a family is. `name` is without the family's prefix, and within a block without the block's.
struct KnownWeight {
  std::string_view name;
  Role role;
  Orientation orientation = Orientation::OutIn;
};

/// A model family as Hugging Face transformers names its tensors (modeling_<type>.py): one table entry each.
struct Family {
  std::string_view name;                        ///< what Checkpoint::architecture() says
  std::span<const std::string_view> modelTypes; ///< of config.json
  std::string_view className; ///< of its classes in config.json's `architectures`: <name>For…, <name>Model
  std::span<const std::string_view> prefixes; ///< before block and outer names; none is fine, too
  std::string_view blockPrefix;               ///< before a block's number
  std::span<const KnownWeight> blockWeights;  ///< in the order of the forward pass
  std::span<const KnownWeight> outerWeights;
  std::string_view signature; ///< a tensor of a block that tells the family without config.json
  std::string_view embedding; ///< outer name of the tensor that a tied head shares
  std::string_view head;      ///< full name of the tied head
  bool tiedByDefault;         ///< when config.json does not say
};

std::span<const Family> families();

/// The number of the block that tensor `name` belongs to, and its name within the block.
struct BlockName {
  int block = 0;
  std::string_view rest;
};
std::optional<BlockName> splitBlock(const Family& family, std::string_view name);

/// A tensor's place in its family.
struct Placement {
  const KnownWeight* weight = nullptr;
  std::optional<int> block;
};

/// Where tensor `name` belongs; empty when the family's table does not list it.
std::optional<Placement> place(const Family& family, std::string_view name);

/// True for tensors that are saved with a model but are no weights: attention masks, rotary frequencies, position ids.
bool isBuffer(std::string_view name);

/// A role by the words in the name, for families that no table describes.
Role guessRole(std::string_view name);
/// The first number that is a component of the name.
std::optional<int> guessBlock(std::string_view name);

} // namespace rankscope
