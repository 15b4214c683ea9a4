// SPDX-License-Identifier: GPL-3.0-or-later
// Singular values of whole models, beside LAPACK's and beside the limit. See PERFORMANCE.md for what each command
// shows.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "bench_support.h"
#include "core/base/error.h"
#include "core/base/schedule.h"
#include "core/checkpoint/checkpoint.h"
#include "core/linalg/blas_core_type.h"
#include "core/linalg/svd.h"
#include "tests/support/test_matrices.h"

using namespace rankscope;
using namespace rankscope::bench;

namespace {

/// Anonymous memory sampled while it lives.
class MemoryWatch final {
 public:
  MemoryWatch()
      : m_start(anonymousMiB()), m_thread([this](std::stop_token stop) {
          while (!stop.stop_requested()) {
            m_peak = std::max(m_peak.load(), anonymousMiB());
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
          }
        }) {}
  double growth() const { return m_peak - m_start; }

 private:
  double m_start;
  std::atomic<double> m_peak = 0;
  std::jthread m_thread;
};

/// `share` of the model's layers, scheduled as the program does.
double oursOnModel(const std::vector<std::vector<Matrix>>& matrices, int threads, int share, int repeats,
                   double& memory, double& processorSeconds) {
  std::vector<MatrixView> work;
  std::vector<double> costs;
  for (std::size_t s = 0; s < kGptNeo1300M.size(); ++s)
    for (int i = 0; i < kGptNeo1300M[s].layers / share; ++i) {
      work.push_back(matrices[s][static_cast<std::size_t>(i) % matrices[s].size()].view());
      costs.push_back(singularValuesFlops(work.back().rows, work.back().cols));
    }
  MemoryWatch watch;
  double processorTotal = 0;
  const double seconds = medianSeconds(repeats, [&] {
    processorTotal += processorSecondsOf([&] {
      runScheduled(Schedule(costs), threads, {},
                   [&](std::size_t item, int own) { singularValues(work[item], {}, own); });
    });
  });
  memory = watch.growth();
  processorSeconds = processorTotal / repeats * share;
  return seconds * share;
}

void model(const Options& options) {
  const int share = std::max(1, options.number("--share", 12));
  const int repeats = options.number("--repeat", 3);
  const int peerRepeats = options.number("--peer-repeat", 1);
  const int threads = options.number("--threads", cores());
  fmt::print("Values of all linear weights of a GPT-Neo-1.3B-shaped model (F32, 96 of 2048×2048, 48 of 2048×8192 or "
             "8192×2048), {} cores on each side; 1/{} of the layers measured, median of {}\n\n",
             threads, share, repeats);
  std::vector<std::vector<Matrix>> matrices;
  double flops = 0;
  for (const Shape& shape : kGptNeo1300M) {
    matrices.emplace_back();
    for (unsigned seed = 1; seed <= 2; ++seed) matrices.back().emplace_back(shape.rows, shape.cols, seed);
    flops += shape.layers * singularValuesFlops(shape.rows, shape.cols);
  }
  const double rate = bestDgemmRate() * threads / cores();
  const double limit = flops / rate;
  double memory = 0;
  double processorSeconds = 0;
  const double ours = oursOnModel(matrices, threads, share, repeats, memory, processorSeconds);
  const double processorLimit = flops / bestDgemmProcessorRate() * cores();

  const auto row = [&](const char* name, double seconds, double processor) {
    fmt::print("| {} | {:.1f} | {:.2f} | {:.2f} | {:.1f} | {:.2f} | {:.2f} |\n", name, seconds, seconds / ours,
               seconds / limit, processor, processor / processorSeconds, processor / processorLimit);
    std::fflush(stdout);
  };
  fmt::print("| | seconds | × ours | × limit | processor time, s | × ours | × limit |\n"
             "|---|---:|---:|---:|---:|---:|---:|\n");
  row("Rankscope", ours, processorSeconds);
  row(fmt::format("limit: mn² + 4/3·n³ flops at the best dgemm, {:.1f} GFlop/s", rate * 1e-9).c_str(), limit,
      processorLimit);
  if (!options.has("--no-peers")) {
    using Peer = void (*)(const MatrixView&, int);
    for (const auto& [name, peer] : {std::pair<const char*, Peer>{"LAPACK dgesdd, values (numpy)", dgesddValues},
                                     {"LAPACK sgesdd, values (torch)", sgesddValues}}) {
      double seconds = 0;
      double processor = 0;
      for (std::size_t s = 0; s < kGptNeo1300M.size(); ++s) {
        double here = 0;
        const double processorHere = processorSecondsOf([&, peer = peer] {
                                       here = medianSeconds(peerRepeats, [&] { peer(matrices[s][0].view(), threads); });
                                     }) /
                                     peerRepeats;
        seconds += kGptNeo1300M[s].layers * here;
        processor += kGptNeo1300M[s].layers * processorHere;
      }
      row(name, seconds, processor);
    }
  }
  fmt::print("\nProcessor time is what other programs disturb less; waiting threads of BLAS count in it.\nAnonymous "
             "memory taken by the run: {:.0f} MiB\n",
             memory);
}

void shapes(const Options& options) {
  const int repeats = options.number("--repeat", 3);
  const double rate = bestDgemmRate();
  fmt::print("One matrix at a time on all cores, median of {}\n\n| shape | first result, s | × limit | memory, MiB "
             "|\n|---|---:|---:|---:|\n",
             repeats);
  for (const auto& [rows, cols] : {std::pair(768, 768), {2048, 2048}, {2048, 8192}, {8192, 2048}, {4096, 4096}}) {
    const Matrix matrix(rows, cols, 3);
    MemoryWatch watch;
    const double seconds = medianSeconds(repeats, [&] { singularValues(matrix.view(), {}, cores()); });
    fmt::print("| {}×{} | {:.3f} | {:.2f} | {:.0f} |\n", rows, cols, seconds,
               seconds * rate / singularValuesFlops(rows, cols), watch.growth());
    std::fflush(stdout);
  }
}

void large(const Options& options) {
  const std::vector<std::pair<int, int>> all{{50257, 2048}, {8192, 28672}};
  const std::string wanted = options.text("--shape", "");
  fmt::print("| shape | seconds | memory beyond the matrix, MiB |\n|---|---:|---:|\n");
  for (const auto& [rows, cols] : all) {
    if (!wanted.empty() && wanted != fmt::format("{}x{}", rows, cols)) continue;
    const Matrix matrix(rows, cols, 5);
    MemoryWatch watch;
    const double seconds = secondsOf([&] { singularValues(matrix.view(), {}, cores()); });
    fmt::print("| {}×{} | {:.1f} | {:.0f} |\n", rows, cols, seconds, watch.growth());
    std::fflush(stdout);
  }
}

/// Time from a stop request to the return, asked for at several moments of a 4096² matrix.
void cancel(const Options&) {
  const Matrix matrix(4096, 4096, 7);
  double worst = 0;
  for (int moment = 1; moment <= 12; ++moment) {
    std::stop_source stop;
    std::chrono::steady_clock::time_point asked;
    std::jthread stopper([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(90 * moment));
      asked = std::chrono::steady_clock::now();
      stop.request_stop();
    });
    bool cancelled = false;
    try {
      if (moment % 2)
        singularValues(matrix.view(), Progress(stop.get_token()), 1);
      else
        truncatedSvd(matrix.view(), 512, {}, Progress(stop.get_token()), 1);
    } catch (const Cancelled&) {
      cancelled = true;
    }
    const auto returned = std::chrono::steady_clock::now();
    stopper.join();
    if (cancelled) worst = std::max(worst, std::chrono::duration<double>(returned - asked).count());
  }
  fmt::print("Longest time from a stop request to the return, 4096×4096, values and factors: {:.3f} s\n", worst);
}

/// Every layer of a checkpoint against dgesdd on the double matrix.
void accuracy(const Options& options) {
  const auto checkpoint = openCheckpoint(options.text("--model", ""));
  double worst = 0;
  std::string where;
  const std::int64_t most = options.number("--largest-side", 1 << 30);
  int layers = 0;
  for (const LayerInfo& layer : checkpoint->layers()) {
    const auto matrix = checkpoint->matrix(layer.id);
    if (std::max(layer.rows, layer.cols) > most) continue;
    const double off = test::deviation(singularValues(matrix.view), test::dgesddValues(matrix.view));
    ++layers;
    if (off > worst) {
      worst = off;
      where = layer.name;
    }
  }
  fmt::print("{} layers; largest |σ − σ(dgesdd)| / σ₁: {:.2e} ({})\n", layers, worst, where);
}

} // namespace

int main(int argc, char** argv) {
  useBestBlasCoreType(argv);
  const Options options(argc, argv);
  const std::string what = options.what("model");
  try {
    printMachine();
    if (what == "model")
      model(options);
    else if (what == "shapes")
      shapes(options);
    else if (what == "large")
      large(options);
    else if (what == "cancel")
      cancel(options);
    else if (what == "accuracy")
      accuracy(options);
    else {
      fmt::print(stderr, "usage: bench_spectrum [model [--share N] [--repeat N] [--peer-repeat N] [--threads N] "
                         "[--no-peers] | shapes | "
                         "large [--shape RxC] | cancel | accuracy --model PATH [--largest-side N]]\n");
      return 2;
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_spectrum: {}\n", error.what());
    return 1;
  }
}
