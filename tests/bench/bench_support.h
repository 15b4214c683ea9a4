// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor/tensor_view.h"

namespace rankscope::bench {

/// An F32 matrix with a spectrum that decays as trained ones do: Gaussian entries, rows and columns of unequal weight.
struct Matrix {
  Matrix(std::int64_t rows, std::int64_t cols, unsigned seed);
  MatrixView view() const;

  std::int64_t rows;
  std::int64_t cols;
  std::vector<float> values;
};

/// The linear weights of a GPT-Neo-1.3B-shaped model.
struct Shape {
  std::int64_t rows;
  std::int64_t cols;
  int layers;
};
inline const std::vector<Shape> kGptNeo1300M{{2048, 2048, 96}, {8192, 2048, 24}, {2048, 8192, 24}};

int cores();
double secondsOf(const std::function<void()>& work);
/// Processor time of all threads, which a machine shared with others disturbs less than the clock on the wall.
double processorSecondsOf(const std::function<void()>& work);
double medianSeconds(int repeats, const std::function<void()>& work);

/// Best flop rate of dgemm on all cores, of several sizes: by OpenBLAS's threads, and by one dgemm per core.
double bestDgemmRate();

/// The same in flops per second of processor time, of all cores together.
double bestDgemmProcessorRate();

/// LAPACK's singular values alone with OpenBLAS on `threads` cores, as numpy (dgesdd on doubles) and torch (sgesdd on
/// floats) call them; the copy that is overwritten, and for dgesdd widened, counts.
void dgesddValues(const MatrixView& matrix, int threads);
void sgesddValues(const MatrixView& matrix, int threads);

/// The same with vectors (jobz 'S').
void dgesddFull(const MatrixView& matrix, int threads);
void sgesddFull(const MatrixView& matrix, int threads);

/// Anonymous memory of this process now, in MiB.
double anonymousMiB();

/// What the numbers depend on: processor, cores, OpenBLAS and its core type.
void printMachine();

/// `--name value` or `--name`; the value's default otherwise.
struct Options {
  Options(int argc, char** argv) : arguments(argv + 1, argv + argc) {}
  bool has(std::string_view name) const;
  int number(std::string_view name, int otherwise) const;
  std::string text(std::string_view name, std::string otherwise) const;
  /// The first argument, which says what to measure.
  std::string what(std::string otherwise) const;
  std::vector<std::string> arguments;
};

/// A sparse checkpoint with these F32 tensors (all zero) in `shards` files; takes no room on the disk.
struct SparseTensor {
  std::string name;
  std::uint64_t rows;
  std::uint64_t cols;
};
void writeSparseModel(const std::filesystem::path& folder, const std::vector<SparseTensor>& tensors, int shards,
                      const std::string& configJson);

} // namespace rankscope::bench
