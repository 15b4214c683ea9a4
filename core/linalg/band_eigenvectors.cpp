// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/band_eigenvectors.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "core/linalg/lapack.h"
#include "core/linalg/parallel.h"
#include "core/linalg/vector8.h"

namespace rankscope {

namespace {

constexpr int kBand = SymmetricBand::kBand;
constexpr int kLanes = 8;
constexpr int kIterations = 3;

/// L·D·Lᵀ of eight shifted copies of one band. Column j of L below the diagonal, and 1/d at its head.
class ShiftedFactors final {
 public:
  explicit ShiftedFactors(int n) : m_n(n), m_l(static_cast<std::size_t>(n + kBand) * kColumn) {}

  void factor(SymmetricBand& band, Vector8 shifts, double leastPivot) {
    for (int j = 0; j < std::min(kBand, m_n); ++j) start(band, j, shifts);
    for (int j = 0; j < m_n; ++j) {
      if (j + kBand < m_n) start(band, j + kBand, shifts);
      eliminate(j, leastPivot);
    }
  }

  /// x ← (L·D·Lᵀ)⁻¹·x.
  void solve(std::vector<Vector8>& x) const {
    for (int j = 0; j < m_n; ++j) {
      const Vector8* l = column(j);
      const Vector8 xj = x[static_cast<std::size_t>(j)];
      Vector8* below = x.data() + j;
      for (int i = 1; i <= kBand; ++i) below[i] -= l[i] * xj;
    }
    for (int j = m_n - 1; j >= 0; --j) {
      const Vector8* l = column(j);
      const Vector8* below = x.data() + j;
      Vector8 even{};
      Vector8 odd{};
      for (int i = 1; i <= kBand; i += 2) {
        even += l[i] * below[i];
        odd += l[i + 1] * below[i + 1];
      }
      x[static_cast<std::size_t>(j)] = x[static_cast<std::size_t>(j)] * l[0] - even - odd;
    }
  }

 private:
  static constexpr std::size_t kColumn = kBand + 1;
  static_assert(kBand % 2 == 0);
  Vector8* column(int j) { return m_l.data() + static_cast<std::size_t>(j) * kColumn; }
  const Vector8* column(int j) const { return m_l.data() + static_cast<std::size_t>(j) * kColumn; }

  void start(SymmetricBand& band, int j, Vector8 shifts) {
    Vector8* a = column(j);
    a[0] = band(j, j) - shifts;
    for (int i = 1; i <= kBand; ++i) a[i] = Vector8{} + (j + i < m_n ? band(j + i, j) : 0.0);
  }

  void eliminate(int j, double leastPivot) {
    Vector8* l = column(j);
    for (int lane = 0; lane < kLanes; ++lane)
      if (std::abs(l[0][lane]) < leastPivot) l[0][lane] = std::copysign(leastPivot, l[0][lane]);
    const Vector8 inverse = 1.0 / l[0];
    Vector8 scaled[kBand + 1];
    for (int i = 1; i <= kBand; ++i) scaled[i] = l[i] * inverse;
    const int reach = std::min(kBand, m_n - 1 - j);
    for (int k = 1; k <= reach; ++k) {
      Vector8* to = column(j + k) - k;
      const Vector8 factor = scaled[k];
      for (int i = k; i <= kBand; ++i) to[i] -= l[i] * factor;
    }
    l[0] = inverse;
    for (int i = 1; i <= kBand; ++i) l[i] = scaled[i];
  }

  int m_n;
  std::vector<Vector8> m_l;
};

void normalise(std::vector<Vector8>& x) {
  Vector8 largest{};
  for (const Vector8& value : x)
    for (int lane = 0; lane < kLanes; ++lane) largest[lane] = std::max(largest[lane], std::abs(value[lane]));
  Vector8 sum{};
  for (Vector8& value : x) {
    value /= largest;
    sum += value * value;
  }
  Vector8 scale;
  for (int lane = 0; lane < kLanes; ++lane) scale[lane] = 1 / std::sqrt(sum[lane]);
  for (Vector8& value : x) value *= scale;
}

/// A bound on the eigenvalues' magnitude.
double bandNorm(SymmetricBand& band) {
  const int n = band.size();
  std::vector<double> sums(static_cast<std::size_t>(n), 0.0);
  for (int j = 0; j < n; ++j)
    for (int i = j; i < std::min(n, j + kBand + 1); ++i) {
      sums[static_cast<std::size_t>(i)] += std::abs(band(i, j));
      if (i > j) sums[static_cast<std::size_t>(j)] += std::abs(band(i, j));
    }
  return *std::max_element(sums.begin(), sums.end());
}

} // namespace

Eigen::MatrixXd bandEigenvectors(SymmetricBand& band, std::span<const double> eigenvalues, const Progress& progress,
                                 int threads) {
  const int n = band.size();
  const int count = static_cast<int>(eigenvalues.size());
  const int groups = (count + kLanes - 1) / kLanes;
  const double leastPivot = std::numeric_limits<double>::epsilon() * bandNorm(band);
  Eigen::MatrixXd z(n, count);
  std::vector<ShiftedFactors> factors(static_cast<std::size_t>(std::clamp(threads, 1, groups)), ShiftedFactors(n));
  parallelItems(groups, static_cast<int>(factors.size()), [&](int group, int slot) {
    progress.check();
    Vector8 shifts{};
    for (int lane = 0; lane < kLanes; ++lane)
      shifts[lane] = eigenvalues[static_cast<std::size_t>(std::min(group * kLanes + lane, count - 1))];
    ShiftedFactors& factored = factors[static_cast<std::size_t>(slot)];
    factored.factor(band, shifts, leastPivot);

    std::mt19937_64 random(static_cast<std::uint64_t>(group));
    std::uniform_real_distribution<double> uniform(-1, 1);
    std::vector<Vector8> x(static_cast<std::size_t>(n + kBand), Vector8{});
    for (int i = 0; i < n; ++i)
      for (int lane = 0; lane < kLanes; ++lane) x[static_cast<std::size_t>(i)][lane] = uniform(random);
    for (int iteration = 0; iteration < kIterations; ++iteration) {
      factored.solve(x);
      std::fill(x.begin() + n, x.end(), Vector8{});
      normalise(x);
    }
    for (int lane = 0; lane < kLanes && group * kLanes + lane < count; ++lane)
      for (int i = 0; i < n; ++i) z(i, group * kLanes + lane) = x[static_cast<std::size_t>(i)][lane];
  });
  if (!z.allFinite()) z.setRandom(); // a factorisation overflowed: the residuals will tell
  orthonormalise(z, progress, threads);
  return z;
}

BandResiduals bandResiduals(SymmetricBand& band, const Eigen::MatrixXd& z) {
  const int n = band.size();
  Eigen::MatrixXd product = Eigen::MatrixXd::Zero(n, z.cols());
  BandResiduals result{Eigen::VectorXd(z.cols()), Eigen::VectorXd(z.cols())};
  for (Eigen::Index c = 0; c < z.cols(); ++c) {
    double* out = product.col(c).data();
    const double* x = z.col(c).data();
    for (int j = 0; j < n; ++j) {
      const double* a = &band(j, j);
      const int reach = std::min(kBand, n - 1 - j);
      double sum = a[0] * x[j];
      for (int i = 1; i <= reach; ++i) {
        out[j + i] += a[i] * x[j];
        sum += a[i] * x[j + i];
      }
      out[j] += sum;
    }
    result.quotients[c] = z.col(c).dot(product.col(c));
    result.norms[c] = (product.col(c) - result.quotients[c] * z.col(c)).norm();
  }
  return result;
}

void orthonormalise(Eigen::MatrixXd& columns, const Progress& progress, int threads) {
  useSingleThreadedBlas();
  constexpr int kPanel = 32;
  const auto n = static_cast<int>(columns.rows());
  const auto r = static_cast<int>(columns.cols());
  std::vector<Eigen::MatrixXd> ts;
  std::vector<Eigen::MatrixXd> vs;
  double work[kPanel * kPanel];
  // x ← (I − V·op(T)·Vᵀ)·x for the columns [from, to) of x, rows from `top` on.
  const auto apply = [&](const Eigen::MatrixXd& v, const Eigen::MatrixXd& t, char op, Eigen::MatrixXd& x, int top,
                         int from, int to) {
    const auto height = static_cast<int>(v.rows());
    const auto k = static_cast<int>(v.cols());
    const int parts = std::max(1, (to - from) / 64);
    parallelItems(parts, threads, [&](int part, int) {
      const int begin = from + (to - from) * part / parts;
      const int width = from + (to - from) * (part + 1) / parts - begin;
      double* corner = x.data() + static_cast<std::size_t>(begin) * static_cast<std::size_t>(n) + top;
      Eigen::MatrixXd inner(k, width);
      Eigen::MatrixXd scaled(k, width);
      gemm('T', 'N', k, width, height, 1.0, v.data(), height, corner, n, 0.0, inner.data(), k);
      gemm(op, 'N', k, width, k, 1.0, t.data(), k, inner.data(), k, 0.0, scaled.data(), k);
      gemm('N', 'N', height, width, k, -1.0, v.data(), height, scaled.data(), k, 1.0, corner, n);
    });
  };
  for (int top = 0; top < r; top += kPanel) {
    progress.check();
    const int k = std::min(kPanel, r - top);
    const int height = n - top;
    Eigen::MatrixXd t = Eigen::MatrixXd::Zero(k, k);
    geqrt(height, k, &columns(top, top), n, t.data(), k, work);
    Eigen::MatrixXd v = columns.block(top, top, height, k);
    v.topRows(k).triangularView<Eigen::Upper>().setZero();
    v.diagonal().setOnes();
    apply(v, t, 'T', columns, top, top + k, r);
    vs.push_back(std::move(v));
    ts.push_back(std::move(t));
  }
  columns.setIdentity();
  for (int panel = static_cast<int>(vs.size()) - 1; panel >= 0; --panel) {
    progress.check();
    apply(vs[static_cast<std::size_t>(panel)], ts[static_cast<std::size_t>(panel)], 'N', columns, panel * kPanel,
          panel * kPanel, r);
  }
}

} // namespace rankscope
