// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/synthetic.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include <cblas.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/checkpoint/safetensors_writer.h"
#include "core/tensor/convert.h"

namespace rankscope {

namespace {

/// SplitMix64 (Steele, Lea, Flood 2014): fast, and any state is a good seed.
class Random final {
 public:
  explicit Random(std::uint64_t seed) : m_state(seed) {}

  std::uint64_t bits() {
    std::uint64_t z = m_state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  /// Nearly normal, mean 0 and variance 1: the sum of four uniform numbers of 16 bits.
  float normal() {
    const std::uint64_t z = bits();
    const auto sum = static_cast<float>((z & 0xffff) + (z >> 16 & 0xffff) + (z >> 32 & 0xffff) + (z >> 48));
    return (sum - 2 * 65535.0f) * (1.7320508f / 65536.0f);
  }

 private:
  std::uint64_t m_state;
};

std::uint64_t seedFor(std::string_view name, std::uint64_t seed) {
  Random random(seed);
  std::uint64_t hash = random.bits();
  for (const char c : name) hash = Random(hash ^ static_cast<unsigned char>(c)).bits();
  return hash;
}

/// How a matrix falls: the share of its energy in the structured part, whose singular values go as j^-exponent.
struct Decay {
  float share;
  float exponent;
};

struct Weight {
  TensorSpec spec;
  float mean = 0; // of vectors
  Decay decay{};  // of matrices
};

constexpr std::size_t kStructuredRank = 48;
constexpr std::size_t kStripe = 256;

class Builder final {
 public:
  explicit Builder(const SyntheticShape& shape) : m_shape(shape) {}

  std::vector<Weight> build() {
    const auto hidden = extent(m_shape.hidden), inner = extent(m_shape.intermediate);
    matrix("transformer.wte", extent(m_shape.vocabulary), hidden, {0.4f, 0.5f});
    matrix("transformer.wpe", extent(m_shape.positions), hidden, {0.9f, 1.0f});
    for (int i = 0; i < m_shape.blocks; ++i) {
      const std::string block = fmt::format("transformer.h.{}.", i);
      // Early blocks have the steeper spectra.
      const float late = static_cast<float>(i) / static_cast<float>(m_shape.blocks);
      norm(block + "ln_1");
      matrix(block + "attn.attention.q_proj", hidden, hidden, {0.75f - 0.3f * late, 0.8f});
      matrix(block + "attn.attention.k_proj", hidden, hidden, {0.8f - 0.3f * late, 0.85f});
      matrix(block + "attn.attention.v_proj", hidden, hidden, {0.35f - 0.1f * late, 0.5f});
      linear(block + "attn.attention.out_proj", hidden, hidden, {0.4f - 0.1f * late, 0.55f});
      norm(block + "ln_2");
      linear(block + "mlp.c_fc", inner, hidden, {0.3f, 0.5f});
      linear(block + "mlp.c_proj", hidden, inner, {0.25f, 0.45f});
    }
    norm("transformer.ln_f");
    return std::move(m_weights);
  }

 private:
  static std::uint64_t extent(int value) { return static_cast<std::uint64_t>(value); }

  void vector(const std::string& name, std::uint64_t size, float mean) {
    m_weights.push_back({.spec = {name, m_shape.dtype, {size}}, .mean = mean});
  }
  void matrix(const std::string& name, std::uint64_t rows, std::uint64_t cols, Decay decay) {
    m_weights.push_back({.spec = {name + ".weight", m_shape.dtype, {rows, cols}}, .decay = decay});
  }
  void linear(const std::string& name, std::uint64_t rows, std::uint64_t cols, Decay decay) {
    matrix(name, rows, cols, decay);
    vector(name + ".bias", rows, 0);
  }
  void norm(const std::string& name) {
    vector(name + ".weight", extent(m_shape.hidden), 1);
    vector(name + ".bias", extent(m_shape.hidden), 0);
  }

  const SyntheticShape& m_shape;
  std::vector<Weight> m_weights;
};

std::vector<float> normals(std::size_t count, float scale, Random& random) {
  std::vector<float> values(count);
  for (float& value : values) value = scale * random.normal();
  return values;
}

/// Sizes of rows or columns: log-normal, mean square 1.
std::vector<float> unevenSizes(std::size_t count, Random& random) {
  constexpr float kSpread = 0.45f;
  std::vector<float> sizes(count);
  for (float& size : sizes) size = std::exp(kSpread * random.normal() - kSpread * kSpread);
  return sizes;
}

void writeStripe(SafetensorsWriter& writer, const TensorSpec& spec, std::span<const float> values, std::size_t first) {
  std::vector<std::byte> bytes(values.size() * byteSize(spec.dtype));
  store(values, spec.dtype, bytes.data());
  writer.write(spec.name, bytes, first * byteSize(spec.dtype));
}

void writeVector(SafetensorsWriter& writer, const Weight& weight, Random& random) {
  std::vector<float> values = normals(weight.spec.shape[0], 0.02f, random);
  for (float& value : values) value += weight.mean;
  writeStripe(writer, weight.spec, values, 0);
}

void writeMatrix(SafetensorsWriter& writer, const Weight& weight, Random& random) {
  const std::size_t rows = weight.spec.shape[0], cols = weight.spec.shape[1];
  const std::size_t rank = std::min({rows, cols, kStructuredRank});
  const float size = 0.7f / std::sqrt(static_cast<float>(cols));
  const std::vector<float> rowSizes = unevenSizes(rows, random), columnSizes = unevenSizes(cols, random);
  const float noise = size * std::sqrt(1 - weight.decay.share);

  std::vector<float> right = normals(rank * cols, 1, random);
  float energy = 0;
  for (std::size_t j = 1; j <= rank; ++j) energy += std::pow(static_cast<float>(j), -2 * weight.decay.exponent);
  for (std::size_t j = 0; j < rank; ++j) {
    const float sigma =
        size * std::sqrt(weight.decay.share / energy) * std::pow(static_cast<float>(j + 1), -weight.decay.exponent);
    for (std::size_t c = 0; c < cols; ++c) right[j * cols + c] *= sigma;
  }
  std::vector<float> stripe;
  for (std::size_t first = 0; first < rows; first += kStripe) {
    const std::size_t count = std::min(kStripe, rows - first);
    const std::vector<float> left = normals(count * rank, 1, random);
    stripe.resize(count * cols);
    for (std::size_t r = 0; r < count; ++r)
      for (std::size_t c = 0; c < cols; ++c)
        stripe[r * cols + c] = noise * rowSizes[first + r] * columnSizes[c] * random.normal();
    const auto m = static_cast<blasint>(count), n = static_cast<blasint>(cols), k = static_cast<blasint>(rank);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, left.data(), k, right.data(), n, 1,
                stripe.data(), n);
    writeStripe(writer, weight.spec, stripe, first * cols);
  }
}

std::string configText(const SyntheticShape& shape) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (int i = 0; i < shape.blocks; ++i) layers.push_back(i % 2 == 0 ? "global" : "local");
  const nlohmann::ordered_json config{{"architectures", {"GPTNeoForCausalLM"}},
                                      {"model_type", "gpt_neo"},
                                      {"activation_function", "gelu_new"},
                                      {"attention_layers", layers},
                                      {"hidden_size", shape.hidden},
                                      {"intermediate_size", shape.intermediate},
                                      {"layer_norm_epsilon", 1e-5},
                                      {"max_position_embeddings", shape.positions},
                                      {"num_heads", shape.heads},
                                      {"num_layers", shape.blocks},
                                      {"tie_word_embeddings", true},
                                      {"vocab_size", shape.vocabulary},
                                      {"window_size", std::min(256, shape.positions)}};
  return config.dump(2) + "\n";
}

void writeText(const std::filesystem::path& path, const std::string& text) {
  errno = 0;
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (!out.flush()) throw systemError(errno ? errno : EIO, "cannot write", path);
}

} // namespace

void writeSyntheticCheckpoint(const std::filesystem::path& folder, const SyntheticShape& shape, std::uint64_t seed,
                              const Progress& progress) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw systemError(error.value(), "cannot write", folder);
  const std::vector<Weight> weights = Builder(shape).build();
  std::vector<TensorSpec> specs;
  for (const Weight& weight : weights) specs.push_back(weight.spec);
  const Metadata metadata{{"format", "pt"},
                          {"rankscope_synthetic", fmt::format("seed {}; generated, not trained", seed)}};
  SafetensorsWriter writer(folder / "model.safetensors", specs, metadata);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    progress.check();
    progress.report(static_cast<double>(i) / static_cast<double>(weights.size()), weights[i].spec.name);
    Random random(seedFor(weights[i].spec.name, seed));
    if (weights[i].spec.shape.size() == 2)
      writeMatrix(writer, weights[i], random);
    else
      writeVector(writer, weights[i], random);
  }
  writeText(folder / "config.json", configText(shape));
  writer.finish();
  progress.report(1);
}

} // namespace rankscope
