// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/weighted_rounding.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace rankscope {

namespace {

constexpr Eigen::Index kBlock = 64;         // columns done together where scales do not say it
constexpr Eigen::Index kMostCoupled = 4096; // outputs; beyond, G costs too much
constexpr Eigen::Index kRowsTogether = 32;
constexpr double kLeastGain = 0.005; // of a sweep

Eigen::MatrixXd damped(Eigen::MatrixXd matrix, double damping) {
  matrix.diagonal().array() += std::max(damping * matrix.diagonal().mean(), 1e-30);
  return matrix;
}

} // namespace

WeightedRounding::WeightedRounding(Blank, const RowMatrixD& stored, Orientation orientation, const Moments& moments,
                                   const StorageFormat& format, const RoundingOptions& options)
    : m_orientation(orientation), m_format(format), m_options(options),
      m_inputs(damped(*moments.inputs, options.damping)), m_target(turned(stored, orientation)),
      m_codes(Codes::Zero(m_target.rows(), m_target.cols())), m_rest(m_target) {
  assert(isInteger(format.storage));
  assert((format.axis == ScaleAxis::PerRow) == (orientation == Orientation::OutIn));
  if (options.metric == Metric::Predictions && moments.gradients.size() > 0 && m_target.rows() <= kMostCoupled)
    m_gradients = dampedGradients(moments);
  m_scales =
      RowMatrixF::Zero(m_target.rows(), format.group == 0 ? 1 : (m_target.cols() + format.group - 1) / format.group);
}

WeightedRounding::WeightedRounding(const RowMatrixD& stored, Orientation orientation, const Moments& moments,
                                   const StorageFormat& format, const RoundingOptions& options)
    : WeightedRounding(Blank(), stored, orientation, moments, format, options) {
  roundInOrder(dampedRoot(m_inputs, 1e-12));
  m_spread = m_rest * m_inputs;
}

WeightedRounding::WeightedRounding(const RowMatrixD& stored, Orientation orientation, const Moments& moments,
                                   const StoredMatrix& start, const RoundingOptions& options)
    : WeightedRounding(Blank(), stored, orientation, moments, start.format, options) {
  const bool outIn = orientation == Orientation::OutIn;
  for (Eigen::Index i = 0; i < m_codes.rows(); ++i)
    for (Eigen::Index j = 0; j < m_codes.cols(); ++j)
      m_codes(i, j) = static_cast<std::int8_t>(outIn ? codeAt(start, i, j) : codeAt(start, j, i));
  for (Eigen::Index i = 0; i < m_scales.rows(); ++i)
    for (Eigen::Index g = 0; g < m_scales.cols(); ++g)
      m_scales(i, g) =
          start.scales[static_cast<std::size_t>(outIn ? i * m_scales.cols() + g : g * m_scales.rows() + i)];
  for (Eigen::Index i = 0; i < m_rest.rows(); ++i)
    for (Eigen::Index j = 0; j < m_rest.cols(); ++j) m_rest(i, j) -= static_cast<double>(scale(i, j)) * m_codes(i, j);
  m_spread = m_rest * m_inputs;
}

WeightedRounding::Columns WeightedRounding::block(Eigen::Index index) const {
  const Eigen::Index width = m_format.group == 0 ? kBlock : m_format.group;
  return {index * width, std::min(width, m_target.cols() - index * width)};
}

float& WeightedRounding::scale(Eigen::Index row, Eigen::Index column) {
  return m_scales(row, m_format.group == 0 ? 0 : column / m_format.group);
}

double WeightedRounding::written(double scale) const {
  return static_cast<double>(roundedScale(static_cast<float>(scale), m_format));
}

int WeightedRounding::coded(double value, double scale) const {
  const int most = largestCode(m_format.storage);
  return static_cast<int>(
      std::clamp(std::nearbyint(value / scale), -static_cast<double>(most), static_cast<double>(most)));
}

/// For each row the scale, a share of the one that reaches its largest number, with the least weighted squared error.
void WeightedRounding::chooseScales(Columns columns, const RowMatrixD& wanted, const Eigen::VectorXd& weights) {
  const int most = largestCode(m_format.storage);
  for (Eigen::Index i = 0; i < wanted.rows(); ++i) {
    const double reach = wanted.row(i).cwiseAbs().maxCoeff() / most;
    double best = 0, leastError = -1;
    for (double share = 1.0; share > 0.55; share -= most > 7 ? 0.5 : 0.04) {
      const double tried = written(share * reach);
      if (!(tried > 0) || !std::isfinite(tried)) break;
      double error = 0;
      for (Eigen::Index j = 0; j < wanted.cols(); ++j) {
        const double left = wanted(i, j) - tried * coded(wanted(i, j), tried);
        error += weights[j] * left * left;
      }
      if (leastError >= 0 && error >= leastError) continue;
      leastError = error;
      best = tried;
    }
    scale(i, columns.first) = static_cast<float>(best);
  }
}

/// ‖D·root‖² column by column from the last one: what those done have left in column j of D·root is made up for by the
/// element on the diagonal.
void WeightedRounding::roundInOrder(const Eigen::MatrixXd& root) {
  const Eigen::Index cols = m_target.cols();
  const Eigen::VectorXd diagonal = root.diagonal(), weights = diagonal.cwiseAbs2();
  if (m_format.group == 0) chooseScales({0, cols}, m_target, weights);
  for (Eigen::Index index = (cols - 1) / block(0).count + 1; index-- > 0;) {
    const Columns columns = block(index);
    const Eigen::Index after = cols - columns.first - columns.count;
    RowMatrixD carried = m_rest.rightCols(after) * root.bottomRows(after).middleCols(columns.first, columns.count);
    if (m_format.group != 0) {
      const RowMatrixD wanted = m_target.middleCols(columns.first, columns.count) +
                                carried * diagonal.segment(columns.first, columns.count).cwiseInverse().asDiagonal();
      chooseScales(columns, wanted, weights.segment(columns.first, columns.count));
    }
    for (Eigen::Index local = columns.count; local-- > 0;) {
      const Eigen::Index j = columns.first + local;
      for (Eigen::Index i = 0; i < m_target.rows(); ++i) {
        const double step = static_cast<double>(scale(i, j));
        const int code = step > 0 ? coded(m_target(i, j) + carried(i, local) / diagonal[j], step) : 0;
        m_codes(i, j) = static_cast<std::int8_t>(code);
        m_rest(i, j) = m_target(i, j) - step * code;
      }
      carried.leftCols(local) += m_rest.col(j) * root.row(j).segment(columns.first, local);
    }
  }
}

/// Half the derivative of the error with respect to D in some columns: G D C there.
RowMatrixD WeightedRounding::slopes(Columns columns) const {
  if (m_gradients.size() == 0) return m_spread.middleCols(columns.first, columns.count);
  return m_gradients * m_spread.middleCols(columns.first, columns.count);
}

/// The best scale of each row in turn, codes given. `columns` share a scale in every row. What a row's step does to the
/// slopes of those below goes to its neighbours at once, and to all others together with that of kRowsTogether rows.
void WeightedRounding::refitScales(Columns columns) {
  const bool coupled = m_gradients.size() > 0;
  RowMatrixD slope = slopes(columns);
  RowMatrixD change = RowMatrixD::Zero(slope.rows(), slope.cols());
  const Eigen::MatrixXd inner = m_inputs.block(columns.first, columns.first, columns.count, columns.count);
  const RowMatrixD codes = m_codes.middleCols(columns.first, columns.count).cast<double>();
  const RowMatrixD spread = codes * inner;
  RowMatrixD moved(std::min(kRowsTogether, slope.rows()), slope.cols());
  for (Eigen::Index first = 0; first < slope.rows(); first += kRowsTogether) {
    const Eigen::Index count = std::min(kRowsTogether, slope.rows() - first), below = slope.rows() - first - count;
    for (Eigen::Index local = 0; local < count; ++local) {
      const Eigen::Index i = first + local;
      moved.row(local).setZero();
      if (coupled)
        slope.row(i).noalias() -= m_gradients.col(i).segment(first, local).transpose() * moved.topRows(local);
      const double curvature = (coupled ? m_gradients(i, i) : 1.0) * spread.row(i).dot(codes.row(i));
      const double gain = slope.row(i).dot(codes.row(i));
      const double before = static_cast<double>(scale(i, columns.first));
      if (!(curvature > 0)) continue;
      const double after = written(before + gain / curvature), step = after - before;
      if (!(after > 0) || !std::isfinite(after) || !(-step * gain + 0.5 * step * step * curvature < 0)) continue;
      scale(i, columns.first) = static_cast<float>(after);
      change.row(i) = -step * codes.row(i);
      moved.row(local) = step * spread.row(i);
    }
    if (coupled)
      slope.bottomRows(below).noalias() -=
          m_gradients.middleCols(first, count).bottomRows(below) * moved.topRows(count);
  }
  m_rest.middleCols(columns.first, columns.count) += change;
  m_spread += change * m_inputs.middleRows(columns.first, columns.count);
}

/// The best code of each element in turn, column by column, scales given.
void WeightedRounding::recode(Columns columns) {
  const bool coupled = m_gradients.size() > 0;
  RowMatrixD slope = slopes(columns);
  RowMatrixD change = RowMatrixD::Zero(slope.rows(), slope.cols());
  Eigen::VectorXd moved(slope.rows()); // G times what this column's changes are
  for (Eigen::Index local = 0; local < columns.count; ++local) {
    const Eigen::Index j = columns.first + local;
    const double spread = m_inputs(j, j);
    moved.setZero();
    for (Eigen::Index i = 0; i < slope.rows(); ++i) {
      const double step = static_cast<double>(scale(i, j));
      if (!(step > 0)) continue;
      const double weight = coupled ? m_gradients(i, i) : 1.0;
      const double wanted = m_rest(i, j) - (slope(i, local) + spread * moved[i]) / (weight * spread);
      const int code = coded(m_target(i, j) - wanted, step);
      if (code == m_codes(i, j)) continue;
      const double by = step * (m_codes(i, j) - code);
      m_codes(i, j) = static_cast<std::int8_t>(code);
      m_rest(i, j) += by;
      change(i, local) = by;
      if (coupled)
        moved += by * m_gradients.col(i);
      else
        moved[i] += by;
    }
    const Eigen::Index after = columns.count - local - 1;
    slope.rightCols(after) += moved * m_inputs.row(j).segment(j + 1, after);
  }
  m_spread += change * m_inputs.middleRows(columns.first, columns.count);
}

void WeightedRounding::improve(const Progress& progress) {
  double before = error();
  for (int sweep = 0; sweep < m_options.sweeps; ++sweep) {
    if (m_format.group == 0) refitScales({0, m_target.cols()});
    for (Eigen::Index index = 0; block(index).count > 0; ++index) {
      progress.check();
      if (m_format.group != 0) refitScales(block(index));
      recode(block(index));
    }
    const double after = error();
    if (after > (1 - kLeastGain) * before) return;
    before = after;
  }
}

void WeightedRounding::retarget(const RowMatrixD& stored) {
  const RowMatrixD target = turned(stored, m_orientation);
  m_rest += target - m_target;
  m_target = target;
  m_spread = m_rest * m_inputs;
}

double WeightedRounding::error() const {
  if (m_gradients.size() == 0) return m_spread.cwiseProduct(m_rest).sum();
  return (m_gradients * m_spread).cwiseProduct(m_rest).sum();
}

RowMatrixD WeightedRounding::values() const {
  return turned(m_target - m_rest, m_orientation);
}

StoredMatrix WeightedRounding::result() const {
  std::vector<float> scales(static_cast<std::size_t>(m_scales.size()));
  Codes codes = m_codes;
  if (m_orientation == Orientation::OutIn) {
    Eigen::Map<RowMatrixF>(scales.data(), m_scales.rows(), m_scales.cols()) = m_scales;
  } else {
    Eigen::Map<RowMatrixF>(scales.data(), m_scales.cols(), m_scales.rows()) = m_scales.transpose();
    codes = Codes(m_codes.transpose());
  }
  return packCodes(codes.rows(), codes.cols(), m_format,
                   std::span(codes.data(), static_cast<std::size_t>(codes.size())), std::move(scales));
}

} // namespace rankscope
