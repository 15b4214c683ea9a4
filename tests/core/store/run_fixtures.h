// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
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
  if (choice.isDense()) return result;
  if (choice.rank) result.stored.factors = randomFactors(layer.rows, *choice.rank, layer.cols, choice, seed);
  if (choice.base) result.stored.base = storeMatrix(gaussian(layer.rows, layer.cols, seed + 2), *choice.base);
  if (choice.biasShift)
    for (std::int64_t i = 0; i < layer.outputs(); ++i)
      result.stored.biasShift.push_back(0.25f * static_cast<float>((i + seed) % 7));
  result.outputs = {.cosine = 1.0 / (2.0 + seed), .relativeError = 1.0 / (3.0 + seed)};
  result.quality = {.cosine = 1.0 / (1.0 + seed), .relativeError = std::sqrt(1 - 1.0 / (1.0 + seed) / (1.0 + seed))};
  if (!choice.base) result.predictedCosine = 0.1 + 1.0 / 3.0;
  result.bytesAfter = result.stored.bytes();
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

inline bool sameStored(const StoredLayer& a, const StoredLayer& b) {
  if (a.base.has_value() != b.base.has_value() || (a.base && !sameBytes(*a.base, *b.base))) return false;
  return sameFactors(a.factors, b.factors) && a.biasShift == b.biasShift;
}

/// Bases alone and with factors of rank `rank`, with F16 and F32 scales, along either axis, with a bias shift and
/// without.
inline std::vector<LayerChoice> baseChoices(std::int64_t rank) {
  std::vector<LayerChoice> choices;
  int i = 0;
  for (const Storage storage : {Storage::Int8, Storage::Int4, Storage::Int3})
    for (const int group : {0, 32})
      for (const ScaleAxis axis : {ScaleAxis::PerRow, ScaleAxis::PerColumn}) {
        LayerChoice choice;
        choice.base = StorageFormat{storage, axis, group, ++i % 2 ? Storage::F16 : Storage::F32};
        choice.method = i % 3 ? "" : "aware 0123";
        choice.biasShift = i % 4 == 0;
        choices.push_back(choice);
        choice.rank = rank;
        choice.formatA = choice.formatB = {i % 5 ? Storage::F16 : Storage::Int3};
        choices.push_back(choice);
      }
  return choices;
}

/// Every way in which factors of rank `rank` can be stored.
inline std::vector<LayerChoice> allChoices(std::int64_t rank) {
  std::vector<LayerChoice> choices;
  for (const Storage storage : {Storage::F32, Storage::F16, Storage::BF16})
    choices.push_back({rank, {storage}, {storage}});
  for (const Storage storage : {Storage::Int8, Storage::Int4, Storage::Int3})
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

/// A small model and a folder for its run files.
class RunFixture {
 protected:
  const LayerInfo& layer(std::size_t i) const { return m_model->layers()[i]; }
  std::filesystem::path fresh(const char* name) const { return m_folder / name; }
  std::unique_ptr<RunFile> open(const std::filesystem::path& path) const { return RunFile::open(path, *m_model); }

  TemporaryFolder m_folder;
  std::shared_ptr<const Checkpoint> m_model = openCheckpoint(writeSmallModel(m_folder / "model", SmallFamily::GptNeo));
};

} // namespace rankscope::test
