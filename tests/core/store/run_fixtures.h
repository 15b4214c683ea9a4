// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/store/run_file.h"
#include "tests/support/small_models.h"
#include "tests/support/temporary.h"
#include "tests/support/test_matrices.h"

namespace rankscope::test {

/// A factor pair with values that depend on the seed only.
inline FactorPair randomFactors(std::int64_t rows, std::int64_t rank, std::int64_t cols, const LayerChoice& choice,
                                unsigned seed) {
  return {storeMatrix(gaussian(rows, rank, seed), choice.formatA),
          storeMatrix(gaussian(rank, cols, seed + 1), choice.formatB)};
}

inline AnalysedLayer analysed(const LayerInfo& layer, unsigned seed, const std::string& hash = "0011") {
  std::mt19937 random(seed);
  std::vector<double> sigma(static_cast<std::size_t>(layer.smallSide()));
  double value = 3.0;
  for (double& s : sigma) s = value *= std::uniform_real_distribution(0.8, 1.0)(random);
  AnalysedLayer result;
  result.layer = layer.id;
  result.contentHash = hash;
  result.spectrum.emplace(layer.rows, layer.cols, sigma);
  return result;
}

inline CompressedLayer compressed(const LayerInfo& layer, const LayerChoice& choice, unsigned seed,
                                  const std::string& hash = "0011") {
  CompressedLayer result;
  result.layer = layer.id;
  result.choice = choice;
  result.contentHash = hash;
  result.bytesBefore = layer.bytes;
  result.bytesAfter = layer.bytes;
  if (!choice.rank) return result;
  result.factors = randomFactors(layer.rows, *choice.rank, layer.cols, choice, seed);
  result.quality = {.cosine = 1.0 / (1.0 + seed), .relativeError = std::sqrt(1 - 1.0 / (1.0 + seed) / (1.0 + seed))};
  result.predictedCosine = 0.1 + 1.0 / 3.0;
  result.bytesAfter = result.factors->a.bytes() + result.factors->b.bytes();
  return result;
}

inline bool sameBytes(const StoredMatrix& a, const StoredMatrix& b) {
  return a.rows == b.rows && a.cols == b.cols && a.format == b.format && std::ranges::equal(a.codes, b.codes) &&
         std::ranges::equal(a.scales, b.scales);
}

inline bool sameFactors(const std::optional<FactorPair>& a, const std::optional<FactorPair>& b) {
  if (!a || !b) return !a && !b;
  return sameBytes(a->a, b->a) && sameBytes(a->b, b->b);
}

/// Every way in which factors of rank `rank` can be stored.
inline std::vector<LayerChoice> allChoices(std::int64_t rank) {
  std::vector<LayerChoice> choices;
  for (const Storage storage : {Storage::F32, Storage::F16, Storage::BF16})
    choices.push_back({rank, {storage}, {storage}});
  for (const Storage storage : {Storage::Int8, Storage::Int4})
    for (const int group : {0, 32})
      for (const ScaleAxis a : {ScaleAxis::PerRow, ScaleAxis::PerColumn})
        for (const ScaleAxis b : {ScaleAxis::PerRow, ScaleAxis::PerColumn})
          choices.push_back({rank, {storage, a, group}, {storage, b, group}});
  return choices;
}

/// The kind of the Error that `action` throws, or nothing.
template <class Action>
std::optional<ErrorKind> errorOf(Action action, std::string* sentence = nullptr) {
  try {
    action();
  } catch (const Error& error) {
    if (sentence) *sentence = error.what();
    return error.kind();
  }
  return std::nullopt;
}

} // namespace rankscope::test
