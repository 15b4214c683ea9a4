// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/checkpoint.h"

#include <algorithm>
#include <cassert>
#include <mutex>
#include <numeric>
#include <set>

#include <cblas.h>
#include <fmt/format.h>
#include <xxhash.h>

#include "core/checkpoint/factored_manifest.h"
#include "core/checkpoint/families.h"

namespace rankscope {

namespace {

/// Read in pieces, each released when done, so that hashing a layer larger than memory does not push out everything
/// else.
constexpr std::size_t kHashPiece = std::size_t{64} << 20;

std::string hashOf(std::span<const TensorView* const> tensors) {
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(), XXH3_freeState);
  XXH3_128bits_reset(state.get());
  for (const TensorView* tensor : tensors) {
    for (std::size_t at = 0; at < tensor->bytes.size(); at += kHashPiece) {
      const auto piece = tensor->bytes.subspan(at, std::min(kHashPiece, tensor->bytes.size() - at));
      XXH3_128bits_update(state.get(), piece.data(), piece.size());
    }
    tensor->file->checkUnchanged();
  }
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state.get()));
  std::string text;
  for (const unsigned char byte : canonical.digest) text += fmt::format("{:02x}", byte);
  return text;
}

RowMatrixF multiply(const RowMatrixF& a, const RowMatrixF& b) {
  RowMatrixF product(a.rows(), b.cols());
  const auto m = static_cast<blasint>(a.rows()), n = static_cast<blasint>(b.cols()), r = static_cast<blasint>(a.cols());
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, r, 1, a.data(), r, b.data(), n, 0, product.data(), n);
  return product;
}

MatrixView viewOf(const LayerInfo& layer, const std::byte* data, DType dtype) {
  return {.rows = layer.rows, .cols = layer.cols, .dtype = dtype, .data = data};
}

} // namespace

struct Checkpoint::Hashes {
  struct Entry {
    std::once_flag once;
    std::string text;
  };
  explicit Hashes(std::size_t layers) : entries(layers) {}
  std::vector<Entry> entries;
};

Checkpoint::Checkpoint(Content content) : m_content(std::move(content)), m_hashes(new Hashes(m_content.layers.size())) {
  assert(m_content.stored.size() == m_content.layers.size());
  m_layersByName.resize(m_content.layers.size());
  std::iota(m_layersByName.begin(), m_layersByName.end(), std::size_t{0});
  std::ranges::sort(m_layersByName, {}, [this](std::size_t i) -> std::string_view { return m_content.layers[i].name; });
  std::set<const MappedFile*> met;
  for (const TensorView& tensor : m_content.tensors)
    if (met.insert(tensor.file.get()).second) m_files.push_back(tensor.file);
  countUp();
}

Checkpoint::~Checkpoint() = default;

const TensorView* Checkpoint::findTensor(std::string_view name) const {
  const auto nameOf = [](const TensorView& tensor) -> std::string_view { return tensor.name; };
  const auto found = std::ranges::lower_bound(m_content.tensors, name, {}, nameOf);
  return found != m_content.tensors.end() && found->name == name ? &*found : nullptr;
}

std::optional<LayerId> Checkpoint::findLayer(std::string_view name) const {
  const auto nameOf = [this](std::size_t i) -> std::string_view { return m_content.layers[i].name; };
  const auto found = std::ranges::lower_bound(m_layersByName, name, {}, nameOf);
  if (found == m_layersByName.end() || nameOf(*found) != name) return std::nullopt;
  return LayerId{*found};
}

void Checkpoint::countUp() {
  std::set<std::string_view> notCounted;
  for (const LayerInfo& info : m_content.layers) {
    if (!info.tiedWith.empty()) notCounted.insert(info.tiedWith);
    if (!info.isCompressed()) continue;
    for (const TensorView* tensor : tensorsOf(info.id)) notCounted.insert(tensor->name);
    if (info.base) m_parameters += info.parameters();
    if (info.factoredRank)
      m_parameters +=
          static_cast<std::uint64_t>(*info.factoredRank) * static_cast<std::uint64_t>(info.rows + info.cols);
  }
  for (const TensorView& tensor : m_content.tensors) {
    m_bytes += tensor.bytes.size();
    if (isWeight(tensor.dtype) && !isBuffer(tensor.name) && !notCounted.contains(tensor.name))
      m_parameters += tensor.elements();
  }
}

std::vector<const TensorView*> Checkpoint::tensorsOf(LayerId id) const {
  const std::string& name = layer(id).name;
  if (!layer(id).isCompressed()) return {findTensor(name)};
  std::vector<const TensorView*> tensors;
  for (const std::string& part : storedNames(name))
    if (const TensorView* tensor = findTensor(part)) tensors.push_back(tensor);
  return tensors;
}

Checkpoint::Matrix Checkpoint::matrix(LayerId id) const {
  const LayerInfo& info = layer(id);
  if (const StoredLayer* parts = stored(id)) {
    RowMatrixF numbers;
    if (parts->factors) numbers = multiply(load(parts->factors->a), load(parts->factors->b));
    if (parts->base) numbers = parts->factors ? RowMatrixF(load(*parts->base) + numbers) : load(*parts->base);
    const auto matrix = std::make_shared<const RowMatrixF>(std::move(numbers));
    return {viewOf(info, reinterpret_cast<const std::byte*>(matrix->data()), DType::F32), matrix};
  }
  const TensorView* tensor = findTensor(info.name);
  return {viewOf(info, tensor->bytes.data(), tensor->dtype), tensor->file};
}

const StoredLayer* Checkpoint::stored(LayerId id) const {
  const StoredLayer& parts = m_content.stored[id.value];
  return parts.empty() ? nullptr : &parts;
}

const FactorPair* Checkpoint::factors(LayerId id) const {
  const auto& pair = m_content.stored[id.value].factors;
  return pair ? &*pair : nullptr;
}

void Checkpoint::finishReading(LayerId id) const {
  for (const TensorView* tensor : tensorsOf(id)) {
    tensor->file->release(tensor->bytes);
    tensor->file->checkUnchanged();
  }
}

void Checkpoint::checkUnchanged() const {
  for (const std::shared_ptr<const MappedFile>& file : m_files) file->checkUnchanged();
}

std::string Checkpoint::contentHash(LayerId id) const {
  Hashes::Entry& entry = m_hashes->entries[id.value];
  std::call_once(entry.once, [&] { entry.text = hashOf(tensorsOf(id)); });
  return entry.text;
}

} // namespace rankscope
