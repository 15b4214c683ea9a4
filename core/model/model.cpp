// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/model.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <memory>
#include <numeric>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/model/attention.h"
#include "core/model/model_parts.h"
#include "core/model/parallel.h"

namespace rankscope {

namespace {

std::vector<float> readVector(const Checkpoint& checkpoint, const std::string& name) {
  if (name.empty()) return {};
  const TensorView& tensor = *checkpoint.findTensor(name);
  std::vector<float> values(tensor.elements());
  convert(tensor.bytes.data(), tensor.dtype, 0, values);
  return values;
}

Norm readNorm(const Checkpoint& checkpoint, const LinearNames& names) {
  return {readVector(checkpoint, names.weight), readVector(checkpoint, names.bias)};
}

BoundLinear bind(const Checkpoint& checkpoint, const LinearNames& names) {
  return {*checkpoint.findLayer(names.weight), readVector(checkpoint, names.bias)};
}

void normaliseInto(const Architecture& a, const Norm& norm, const RowMatrixF& x, RowMatrixF& out) {
  out.resize(x.rows(), x.cols());
  parallelFor(x.rows(), 16, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t t = from; t < to; ++t)
      kernels().normalise(x.row(t).data(), a.hidden, norm.weight.data(), norm.bias.empty() ? nullptr : norm.bias.data(),
                          !a.rmsNorm, a.normEpsilon, out.row(t).data());
  });
}

constexpr std::int64_t kWorthAThread = 32'768; ///< numbers that something simple is done to

void addBias(RowMatrixF& y, const std::vector<float>& bias) {
  if (bias.empty()) return;
  const Eigen::Map<const Eigen::RowVectorXf> row(bias.data(), y.cols());
  parallelFor(y.rows(), std::max<std::int64_t>(1, kWorthAThread / y.cols()),
              [&](std::int64_t from, std::int64_t to) { y.middleRows(from, to - from).rowwise() += row; });
}

void addTo(RowMatrixF& sum, const RowMatrixF& x) {
  parallelFor(sum.size(), kWorthAThread, [&](std::int64_t from, std::int64_t to) {
    Eigen::Map<Eigen::ArrayXf>(sum.data() + from, to - from) +=
        Eigen::Map<const Eigen::ArrayXf>(x.data() + from, to - from);
  });
}

/// Where a pass writes what it needs for a moment. Fresh memory costs the kernel a fault for each page, which for
/// factors of a small rank is as much as the arithmetic: so the next pass on a thread takes over that of the last one.
struct Workspace {
  RowMatrixF normalised, query, key, value, ordered, attended, projected, inner, gated, mlp;

  std::int64_t size() const {
    std::int64_t size = 0;
    for (const RowMatrixF* m :
         {&normalised, &query, &key, &value, &ordered, &attended, &projected, &inner, &gated, &mlp})
      size += m->size();
    return size;
  }
};

/// A pass may begin inside another one's hook: each has a workspace of its own.
class BorrowedWorkspace final {
 public:
  BorrowedWorkspace() {
    if (idle().empty()) idle().push_back(std::make_unique<Workspace>());
    m_own = std::move(idle().back());
    idle().pop_back();
  }
  ~BorrowedWorkspace() {
    constexpr std::int64_t kWorthKeeping = 64 << 20;
    if (m_own->size() <= kWorthKeeping) idle().push_back(std::move(m_own));
  }
  BorrowedWorkspace(const BorrowedWorkspace&) = delete;
  BorrowedWorkspace& operator=(const BorrowedWorkspace&) = delete;
  Workspace* operator->() const { return m_own.get(); }

 private:
  static std::vector<std::unique_ptr<Workspace>>& idle() {
    thread_local std::vector<std::unique_ptr<Workspace>> workspaces;
    return workspaces;
  }
  std::unique_ptr<Workspace> m_own;
};

} // namespace

RowMatrixF normaliseRows(const Architecture& a, const Norm& norm, const RowMatrixF& x) {
  RowMatrixF out;
  normaliseInto(a, norm, x, out);
  return out;
}

/// One pass through blocks: the sequences of a batch, or the tokens behind a cache.
struct Model::Pass {
  const Model& model;
  const ForwardHooks& hooks;
  std::span<const std::int64_t> lengths;
  std::span<const RopeTable> ropes; ///< one for each sequence
  KvCache* cache;
  BorrowedWorkspace work = {};

  const Architecture& architecture() const { return model.architecture(); }
  void apply(const BoundLinear& linear, const RowMatrixF& x, RowMatrixF& y) const;
  void attention(std::size_t index) const; ///< of work->normalised, into work->projected
  void mlp(const Block& block) const;      ///< of work->normalised, into work->mlp
  void attendAll(std::size_t index, float* q, std::int64_t qStride, float* k, float* v, std::int64_t kvStride,
                 RowMatrixF& out) const;
  void run(std::size_t index, RowMatrixF& hidden) const;
};

Batch batchOf(std::span<const std::vector<int>> sequences) {
  Batch batch;
  for (const std::vector<int>& sequence : sequences) {
    batch.tokens.insert(batch.tokens.end(), sequence.begin(), sequence.end());
    batch.lengths.push_back(static_cast<std::int64_t>(sequence.size()));
  }
  return batch;
}

Batch batchOf(std::vector<int> sequence) {
  const auto length = static_cast<std::int64_t>(sequence.size());
  return {std::move(sequence), {length}};
}

Model::Model(std::shared_ptr<const Checkpoint> checkpoint, const Substitutes& substitutes)
    : m_checkpoint(std::move(checkpoint)) {
  auto parts = std::make_shared<Parts>();
  parts->architecture = describeArchitecture(*m_checkpoint);
  const Architecture& a = parts->architecture;
  const auto remember = [&](const BoundLinear& linear) {
    m_linears.emplace(linear.layer, linearOf(m_checkpoint, linear.layer));
    parts->blockLayers.push_back(linear.layer);
  };
  for (const BlockDescription& names : a.blocks) {
    Block block;
    block.attentionNorm = readNorm(*m_checkpoint, names.attentionNorm);
    block.mlpNorm = readNorm(*m_checkpoint, names.mlpNorm);
    const auto add = [&](BoundLinear& linear, const LinearNames& from) {
      if (from.weight.empty()) return;
      linear = bind(*m_checkpoint, from);
      remember(linear);
    };
    add(block.query, names.query);
    add(block.key, names.key);
    add(block.value, names.value);
    add(block.attentionOutput, names.attentionOutput);
    add(block.gate, names.gate);
    add(block.up, names.up);
    add(block.down, names.down);
    parts->blocks.push_back(std::move(block));
  }
  parts->finalNorm = readNorm(*m_checkpoint, a.finalNorm);
  parts->embedding = *m_checkpoint->findLayer(a.embedding);
  parts->head = *m_checkpoint->findLayer(a.head);
  if (!a.position.empty()) parts->position = *m_checkpoint->findLayer(a.position);
  for (const LayerId layer : {parts->embedding, parts->head, parts->position.value_or(parts->head)})
    if (!m_linears.contains(layer)) m_linears.emplace(layer, linearOf(m_checkpoint, layer));
  m_parts = std::move(parts);
  *this = with(substitutes);
}

Model Model::with(const Substitutes& substitutes) const {
  Model result = *this;
  for (const auto& [layer, linear] : substitutes) {
    const auto at = result.m_linears.find(layer);
    if (at == result.m_linears.end() || !linear) continue;
    if (linear->rows() != at->second->rows() || linear->cols() != at->second->cols())
      throw Error(ErrorKind::BadRequest, fmt::format("{}: a substitute of {} × {} does not fit",
                                                     m_checkpoint->layer(layer).name, linear->rows(), linear->cols()));
    at->second = linear;
  }
  return result;
}

const Architecture& Model::architecture() const {
  return m_parts->architecture;
}
const std::vector<LayerId>& Model::blockLayers() const {
  return m_parts->blockLayers;
}

int Model::blockOf(LayerId layer) const {
  return m_checkpoint->layer(layer).block.value_or(-1);
}

std::uint64_t Model::weightBytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [layer, linear] : m_linears) bytes += linear->bytes();
  for (const TensorView& tensor : m_checkpoint->tensors())
    if (tensor.shape.size() == 1 && isWeight(tensor.dtype)) bytes += tensor.bytes.size();
  return bytes;
}

double Model::flopsPerToken() const {
  double flops = linear(m_parts->head)->flopsPerToken();
  for (const LayerId layer : m_parts->blockLayers) flops += linear(layer)->flopsPerToken();
  return flops;
}

KvCache Model::newCache() const {
  return KvCache(m_parts->blocks.size(), architecture().kvWidth());
}

RowMatrixF Model::embedAt(std::span<const int> tokens, std::span<const std::int64_t> positions) const {
  const Architecture& a = architecture();
  RowMatrixF hidden(static_cast<Eigen::Index>(tokens.size()), a.hidden);
  const Linear& words = *linear(m_parts->embedding);
  std::vector<float> position(static_cast<std::size_t>(a.hidden));
  for (std::size_t t = 0; t < tokens.size(); ++t) {
    const auto row = static_cast<Eigen::Index>(t);
    if (tokens[t] < 0 || tokens[t] >= a.vocabulary)
      throw Error(ErrorKind::BadRequest,
                  fmt::format("token {} is not in the model's vocabulary of {}", tokens[t], a.vocabulary));
    words.row(tokens[t], hidden.row(row).data());
    if (!m_parts->position) continue;
    if (positions[t] >= a.context)
      throw Error(ErrorKind::BadRequest, fmt::format("the text is longer than the model's {} positions", a.context));
    linear(*m_parts->position)->row(positions[t], position.data());
    for (Eigen::Index i = 0; i < a.hidden; ++i) hidden(row, i) += position[static_cast<std::size_t>(i)];
  }
  return hidden;
}

RowMatrixF Model::embed(const Batch& batch) const {
  std::vector<std::int64_t> positions;
  for (const std::int64_t length : batch.lengths)
    for (std::int64_t i = 0; i < length; ++i) positions.push_back(i);
  return embedAt(batch.tokens, positions);
}

void Model::Pass::apply(const BoundLinear& linear, const RowMatrixF& x, RowMatrixF& y) const {
  const Linear& map = *model.linear(linear.layer);
  if (hooks.linearInput) hooks.linearInput(linear.layer, x);
  y.resize(x.rows(), map.outputs());
  map.apply(x.data(), x.rows(), y.data());
  addBias(y, linear.bias);
  if (hooks.linearOutput) hooks.linearOutput(linear.layer, y);
}

void Model::Pass::attendAll(std::size_t index, float* q, std::int64_t qStride, float* k, float* v,
                            std::int64_t kvStride, RowMatrixF& out) const {
  const Architecture& a = architecture();
  const BlockDescription& names = a.blocks[index];
  const AttentionShape shape{a.heads, a.kvHeads, a.headDim, names.scoreScale, names.window};
  std::int64_t row = 0;
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    const std::int64_t rows = lengths[s];
    if (a.rope) {
      rotate(*a.rope, ropes[s], q + row * qStride, qStride, rows, a.heads, a.headDim);
      rotate(*a.rope, ropes[s], k + row * kvStride, kvStride, rows, a.kvHeads, a.headDim);
    }
    float* result = out.data() + row * out.cols();
    if (cache) {
      cache->append(index, k + row * kvStride, v + row * kvStride, kvStride, rows);
      attend(shape, q + row * qStride, qStride, cache->keys(index), cache->values(index), cache->width(),
             cache->length(), rows, result);
    } else {
      attend(shape, q + row * qStride, qStride, k + row * kvStride, v + row * kvStride, kvStride, 0, rows, result);
    }
    row += rows;
  }
}

void Model::Pass::attention(std::size_t index) const {
  const Architecture& a = architecture();
  const Block& block = model.m_parts->blocks[index];
  work->attended.resize(work->normalised.rows(), a.queryWidth());
  apply(block.query, work->normalised, work->query);
  if (a.packing == QkvPacking::Separate) {
    apply(block.key, work->normalised, work->key);
    apply(block.value, work->normalised, work->value);
    attendAll(index, work->query.data(), work->query.cols(), work->key.data(), work->value.data(), work->key.cols(),
              work->attended);
  } else {
    RowMatrixF* qkv = &work->query;
    if (a.packing == QkvPacking::PerHead) {
      // (head, 3, headDim) to (3, head, headDim)
      work->ordered.resize(qkv->rows(), qkv->cols());
      for (std::int64_t h = 0; h < a.heads; ++h)
        for (std::int64_t part = 0; part < 3; ++part)
          work->ordered.middleCols(part * a.queryWidth() + h * a.headDim, a.headDim) =
              qkv->middleCols((3 * h + part) * a.headDim, a.headDim);
      qkv = &work->ordered;
    }
    float* q = qkv->data();
    attendAll(index, q, qkv->cols(), q + a.queryWidth(), q + a.queryWidth() + a.kvWidth(), qkv->cols(), work->attended);
  }
  apply(block.attentionOutput, work->attended, work->projected);
}

void Model::Pass::mlp(const Block& block) const {
  const Architecture& a = architecture();
  const bool gated = !a.blocks.front().gate.weight.empty();
  RowMatrixF& inner = work->inner;
  apply(gated ? block.gate : block.up, work->normalised, inner);
  if (gated) apply(block.up, work->normalised, work->gated);
  parallelFor(inner.size(), kWorthAThread, [&](std::int64_t from, std::int64_t to) {
    kernels().activate(a.activation, inner.data() + from, to - from);
    if (gated)
      Eigen::Map<Eigen::ArrayXf>(inner.data() + from, to - from) *=
          Eigen::Map<const Eigen::ArrayXf>(work->gated.data() + from, to - from);
  });
  apply(block.down, inner, work->mlp);
}

void Model::Pass::run(std::size_t index, RowMatrixF& hidden) const {
  const Architecture& a = architecture();
  const Block& block = model.m_parts->blocks[index];
  normaliseInto(a, block.attentionNorm, hidden, work->normalised);
  attention(index);
  if (!a.parallelResidual) addTo(hidden, work->projected);
  normaliseInto(a, block.mlpNorm, hidden, work->normalised);
  mlp(block);
  if (a.parallelResidual) addTo(hidden, work->projected);
  addTo(hidden, work->mlp);
  if (hooks.blockOutput) hooks.blockOutput(static_cast<int>(index), hidden);
}

void Model::runBlocks(RowMatrixF& hidden, const Batch& batch, int first, int last, const ForwardHooks& hooks,
                      const Progress& progress) const {
  std::vector<RopeTable> ropes;
  if (architecture().rope)
    for (const std::int64_t length : batch.lengths) ropes.push_back(ropeTable(*architecture().rope, 0, length));
  const Pass pass{*this, hooks, batch.lengths, ropes, nullptr};
  for (int i = first; i < last; ++i) {
    progress.check();
    pass.run(static_cast<std::size_t>(i), hidden);
  }
  m_checkpoint->checkUnchanged();
}

RowMatrixF Model::finalNorm(const RowMatrixF& hidden) const {
  return normaliseRows(architecture(), m_parts->finalNorm, hidden);
}

std::int64_t Model::logitRows() const {
  return std::clamp<std::int64_t>((std::int64_t{8} << 20) / architecture().vocabulary / 64 * 64, 64, 256);
}

RowMatrixF Model::logits(Eigen::Ref<const RowMatrixF> normalised) const {
  assert(normalised.outerStride() == normalised.cols());
  RowMatrixF out(normalised.rows(), architecture().vocabulary);
  linear(m_parts->head)->apply(normalised.data(), normalised.rows(), out.data());
  m_checkpoint->checkUnchanged();
  return out;
}

RowMatrixF Model::forward(const Batch& batch, const ForwardHooks& hooks, const Progress& progress) const {
  RowMatrixF hidden = embed(batch);
  runBlocks(hidden, batch, 0, blockCount(), hooks, progress);
  return finalNorm(hidden);
}

RowMatrixF Model::forward(std::span<const int> tokens, KvCache& cache, const Progress& progress) const {
  const auto rows = static_cast<std::int64_t>(tokens.size());
  std::vector<std::int64_t> positions(tokens.size());
  std::iota(positions.begin(), positions.end(), cache.length());
  RowMatrixF hidden = embedAt(tokens, positions);
  std::vector<RopeTable> ropes;
  if (architecture().rope) ropes.push_back(ropeTable(*architecture().rope, cache.length(), rows));
  const ForwardHooks none;
  const Pass pass{*this, none, std::span(&rows, 1), ropes, &cache};
  for (std::size_t i = 0; i < m_parts->blocks.size(); ++i) {
    progress.check();
    pass.run(i, hidden);
  }
  m_checkpoint->checkUnchanged();
  cache.advance(rows);
  return finalNorm(hidden);
}

LinearPtr linearOf(const Checkpoint& checkpoint, const CompressedLayer& layer) {
  return layer.stored.empty() ? nullptr : linearOf(checkpoint.layer(layer.layer), layer.stored);
}

} // namespace rankscope
