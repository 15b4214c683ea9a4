// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluate/controls.h"

#include <cmath>
#include <random>

#include <nlohmann/json.hpp>

#include "core/evaluate/comparison_sums.h"
#include "core/evaluate/numbers.h"
#include "core/model/kernels.h"

namespace rankscope {

namespace {

RowMatrixF numbersOf(const WeightMatrix& matrix) {
  RowMatrixF result(matrix.rows(), matrix.cols());
  for (Eigen::Index i = 0; i < result.rows(); ++i) matrix.row(i, result.row(i).data());
  return result;
}

WeightMatrix matrixOf(std::shared_ptr<const RowMatrixF> matrix) {
  const MatrixView view{matrix->rows(), matrix->cols(), DType::F32, reinterpret_cast<const std::byte*>(matrix->data())};
  return WeightMatrix(view, std::move(matrix));
}

WeightMatrix bf16Of(const WeightMatrix& matrix) {
  auto bytes = std::make_shared<std::vector<std::byte>>(static_cast<std::size_t>(matrix.rows() * matrix.cols()) * 2);
  std::vector<float> row(static_cast<std::size_t>(matrix.cols()));
  for (std::int64_t i = 0; i < matrix.rows(); ++i) {
    matrix.row(i, row.data());
    store(std::span<const float>(row), DType::BF16, bytes->data() + 2 * i * matrix.cols());
  }
  const MatrixView view{matrix.rows(), matrix.cols(), DType::BF16, bytes->data()};
  return WeightMatrix(view, std::move(bytes));
}

/// ‖A·B‖² = tr(AᵀA · BBᵀ), in r × r.
double squaredNorm(const RowMatrixF& a, const RowMatrixF& b) {
  const RowMatrixF left = a.transpose() * a, right = b * b.transpose();
  return left.cast<double>().cwiseProduct(right.cast<double>()).sum();
}

RowMatrixF gaussian(Eigen::Index rows, Eigen::Index cols, std::mt19937_64& random) {
  std::normal_distribution<float> normal;
  RowMatrixF result(rows, cols);
  for (Eigen::Index i = 0; i < result.size(); ++i) result.data()[i] = normal(random);
  return result;
}

std::vector<Window> firstWindows(std::span<const Window> windows, std::int64_t tokens) {
  std::vector<Window> result;
  for (const Window& window : windows) {
    if (tokens < 2) break;
    result.push_back(window);
    const auto count = std::min<std::size_t>(window.tokens.size(), static_cast<std::size_t>(tokens));
    result.back().tokens.resize(count);
    result.back().records.resize(count);
    tokens -= static_cast<std::int64_t>(count);
  }
  return result;
}

/// Neighbouring windows are different text; the first half against the second where there is only one.
void compareUnrelated(const Model& model, std::vector<Window> windows, Controls& controls, const Progress& progress) {
  if (windows.size() == 1) {
    const std::size_t half = windows[0].tokens.size() / 2;
    windows.push_back({{windows[0].tokens.begin() + static_cast<std::ptrdiff_t>(half), windows[0].tokens.end()}, {}});
    windows[0].tokens.resize(half);
  }
  NearnessSums raw, centered, hidden;
  RowMatrixF before;
  for (const Window& window : windows) {
    const RowMatrixF states = model.forward(batchOf(window.tokens), {}, progress);
    const Eigen::Index rows = std::min(before.rows(), states.rows());
    for (Eigen::Index first = 0; first < rows; first += 64) {
      progress.check();
      const Eigen::Index count = std::min<Eigen::Index>(64, rows - first);
      const RowMatrixF one = before.middleRows(first, count), other = states.middleRows(first, count);
      hidden.addRows(one, other);
      const RowMatrixF a = model.logits(one), b = model.logits(other);
      for (Eigen::Index i = 0; i < count; ++i) {
        LogitSums s;
        kernels().compareLogits(a.row(i).data(), b.row(i).data(), a.cols(), &s);
        const double n = static_cast<double>(a.cols());
        centered.add(s.aa, s.bb, s.ab, s.difference);
        raw.add(s.aa + n * s.meanA * s.meanA, s.bb + n * s.meanB * s.meanB, s.ab + n * s.meanA * s.meanB, 0);
      }
    }
    before = states;
  }
  controls.unrelatedLogitCosine = raw.result().cosine;
  controls.unrelatedCenteredCosine = centered.result().cosine;
  controls.unrelatedHiddenCosine = hidden.result().cosine;
}

} // namespace

Model inBf16(const Model& model) {
  Substitutes rounded;
  for (const auto& [layer, linear] : model.linears()) {
    LinearWeights weights = linear->weights();
    for (auto* part : {&weights.base, &weights.a, &weights.b})
      if (*part) part->emplace(bf16Of(**part));
    weights.bf16Activations = true;
    rounded[layer] = std::make_shared<const Linear>(std::move(weights));
  }
  return model.with(rounded);
}

Substitutes randomFactors(const Model& model, std::uint64_t seed) {
  Substitutes result;
  std::mt19937_64 random(seed);
  for (const auto& [layer, linear] : model.linears()) {
    if (!linear->weights().a) continue;
    const RowMatrixF a = numbersOf(*linear->weights().a), b = numbersOf(*linear->weights().b);
    RowMatrixF c = gaussian(a.rows(), a.cols(), random), d = gaussian(b.rows(), b.cols(), random);
    const double own = squaredNorm(c, d);
    c *= static_cast<float>(own > 0 ? std::sqrt(squaredNorm(a, b) / own) : 0.0);
    LinearWeights weights;
    weights.orientation = linear->weights().orientation;
    weights.base = linear->weights().base;
    weights.a.emplace(matrixOf(std::make_shared<const RowMatrixF>(std::move(c))));
    weights.b.emplace(matrixOf(std::make_shared<const RowMatrixF>(std::move(d))));
    result[layer] = std::make_shared<const Linear>(std::move(weights));
  }
  return result;
}

Controls measureControls(const Model& original, const Model& compressed, std::span<const Window> windows,
                         std::int64_t tokens, const Progress& progress) {
  const std::vector<Window> few = firstWindows(windows, tokens);
  Controls controls;
  controls.bf16 = compare(original, inBf16(original), few, {}, progress.slice(0, 0.4));
  if (const Substitutes random = randomFactors(compressed, 20'260'601); !random.empty())
    controls.random = compare(original, compressed.with(random), few, {}, progress.slice(0.4, 0.8));
  if (!few.empty()) compareUnrelated(original, few, controls, progress.slice(0.8, 1));
  return controls;
}

nlohmann::json toJson(const Controls& controls) {
  return {{"bf16", toJson(controls.bf16)},
          {"random_factors", controls.random ? toJson(*controls.random) : nlohmann::json()},
          {"unrelated_text",
           {{"logit_cosine", number(controls.unrelatedLogitCosine)},
            {"logit_cosine_centered", number(controls.unrelatedCenteredCosine)},
            {"hidden_cosine", number(controls.unrelatedHiddenCosine)}}}};
}

} // namespace rankscope
