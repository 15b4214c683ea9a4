// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluate/study.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include <nlohmann/json.hpp>

#include "core/evaluate/comparison_sums.h"
#include "core/evaluate/numbers.h"
#include "core/evaluate/original_text.h"
#include "core/evaluate/study_words.h"

namespace rankscope {

namespace {

double errorOf(double cosine) {
  return std::sqrt(std::max(0.0, 1 - cosine * cosine));
}

/// ‖y‖², ‖ŷ‖², ⟨y, ŷ⟩ and ‖y − ŷ‖² over all tokens.
struct OutputSums {
  double yy = 0, zz = 0, yz = 0, difference = 0;

  void add(const RowMatrixF& y, const RowMatrixF& z) {
    for (Eigen::Index i = 0; i < y.rows(); ++i) {
      yy += static_cast<double>(y.row(i).squaredNorm());
      zz += static_cast<double>(z.row(i).squaredNorm());
      yz += static_cast<double>(y.row(i).dot(z.row(i)));
      difference += static_cast<double>((y.row(i) - z.row(i)).squaredNorm());
    }
  }

  Quality quality() const {
    Quality result;
    result.cosine = yy > 0 && zz > 0 ? yz / std::sqrt(yy * zz) : (yy == zz ? 1.0 : 0.0);
    result.relativeError = yy > 0 ? std::sqrt(difference / yy) : 0.0;
    return result;
  }
};

/// Rows of a linear as numbers, a few at a time.
Quality weightQuality(const Linear& original, const Linear& compressed) {
  constexpr std::int64_t kRows = 64;
  OutputSums sums;
  for (std::int64_t first = 0; first < original.rows(); first += kRows) {
    const std::int64_t count = std::min(kRows, original.rows() - first);
    RowMatrixF w(count, original.cols()), v(count, original.cols());
    for (std::int64_t i = 0; i < count; ++i) {
      original.row(first + i, w.row(i).data());
      compressed.row(first + i, v.row(i).data());
    }
    sums.add(w, v);
  }
  return sums.quality();
}

RowMatrixF outputsOf(const Linear& linear, Eigen::Ref<const RowMatrixF> x) {
  RowMatrixF y(x.rows(), linear.outputs());
  linear.apply(x.data(), x.rows(), y.data());
  return y;
}

class Study {
 public:
  Study(const Model& original, const Substitutes& substitutes, std::span<const Window> windows,
        const StudyOptions& options, const Progress& progress, const std::function<void(const StudyReport&)>& partial)
      : m_original(original), m_substitutes(substitutes), m_windows(windows), m_options(options), m_progress(progress),
        m_partial(partial) {
    for (const LayerId layer : original.blockLayers())
      if (substitutes.contains(layer)) m_layers.push_back(layer);
  }

  StudyReport run() {
    for (const Window& window : m_windows) m_report.tokens += static_cast<std::int64_t>(window.tokens.size());
    m_report.draws = m_options.draws;
    everything(m_progress.slice(0, 0.05));
    eachAlone(m_progress.slice(0.05, 0.6));
    someTogether(m_progress.slice(0.6, 1));
    m_report.sentences = studySentences(m_report);
    m_report.complete = true;
    tell();
    return m_report;
  }

 private:
  void tell() const {
    if (m_partial) m_partial(m_report);
  }

  void everything(const Progress& progress) {
    m_report.together =
        compare(m_original, m_original.with(m_substitutes), m_windows, {true, m_options.batchTokens}, progress);
    m_report.depth = m_report.together->blocks;
    tell();
  }

  /// All layers in one walk over the text: the original's states before each block are computed once a batch, and a
  /// model with one layer changed starts from there.
  void eachAlone(const Progress& progress) {
    std::vector<OutputSums> outputs(m_layers.size());
    std::vector<ComparisonSums> effects(m_layers.size(), ComparisonSums(0));
    std::vector<Model> models;
    for (const LayerId layer : m_layers) models.push_back(m_original.with({{layer, m_substitutes.at(layer)}}));
    std::size_t done = 0;
    for (const std::span<const Window> part : batchesOf(m_windows, m_options.batchTokens)) {
      const Batch batch = batchOf(part);
      std::vector<RowMatrixF> states{m_original.embed(batch)};
      ForwardHooks hooks;
      hooks.linearInput = [&](LayerId layer, Eigen::Ref<const RowMatrixF> x) {
        const auto at = std::find(m_layers.begin(), m_layers.end(), layer);
        if (at == m_layers.end()) return;
        outputs[static_cast<std::size_t>(at - m_layers.begin())].add(outputsOf(*m_original.linear(layer), x),
                                                                     outputsOf(*m_substitutes.at(layer), x));
      };
      for (int block = 0; block < m_original.blockCount(); ++block) {
        states.push_back(states.back());
        m_original.runBlocks(states.back(), batch, block, block + 1, hooks, progress);
      }
      const RowMatrixF final = m_original.finalNorm(states.back());
      const RowMatrixF logits = scoredLogits(m_original, part, final);
      for (std::size_t i = 0; i < m_layers.size(); ++i) {
        const int block = m_original.blockOf(m_layers[i]);
        RowMatrixF hidden = states[static_cast<std::size_t>(block)];
        models[i].runBlocks(hidden, batch, block, m_original.blockCount(), {}, progress);
        effects[i].add(part, {m_original, final, &logits}, {models[i], models[i].finalNorm(hidden)}, progress);
        progress.report((static_cast<double>(done) +
                         static_cast<double>(part.size() * (i + 1)) / static_cast<double>(m_layers.size())) /
                            static_cast<double>(m_windows.size()),
                        "each layer alone");
      }
      done += part.size();
      fillLayers(outputs, effects);
      tell();
    }
  }

  void fillLayers(const std::vector<OutputSums>& outputs, const std::vector<ComparisonSums>& effects) {
    const bool first = m_report.layers.empty();
    double squares = 0;
    for (std::size_t i = 0; i < m_layers.size(); ++i) {
      const LayerInfo& info = m_original.checkpoint().layer(m_layers[i]);
      const Comparison c = effects[i].result();
      if (first) {
        const Linear& compressed = *m_substitutes.at(m_layers[i]);
        m_report.layers.push_back({m_layers[i],
                                   info.name,
                                   info.role,
                                   info.block,
                                   compressed.rank(),
                                   weightQuality(*m_original.linear(m_layers[i]), compressed),
                                   {},
                                   0,
                                   1,
                                   1,
                                   0});
      }
      LayerEffect& effect = m_report.layers[i];
      effect.outputs = outputs[i].quality();
      effect.kl = c.kl.mean;
      effect.logitCosine = c.logits.cosine;
      effect.centeredCosine = c.centeredLogits.cosine;
      effect.error = errorOf(effect.centeredCosine);
      squares += effect.error * effect.error;
    }
    m_report.singleError = std::sqrt(squares / static_cast<double>(m_layers.size()));
  }

  /// 1, 2, 3, 4, 6, 8, 12, 16, … all.
  std::vector<int> counts() const {
    std::vector<int> counts;
    const int all = static_cast<int>(m_layers.size());
    for (int n = 1; n < all; n *= 2) {
      counts.push_back(n);
      if (n >= 2 && n + n / 2 < all) counts.push_back(n + n / 2);
    }
    if (all > 0) counts.push_back(all);
    return counts;
  }

  int drawsOf(int n) const {
    return n == static_cast<int>(m_layers.size()) ? 1 : n <= 4 ? 2 * m_options.draws : m_options.draws;
  }

  void someTogether(const Progress& progress) {
    const OriginalText text(m_original, m_windows, m_options.batchTokens, OriginalText::kMemory, progress.silent());
    std::mt19937_64 random(m_options.seed);
    double total = 0, done = 0;
    for (const int n : counts()) total += n == 1 ? 0 : drawsOf(n);
    for (const int n : counts()) {
      if (n == 1) { // all of them are known already
        addSingles();
        continue;
      }
      SweepPoint point{n, 0, 0};
      const int draws = drawsOf(n);
      for (int draw = 0; draw < draws; ++draw) {
        std::vector<LayerId> some = m_layers;
        std::shuffle(some.begin(), some.end(), random);
        Substitutes chosen;
        for (int i = 0; i < n; ++i)
          chosen[some[static_cast<std::size_t>(i)]] = m_substitutes.at(some[static_cast<std::size_t>(i)]);
        const Comparison c = text.compareWith(m_original.with(chosen), progress.silent());
        m_report.sweep.push_back(
            {n, draw, c.kl.mean, c.logits.cosine, c.centeredLogits.cosine, errorOf(c.centeredLogits.cosine)});
        point.error += m_report.sweep.back().error * m_report.sweep.back().error / draws;
        point.kl += c.kl.mean / draws;
        progress.report(++done / total, "layers together");
      }
      point.error = std::sqrt(point.error);
      m_report.sweepMeans.push_back(point);
      fit();
      tell();
    }
  }

  void addSingles() {
    SweepPoint mean{1, m_report.singleError, 0};
    for (const LayerEffect& layer : m_report.layers) {
      const int draw = static_cast<int>(m_report.sweep.size());
      m_report.sweep.push_back({1, draw, layer.kl, layer.logitCosine, layer.centeredCosine, layer.error});
      mean.kl += layer.kl / static_cast<double>(m_report.layers.size());
    }
    m_report.sweepMeans.push_back(mean);
  }

  void fit() {
    std::vector<double> n, error, kl;
    for (const SweepPoint& point : m_report.sweepMeans) {
      n.push_back(point.layers);
      error.push_back(point.error);
      kl.push_back(point.kl);
    }
    m_report.errorFit = fitPower(n, error, 0.6);
    m_report.klFit = fitPower(n, kl, 1.0);
  }

  const Model& m_original;
  const Substitutes& m_substitutes;
  std::span<const Window> m_windows;
  StudyOptions m_options;
  Progress m_progress;
  const std::function<void(const StudyReport&)>& m_partial;
  std::vector<LayerId> m_layers;
  StudyReport m_report;
};

/// 97.5 % quantile of Student's t: a table for the few degrees of freedom that a sweep has.
double studentT(int degrees) {
  constexpr double kQuantiles[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228};
  if (degrees < 1) return std::numeric_limits<double>::infinity();
  return degrees <= 10 ? kQuantiles[degrees - 1] : 1.96 + 2.7 / degrees;
}

} // namespace

std::optional<PowerFit> fitPower(const std::vector<double>& n, const std::vector<double>& y, double ceiling) {
  std::vector<double> u, v, allU, allV;
  for (std::size_t i = 0; i < n.size(); ++i) {
    if (!(y[i] > 0)) continue;
    allU.push_back(std::log(n[i]));
    allV.push_back(std::log(y[i]));
    if (y[i] >= ceiling) continue;
    u.push_back(allU.back());
    v.push_back(allV.back());
  }
  PowerFit fit;
  if (u.size() < 3) {
    fit.saturated = u.size() < allU.size();
    u = allU;
    v = allV;
  }
  const double count = static_cast<double>(u.size());
  if (u.size() < 2) return std::nullopt;
  const double meanU = std::accumulate(u.begin(), u.end(), 0.0) / count,
               meanV = std::accumulate(v.begin(), v.end(), 0.0) / count;
  double uu = 0, uv = 0;
  for (std::size_t i = 0; i < u.size(); ++i) {
    uu += (u[i] - meanU) * (u[i] - meanU);
    uv += (u[i] - meanU) * (v[i] - meanV);
  }
  fit.points = static_cast<int>(u.size());
  fit.exponent = uv / uu;
  fit.coefficient = std::exp(meanV - fit.exponent * meanU);
  double residuals = 0;
  for (std::size_t i = 0; i < u.size(); ++i) {
    const double residual = v[i] - meanV - fit.exponent * (u[i] - meanU);
    residuals += residual * residual;
  }
  if (u.size() > 2) fit.standardError = std::sqrt(residuals / (count - 2) / uu);
  fit.halfWidth95 = u.size() > 2 ? studentT(fit.points - 2) * fit.standardError : studentT(0);
  return fit;
}

StudyReport studyAggregation(const Model& original, const Substitutes& substitutes, std::span<const Window> windows,
                             const StudyOptions& options, const Progress& progress,
                             const std::function<void(const StudyReport&)>& partial) {
  return Study(original, substitutes, windows, options, progress, partial).run();
}

static nlohmann::json toJson(const PowerFit& fit) {
  return {{"exponent", number(fit.exponent)},
          {"standard_error", number(fit.standardError)},
          {"half_width_95", number(fit.halfWidth95)},
          {"coefficient", number(fit.coefficient)},
          {"points", fit.points},
          {"saturated", fit.saturated}};
}

static nlohmann::json toJson(const LayerEffect& layer) {
  nlohmann::json json{{"name", layer.name},
                      {"role", name(layer.role)},
                      {"weight_cosine", number(layer.weights.cosine)},
                      {"weight_relative_error", number(layer.weights.relativeError)},
                      {"output_cosine", number(layer.outputs.cosine)},
                      {"output_relative_error", number(layer.outputs.relativeError)},
                      {"kl_mean", number(layer.kl)},
                      {"logit_cosine", number(layer.logitCosine)},
                      {"logit_cosine_centered", number(layer.centeredCosine)},
                      {"error", number(layer.error)}};
  json["block"] = layer.block ? nlohmann::json(*layer.block) : nlohmann::json();
  json["rank"] = layer.rank ? nlohmann::json(*layer.rank) : nlohmann::json();
  return json;
}

nlohmann::json toJson(const StudyReport& report) {
  nlohmann::json json{{"kind", "study"},
                      {"original", report.original},
                      {"compressed", report.compressed},
                      {"text", report.text},
                      {"tokens", report.tokens},
                      {"draws", report.draws},
                      {"complete", report.complete},
                      {"single_layer_error", number(report.singleError)},
                      {"sentences", report.sentences}};
  for (const char* key : {"depth", "layers", "sweep", "sweep_means"}) json[key] = nlohmann::json::array();
  for (std::size_t i = 0; i < report.depth.size(); ++i)
    json["depth"].push_back({{"block", i},
                             {"cosine", number(report.depth[i].cosine)},
                             {"relative_error", number(report.depth[i].relativeError)}});
  for (const LayerEffect& layer : report.layers) json["layers"].push_back(toJson(layer));
  for (const SweepDraw& d : report.sweep)
    json["sweep"].push_back({{"layers", d.layers},
                             {"draw", d.draw},
                             {"kl_mean", number(d.kl)},
                             {"logit_cosine", number(d.logitCosine)},
                             {"logit_cosine_centered", number(d.centeredCosine)},
                             {"error", number(d.error)}});
  for (const SweepPoint& p : report.sweepMeans) {
    const double n = p.layers;
    json["sweep_means"].push_back({{"layers", p.layers},
                                   {"error", number(p.error)},
                                   {"kl_mean", number(p.kl)},
                                   {"averaging", number(report.singleError / std::sqrt(n))},
                                   {"constant", number(report.singleError)},
                                   {"random_walk", number(report.singleError * std::sqrt(n))}});
  }
  json["together"] = report.together ? toJson(*report.together) : nlohmann::json();
  json["error_fit"] = report.errorFit ? toJson(*report.errorFit) : nlohmann::json();
  json["kl_fit"] = report.klFit ? toJson(*report.klFit) : nlohmann::json();
  return json;
}

} // namespace rankscope
