// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench_support.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/checkpoint/safetensors_writer.h"
#include "core/linalg/lapack.h"
#include "core/tensor/convert.h"

extern "C" {
void sgesdd_(const char* jobz, const int* m, const int* n, float* a, const int* lda, float* s, float* u, const int* ldu,
             float* vt, const int* ldvt, float* work, const int* lwork, int* iwork, int* info);
char* openblas_get_config();
char* openblas_get_corename();
}

namespace rankscope::bench {

Matrix::Matrix(std::int64_t rows_, std::int64_t cols_, unsigned seed)
    : rows(rows_), cols(cols_), values(static_cast<std::size_t>(rows_ * cols_)) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal(0, 0.02f);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < cols; ++j)
      values[static_cast<std::size_t>(i * cols + j)] = normal(random) *
                                                       std::pow(1 + 0.02f * static_cast<float>(i), -0.3f) *
                                                       std::pow(1 + 0.02f * static_cast<float>(j), -0.3f);
}

MatrixView Matrix::view() const {
  return {rows, cols, DType::F32, reinterpret_cast<const std::byte*>(values.data())};
}

int cores() {
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

double secondsOf(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double processorSecondsOf(const std::function<void()>& work) {
  const std::clock_t start = std::clock();
  work();
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

double bestDgemmProcessorRate() {
  constexpr int n = 2048;
  const std::vector<double> a(static_cast<std::size_t>(n) * n, 0.5);
  std::vector<double> c(a.size());
  openblas_set_num_threads(1);
  double best = 0;
  for (int repeat = 0; repeat < 6; ++repeat)
    best = std::max(best, 2.0 * n * n * n / processorSecondsOf([&] {
                            gemm('N', 'N', n, n, n, 1.0, a.data(), n, a.data(), n, 0.0, c.data(), n);
                          }));
  return best * cores();
}

double medianSeconds(int repeats, const std::function<void()>& work) {
  std::vector<double> seconds;
  for (int i = 0; i < repeats; ++i) seconds.push_back(secondsOf(work));
  std::sort(seconds.begin(), seconds.end());
  return (seconds[(seconds.size() - 1) / 2] + seconds[seconds.size() / 2]) / 2;
}

double bestDgemmRate() {
  double best = 0;
  for (const int n : {1024, 2048, 3072}) {
    const auto size = static_cast<std::size_t>(n) * static_cast<std::size_t>(n);
    const std::vector<double> a(size, 0.5);
    const double flops = 2.0 * n * n * static_cast<double>(n);
    for (int repeat = 0; repeat < 6; ++repeat) {
      std::vector<double> c(size);
      openblas_set_num_threads(cores());
      best = std::max(
          best, flops / secondsOf([&] { gemm('N', 'N', n, n, n, 1.0, a.data(), n, a.data(), n, 0.0, c.data(), n); }));
      openblas_set_num_threads(1);
      std::vector<std::vector<double>> own(static_cast<std::size_t>(cores()), std::vector<double>(size));
      best = std::max(best, flops * cores() / secondsOf([&] {
                              std::vector<std::jthread> threads;
                              for (auto& out : own)
                                threads.emplace_back([&] {
                                  gemm('N', 'N', n, n, n, 1.0, a.data(), n, a.data(), n, 0.0, out.data(), n);
                                });
                            }));
    }
  }
  return best;
}

namespace {

template <class T, class Routine>
void gesdd(const MatrixView& matrix, int threads, bool vectors, Routine routine) {
  openblas_set_num_threads(threads);
  const int m = static_cast<int>(matrix.cols); // column-major, the stored bytes are the transpose
  const int n = static_cast<int>(matrix.rows);
  const int p = std::min(m, n);
  std::vector<T> a(static_cast<std::size_t>(m) * static_cast<std::size_t>(n));
  convert(matrix.data, matrix.dtype, 0, std::span(a));
  std::vector<T> s(static_cast<std::size_t>(p));
  std::vector<T> u(vectors ? static_cast<std::size_t>(m) * static_cast<std::size_t>(p) : 1);
  std::vector<T> vt(vectors ? static_cast<std::size_t>(n) * static_cast<std::size_t>(p) : 1);
  std::vector<int> iwork(static_cast<std::size_t>(8 * p));
  std::vector<T> work(1);
  const int ldvt = vectors ? p : 1;
  int lwork = -1;
  int info = 0;
  for (int call = 0; call < 2; ++call) {
    routine(vectors ? "S" : "N", &m, &n, a.data(), &m, s.data(), u.data(), &m, vt.data(), &ldvt, work.data(), &lwork,
            iwork.data(), &info);
    lwork = static_cast<int>(work[0]);
    work.resize(static_cast<std::size_t>(lwork));
  }
  openblas_set_num_threads(1);
}

} // namespace

void dgesddValues(const MatrixView& matrix, int threads) {
  gesdd<double>(matrix, threads, false, dgesdd_);
}
void sgesddValues(const MatrixView& matrix, int threads) {
  gesdd<float>(matrix, threads, false, sgesdd_);
}
void dgesddFull(const MatrixView& matrix, int threads) {
  gesdd<double>(matrix, threads, true, dgesdd_);
}
void sgesddFull(const MatrixView& matrix, int threads) {
  gesdd<float>(matrix, threads, true, sgesdd_);
}

double anonymousMiB() {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("RssAnon:")) return std::strtod(line.c_str() + 8, nullptr) / 1024;
  return 0;
}

void printMachine() {
  std::ifstream in("/proc/cpuinfo");
  std::string model = "unknown processor";
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name")) {
      model = line.substr(line.find(':') + 2);
      break;
    }
  fmt::print("{}, {} cores; {}; core type {}\n", model, cores(), openblas_get_config(), openblas_get_corename());
}

bool Options::has(std::string_view name) const {
  return std::find(arguments.begin(), arguments.end(), name) != arguments.end();
}

std::string Options::text(std::string_view name, std::string otherwise) const {
  const auto found = std::find(arguments.begin(), arguments.end(), name);
  return found == arguments.end() || found + 1 == arguments.end() ? otherwise : found[1];
}

int Options::number(std::string_view name, int otherwise) const {
  return std::atoi(text(name, std::to_string(otherwise)).c_str());
}

std::string Options::what(std::string otherwise) const {
  return arguments.empty() || arguments.front().starts_with("--") ? otherwise : arguments.front();
}

void writeSparseModel(const std::filesystem::path& folder, const std::vector<SparseTensor>& tensors, int shards,
                      const std::string& configJson) {
  std::filesystem::create_directories(folder);
  nlohmann::json index{{"metadata", {{"total_size", 0}}}, {"weight_map", nlohmann::json::object()}};
  const std::size_t perShard =
      (tensors.size() + static_cast<std::size_t>(shards) - 1) / static_cast<std::size_t>(shards);
  for (int shard = 0; shard < shards; ++shard) {
    const std::string file =
        shards == 1 ? "model.safetensors" : fmt::format("model-{:05}-of-{:05}.safetensors", shard + 1, shards);
    std::vector<TensorSpec> specs;
    for (std::size_t i = perShard * static_cast<std::size_t>(shard);
         i < std::min(tensors.size(), perShard * static_cast<std::size_t>(shard + 1)); ++i) {
      specs.push_back({tensors[i].name, DType::F32,
                       tensors[i].cols == 0 ? std::vector<std::uint64_t>{tensors[i].rows}
                                            : std::vector<std::uint64_t>{tensors[i].rows, tensors[i].cols}});
      index["weight_map"][tensors[i].name] = file;
    }
    const SafetensorsLayout layout = layOutSafetensors(specs);
    std::ofstream(folder / file, std::ios::binary) << layout.header;
    std::filesystem::resize_file(folder / file, layout.fileBytes);
  }
  if (shards > 1) std::ofstream(folder / "model.safetensors.index.json") << index.dump();
  std::ofstream(folder / "config.json") << configJson;
}

} // namespace rankscope::bench
