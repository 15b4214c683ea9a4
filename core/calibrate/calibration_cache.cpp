// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibrate/calibration_cache.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include "core/base/error.h"
#include "core/calibrate/shared_inputs.h"

namespace rankscope {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kMagic = "rscalib1"; // the last character is raised when the numbers change

std::size_t halfOf(std::size_t n) {
  return n * (n + 1) / 2;
}

/// Magic, side, whether a mean follows, lower half, mean; XXH3 of all that.
std::string encode(const Eigen::MatrixXd& matrix, const Eigen::VectorXd* mean) {
  const auto n = static_cast<std::size_t>(matrix.rows());
  std::vector<float> numbers;
  numbers.reserve(halfOf(n) + n);
  for (Eigen::Index j = 0; j < matrix.cols(); ++j)
    for (Eigen::Index i = j; i < matrix.rows(); ++i) numbers.push_back(static_cast<float>(matrix(i, j)));
  if (mean)
    for (const double value : *mean) numbers.push_back(static_cast<float>(value));
  std::string bytes(kMagic);
  const std::uint64_t side = n;
  bytes.append(reinterpret_cast<const char*>(&side), sizeof side);
  bytes.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float));
  const XXH64_hash_t hash = XXH3_64bits(bytes.data(), bytes.size());
  return bytes.append(reinterpret_cast<const char*>(&hash), sizeof hash);
}

bool decode(const std::string& bytes, Eigen::MatrixXd& matrix, Eigen::VectorXd* mean) {
  const std::size_t head = kMagic.size() + sizeof(std::uint64_t);
  XXH64_hash_t hash = 0;
  if (bytes.size() < head + sizeof hash || bytes.compare(0, kMagic.size(), kMagic) != 0) return false;
  const std::size_t content = bytes.size() - sizeof hash;
  std::memcpy(&hash, bytes.data() + content, sizeof hash);
  if (hash != XXH3_64bits(bytes.data(), content)) return false;
  std::uint64_t n = 0;
  std::memcpy(&n, bytes.data() + kMagic.size(), sizeof n);
  if (n > 1'000'000 || content - head != (halfOf(n) + (mean ? n : 0)) * sizeof(float)) return false;
  std::vector<float> numbers((content - head) / sizeof(float));
  std::memcpy(numbers.data(), bytes.data() + head, content - head);
  const auto side = static_cast<Eigen::Index>(n);
  matrix.resize(side, side);
  auto next = numbers.begin();
  for (Eigen::Index j = 0; j < side; ++j)
    for (Eigen::Index i = j; i < side; ++i) matrix(i, j) = matrix(j, i) = static_cast<double>(*next++);
  if (mean) *mean = Eigen::Map<const Eigen::VectorXf>(&*next, side).cast<double>();
  return matrix.allFinite();
}

bool write(const fs::path& path, const std::string& bytes) {
  static std::atomic<unsigned> counter = 0;
  std::error_code failed;
  fs::create_directories(path.parent_path(), failed);
  const fs::path temporary = path.parent_path() / fmt::format("{}-{}.part", ::getpid(), counter++);
  {
    std::ofstream out(temporary, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!out.flush()) failed = std::make_error_code(std::errc::io_error);
  }
  std::error_code ignored;
  if (!failed) fs::rename(temporary, path, failed);
  if (failed) fs::remove(temporary, ignored);
  return !failed;
}

std::optional<std::string> read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

std::uint64_t sizeOf(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    std::error_code gone;
    const std::uint64_t size = it->file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

} // namespace

CalibrationCache::CalibrationCache(fs::path folder, std::uint64_t limitBytes)
    : m_folder(folder.empty() ? fs::path() : folder / "calibrations"), m_limit(limitBytes) {}

std::string CalibrationCache::keyOf(const Model& model, std::span<const std::vector<int>> sequences,
                                    const CalibrationOptions& options) {
  const Checkpoint& checkpoint = model.checkpoint();
  std::string text =
      fmt::format("{} {} {} {};", kMagic, options.gradients, options.seed, checkpoint.content().configJson);
  for (const LayerInfo& layer : checkpoint.layers()) text += checkpoint.contentHash(layer.id);
  for (const TensorView& tensor : checkpoint.tensors())
    if (!checkpoint.findLayer(tensor.name))
      text += fmt::format("{} {:016x};", tensor.name, XXH3_64bits(tensor.bytes.data(), tensor.bytes.size()));
  for (const std::vector<int>& sequence : sequences)
    text += fmt::format("{:016x}", XXH3_64bits(sequence.data(), sequence.size() * sizeof(int)));
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

fs::path CalibrationCache::fileFor(const std::string& key, LayerId layer, const char* what) const {
  return m_folder / key / fmt::format("{}.{}", layer.value, what);
}

bool CalibrationCache::save(const std::string& key, LayerId layer, LayerId owner, const Moments& moments) const {
  if (!enabled()) return false;
  return (layer != owner || write(fileFor(key, layer, "inputs"), encode(*moments.inputs, moments.inputMean.get()))) &&
         (moments.gradients.size() == 0 || write(fileFor(key, layer, "gradients"), encode(moments.gradients, nullptr)));
}

std::optional<Moments> CalibrationCache::load(const std::string& key, LayerId layer, LayerId owner,
                                              bool gradients) const {
  if (!enabled()) return std::nullopt;
  const auto inputs = std::make_shared<Eigen::MatrixXd>();
  const auto mean = std::make_shared<Eigen::VectorXd>();
  Moments moments{inputs, mean, {}};
  const std::optional<std::string> bytes = read(fileFor(key, owner, "inputs"));
  if (!bytes || !decode(*bytes, *inputs, mean.get())) return std::nullopt;
  if (!gradients) return moments;
  const std::optional<std::string> more = read(fileFor(key, layer, "gradients"));
  if (!more || !decode(*more, moments.gradients, nullptr)) return std::nullopt;
  return moments;
}

bool CalibrationCache::holds(const std::string& key, LayerId layer, LayerId owner, bool gradients) const {
  std::error_code failed;
  return enabled() && fs::exists(fileFor(key, owner, "inputs"), failed) &&
         (!gradients || fs::exists(fileFor(key, layer, "gradients"), failed));
}

void CalibrationCache::prune(const std::string& spared) const {
  if (!enabled()) return;
  std::vector<std::pair<fs::file_time_type, fs::path>> folders;
  std::uint64_t total = 0;
  std::error_code failed;
  for (fs::directory_iterator it(m_folder, failed), end; !failed && it != end; it.increment(failed)) {
    std::error_code gone;
    const auto used = it->last_write_time(gone);
    if (gone || !it->is_directory(gone)) continue;
    total += sizeOf(it->path());
    if (it->path().filename() != spared) folders.emplace_back(used, it->path());
  }
  std::sort(folders.begin(), folders.end());
  for (const auto& [used, folder] : folders) {
    if (total <= m_limit) return;
    total -= std::min(total, sizeOf(folder));
    fs::remove_all(folder, failed);
  }
}

std::uint64_t momentBytes(const Model& model, int block, bool gradients) {
  std::uint64_t numbers = 0;
  for (const auto& stage : stagesOf(model, block)) {
    const auto in = static_cast<std::uint64_t>(model.linear(stage.front())->inputs());
    numbers += in * in;
    if (!gradients) continue;
    for (const LayerId layer : stage) {
      const auto out = static_cast<std::uint64_t>(model.linear(layer)->outputs());
      numbers += out * out;
    }
  }
  return numbers * sizeof(double);
}

namespace {

/// Consecutive blocks whose moments fit into the memory, one at the least.
std::vector<std::pair<int, int>> groupsOf(const Model& model, bool gradients, std::uint64_t memory) {
  std::vector<std::pair<int, int>> groups;
  for (int first = 0; first < model.blockCount();) {
    std::uint64_t bytes = momentBytes(model, first, gradients);
    int last = first + 1;
    while (last < model.blockCount() && bytes + momentBytes(model, last, gradients) <= memory)
      bytes += momentBytes(model, last++, gradients);
    groups.emplace_back(first, last);
    first = last;
  }
  return groups;
}

/// All layers, each as a place that Calibration::at() fills from the cache; empty when one of them is not there.
std::optional<Calibration> known(const Model& model, const CalibrationCache& cache, const std::string& key,
                                 bool gradients, bool inMemory, std::int64_t tokens) {
  Calibration calibration;
  calibration.tokens = tokens;
  const std::map<LayerId, LayerId> owners = inputOwners(model);
  std::map<LayerId, Moments> byOwner;
  for (const auto& [layer, owner] : owners) {
    std::optional<Moments> moments = cache.load(key, layer, owner, gradients);
    if (!moments) return std::nullopt;
    if (owner == layer)
      byOwner[layer] = {moments->inputs, moments->inputMean, {}};
    else if (byOwner.contains(owner)) {
      moments->inputs = byOwner.at(owner).inputs;
      moments->inputMean = byOwner.at(owner).inputMean;
    }
    calibration.widest = std::max<std::int64_t>(calibration.widest, moments->inputs->rows());
    if (!inMemory) {
      byOwner.clear();
      *moments = {};
    }
    calibration.layers.emplace(layer, std::move(*moments));
  }
  if (!inMemory)
    calibration.elsewhere = [cache, key, gradients, owners](LayerId layer) {
      if (std::optional<Moments> moments = cache.load(key, layer, owners.at(layer), gradients))
        return std::move(*moments);
      throw Error(ErrorKind::Unreadable,
                  "moments of the calibration were removed from the cache while they were in use");
    };
  return calibration;
}

} // namespace

Calibration calibrateCached(const Model& model, std::span<const std::vector<int>> sequences,
                            const CalibrationOptions& options, const CalibrationCache& cache, std::uint64_t memory,
                            const Progress& progress) {
  const std::vector<std::pair<int, int>> groups = groupsOf(model, options.gradients, memory);
  const bool inMemory = groups.size() == 1;
  if (!cache.enabled() && inMemory) return calibrate(model, sequences, options, progress);
  std::int64_t tokens = 0;
  for (const std::vector<int>& sequence : sequences) tokens += static_cast<std::int64_t>(sequence.size());
  const std::string key = CalibrationCache::keyOf(model, sequences, options);
  if (std::optional<Calibration> found = known(model, cache, key, options.gradients, inMemory, tokens)) {
    progress.report(1);
    return std::move(*found);
  }
  const std::map<LayerId, LayerId> owners = inputOwners(model);
  const double share = 1.0 / static_cast<double>(groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    CalibrationOptions part = options;
    part.firstBlock = groups[i].first;
    part.lastBlock = groups[i].second;
    Calibration calibration = calibrate(
        model, sequences, part, progress.slice(share * static_cast<double>(i), share * static_cast<double>(i + 1)));
    bool saved = true;
    for (const auto& [layer, moments] : calibration.layers)
      saved = saved && cache.save(key, layer, owners.at(layer), moments);
    if (inMemory) {
      cache.prune(key);
      return calibration;
    }
    if (!saved)
      throw Error(ErrorKind::Unwritable,
                  "the moments of this model are larger than memory allows and the cache folder, where they "
                  "would lie, cannot be written");
  }
  cache.prune(key);
  std::optional<Calibration> written = known(model, cache, key, options.gradients, false, tokens);
  if (!written) throw Error(ErrorKind::Unreadable, "moments that were just written to the cache cannot be read back");
  return std::move(*written);
}

bool isCalibrated(const Model& model, std::span<const std::vector<int>> sequences, const CalibrationOptions& options,
                  const CalibrationCache& cache) {
  if (!cache.enabled()) return false;
  const std::string key = CalibrationCache::keyOf(model, sequences, options);
  return std::ranges::all_of(inputOwners(model), [&](const auto& owned) {
    return cache.holds(key, owned.first, owned.second, options.gradients);
  });
}

} // namespace rankscope
