// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Private to core/report.

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/checkpoint/safetensors_writer.h"
#include "core/report/export_layout.h"

namespace rankscope {

/// The weight files of an export while they are written: which file a tensor goes to, and the hash of what went there.
/// write() is thread-safe for different tensors.
class ExportTensors final {
 public:
  ExportTensors(std::shared_ptr<const Checkpoint> checkpoint, std::vector<Shard> shards, std::filesystem::path folder);

  /// A whole tensor.
  void write(const std::string& name, std::span<const std::byte> bytes);
  /// All parts of a layer with their scales. Throws Error(BadRequest) when they are not what was laid out.
  void writeParts(const LayerInfo& layer, const StoredLayer& stored);
  /// base + A·B as stored, multiplied in double and rounded to the layer's dtype; a bias shift goes into the bias.
  void writeProduct(const LayerInfo& layer, const StoredLayer& stored, const Progress& progress);

  /// The layers that were laid out as factors go in as they are in the checkpoint after all. Writes the files that held
  /// room for them anew.
  void keep(const std::vector<LayerId>& layers, ExportKind kind);

  /// Copies every tensor that stays and completes the files and their index.
  void finish(const Progress& progress);

  /// Reads everything back as a checkpoint and compares. Throws Error(Unwritable) naming the tensor that differs.
  void check(const Progress& progress) const;

  /// By tensor, hexadecimal.
  const std::map<std::string, std::string, std::less<>>& hashes() const { return m_hashes; }

 private:
  struct OpenShard {
    Shard tensors;
    std::unique_ptr<SafetensorsWriter> writer;
  };
  void open(OpenShard& shard, const std::filesystem::path& path) const;
  OpenShard& shardOf(std::string_view tensor);
  void writeBias(const LayerInfo& layer, const std::vector<float>& shift);
  void remember(const std::string& tensor, std::string hash);
  void copy(OpenShard& shard, const ExportTensor& tensor, const Progress& progress);
  void rewrite(OpenShard& shard, const std::vector<LayerId>& kept, ExportKind kind);
  void writeIndex() const;

  std::shared_ptr<const Checkpoint> m_checkpoint;
  std::filesystem::path m_folder;
  std::vector<OpenShard> m_shards;
  std::map<std::string, std::size_t, std::less<>> m_places;
  std::mutex m_mutex;
  std::map<std::string, std::string, std::less<>> m_hashes;
};

} // namespace rankscope
