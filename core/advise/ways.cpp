// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/advise/ways.h"

#include <fmt/format.h>

#include "core/calibrate/metric.h"
#include "core/linalg/svd.h"

namespace rankscope {

namespace {

MatrixView viewOf(const RowMatrixD& matrix) {
  return {matrix.rows(), matrix.cols(), DType::F64, reinterpret_cast<const std::byte*>(matrix.data())};
}

RowMatrixD outIn(const RowMatrixD& stored, Orientation orientation) {
  return orientation == Orientation::OutIn ? stored : RowMatrixD(stored.transpose());
}

/// ½ Σ_{i,j>r} K_ij for r = 0 … n, K symmetric.
std::vector<double> tailSums(const Eigen::MatrixXd& k) {
  const Eigen::Index n = k.rows();
  std::vector<double> sums(static_cast<std::size_t>(n) + 1, 0.0);
  for (Eigen::Index r = n - 1; r >= 0; --r) {
    const double row = k(r, r) + 2 * k.row(r).tail(n - r - 1).sum();
    sums[static_cast<std::size_t>(r)] = std::max(0.0, sums[static_cast<std::size_t>(r) + 1] + 0.5 * row);
  }
  return sums;
}

RowMatrixD storedOf(const Checkpoint& checkpoint, LayerId layer) {
  RowMatrixD stored = toDouble(checkpoint.matrix(layer).view);
  checkpoint.finishReading(layer);
  return stored;
}

/// With what tells the text apart in the choice's method.
LayerChoice identified(const FittedText& fitted, LayerChoice choice) {
  if (!choice.method.empty()) choice.method = fitted.method->identity(methodOf(choice.method));
  return choice;
}

} // namespace

std::vector<double> plainQuadratic(const RowMatrixD& stored, Orientation orientation, const Moments& moments) {
  const RowMatrixD matrix = outIn(stored, orientation);
  const TruncatedSvd svd = truncatedSvd(viewOf(matrix), std::min(matrix.rows(), matrix.cols()));
  // Δ = Σ_{i>r} σ_i u_i v_iᵀ, so tr(GΔCΔᵀ) = Σ_{i,j>r} σ_iσ_j (u_iᵀGu_j)(v_iᵀCv_j).
  const Eigen::MatrixXd left = svd.u.transpose() * moments.gradients * svd.u;
  const Eigen::MatrixXd right = svd.v.transpose() * *moments.inputs * svd.v;
  const Eigen::Map<const Eigen::VectorXd> sigma(svd.sigma.data(), static_cast<Eigen::Index>(svd.sigma.size()));
  return tailSums(sigma.asDiagonal() * left.cwiseProduct(right) * sigma.asDiagonal());
}

std::vector<double> awareQuadratic(const RowMatrixD& stored, Orientation orientation, const Moments& moments) {
  // Δ = (I − U_rU_rᵀ)M with U the eigenvectors of MCMᵀ = UΛUᵀ, so tr(GΔCΔᵀ) = Σ_{i>r} λ_i u_iᵀGu_i.
  const FactorValues all =
      WeightedMatrix(stored, orientation, moments, Metric::Outputs).factors(std::min(stored.rows(), stored.cols()));
  const bool asUsed = orientation == Orientation::OutIn;
  const RowMatrixD a = asUsed ? all.a : RowMatrixD(all.b.transpose());
  const RowMatrixD b = asUsed ? all.b : RowMatrixD(all.a.transpose());
  const Eigen::VectorXd outputs = (b * *moments.inputs).cwiseProduct(b).rowwise().sum();
  const Eigen::VectorXd gradients = (a.transpose() * moments.gradients).cwiseProduct(a.transpose()).rowwise().sum();
  std::vector<double> sums(static_cast<std::size_t>(outputs.size()) + 1, 0.0);
  for (Eigen::Index i = outputs.size(); i-- > 0;)
    sums[static_cast<std::size_t>(i)] =
        sums[static_cast<std::size_t>(i) + 1] + 0.5 * std::max(0.0, outputs(i)) * std::max(0.0, gradients(i));
  return sums;
}

Way lowRankWay(const FittedText& fitted, const Storing& storing) {
  Way way;
  way.kind = name(storing.method);
  way.choice = [fitted, storing](const LayerInfo& layer, std::int64_t rank) {
    return identified(fitted, choiceFor(layer, rank, storing));
  };
  const auto with = [fitted, choice = way.choice](auto function) {
    return [=](LayerId layer) {
      const LayerInfo& info = fitted.checkpoint->layer(layer);
      return function(storedOf(*fitted.checkpoint, layer), info.orientation,
                      fitted.method->momentsOf(layer, choice(info, 1).biasShift));
    };
  };
  const auto seenAs = [](Metric metric) {
    return [metric](const RowMatrixD& stored, Orientation orientation, const Moments& moments) {
      return WeightedMatrix(stored, orientation, moments, metric).sigma();
    };
  };
  switch (storing.method) {
  case Method::Plain:
    way.quadratic = with(plainQuadratic);
    way.sigma =
        with([](const RowMatrixD& stored, Orientation, const Moments&) { return singularValues(viewOf(stored)); });
    break;
  case Method::Aware:
    way.quadratic = with(awareQuadratic);
    way.sigma = with(seenAs(Metric::Outputs));
    break;
  default:
    way.sigma = with(seenAs(Metric::Predictions));
    way.quadratic = [sigma = way.sigma](LayerId layer) { return divergenceByRank(sigma(layer)); };
  }
  return way;
}

Way quantisedWay(const FittedText& fitted, const Storing& storing, bool corrected) {
  Way way;
  way.baseAlone = true;
  way.ranks = corrected;
  way.choice = [fitted, storing](const LayerInfo& layer, std::int64_t rank) {
    return identified(fitted, choiceFor(layer, rank > 0 ? std::optional(rank) : std::nullopt, storing));
  };
  const auto left = [fitted, choice = way.choice](LayerId layer) {
    const LayerInfo& info = fitted.checkpoint->layer(layer);
    RowMatrixD matrix = storedOf(*fitted.checkpoint, layer);
    const LayerParts parts = fitted.factoriser(layer, choice(info, 0), {}, 1);
    return RowMatrixD(matrix - load(*parts.base).cast<double>());
  };
  way.sigma = [fitted, left, choice = way.choice](LayerId layer) {
    const LayerInfo& info = fitted.checkpoint->layer(layer);
    return WeightedMatrix(left(layer), info.orientation, fitted.method->momentsOf(layer, choice(info, 0).biasShift),
                          Metric::Predictions)
        .sigma();
  };
  way.quadratic = [sigma = way.sigma](LayerId layer) { return divergenceByRank(sigma(layer)); };
  way.kind = fmt::format("{}/{}+{}", name(*storing.base), storing.baseGroup, name(storing.method));
  return way;
}

} // namespace rankscope
