// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluate/comparison.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/evaluate/comparison_sums.h"
#include "core/evaluate/numbers.h"

namespace rankscope {

std::vector<std::span<const Window>> batchesOf(std::span<const Window> windows, std::int64_t batchTokens) {
  std::vector<std::span<const Window>> batches;
  std::size_t first = 0;
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const auto count = static_cast<std::int64_t>(windows[i].tokens.size());
    if (i > first && tokens + count > batchTokens) {
      batches.push_back(windows.subspan(first, i - first));
      first = i;
      tokens = 0;
    }
    tokens += count;
  }
  if (first < windows.size()) batches.push_back(windows.subspan(first));
  return batches;
}

Batch batchOf(std::span<const Window> windows) {
  Batch batch;
  for (const Window& window : windows) {
    batch.tokens.insert(batch.tokens.end(), window.tokens.begin(), window.tokens.end());
    batch.lengths.push_back(static_cast<std::int64_t>(window.tokens.size()));
  }
  return batch;
}

void checkComparable(const Model& original, const Model& compressed) {
  const Architecture &a = original.architecture(), &b = compressed.architecture();
  if (a.vocabulary != b.vocabulary || a.hidden != b.hidden || a.blocks.size() != b.blocks.size())
    throw Error(ErrorKind::BadRequest,
                fmt::format("{} and {} cannot be compared: {} and {} tokens, {} and {} dimensions, {} and {} blocks",
                            original.checkpoint().path().string(), compressed.checkpoint().path().string(),
                            a.vocabulary, b.vocabulary, a.hidden, b.hidden, a.blocks.size(), b.blocks.size()));
}

Comparison compare(const Model& original, const Model& compressed, std::span<const Window> windows,
                   const CompareOptions& options, const Progress& progress,
                   const std::function<void(const Comparison&)>& partial) {
  checkComparable(original, compressed);
  ComparisonSums sums(options.blocks ? static_cast<std::size_t>(original.blockCount()) : 0);
  std::size_t done = 0;
  for (const std::span<const Window> part : batchesOf(windows, options.batchTokens)) {
    const Batch batch = batchOf(part);
    RowMatrixF a = original.embed(batch), b = compressed.embed(batch);
    for (int block = 0; block < original.blockCount(); ++block) {
      original.runBlocks(a, batch, block, block + 1, {}, progress);
      compressed.runBlocks(b, batch, block, block + 1, {}, progress);
      if (options.blocks) sums.block(static_cast<std::size_t>(block)).addRows(a, b);
    }
    sums.add(part, {original, original.finalNorm(a)}, {compressed, compressed.finalNorm(b)}, progress);
    done += part.size();
    progress.report(static_cast<double>(done) / static_cast<double>(windows.size()));
    if (partial) partial(sums.result());
  }
  return sums.result();
}

Perplexity perplexity(const Model& model, std::span<const Window> windows, const Progress& progress) {
  ComparisonSums sums(0);
  for (const std::span<const Window> part : batchesOf(windows, CompareOptions{}.batchTokens)) {
    const RowMatrixF hidden = model.forward(batchOf(part), {}, progress);
    const Side side{model, hidden};
    sums.add(part, side, side, progress);
  }
  return sums.result().original;
}

nlohmann::json toJson(const Comparison& c) {
  nlohmann::json json{{"tokens", c.tokens},
                      {"positions", c.positions},
                      {"windows", c.windows},
                      {"records", c.records},
                      {"perplexity_original", number(c.original.value)},
                      {"perplexity_original_se", number(c.original.standardError)},
                      {"perplexity_compressed", number(c.compressed.value)},
                      {"perplexity_compressed_se", number(c.compressed.standardError)},
                      {"nats_original", number(c.original.nats)},
                      {"nats_compressed", number(c.compressed.nats)},
                      {"kl_mean", number(c.kl.mean)},
                      {"kl_median", number(c.kl.median)},
                      {"kl_p90", number(c.kl.p90)},
                      {"kl_p99", number(c.kl.p99)},
                      {"kl_max", number(c.kl.max)},
                      {"top1_agreement", number(c.top1Agreement)},
                      {"top5_agreement", number(c.top5Agreement)},
                      {"logit_cosine", number(c.logits.cosine)},
                      {"logit_relative_error", number(c.logits.relativeError)},
                      {"logit_cosine_centered", number(c.centeredLogits.cosine)},
                      {"logit_relative_error_centered", number(c.centeredLogits.relativeError)},
                      {"hidden_cosine", number(c.hidden.cosine)},
                      {"hidden_relative_error", number(c.hidden.relativeError)}};
  json["blocks"] = nlohmann::json::array();
  for (std::size_t i = 0; i < c.blocks.size(); ++i)
    json["blocks"].push_back(
        {{"block", i}, {"cosine", number(c.blocks[i].cosine)}, {"relative_error", number(c.blocks[i].relativeError)}});
  json["kl_histogram"] = nlohmann::json::array();
  for (const Bin& bin : c.klHistogram)
    json["kl_histogram"].push_back({{"from", bin.from}, {"to", bin.to}, {"count", bin.count}});
  return json;
}

} // namespace rankscope
