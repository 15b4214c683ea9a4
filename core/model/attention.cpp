// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/attention.h"

#include <algorithm>
#include <vector>

#include "core/model/blas.h"
#include "core/model/kernels.h"
#include "core/model/parallel.h"

namespace rankscope {

namespace {

constexpr std::int64_t kQueryBlock = 128;

struct Task {
  const AttentionShape& shape;
  const float* queries;
  std::int64_t queryStride;
  const float* keys;
  const float* values;
  std::int64_t kvStride;
  std::int64_t first;
  float* out;

  std::int64_t firstKey(std::int64_t position) const {
    return shape.window == 0 ? 0 : std::max<std::int64_t>(0, position - shape.window + 1);
  }
};

/// Rows [from, to) of one head: scores of a block of queries against all keys that any of them sees.
void attendBlock(const Task& task, std::int64_t head, std::int64_t from, std::int64_t to, std::vector<float>& scores) {
  const AttentionShape& s = task.shape;
  const std::int64_t keyOffset = head / (s.heads / s.kvHeads) * s.headDim;
  const std::int64_t begin = task.firstKey(task.first + from), end = task.first + to;
  const std::int64_t keys = end - begin, rows = to - from;
  scores.resize(static_cast<std::size_t>(rows * keys));
  const float* q = task.queries + from * task.queryStride + head * s.headDim;
  const float* k = task.keys + begin * task.kvStride + keyOffset;
  const float* v = task.values + begin * task.kvStride + keyOffset;
  sgemm(rows, keys, s.headDim, s.scale, {q, task.queryStride, false}, {k, task.kvStride, true}, scores.data(), keys);
  for (std::int64_t i = 0; i < rows; ++i) {
    float* row = scores.data() + i * keys;
    const std::int64_t position = task.first + from + i;
    const std::int64_t seen = task.firstKey(position) - begin, last = position + 1 - begin;
    std::fill(row, row + seen, 0.0f);
    kernels().softmax(row + seen, last - seen);
    std::fill(row + last, row + keys, 0.0f);
  }
  const std::int64_t width = s.heads * s.headDim;
  sgemm(rows, s.headDim, keys, 1.0f, {scores.data(), keys, false}, {v, task.kvStride, false},
        task.out + from * width + head * s.headDim, width);
}

/// One query: the kernels that stream weights stream the cache as well.
void attendOne(const Task& task, std::int64_t head, std::vector<float>& scores) {
  const AttentionShape& s = task.shape;
  const std::int64_t keyOffset = head / (s.heads / s.kvHeads) * s.headDim;
  const std::int64_t begin = task.firstKey(task.first), keys = task.first + 1 - begin;
  const auto rowBytes = static_cast<std::size_t>(task.kvStride) * sizeof(float);
  const auto bytes = [&](const float* from) {
    return reinterpret_cast<const std::byte*>(from + begin * task.kvStride + keyOffset);
  };
  scores.resize(static_cast<std::size_t>(keys));
  const Kernels& k = kernels();
  k.dotRows(Code::F32, bytes(task.keys), rowBytes, keys, s.headDim, task.queries + head * s.headDim, scores.data());
  for (float& score : scores) score *= s.scale;
  k.softmax(scores.data(), keys);
  float* out = task.out + head * s.headDim;
  std::fill_n(out, s.headDim, 0.0f);
  k.addRows(Code::F32, bytes(task.values), rowBytes, keys, s.headDim, scores.data(), out);
}

} // namespace

void attend(const AttentionShape& shape, const float* queries, std::int64_t queryStride, const float* keys,
            const float* values, std::int64_t kvStride, std::int64_t first, std::int64_t rows, float* out) {
  const Task task{shape, queries, queryStride, keys, values, kvStride, first, out};
  if (rows == 1) {
    const std::int64_t work = std::max<std::int64_t>(1, (first + 1) * shape.headDim * 2);
    parallelFor(shape.heads, std::max<std::int64_t>(1, 65536 / work), [&](std::int64_t from, std::int64_t to) {
      std::vector<float> scores;
      for (std::int64_t head = from; head < to; ++head) attendOne(task, head, scores);
    });
    return;
  }
  const std::int64_t blocks = (rows + kQueryBlock - 1) / kQueryBlock;
  parallelFor(shape.heads * blocks, 1, [&](std::int64_t from, std::int64_t to) {
    thread_local std::vector<float> scores;
    for (std::int64_t i = from; i < to; ++i)
      attendBlock(task, i / blocks, i % blocks * kQueryBlock, std::min(rows, (i % blocks + 1) * kQueryBlock), scores);
  });
}

} // namespace rankscope
