// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/factored_layers.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "core/base/error.h"

namespace rankscope {

namespace {

using namespace std::string_view_literals;

constexpr std::array kOurs{".lowrank_a"sv, ".lowrank_b"sv, ".lowrank_a_scale"sv, ".lowrank_b_scale"sv,
                           ".quantized_scale"sv};
constexpr std::array kAmbiguous{".quantized"sv, ".bias_shift"sv};

template <std::size_t N>
bool endsWithAny(std::string_view name, const std::array<std::string_view, N>& suffixes) {
  return std::ranges::any_of(suffixes, [&](std::string_view suffix) { return name.ends_with(suffix); });
}

DType tensorType(Storage storage) {
  switch (storage) {
  case Storage::F32:
    return DType::F32;
  case Storage::F16:
    return DType::F16;
  case Storage::BF16:
    return DType::BF16;
  case Storage::Int8:
    return DType::I8;
  case Storage::Int4:
  case Storage::Int3:
    return DType::U8;
  }
  return DType::F32;
}

/// The scales as floats. F16 ones are widened; a file of another writer may hold F32 ones unaligned: then they are
/// copied.
struct AlignedScales {
  std::shared_ptr<const MappedFile> file;
  std::vector<float> copy;
};

class Joiner final {
 public:
  Joiner(std::span<const TensorView> tensors, const std::filesystem::path& path) : m_tensors(tensors), m_path(path) {}

  FactoredLayer join(const ManifestLayer& entry) {
    if (find(entry.name)) fail(fmt::format("layer {} is stored both whole and as factors", entry.name));
    StoredLayer stored;
    if (entry.base)
      stored.base = matrix(entry, baseName(entry.name), baseScaleName(entry.name), entry.rows, entry.cols, *entry.base);
    if (entry.rank)
      stored.factors = FactorPair{factor(entry, 'a', entry.rows, *entry.rank, entry.a),
                                  factor(entry, 'b', *entry.rank, entry.cols, entry.b)};
    if (entry.biasShift) stored.biasShift = biasShift(entry);
    return {entry, std::move(stored)};
  }

  void refuseLeftovers() const {
    for (const TensorView& tensor : m_tensors)
      if (isFactorTensor(tensor.name) && !m_used.contains(tensor.name))
        fail(
            fmt::format("tensor {} belongs to a compressed layer that the manifest does not account for", tensor.name));
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorKind::Malformed, fmt::format("{}: {}", m_path.string(), what));
  }

  const TensorView* find(std::string_view name) const {
    const auto found = std::ranges::lower_bound(
        m_tensors, name, {}, [](const TensorView& tensor) -> std::string_view { return tensor.name; });
    return found != m_tensors.end() && found->name == name ? &*found : nullptr;
  }

  const TensorView& require(const std::string& name, DType dtype, std::string_view layer) {
    const TensorView* tensor = find(name);
    if (!tensor) fail(fmt::format("tensor {} of layer {} is missing", name, layer));
    if (tensor->dtype != dtype)
      fail(fmt::format("tensor {} is {}, but the manifest makes it {}", name, rankscope::name(tensor->dtype),
                       rankscope::name(dtype)));
    m_used.insert(tensor->name);
    return *tensor;
  }

  StoredMatrix factor(const ManifestLayer& entry, char which, std::int64_t rows, std::int64_t cols,
                      const StorageFormat& format) {
    return matrix(entry, factorName(entry.name, which), scaleName(entry.name, which), rows, cols, format);
  }

  StoredMatrix matrix(const ManifestLayer& entry, const std::string& name, const std::string& scales, std::int64_t rows,
                      std::int64_t cols, const StorageFormat& format) {
    const TensorView& codes = require(name, tensorType(format.storage), entry.name);
    const auto storedCols = static_cast<std::uint64_t>(codesPerRow(cols, format.storage));
    if (codes.shape != std::vector{static_cast<std::uint64_t>(rows), storedCols})
      fail(fmt::format("tensor {} has shape [{}], but the manifest makes it [{}, {}]", codes.name,
                       fmt::join(codes.shape, ", "), rows, storedCols));
    StoredMatrix result{
        .rows = rows, .cols = cols, .format = format, .codes = codes.bytes, .scales = {}, .owner = codes.file};
    if (isInteger(format.storage)) attachScales(result, require(scales, tensorType(format.scales), entry.name));
    return result;
  }

  std::vector<float> biasShift(const ManifestLayer& entry) {
    const TensorView& tensor = require(biasShiftName(entry.name), DType::F32, entry.name);
    const std::int64_t outputs = entry.orientation == Orientation::OutIn ? entry.rows : entry.cols;
    if (tensor.shape != std::vector{static_cast<std::uint64_t>(outputs)})
      fail(fmt::format("tensor {} has shape [{}], but the manifest makes it [{}]", tensor.name,
                       fmt::join(tensor.shape, ", "), outputs));
    std::vector<float> shift(static_cast<std::size_t>(outputs));
    convert(tensor.bytes.data(), DType::F32, 0, std::span(shift));
    return shift;
  }

  void attachScales(StoredMatrix& matrix, const TensorView& scales) const {
    const std::uint64_t expected = scaleCount(matrix.rows, matrix.cols, matrix.format);
    if (scales.elements() != expected)
      fail(fmt::format("tensor {} holds {} scales, but the manifest makes it {}", scales.name, scales.elements(),
                       expected));
    const auto address = reinterpret_cast<std::uintptr_t>(scales.bytes.data());
    if (scales.dtype == DType::F32 && address % alignof(float) == 0 && scales.file.get() == matrix.owner.get()) {
      matrix.scales = {reinterpret_cast<const float*>(address), expected};
      return;
    }
    auto aligned = std::make_shared<AlignedScales>();
    aligned->file = std::static_pointer_cast<const MappedFile>(matrix.owner);
    aligned->copy = readScales(scales.bytes, matrix.format);
    matrix.scales = aligned->copy;
    matrix.owner = std::move(aligned);
  }

  std::span<const TensorView> m_tensors;
  const std::filesystem::path& m_path;
  std::set<std::string_view> m_used;
};

} // namespace

bool isFactorTensor(std::string_view name) {
  return marksFactoredExport(name) || endsWithAny(name, kAmbiguous);
}

bool marksFactoredExport(std::string_view name) {
  return endsWithAny(name, kOurs);
}

std::string biasNameOf(const LayerInfo& layer) {
  constexpr std::string_view kWeight = ".weight";
  if (!layer.name.ends_with(kWeight)) return {};
  return layer.name.substr(0, layer.name.size() - kWeight.size()) + ".bias";
}

bool isBiasOf(const LayerInfo& layer, const TensorView& tensor) {
  return tensor.name == biasNameOf(layer) && isWeight(tensor.dtype) &&
         tensor.shape == std::vector{static_cast<std::uint64_t>(layer.outputs())};
}

const TensorView* biasOf(const Checkpoint& checkpoint, const LayerInfo& layer) {
  const TensorView* bias = checkpoint.findTensor(biasNameOf(layer));
  return bias && isBiasOf(layer, *bias) ? bias : nullptr;
}

std::vector<FactoredLayer> joinFactors(const FactoredManifest& manifest, std::span<const TensorView> tensors,
                                       const std::filesystem::path& manifestPath) {
  Joiner joiner(tensors, manifestPath);
  std::vector<FactoredLayer> layers;
  for (const ManifestLayer& entry : manifest.layers) layers.push_back(joiner.join(entry));
  joiner.refuseLeftovers();
  return layers;
}

} // namespace rankscope
