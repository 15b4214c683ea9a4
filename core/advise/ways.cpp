// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/advise/ways.h"

#include <fmt/format.h>

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
  checkpoint.release(layer);
  return stored;
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

std::vector<double> fisherQuadratic(const std::vector<double>& sigma) {
  std::vector<double> sums(sigma.size() + 1, 0.0);
  for (std::size_t r = sigma.size(); r-- > 0;) sums[r] = sums[r + 1] + 0.5 * sigma[r] * sigma[r];
  return sums;
}

std::vector<Way> lowRankWays(const std::shared_ptr<const Checkpoint>& checkpoint,
                             const std::shared_ptr<const Calibration>& calibration, const std::string& textHash,
                             Storage factors) {
  const auto way = [&](Method method, auto quadraticOf, auto sigmaOf) {
    const std::string identity = method == Method::Plain ? "" : fmt::format("{} {}", name(method), textHash);
    const auto with = [checkpoint, calibration](auto function) {
      return [=](LayerId layer) {
        return function(storedOf(*checkpoint, layer), checkpoint->layer(layer).orientation,
                        calibration->layers.at(layer));
      };
    };
    return Way{std::string(name(method)), false,
               [factors, identity](const LayerInfo& layer, std::int64_t rank) {
                 LayerChoice choice = choiceFor(layer, rank, factors, 0);
                 choice.method = identity;
                 return choice;
               },
               with(quadraticOf), with(sigmaOf)};
  };
  const auto seenAs = [](Metric metric) {
    return [metric](const RowMatrixD& stored, Orientation orientation, const Moments& moments) {
      return WeightedMatrix(stored, orientation, moments, metric).sigma();
    };
  };
  const auto bySigma = [](const RowMatrixD& stored, Orientation orientation, const Moments& moments) {
    return fisherQuadratic(WeightedMatrix(stored, orientation, moments, Metric::Predictions).sigma());
  };
  const auto plainSigma = [](const RowMatrixD& stored, Orientation, const Moments&) {
    return singularValues(viewOf(stored));
  };
  return {way(Method::Plain, plainQuadratic, plainSigma), way(Method::Aware, awareQuadratic, seenAs(Metric::Outputs)),
          way(Method::Fisher, bySigma, seenAs(Metric::Predictions))};
}

} // namespace rankscope
