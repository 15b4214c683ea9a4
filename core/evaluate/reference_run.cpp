// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluate/reference_run.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/evaluate/comparison.h"
#include "core/model/kernels.h"
#include "core/model/parallel.h"

namespace rankscope {

namespace {

constexpr std::int64_t kBatchTokens = 512;
constexpr std::int64_t kRowsTogether = 8;

/// KL(a ‖ b) of two rows of logits, and the negative log-likelihood of `next` under b.
std::pair<double, double> scoreOf(const float* a, const float* b, std::int64_t vocabulary, int next) {
  LogitSums s;
  kernels().compareLogits(a, b, vocabulary, &s);
  const double logA = s.largestA + std::log(s.expA), logB = s.largestB + std::log(s.expB);
  // Σ p (log p − log q) with log p = a − logA and log q = b − logB; rounding may take it just below zero.
  return {std::max(0.0, logB - logA + s.expDifference / s.expA), logB - static_cast<double>(b[next])};
}

double standardError(const std::vector<double>& sums, const std::vector<std::int64_t>& counts, double mean) {
  double squares = 0, total = 0, clusters = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (counts[i] == 0) continue;
    squares += std::pow(sums[i] - mean * static_cast<double>(counts[i]), 2);
    total += static_cast<double>(counts[i]);
    ++clusters;
  }
  return clusters > 1 ? std::sqrt(clusters / (clusters - 1) * squares) / total : 0;
}

} // namespace

std::uint64_t ReferenceRun::bytesFor(const Model& model, std::int64_t tokens) {
  const Architecture& a = model.architecture();
  return static_cast<std::uint64_t>(tokens * (model.blockCount() * a.hidden + a.vocabulary)) * sizeof(float);
}

ReferenceRun::ReferenceRun(const Model& original, std::span<const Window> windows, const Progress& progress)
    : m_original(original), m_windows(windows.begin(), windows.end()) {
  assert(!windows.empty());
  std::size_t firstWindow = 0;
  for (const std::span<const Window> some : batchesOf(m_windows, kBatchTokens)) {
    Part part;
    part.batch = batchOf(some);
    std::int64_t row = 0;
    for (std::size_t w = 0; w < some.size(); ++w) {
      const std::vector<int>& tokens = some[w].tokens;
      for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
        part.rows.push_back(row + static_cast<std::int64_t>(i));
        part.next.push_back(tokens[i + 1]);
        part.window.push_back(firstWindow + w);
      }
      row += static_cast<std::int64_t>(tokens.size());
    }
    RowMatrixF hidden = original.embed(part.batch);
    for (int block = 0; block < original.blockCount(); ++block) {
      part.states.push_back(hidden);
      original.runBlocks(hidden, part.batch, block, block + 1, {}, progress);
    }
    part.logits = original.logits(scoredRows(original, part, hidden));
    m_tokens += row;
    m_positions += static_cast<std::int64_t>(part.rows.size());
    firstWindow += some.size();
    m_parts.push_back(std::move(part));
    progress.report(static_cast<double>(firstWindow) / static_cast<double>(m_windows.size()));
  }
  m_nats = measure({}, progress.silent()).nats;
}

RowMatrixF ReferenceRun::scoredRows(const Model& model, const Part& part, const RowMatrixF& hidden) {
  const RowMatrixF normalised = model.finalNorm(hidden);
  RowMatrixF scored(static_cast<Eigen::Index>(part.rows.size()), normalised.cols());
  for (std::size_t i = 0; i < part.rows.size(); ++i)
    scored.row(static_cast<Eigen::Index>(i)) = normalised.row(part.rows[i]);
  return scored;
}

Effect ReferenceRun::measure(const Substitutes& changed, const Progress& progress) const {
  const Model model = m_original.with(changed);
  int first = model.blockCount();
  for (const auto& [layer, linear] : changed) first = std::min(first, std::max(0, model.blockOf(layer)));
  std::vector<double> klOfWindow(m_windows.size(), 0);
  std::vector<std::int64_t> countOfWindow(m_windows.size(), 0);
  double kl = 0, nats = 0;
  for (const Part& part : m_parts) {
    const bool same = first >= model.blockCount();
    RowMatrixF scored;
    if (!same) {
      RowMatrixF hidden = part.states[static_cast<std::size_t>(first)];
      model.runBlocks(hidden, part.batch, first, model.blockCount(), {}, progress);
      scored = scoredRows(model, part, hidden);
    }
    std::vector<std::pair<double, double>> scores(part.rows.size());
    const auto all = static_cast<std::int64_t>(scores.size());
    for (std::int64_t begin = 0; begin < all; begin += model.logitRows()) {
      const std::int64_t count = std::min(model.logitRows(), all - begin);
      RowMatrixF logits; // a few rows at a time stay in the cache, and their memory is used again
      if (!same) logits = model.logits(scored.middleRows(begin, count));
      parallelFor(count, kRowsTogether, [&](std::int64_t from, std::int64_t to) {
        for (std::int64_t i = from; i < to; ++i) {
          const float* a = part.logits.row(begin + i).data();
          const float* b = same ? a : logits.row(i).data();
          const auto at = static_cast<std::size_t>(begin + i);
          scores[at] = scoreOf(a, b, part.logits.cols(), part.next[at]);
        }
      });
    }
    for (std::size_t i = 0; i < scores.size(); ++i) {
      kl += scores[i].first;
      nats += scores[i].second;
      klOfWindow[part.window[i]] += scores[i].first;
      ++countOfWindow[part.window[i]];
    }
  }
  const double count = static_cast<double>(std::max<std::int64_t>(m_positions, 1));
  return {kl / count, standardError(klOfWindow, countOfWindow, kl / count), nats / count};
}

} // namespace rankscope
