// SPDX-License-Identifier: GPL-3.0-or-later
// Leading factors of one matrix and of a model's attention, beside LAPACK's full SVD.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>

#include <fmt/format.h>

#include "bench_support.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/safetensors_writer.h"
#include "core/compress/compress.h"
#include "core/linalg/blas_core_type.h"
#include "core/linalg/svd.h"
#include "tests/support/test_matrices.h"

using namespace rankscope;
using namespace rankscope::bench;

namespace {

/// Distance of the factors from the matrix over the Eckart–Young optimum, minus 1.
double excess(const MatrixView& view, const TruncatedSvd& svd) {
  const RowMatrixD w = toDouble(view);
  const auto sigma = test::dgesddValues(view);
  double optimum = 0;
  for (std::size_t i = sigma.size(); i-- > svd.sigma.size();) optimum += sigma[i] * sigma[i];
  const Eigen::Map<const Eigen::VectorXd> s(svd.sigma.data(), static_cast<Eigen::Index>(svd.sigma.size()));
  return (w - svd.u * s.asDiagonal() * svd.v.transpose()).norm() / std::sqrt(optimum) - 1;
}

void matrix(const Options& options) {
  const int rank = options.number("--rank", 256);
  const int repeats = options.number("--repeat", 3);
  const int threads = options.number("--threads", cores());
  const Matrix w(2048, 2048, 1);
  const auto sigma = singularValues(w.view(), {}, threads);
  fmt::print("Rank-{} factors of a 2048×2048 F32 matrix, {} cores on each side, median of {}\n\n| | seconds | × ours | "
             "processor time, s | × ours |\n|---|---:|---:|---:|---:|\n",
             rank, threads, repeats);
  double ours = 0;
  double oursProcessor = 0;
  const auto row = [&](const char* name, int times, const std::function<void()>& work) {
    double seconds = 0;
    const double processor = processorSecondsOf([&] { seconds = medianSeconds(times, work); }) / times;
    if (ours == 0) ours = seconds, oursProcessor = processor;
    fmt::print("| {} | {:.3f} | {:.1f} | {:.3f} | {:.1f} |\n", name, seconds, seconds / ours, processor,
               processor / oursProcessor);
    std::fflush(stdout);
  };
  const int peerRepeats = options.number("--peer-repeat", 1);
  row("Rankscope", repeats, [&] { truncatedSvd(w.view(), rank, {}, {}, threads); });
  row("Rankscope, spectrum known", repeats, [&] { truncatedSvd(w.view(), rank, sigma, {}, threads); });
  row("LAPACK dgesdd, full (numpy)", peerRepeats, [&] { dgesddFull(w.view(), threads); });
  row("LAPACK sgesdd, full (torch)", peerRepeats, [&] { sgesddFull(w.view(), threads); });
  const TruncatedSvd svd = truncatedSvd(w.view(), rank, sigma, {}, cores());
  fmt::print("\n‖W − AB‖ / optimum − 1: {:.1e}; largest entry of |UᵀU − I|: {:.1e}, of |VᵀV − I|: {:.1e}\n",
             excess(w.view(), svd),
             (svd.u.transpose() * svd.u - Eigen::MatrixXd::Identity(rank, rank)).cwiseAbs().maxCoeff(),
             (svd.v.transpose() * svd.v - Eigen::MatrixXd::Identity(rank, rank)).cwiseAbs().maxCoeff());
}

/// Graded and ill-conditioned matrices: distance from W over the bound (1 + 1e-6)·optimum + 1e-13·‖W‖.
void hard(const Options& options) {
  const int n = options.number("--side", 600);
  fmt::print("| σ, {0}×{0} | rank | ‖W − AB‖ / optimum − 1 | share of the bound |\n|---|---:|---:|---:|\n", n);
  for (const double decades : {2.0, 4.0, 8.0, 12.0}) {
    std::vector<double> sigma;
    for (int i = 0; i < n; ++i) sigma.push_back(std::pow(10.0, -decades * i / (n - 1)));
    const RowMatrixD values = test::withSingularValues(n, n, sigma, 3);
    const test::Stored stored(values, DType::F64);
    const auto exact = test::dgesddValues(stored.view);
    for (const int rank : {n / 8, n / 2, n - 20}) {
      const TruncatedSvd svd = truncatedSvd(stored.view, rank);
      const Eigen::Map<const Eigen::VectorXd> s(svd.sigma.data(), rank);
      double optimum = 0;
      for (std::size_t i = exact.size(); i-- > static_cast<std::size_t>(rank);) optimum = std::hypot(optimum, exact[i]);
      const double distance = (values - svd.u * s.asDiagonal() * svd.v.transpose()).norm();
      fmt::print("| 1 … 1e-{} | {} | {:.1e} | {:.3f} |\n", decades, rank, distance / optimum - 1,
                 distance / ((1 + 1e-6) * optimum + 1e-13 * values.norm()));
      std::fflush(stdout);
    }
  }
}

/// From file to file: a checkpoint of `layers` attention matrices, compressed to int8 factors in memory and written.
void compressFile(const Options& options) {
  const int layers = options.number("--layers", 96);
  const int rank = options.number("--rank", 256);
  const std::filesystem::path folder = options.text("--folder", "/tmp/rankscope-bench");
  std::filesystem::create_directories(folder);
  const auto file = folder / "attention.safetensors";
  std::filesystem::remove(file);
  std::vector<TensorSpec> specs;
  const char* names[] = {"q_proj", "k_proj", "v_proj", "out_proj"};
  for (int i = 0; i < layers; ++i)
    specs.push_back(
        {fmt::format("transformer.h.{}.attn.attention.{}.weight", i / 4, names[i % 4]), DType::F32, {2048, 2048}});
  {
    SafetensorsWriter writer(file, specs);
    const Matrix w(2048, 2048, 1);
    std::vector<float> values = w.values;
    for (int i = 0; i < layers; ++i) { // rotated by rows: other bytes, the same spectrum
      std::rotate(values.begin(), values.begin() + 2048, values.end());
      writer.write(specs[static_cast<std::size_t>(i)].name, std::as_bytes(std::span(values)));
    }
    writer.finish();
  }
  double meanCosine = 0;
  const auto run = [&] {
    const auto checkpoint = openCheckpoint(file);
    ResolvedPlan plan;
    std::vector<TensorSpec> out;
    for (const LayerInfo& layer : checkpoint->layers()) {
      plan.layers.push_back(choiceFor(layer, rank, Storage::Int8, 0));
      out.push_back({layer.name + ".a", DType::I8, {2048, static_cast<std::uint64_t>(rank)}});
      out.push_back({layer.name + ".b", DType::I8, {static_cast<std::uint64_t>(rank), 2048}});
    }
    std::filesystem::remove(folder / "out.safetensors");
    SafetensorsWriter writer(folder / "out.safetensors", out);
    meanCosine = 0;
    CompressionHooks hooks;
    hooks.sink = [&](CompressedLayer&& layer) {
      const std::string& name = checkpoint->layer(layer.layer).name;
      writer.write(name + ".a", layer.stored.factors->a.codes);
      writer.write(name + ".b", layer.stored.factors->b.codes);
      meanCosine += layer.quality.cosine / layers;
    };
    compress(*checkpoint, plan, [](LayerId) { return nullptr; }, hooks, {});
    writer.finish();
  };
  const double ours = medianSeconds(options.number("--repeat", 1), run);
  fmt::print("{} attention layers of 2048×2048, rank {}, int8, file to file, quality measured: {:.1f} s ({:.3f} s a "
             "layer), mean cosine {:.4f}\n",
             layers, rank, ours, ours / layers, meanCosine);
  fmt::print("The same with numpy: peers_numpy_torch.py compress {}\n", file.string());
}

} // namespace

int main(int argc, char** argv) {
  useBestBlasCoreType(argv);
  const Options options(argc, argv);
  const std::string what = options.what("matrix");
  try {
    printMachine();
    if (what == "matrix")
      matrix(options);
    else if (what == "hard")
      hard(options);
    else if (what == "compress")
      compressFile(options);
    else {
      fmt::print(stderr, "usage: bench_factors [matrix [--rank R] [--repeat N] [--threads N] | hard [--side N] | "
                         "compress [--layers N] "
                         "[--rank R] [--folder F]]\n");
      return 2;
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_factors: {}\n", error.what());
    return 1;
  }
}
