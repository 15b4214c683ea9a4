// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/bulge_chase.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/linalg/vector8.h"

namespace rankscope {

namespace {

constexpr int kBand = SymmetricBand::kBand;
constexpr int kLanes = 8;
constexpr int kVectors = kBand / kLanes;
constexpr int kWave =
    8; // columns in flight: what they touch at a time, 2·kWave blocks of 16 KiB, stays in the L2 cache

/// I − tau·v·vᵀ with v[0] = 1.
struct Reflector {
  alignas(64) std::array<double, kBand> v{};
  double tau = 0;
};

/// The reflector that maps x (kBand long) to (beta, 0, …); x becomes that.
void reflect(double* x, Reflector& h) {
  double rest = 0;
  for (int i = 1; i < kBand; ++i) rest += x[i] * x[i];
  if (rest == 0) {
    h.tau = 0;
    std::fill_n(x + 1, kBand - 1, 0.0);
    return;
  }
  const double alpha = x[0];
  const double beta = -std::copysign(std::sqrt(alpha * alpha + rest), alpha);
  const double scale = 1 / (alpha - beta);
  for (int i = 1; i < kBand; ++i) h.v[static_cast<std::size_t>(i)] = x[i] * scale;
  h.v[0] = 1;
  h.tau = (beta - alpha) / beta;
  x[0] = beta;
  std::fill_n(x + 1, kBand - 1, 0.0);
}

/// Entries from `lane` on, and those after it, of a vector.
struct LaneMasks {
  alignas(64) double from[kLanes][kLanes];
  alignas(64) double after[kLanes][kLanes];
  constexpr LaneMasks() : from{}, after{} {
    for (int lane = 0; lane < kLanes; ++lane)
      for (int i = 0; i < kLanes; ++i) {
        from[lane][i] = i >= lane;
        after[lane][i] = i > lane;
      }
  }
};
constexpr LaneMasks kMasks;

/// Columns j of a diagonal block, kLanes at a time, so that a column's first vector is known at compile time.
template <int First = 0, class Visit>
inline __attribute__((always_inline)) void forEachColumnGroup(Visit visit) {
  if constexpr (First < kVectors) {
    visit(std::integral_constant<int, First>());
    forEachColumnGroup<First + 1>(visit);
  }
}

/// Two-sided: the kBand × kBand diagonal block at `d` (lower half, column stride `stride`) ← H·D·H.
void applyToDiagonal(double* d, int stride, const Reflector& h) {
  if (h.tau == 0) return;
  Vector8 v[kVectors];
  Vector8 p[kVectors];
  alignas(64) double fromRows[kBand];
  for (int c = 0; c < kVectors; ++c) {
    v[c] = load8(h.v.data() + c * kLanes);
    p[c] = Vector8{};
  }
  forEachColumnGroup([&](auto group) {
    constexpr int g = group;
    for (int lane = 0; lane < kLanes; ++lane) {
      const int j = g * kLanes + lane;
      const double* column = d + static_cast<std::size_t>(j) * static_cast<std::size_t>(stride);
      const double vj = h.v[static_cast<std::size_t>(j)];
      const Vector8 first = load8(column + g * kLanes);
      p[g] += first * load8(kMasks.from[lane]) * vj;
      Vector8 dot = first * load8(kMasks.after[lane]) * v[g];
#pragma GCC unroll 8
      for (int c = g + 1; c < kVectors; ++c) {
        const Vector8 x = load8(column + c * kLanes);
        p[c] += x * vj;
        dot += x * v[c];
      }
      fromRows[j] = sum8(dot);
    }
  });
  Vector8 vp{};
  for (int c = 0; c < kVectors; ++c) {
    p[c] = (p[c] + load8(fromRows + c * kLanes)) * h.tau;
    vp += p[c] * v[c];
  }
  const double half = -0.5 * h.tau * sum8(vp);
  alignas(64) double w[kBand];
  for (int c = 0; c < kVectors; ++c) {
    p[c] += half * v[c];
    store8(w + c * kLanes, p[c]);
  }
  forEachColumnGroup([&](auto group) {
    constexpr int g = group;
    for (int lane = 0; lane < kLanes; ++lane) {
      const int j = g * kLanes + lane;
      double* column = d + static_cast<std::size_t>(j) * static_cast<std::size_t>(stride);
      const double vj = h.v[static_cast<std::size_t>(j)];
      const double wj = w[j];
      // Rows above the diagonal lie in another column's room: they are written back unchanged.
      const Vector8 change = (v[g] * wj + p[g] * vj) * load8(kMasks.from[lane]);
      store8(column + g * kLanes, load8(column + g * kLanes) - change);
#pragma GCC unroll 8
      for (int c = g + 1; c < kVectors; ++c)
        store8(column + c * kLanes, load8(column + c * kLanes) - v[c] * wj - p[c] * vj);
    }
  });
}

/// The kBand × kBand block at `b` below the diagonal: b ← next·b·h, `next` being made to clear the first column below
/// its top.
void applyBelow(double* b, int stride, const Reflector& h, Reflector& next) {
  Vector8 w[kVectors] = {};
  if (h.tau != 0)
    for (int j = 0; j < kBand; ++j) {
      const double* column = b + static_cast<std::size_t>(j) * static_cast<std::size_t>(stride);
      const double scaled = h.tau * h.v[static_cast<std::size_t>(j)];
#pragma GCC unroll 8
      for (int c = 0; c < kVectors; ++c) w[c] += load8(column + c * kLanes) * scaled;
    }
  if (h.tau != 0)
    for (int c = 0; c < kVectors; ++c) store8(b + c * kLanes, load8(b + c * kLanes) - w[c]); // v[0] = 1
  reflect(b, next);
  if (h.tau == 0 && next.tau == 0) return;
  if (h.tau == 0) {
    for (Vector8& x : w) x = Vector8{};
  }
  for (int j = 1; j < kBand; ++j) {
    double* column = b + static_cast<std::size_t>(j) * static_cast<std::size_t>(stride);
    const double vj = h.tau == 0 ? 0.0 : h.v[static_cast<std::size_t>(j)];
    Vector8 x[kVectors];
    Vector8 dot{};
#pragma GCC unroll 8
    for (int c = 0; c < kVectors; ++c) {
      x[c] = load8(column + c * kLanes) - w[c] * vj;
      dot += x[c] * load8(next.v.data() + c * kLanes);
    }
    const double scaled = next.tau == 0 ? 0.0 : next.tau * sum8(dot);
#pragma GCC unroll 8
    for (int c = 0; c < kVectors; ++c) store8(column + c * kLanes, x[c] - load8(next.v.data() + c * kLanes) * scaled);
  }
}

} // namespace

struct Chase {
  SymmetricBand& band;
  const int n = band.size();

  /// One column's way down the band.
  struct Sweep {
    int column = 0;
    Reflector h;
    Reflector next;
  };

  /// Block `step` of a sweep; false when it lies beyond the matrix.
  bool advance(Sweep& sweep, int step) {
    const int top = sweep.column + 1 + step * kBand;
    if (top >= n) return false;
    if (step == 0) {
      reflect(band.at(top, sweep.column), sweep.h);
    } else {
      applyBelow(band.at(top, top - kBand), SymmetricBand::kStride, sweep.h, sweep.next);
      std::swap(sweep.h, sweep.next);
    }
    applyToDiagonal(band.at(top, top), SymmetricBand::kStride, sweep.h);
    return true;
  }

  /// A sweep may work on a block once the one before is two blocks further.
  void wave(int first, int count) {
    std::vector<Sweep> sweeps(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) sweeps[static_cast<std::size_t>(i)].column = first + i;
    bool going = true;
    for (int time = 0; going; ++time) {
      going = false;
      for (int i = 0; i < count; ++i) {
        const int step = time - 2 * i;
        if (step < 0) {
          going = true;
          break;
        }
        going |= advance(sweeps[static_cast<std::size_t>(i)], step);
      }
    }
  }
};

Tridiagonal toTridiagonal(SymmetricBand& band, const Progress& progress) {
  const int n = band.size();
  Chase chase{band};
  for (int first = 0; first < n - 2; first += kWave) {
    if (first % (8 * kWave) == 0) progress.check();
    chase.wave(first, std::min(kWave, n - 2 - first));
  }
  Tridiagonal result{std::vector<double>(static_cast<std::size_t>(n)),
                     std::vector<double>(static_cast<std::size_t>(n))};
  for (int i = 0; i < n; ++i) {
    result.diagonal[static_cast<std::size_t>(i)] = band(i, i);
    result.offDiagonal[static_cast<std::size_t>(i)] = i + 1 < n ? band(i + 1, i) : 0.0;
  }
  return result;
}

} // namespace rankscope
