// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/export_tensors.h"

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <tbb/parallel_for.h>

#include "core/base/error.h"
#include "core/checkpoint/factored_layers.h"
#include "core/checkpoint/factored_manifest.h"
#include "core/store/content_hash.h"
#include "core/store/durable_file.h"
#include "core/tensor/convert.h"

namespace rankscope {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPieceBytes = std::size_t{16} << 20;

/// Calls work(piece, offset) for the tensor in pieces that memory and patience can bear.
template <class Work>
void inPieces(std::span<const std::byte> bytes, const Progress& progress, Work work) {
  for (std::size_t at = 0; at < bytes.size(); at += kPieceBytes) {
    progress.check();
    work(bytes.subspan(at, std::min(kPieceBytes, bytes.size() - at)), at);
  }
}

/// So that reading back reads the disk, not what the kernel still remembers.
void forgetCached(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
  ::close(descriptor);
}

/// Rows [first, first + out.rows()).
void expandRows(const ExpandedRows& matrix, std::int64_t first, RowMatrixD& out) {
  constexpr std::int64_t kStripe = 32;
  tbb::parallel_for(std::int64_t{0}, (out.rows() + kStripe - 1) / kStripe, [&](std::int64_t stripe) {
    const std::int64_t begin = stripe * kStripe;
    const std::int64_t count = std::min(kStripe, out.rows() - begin);
    out.middleRows(begin, count) = matrix.rows(first + begin, count);
  });
}

/// BF16 by way of F32, as PyTorch and ml_dtypes cast doubles: whoever checks an export with them finds the same bits.
void roundTo(DType dtype, const RowMatrixD& values, std::byte* out) {
  const auto count = static_cast<std::size_t>(values.size());
  if (dtype != DType::BF16) return store(std::span(values.data(), count), dtype, out);
  const RowMatrixF single = values.cast<float>();
  store(std::span(single.data(), count), dtype, out);
}

} // namespace

ExportTensors::ExportTensors(std::shared_ptr<const Checkpoint> checkpoint, std::vector<Shard> shards, fs::path folder)
    : m_checkpoint(std::move(checkpoint)), m_folder(std::move(folder)), m_shards(shards.size()) {
  for (std::size_t i = 0; i < shards.size(); ++i) {
    m_shards[i].tensors = std::move(shards[i]);
    for (const ExportTensor& tensor : m_shards[i].tensors) m_places.emplace(tensor.spec.name, i);
    open(m_shards[i], m_folder / shardName(i, m_shards.size()));
  }
}

void ExportTensors::open(OpenShard& shard, const fs::path& path) const {
  shard.writer = std::make_unique<SafetensorsWriter>(path, specsOf(shard.tensors), exportMetadata(*m_checkpoint));
}

ExportTensors::OpenShard& ExportTensors::shardOf(std::string_view tensor) {
  const auto found = m_places.find(tensor);
  if (found == m_places.end()) throw Error(ErrorKind::BadRequest, fmt::format("{} has no place in the export", tensor));
  return m_shards[found->second];
}

void ExportTensors::remember(const std::string& tensor, std::string hash) {
  const std::lock_guard guard(m_mutex);
  m_hashes.insert_or_assign(tensor, std::move(hash));
}

void ExportTensors::write(const std::string& name, std::span<const std::byte> bytes) {
  shardOf(name).writer->write(name, bytes);
  remember(name, contentHash(bytes));
}

void ExportTensors::writeParts(const LayerInfo& layer, const StoredLayer& stored) {
  const auto writeMatrix = [&](const std::string& codes, const std::string& scales, const StoredMatrix& matrix) {
    write(codes, matrix.codes);
    if (!matrix.scales.empty()) write(scales, writtenScales(matrix));
  };
  if (stored.base) writeMatrix(baseName(layer.name), baseScaleName(layer.name), *stored.base);
  if (stored.factors) {
    writeMatrix(factorName(layer.name, 'a'), scaleName(layer.name, 'a'), stored.factors->a);
    writeMatrix(factorName(layer.name, 'b'), scaleName(layer.name, 'b'), stored.factors->b);
  }
  if (!stored.biasShift.empty()) write(biasShiftName(layer.name), std::as_bytes(std::span(stored.biasShift)));
}

void ExportTensors::writeBias(const LayerInfo& layer, const std::vector<float>& shift) {
  const TensorView* bias = biasOf(*m_checkpoint, layer);
  if (!bias) throw Error(ErrorKind::BadRequest, fmt::format("layer {} has no bias to add a shift to", layer.name));
  std::vector<double> values(shift.size());
  convert(bias->bytes.data(), bias->dtype, 0, std::span(values));
  RowMatrixD sum(1, static_cast<Eigen::Index>(values.size()));
  for (std::size_t i = 0; i < values.size(); ++i)
    sum(static_cast<Eigen::Index>(i)) = values[i] + static_cast<double>(shift[i]);
  std::vector<std::byte> bytes(bias->bytes.size());
  roundTo(bias->dtype, sum, bytes.data());
  write(bias->name, bytes);
}

void ExportTensors::writeProduct(const LayerInfo& layer, const StoredLayer& stored, const Progress& progress) {
  const auto shaped = [&](const StoredMatrix& matrix, std::int64_t rows, std::int64_t cols) {
    if (matrix.rows != rows || matrix.cols != cols)
      throw Error(ErrorKind::BadRequest, fmt::format("the parts of layer {} do not have its shape", layer.name));
  };
  if (stored.base) shaped(*stored.base, layer.rows, layer.cols);
  if (stored.factors) {
    shaped(stored.factors->a, layer.rows, stored.factors->a.cols);
    shaped(stored.factors->b, stored.factors->a.cols, layer.cols);
  }
  if (!stored.biasShift.empty()) writeBias(layer, stored.biasShift);
  const ExpandedRows matrix(stored);
  const std::int64_t rowsAtOnce =
      std::clamp<std::int64_t>(static_cast<std::int64_t>(kPieceBytes / 8) / layer.cols, 1, layer.rows);
  std::vector<std::byte> bytes;
  ContentHash hash;
  std::uint64_t offset = 0;
  for (std::int64_t first = 0; first < layer.rows; first += rowsAtOnce) {
    progress.check();
    RowMatrixD product(std::min(rowsAtOnce, layer.rows - first), layer.cols);
    expandRows(matrix, first, product);
    bytes.resize(static_cast<std::size_t>(product.size()) * byteSize(layer.dtype));
    roundTo(layer.dtype, product, bytes.data());
    shardOf(layer.name).writer->write(layer.name, bytes, offset);
    hash.add(bytes);
    offset += bytes.size();
  }
  remember(layer.name, hash.hex());
}

void ExportTensors::keep(const std::vector<LayerId>& layers, ExportKind kind) {
  for (std::size_t i = 0; i < m_shards.size(); ++i) {
    const bool touched = std::ranges::any_of(m_shards[i].tensors, [&](const ExportTensor& tensor) {
      return tensor.layer && std::ranges::find(layers, *tensor.layer) != layers.end();
    });
    if (!touched) continue;
    rewrite(m_shards[i], layers, kind);
    for (const ExportTensor& tensor : m_shards[i].tensors) m_places.insert_or_assign(tensor.spec.name, i);
  }
}

/// The file anew, with the kept layers' own tensors instead of factors; what was written so far moves over.
void ExportTensors::rewrite(OpenShard& shard, const std::vector<LayerId>& kept, ExportKind kind) {
  OpenShard fresh;
  std::vector<LayerId> done;
  for (const ExportTensor& tensor : shard.tensors) {
    if (!tensor.layer || std::ranges::find(kept, *tensor.layer) == kept.end()) {
      fresh.tensors.push_back(tensor);
    } else if (std::ranges::find(done, *tensor.layer) == done.end()) {
      for (ExportTensor& own : tensorsOfLayer(*m_checkpoint, *tensor.layer, {}, kind))
        fresh.tensors.push_back(std::move(own));
      done.push_back(*tensor.layer);
    }
    // A bias that was to take up a shift stays as it is, too.
    const TensorView* bias = tensor.layer ? biasOf(*m_checkpoint, m_checkpoint->layer(*tensor.layer)) : nullptr;
    const auto named = [&](const ExportTensor& other) { return other.spec.name == tensor.spec.name; };
    if (bias && bias->name == tensor.spec.name && std::ranges::none_of(fresh.tensors, named))
      fresh.tensors.push_back({tensor.spec, bias, std::nullopt});
  }
  const fs::path path = shard.writer->path();
  fs::path second = path;
  second += ".second";
  open(fresh, second);
  const auto written = MappedFile::open(path);
  const std::vector<TensorSpec> specs = specsOf(shard.tensors);
  const SafetensorsLayout layout = layOutSafetensors(specs, exportMetadata(*m_checkpoint));
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (!m_hashes.contains(specs[i].name)) continue;
    fresh.writer->write(specs[i].name, written->bytes().subspan(layout.offsets[i], tensorBytes(specs[i])));
  }
  shard = std::move(fresh); // the unfinished file goes away with its writer
  fs::rename(second, path);
}

void ExportTensors::copy(OpenShard& shard, const ExportTensor& tensor, const Progress& progress) {
  const TensorView& source = *tensor.copyOf;
  ContentHash hash;
  inPieces(source.bytes, progress, [&](std::span<const std::byte> piece, std::size_t offset) {
    source.file->checkUnchanged(); // the kernel would call a page that is gone a bad address
    shard.writer->write(tensor.spec.name, piece, offset);
    hash.add(piece);
    source.file->release(piece);
  });
  source.file->checkUnchanged();
  remember(tensor.spec.name, hash.hex());
}

void ExportTensors::finish(const Progress& progress) {
  std::size_t done = 0;
  for (OpenShard& shard : m_shards) {
    for (const ExportTensor& tensor : shard.tensors) {
      progress.report(static_cast<double>(done++) / static_cast<double>(m_places.size()), tensor.spec.name);
      if (tensor.copyOf) copy(shard, tensor, progress);
    }
    shard.writer->finish();
  }
  if (m_shards.size() > 1) writeIndex();
}

void ExportTensors::writeIndex() const {
  std::uint64_t total = 0;
  nlohmann::ordered_json places = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < m_shards.size(); ++i)
    for (const ExportTensor& tensor : m_shards[i].tensors) {
      total += tensorBytes(tensor.spec);
      places[tensor.spec.name] = shardName(i, m_shards.size());
    }
  const nlohmann::ordered_json index{{"metadata", {{"total_size", total}}}, {"weight_map", std::move(places)}};
  const std::string text = index.dump(2) + "\n";
  const std::span<const std::byte> bytes = std::as_bytes(std::span(text));
  writeDurably(m_folder / "model.safetensors.index.json", std::span(&bytes, 1));
}

void ExportTensors::check(const Progress& progress) const {
  for (std::size_t i = 0; i < m_shards.size(); ++i) forgetCached(m_folder / shardName(i, m_shards.size()));
  const auto written = openCheckpoint(m_folder);
  const auto differs = [&](std::string_view tensor) {
    return Error(ErrorKind::Unwritable, fmt::format("{}: tensor {} was read back differently from how it was written",
                                                    m_folder.string(), tensor));
  };
  std::size_t expected = 0;
  for (const OpenShard& shard : m_shards) {
    for (const ExportTensor& tensor : shard.tensors) {
      progress.report(static_cast<double>(expected++) / static_cast<double>(m_places.size()), tensor.spec.name);
      const TensorView* found = written->findTensor(tensor.spec.name);
      if (!found || found->dtype != tensor.spec.dtype || found->shape != tensor.spec.shape)
        throw differs(tensor.spec.name);
      ContentHash hash;
      inPieces(found->bytes, progress, [&](std::span<const std::byte> piece, std::size_t) {
        hash.add(piece);
        found->file->release(piece);
      });
      if (hash.hex() != m_hashes.at(tensor.spec.name)) throw differs(tensor.spec.name);
    }
  }
  if (written->tensors().size() != expected) throw differs("of another name");
}

} // namespace rankscope
