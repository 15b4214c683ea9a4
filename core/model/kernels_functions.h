// SPDX-License-Identifier: GPL-3.0-or-later
// Elementary functions over vectors, and what is built of them; see kernels_lanes.h for what must not be done here.

#pragma once

#include "core/model/kernels_lanes.h"

namespace rankscope {
namespace {

inline Floats select(Ints mask, Floats yes, Floats no) {
  return mask ? yes : no;
}

/// exp(x) to about 1 ulp in [−87, 88], clamped outside: 2ⁿ·exp(r), |r| ≤ ½ ln 2, exp(r) by its series.
inline Floats exponential(Floats x) {
  x = select(x < -87.0f, all(-87.0f), x);
  x = select(x > 88.0f, all(88.0f), x);
  const Floats magic = all(12582912.0f); // 1.5·2²³: adding it rounds to an integer
  const Floats shifted = x * 1.44269504f + magic;
  const Floats n = shifted - magic;
  const Floats r = (x - n * 0.693145751953125f) - n * 1.42860682030941723e-6f;
  Floats p = all(1.0f / 5040);
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const Ints scale = (__builtin_convertvector(n, Ints) + 127) << 23;
  return p * readAs<Floats>(&scale);
}

/// Φ(x), the normal distribution: ½ erfc(|x|/√2) = ½ t e^{−z²} P(t) with t = 1/(1 + z/2); P is a least-squares fit at
/// Chebyshev points, 4e-9 off.
inline Floats normalDistribution(Floats x) {
  const Floats z = select(x < 0.0f, -x, x) * 0.70710678118654752f;
  const Floats t = 1.0f / (1.0f + 0.5f * z);
  Floats p = all(0.03570683983273617f);
  p = p * t - 0.1906619344484527f;
  p = p * t + 0.38040515650295126f;
  p = p * t - 0.2879781762125234f;
  p = p * t - 0.023611891100212654f;
  p = p * t + 0.03653855414509213f;
  p = p * t + 0.05435295658193571f;
  p = p * t + 0.18575657580092927f;
  p = p * t + 0.24514768729679637f;
  p = p * t + 0.2822558795582846f;
  p = p * t + 0.28208835548559386f;
  const Floats tail = 0.5f * t * p * exponential(-z * z);
  return select(x < 0.0f, tail, 1.0f - tail);
}

template <Activation activation>
inline Floats activated(Floats x) {
  if constexpr (activation == Activation::GeluNew) // x/2·(1 + tanh u) = x / (1 + e^{−2u})
    return x / (1.0f + exponential(x * (x * x * -0.0713548162726f - 1.5957691216f)));
  if constexpr (activation == Activation::Gelu) return x * normalDistribution(x);
  if constexpr (activation == Activation::Silu) return x / (1.0f + exponential(-x));
  if constexpr (activation == Activation::QuickGelu) return x / (1.0f + exponential(x * -1.702f));
  return select(x > 0.0f, x, Floats{});
}

template <Activation activation>
void activateAll(float* x, std::int64_t count) {
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) writeFloats(x + i, activated<activation>(readFloats(x + i)));
  if (i == count) return;
  float tail[kLanes] = {};
  for (std::int64_t k = i; k < count; ++k) tail[k - i] = x[k];
  writeFloats(tail, activated<activation>(readFloats(tail)));
  for (std::int64_t k = i; k < count; ++k) x[k] = tail[k - i];
}

void activate(Activation activation, float* x, std::int64_t count) {
  switch (activation) {
  case Activation::GeluNew:
    return activateAll<Activation::GeluNew>(x, count);
  case Activation::Gelu:
    return activateAll<Activation::Gelu>(x, count);
  case Activation::Silu:
    return activateAll<Activation::Silu>(x, count);
  case Activation::Relu:
    return activateAll<Activation::Relu>(x, count);
  case Activation::QuickGelu:
    return activateAll<Activation::QuickGelu>(x, count);
  }
}

/// Calls body(offset, vector, valid lanes) over a row; lanes past the end hold `padding`.
template <class Body>
inline void forLanes(const float* x, std::int64_t count, float padding, Body body) {
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) body(i, readFloats(x + i));
  if (i == count) return;
  Floats tail = all(padding);
  for (std::int64_t k = i; k < count; ++k) tail[k - i] = x[k];
  body(i, tail);
}

inline float largest(const float* x, std::int64_t count) {
  Floats top = all(x[0]);
  forLanes(x, count, x[0], [&](std::int64_t, Floats v) { top = select(v > top, v, top); });
  float result = top[0];
  for (int i = 1; i < kLanes; ++i) result = top[i] > result ? top[i] : result;
  return result;
}

void softmax(float* x, std::int64_t count) {
  const float top = largest(x, count);
  Floats total{};
  forLanes(x, count, -1e30f, [&](std::int64_t i, Floats v) {
    Floats e = exponential(v - top);
    e = select(v - top < -87.0f, Floats{}, e);
    total += e;
    if (i + kLanes <= count)
      writeFloats(x + i, e);
    else
      for (std::int64_t k = i; k < count; ++k) x[k] = e[k - i];
  });
  const float factor = 1.0f / sum(total);
  for (std::int64_t i = 0; i < count; ++i) x[i] *= factor;
}

/// Floats are summed in short runs and those in double.
constexpr std::int64_t kRun = 512;

double total(const float* x, std::int64_t count) {
  double result = 0;
  for (std::int64_t first = 0; first < count; first += kRun) {
    Floats part{};
    forLanes(x + first, count - first < kRun ? count - first : kRun, 0.0f, [&](std::int64_t, Floats v) { part += v; });
    result += static_cast<double>(sum(part));
  }
  return result;
}

double totalOfSquares(const float* x, std::int64_t count, float mean) {
  double result = 0;
  for (std::int64_t first = 0; first < count; first += kRun) {
    Floats part{};
    forLanes(x + first, count - first < kRun ? count - first : kRun, mean,
             [&](std::int64_t, Floats v) { part += (v - mean) * (v - mean); });
    result += static_cast<double>(sum(part));
  }
  return result;
}

void normalise(const float* x, std::int64_t count, const float* weight, const float* bias, bool centred, float epsilon,
               float* out) {
  const double n = static_cast<double>(count);
  const float mean = centred ? static_cast<float>(total(x, count) / n) : 0.0f;
  const double variance = totalOfSquares(x, count, mean) / n;
  const auto factor = static_cast<float>(1 / __builtin_sqrt(variance + static_cast<double>(epsilon)));
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const Floats scaled = (readFloats(x + i) - mean) * factor * readFloats(weight + i);
    writeFloats(out + i, bias ? scaled + readFloats(bias + i) : scaled);
  }
  for (; i < count; ++i) out[i] = (x[i] - mean) * factor * weight[i] + (bias ? bias[i] : 0.0f);
}

struct RunSums {
  Floats expA{}, expB{}, expDifference{}, aa{}, bb{}, ab{}, difference{};
  void add(Floats a, Floats b, const LogitSums& s) {
    const Floats ea = exponential(a - static_cast<float>(s.largestA));
    expA += ea;
    expB += exponential(b - static_cast<float>(s.largestB));
    expDifference += ea * (a - b);
    const Floats ca = a - static_cast<float>(s.meanA), cb = b - static_cast<float>(s.meanB);
    aa += ca * ca;
    bb += cb * cb;
    ab += ca * cb;
    difference += (ca - cb) * (ca - cb);
  }
};

void addOne(float a, float b, LogitSums* sums) {
  RunSums one;
  one.add(all(a), all(b), *sums);
  sums->expA += static_cast<double>(one.expA[0]);
  sums->expB += static_cast<double>(one.expB[0]);
  sums->expDifference += static_cast<double>(one.expDifference[0]);
  sums->aa += static_cast<double>(one.aa[0]);
  sums->bb += static_cast<double>(one.bb[0]);
  sums->ab += static_cast<double>(one.ab[0]);
  sums->difference += static_cast<double>(one.difference[0]);
}

void compareLogits(const float* a, const float* b, std::int64_t count, LogitSums* sums) {
  *sums = {};
  sums->largestA = static_cast<double>(largest(a, count));
  sums->largestB = static_cast<double>(largest(b, count));
  // As floats, because that is what is subtracted from every logit below.
  sums->meanA = static_cast<double>(static_cast<float>(total(a, count) / static_cast<double>(count)));
  sums->meanB = static_cast<double>(static_cast<float>(total(b, count) / static_cast<double>(count)));
  std::int64_t first = 0;
  while (first + kLanes <= count) {
    RunSums run;
    const std::int64_t end = count - first < kRun ? count : first + kRun;
    for (; first + kLanes <= end; first += kLanes) run.add(readFloats(a + first), readFloats(b + first), *sums);
    sums->expA += static_cast<double>(sum(run.expA));
    sums->expB += static_cast<double>(sum(run.expB));
    sums->expDifference += static_cast<double>(sum(run.expDifference));
    sums->aa += static_cast<double>(sum(run.aa));
    sums->bb += static_cast<double>(sum(run.bb));
    sums->ab += static_cast<double>(sum(run.ab));
    sums->difference += static_cast<double>(sum(run.difference));
  }
  for (; first < count; ++first) addOne(a[first], b[first], sums);
}

} // namespace
} // namespace rankscope
