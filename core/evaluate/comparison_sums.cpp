// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluate/comparison_sums.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "core/model/kernels.h"
#include "core/model/parallel.h"

namespace rankscope {

namespace {

/// Indices of the five largest, in any order; the smaller index wins a tie.
std::array<int, 5> topFive(const float* x, std::int64_t count, int& best) {
  std::array<int, 5> top{-1, -1, -1, -1, -1};
  std::array<float, 5> values;
  values.fill(-INFINITY);
  for (std::int64_t i = 0; i < count; ++i) {
    if (!(x[i] > values[4])) continue;
    std::size_t at = 4;
    for (; at > 0 && x[i] > values[at - 1]; --at) {
      values[at] = values[at - 1];
      top[at] = top[at - 1];
    }
    values[at] = x[i];
    top[at] = static_cast<int>(i);
  }
  best = top[0];
  return top;
}

int common(const std::array<int, 5>& a, const std::array<int, 5>& b) {
  int count = 0;
  for (const int id : a)
    if (id >= 0 && std::find(b.begin(), b.end(), id) != b.end()) ++count;
  return count;
}

/// All that one row of logits gives.
struct RowScore {
  PositionScore position;
  LogitSums sums;
  bool top1 = false;
  int top5 = 0;
};

RowScore scoreRow(const float* a, const float* b, std::int64_t vocabulary, int next) {
  RowScore row;
  LogitSums& s = row.sums;
  kernels().compareLogits(a, b, vocabulary, &s);
  const double logA = s.largestA + std::log(s.expA), logB = s.largestB + std::log(s.expB);
  row.position.natsOriginal = static_cast<float>(logA - static_cast<double>(a[next]));
  row.position.natsCompressed = static_cast<float>(logB - static_cast<double>(b[next]));
  // Σ p (log p − log q) with log p = a − logA and log q = b − logB; rounding may take it just below zero.
  row.position.kl = static_cast<float>(std::max(0.0, logB - logA + s.expDifference / s.expA));
  int bestA = 0, bestB = 0;
  row.top5 = common(topFive(a, vocabulary, bestA), topFive(b, vocabulary, bestB));
  row.top1 = bestA == bestB;
  return row;
}

double quantile(const std::vector<float>& sorted, double q) {
  if (sorted.empty()) return 0;
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  const double share = at - static_cast<double>(low);
  return static_cast<double>(sorted[low]) * (1 - share) + static_cast<double>(sorted[high]) * share;
}

/// Ratio estimator over clusters: tokens of one record are not independent of each other.
Perplexity perplexityOf(const std::vector<PositionScore>& positions, float PositionScore::*nats) {
  Perplexity result;
  if (positions.empty()) return result;
  std::map<int, std::pair<double, double>> byRecord, byWindow;
  double sum = 0;
  for (const PositionScore& p : positions) {
    const auto value = static_cast<double>(p.*nats);
    sum += value;
    for (auto* cluster : {&byRecord[p.record], &byWindow[p.window]}) {
      cluster->first += value;
      cluster->second += 1;
    }
  }
  const double count = static_cast<double>(positions.size());
  result.nats = sum / count;
  const auto& clusters = byRecord.size() > 1 ? byRecord : byWindow;
  if (const double c = static_cast<double>(clusters.size()); c > 1) {
    double squares = 0;
    for (const auto& [id, cluster] : clusters) {
      const double residual = cluster.first - result.nats * cluster.second;
      squares += residual * residual;
    }
    result.natsStandardError = std::sqrt(c / (c - 1) * squares) / count;
  }
  result.value = std::exp(result.nats);
  result.standardError = result.value * result.natsStandardError;
  return result;
}

std::vector<Bin> histogram(const std::vector<float>& sorted) {
  std::vector<Bin> bins;
  for (int half = -12; half < 4; ++half)
    bins.push_back({std::pow(10.0, half / 2.0), std::pow(10.0, (half + 1) / 2.0), 0});
  for (const float value : sorted) {
    const double place = value > 0 ? std::floor(2 * std::log10(static_cast<double>(value))) + 12 : 0;
    ++bins[static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(bins.size() - 1)))].count;
  }
  return bins;
}

} // namespace

void NearnessSums::add(double aa, double bb, double ab, double difference) {
  const double product = std::sqrt(aa * bb);
  cosines += product > 0 ? std::clamp(ab / product, -1.0, 1.0) : (aa == bb ? 1.0 : 0.0);
  differences += difference;
  squares += aa;
  ++count;
}

void NearnessSums::addRows(const RowMatrixF& a, const RowMatrixF& b) {
  for (Eigen::Index i = 0; i < a.rows(); ++i) {
    const Eigen::RowVectorXd x = a.row(i).cast<double>(), y = b.row(i).cast<double>();
    add(x.squaredNorm(), y.squaredNorm(), x.dot(y), (x - y).squaredNorm());
  }
}

Nearness NearnessSums::result() const {
  if (count == 0) return {};
  return {cosines / static_cast<double>(count), squares > 0 ? std::sqrt(differences / squares) : 0.0};
}

void ComparisonSums::addRows(const Rows& logitsA, const Rows& logitsB, std::span<const Scored> scored) {
  std::vector<RowScore> rows(scored.size());
  parallelFor(static_cast<std::int64_t>(scored.size()), 1, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t i = from; i < to; ++i)
      rows[static_cast<std::size_t>(i)] = scoreRow(logitsA.row(i).data(), logitsB.row(i).data(), logitsA.cols(),
                                                   scored[static_cast<std::size_t>(i)].next);
  });
  for (std::size_t i = 0; i < rows.size(); ++i) {
    RowScore& row = rows[i];
    row.position.record = scored[i].record;
    row.position.window = scored[i].window;
    m_positions.push_back(row.position);
    const LogitSums& s = row.sums;
    const double n = static_cast<double>(logitsA.cols()), shift = s.meanA - s.meanB;
    m_centered.add(s.aa, s.bb, s.ab, s.difference);
    m_logits.add(s.aa + n * s.meanA * s.meanA, s.bb + n * s.meanB * s.meanB, s.ab + n * s.meanA * s.meanB,
                 s.difference + n * shift * shift);
    m_top1 += row.top1;
    m_top5 += row.top5;
  }
}

RowMatrixF scoredLogits(const Model& model, std::span<const Window> windows, const RowMatrixF& hidden) {
  RowMatrixF scored(hidden.rows() - static_cast<Eigen::Index>(windows.size()), hidden.cols());
  Eigen::Index from = 0, to = 0;
  for (const Window& window : windows) {
    const auto count = static_cast<Eigen::Index>(window.tokens.size());
    scored.middleRows(to, count - 1) = hidden.middleRows(from, count - 1);
    from += count;
    to += count - 1;
  }
  return model.logits(scored);
}

void ComparisonSums::add(std::span<const Window> windows, const Side& a, const Side& b, const Progress& progress) {
  std::vector<Scored> scored;
  std::int64_t row = 0;
  for (const Window& window : windows) {
    for (std::size_t t = 1; t < window.tokens.size(); ++t)
      scored.push_back({row + static_cast<std::int64_t>(t) - 1, window.tokens[t], window.records[t], m_windows});
    row += static_cast<std::int64_t>(window.tokens.size());
    m_tokens += static_cast<std::int64_t>(window.tokens.size());
    ++m_windows;
  }
  const auto together = static_cast<std::size_t>(a.model.logitRows());
  for (std::size_t first = 0; first < scored.size(); first += together) {
    progress.check();
    const auto slice = std::span(scored).subspan(first, std::min(together, scored.size() - first));
    const auto rows = static_cast<Eigen::Index>(slice.size());
    RowMatrixF rowsA(rows, a.hidden.cols()), rowsB(rows, b.hidden.cols());
    for (std::size_t i = 0; i < slice.size(); ++i) {
      rowsA.row(static_cast<Eigen::Index>(i)) = a.hidden.row(slice[i].row);
      rowsB.row(static_cast<Eigen::Index>(i)) = b.hidden.row(slice[i].row);
    }
    m_hidden.addRows(rowsA, rowsB);
    RowMatrixF ownA, ownB; // where they are not known
    const auto logitsOf = [&](const Side& side, const RowMatrixF& hidden, RowMatrixF& own) -> Rows {
      if (side.logits) return side.logits->middleRows(static_cast<Eigen::Index>(first), rows);
      own = side.model.logits(hidden);
      return own;
    };
    const Rows logitsA = logitsOf(a, rowsA, ownA);
    if (&a == &b)
      addRows(logitsA, logitsA, slice);
    else
      addRows(logitsA, logitsOf(b, rowsB, ownB), slice);
  }
}

Comparison ComparisonSums::result() const {
  Comparison c;
  c.tokens = m_tokens;
  c.windows = m_windows;
  c.positions = static_cast<std::int64_t>(m_positions.size());
  std::set<int> records;
  std::vector<float> kl;
  double klSum = 0;
  for (const PositionScore& p : m_positions) {
    records.insert(p.record);
    kl.push_back(p.kl);
    klSum += static_cast<double>(p.kl);
  }
  c.records = static_cast<int>(records.size());
  c.original = perplexityOf(m_positions, &PositionScore::natsOriginal);
  c.compressed = perplexityOf(m_positions, &PositionScore::natsCompressed);
  std::sort(kl.begin(), kl.end());
  const double count = std::max<double>(1, static_cast<double>(kl.size()));
  c.kl = {klSum / count, quantile(kl, 0.5), quantile(kl, 0.9), quantile(kl, 0.99),
          kl.empty() ? 0.0 : static_cast<double>(kl.back())};
  c.klHistogram = histogram(kl);
  if (!kl.empty()) {
    c.top1Agreement = static_cast<double>(m_top1) / count;
    c.top5Agreement = static_cast<double>(m_top5) / (5 * count);
  }
  c.logits = m_logits.result();
  c.centeredLogits = m_centered.result();
  c.hidden = m_hidden.result();
  for (const NearnessSums& block : m_blocks) c.blocks.push_back(block.result());
  return c;
}

} // namespace rankscope
