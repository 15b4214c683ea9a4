// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of a spectrum and of a truncated SVD, one core each.

#include <benchmark/benchmark.h>

#include "bench_support.h"
#include "core/linalg/band_eigenvectors.h"
#include "core/linalg/blas_core_type.h"
#include "core/linalg/general_band.h"
#include "core/linalg/gram.h"
#include "core/linalg/lapack.h"
#include "core/linalg/symmetric_band.h"
#include "core/linalg/tridiagonal.h"

#include <cmath>
#include <map>

using namespace rankscope;

namespace {

const bench::Matrix& matrixOf(std::int64_t n) {
  static std::map<std::int64_t, bench::Matrix> matrices;
  return matrices.try_emplace(n, n, n, 1u).first->second;
}

SymmetricBand bandOf(std::int64_t n) {
  const ScaledMatrix w(matrixOf(n).view());
  Eigen::MatrixXf tall = w.tallFloat();
  return toBandSquared(tall, w.longSide(), {}, 1);
}

void rate(benchmark::State& state, double flops) {
  state.counters["GFlop/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

void gramMatrix(benchmark::State& state) {
  const ScaledMatrix w(matrixOf(state.range(0)).view());
  for (auto _ : state) benchmark::DoNotOptimize(gram<double>(w, {}, 1));
  rate(state, std::pow(static_cast<double>(state.range(0)), 3));
}

void symmetricToBand(benchmark::State& state) {
  const ScaledMatrix w(matrixOf(state.range(0)).view());
  for (auto _ : state) {
    state.PauseTiming();
    Eigen::MatrixXd squared = gram<double>(w, {}, 1);
    state.ResumeTiming();
    benchmark::DoNotOptimize(toBand(std::move(squared), {}, 1));
  }
  rate(state, 4.0 / 3 * std::pow(static_cast<double>(state.range(0)), 3));
}

void generalToBand(benchmark::State& state) {
  const ScaledMatrix w(matrixOf(state.range(0)).view());
  for (auto _ : state) {
    Eigen::MatrixXf tall = w.tallFloat();
    benchmark::DoNotOptimize(toBandSquared(tall, w.longSide(), {}, 1));
  }
  rate(state, 8.0 / 3 * std::pow(static_cast<double>(state.range(0)), 3));
}

void bulgeChase(benchmark::State& state) {
  const SymmetricBand band = bandOf(state.range(0));
  for (auto _ : state) {
    SymmetricBand copy = band;
    benchmark::DoNotOptimize(toTridiagonal(copy, {}));
  }
}

void rootFreeQr(benchmark::State& state) {
  SymmetricBand band = bandOf(state.range(0));
  const Tridiagonal tridiagonal = toTridiagonal(band, {});
  const auto n = static_cast<int>(state.range(0));
  for (auto _ : state) {
    Tridiagonal copy = tridiagonal;
    int info = 0;
    dsterf_(&n, copy.diagonal.data(), copy.offDiagonal.data(), &info);
    benchmark::DoNotOptimize(info);
  }
}

void allEigenvalues(benchmark::State& state) {
  SymmetricBand band = bandOf(state.range(0));
  const Tridiagonal tridiagonal = toTridiagonal(band, {});
  for (auto _ : state) benchmark::DoNotOptimize(largestEigenvalues(tridiagonal, static_cast<int>(state.range(0)), 1));
}

void eigenvectors256(benchmark::State& state) {
  SymmetricBand band = bandOf(state.range(0));
  SymmetricBand copy = band;
  Tridiagonal tridiagonal = toTridiagonal(copy, {});
  const auto n = static_cast<int>(state.range(0));
  int info = 0;
  dsterf_(&n, tridiagonal.diagonal.data(), tridiagonal.offDiagonal.data(), &info);
  const std::vector<double> leading(tridiagonal.diagonal.rbegin(), tridiagonal.diagonal.rbegin() + 256);
  for (auto _ : state) benchmark::DoNotOptimize(bandEigenvectors(band, leading, {}, 1));
}

BENCHMARK(gramMatrix)->Arg(768)->Arg(2048)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();
BENCHMARK(symmetricToBand)->Arg(768)->Arg(2048)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();
BENCHMARK(generalToBand)->Arg(768)->Arg(2048)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();
BENCHMARK(bulgeChase)->Arg(768)->Arg(2048)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();
BENCHMARK(rootFreeQr)->Arg(768)->Arg(2048)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();
BENCHMARK(allEigenvalues)->Arg(768)->Arg(2048)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();
BENCHMARK(eigenvectors256)->Arg(768)->Arg(2048)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

} // namespace

int main(int argc, char** argv) {
  useBestBlasCoreType(argv);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
