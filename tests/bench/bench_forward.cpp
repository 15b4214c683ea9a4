// SPDX-License-Identifier: GPL-3.0-or-later
// Speed of the forward pass on blocks of GPT-Neo 1.3B's size, against what the machine can do: prefill against its own
// matrix product, decode against its memory. bench_forward_peer.py does the same with PyTorch.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>

#include <unistd.h>

#include <fmt/format.h>

#include "core/checkpoint/safetensors_writer.h"
#include "core/evaluate/speed.h"
#include "core/linalg/blas_core_type.h"
#include "core/model/blas.h"
#include "core/model/model.h"
#include "core/model/parallel.h"

using namespace rankscope;

namespace {

constexpr int kBlocks = 4, kHidden = 2048, kInner = 8192, kVocabulary = 8192, kContext = 1024;
constexpr std::int64_t kPrompt = 512;
constexpr int kDecode = 32, kRounds = 5;

double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double best(int rounds, const std::function<void()>& work) {
  double least = 1e30;
  for (int i = 0; i < rounds; ++i) least = std::min(least, seconds(work));
  return least;
}

/// Flops a second of a large product through the same BLAS.
double sgemmRate() {
  constexpr std::int64_t n = 2048;
  const RowMatrixF a = RowMatrixF::Random(n, n), b = RowMatrixF::Random(n, n);
  RowMatrixF c(n, n);
  return 2.0 * n * n * n / best(kRounds, [&] {
           parallelSgemm(n, n, n, 1, {a.data(), n, false}, {b.data(), n, true}, c.data(), n);
         });
}

/// Bytes a second when all cores read.
double readRate() {
  std::vector<float> memory(std::size_t{1} << 28, 1.0f);
  std::vector<float> sums(64);
  constexpr std::int64_t kCols = 4096;
  const auto rows = static_cast<std::int64_t>(memory.size()) / kCols;
  const std::vector<float> ones(kCols, 1.0f);
  std::vector<float> y(static_cast<std::size_t>(rows));
  const double time = best(kRounds, [&] {
    parallelFor(rows, 512, [&](std::int64_t from, std::int64_t to) {
      kernels().dotRows(Code::F32, reinterpret_cast<const std::byte*>(memory.data() + from * kCols),
                        kCols * sizeof(float), to - from, kCols, ones.data(), y.data() + from);
    });
  });
  return static_cast<double>(memory.size() * sizeof(float)) / time;
}

std::vector<TensorSpec> tensorsOfGptNeo(DType dtype) {
  std::vector<TensorSpec> specs;
  const auto add = [&](const std::string& name, std::vector<std::uint64_t> shape) {
    specs.push_back({name, dtype, std::move(shape)});
  };
  add("transformer.wte.weight", {kVocabulary, kHidden});
  add("transformer.wpe.weight", {kContext, kHidden});
  for (int i = 0; i < kBlocks; ++i) {
    const std::string stem = fmt::format("transformer.h.{}.", i);
    for (const char* part : {"q_proj", "k_proj", "v_proj", "out_proj"})
      add(stem + "attn.attention." + part + ".weight", {kHidden, kHidden});
    add(stem + "attn.attention.out_proj.bias", {kHidden});
    add(stem + "mlp.c_fc.weight", {kInner, kHidden});
    add(stem + "mlp.c_fc.bias", {kInner});
    add(stem + "mlp.c_proj.weight", {kHidden, kInner});
    add(stem + "mlp.c_proj.bias", {kHidden});
    for (const char* part : {"ln_1.weight", "ln_1.bias", "ln_2.weight", "ln_2.bias"}) add(stem + part, {kHidden});
  }
  add("transformer.ln_f.weight", {kHidden});
  add("transformer.ln_f.bias", {kHidden});
  return specs;
}

/// Random values of a sensible size, the same few million again and again.
std::shared_ptr<const Checkpoint> writeModel(const std::filesystem::path& folder, DType dtype) {
  std::filesystem::create_directories(folder);
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0, 0.02f);
  std::vector<float> values(std::size_t{kHidden} * kInner);
  for (float& value : values) value = normal(random);
  std::vector<std::byte> bytes(values.size() * byteSize(dtype));
  store(std::span<const float>(values), dtype, bytes.data());
  SafetensorsWriter writer(folder / "model.safetensors", tensorsOfGptNeo(dtype));
  for (const TensorSpec& tensor : tensorsOfGptNeo(dtype))
    writer.write(tensor.name, std::span(bytes).first(tensorBytes(tensor)));
  writer.finish();
  std::ofstream(folder / "config.json") << fmt::format(
      R"({{"architectures": ["GPTNeoForCausalLM"], "model_type": "gpt_neo", "hidden_size": {}, "num_heads": 16, "num_layers": {},
"intermediate_size": {}, "attention_types": [[["global", "local"], {}]], "window_size": 256, "vocab_size": {},
"max_position_embeddings": {}, "activation_function": "gelu_new"}})",
      kHidden, kBlocks, kInner, kBlocks / 2, kVocabulary, kContext);
  return openCheckpoint(folder);
}

/// The best that the machine showed while all this ran: other work slows a measurement, nothing speeds it up.
struct Machine {
  double flops = 0, bytes = 0;
  void look() {
    flops = std::max(flops, sgemmRate());
    bytes = std::max(bytes, readRate());
  }
};

struct Row {
  std::string name;
  double prefill = 0, decode = 0;           // tokens a second
  double prefillFlops = 0, decodeBytes = 0; // a second
};

/// Multiplications and additions that causal attention cannot do without: q·k and the weighted sum of v, for the keys
/// that each query sees.
double attentionFlops(const Architecture& a) {
  double flops = 0;
  for (const BlockDescription& block : a.blocks)
    for (std::int64_t i = 0; i < kPrompt; ++i) {
      const std::int64_t seen = block.window == 0 ? i + 1 : std::min(i + 1, block.window);
      flops += 4.0 * static_cast<double>(seen * a.queryWidth());
    }
  return flops;
}

Row measure(const std::string& name, const Model& model, Machine& machine) {
  machine.look();
  std::vector<int> tokens(kPrompt);
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<int>(i * 31 % kVocabulary);
  Row row{name};
  const double prefill = best(kRounds, [&] {
    KvCache cache = model.newCache();
    model.logits(model.forward(tokens, cache).bottomRows(1));
  });
  KvCache cache = model.newCache();
  model.forward(std::span(tokens).first(64), cache);
  const double decode = best(2,
                             [&] {
                               for (int i = 0; i < kDecode; ++i)
                                 model.logits(model.forward(std::span(tokens).first(1), cache));
                             }) /
                        kDecode;
  row.prefill = static_cast<double>(kPrompt) / prefill;
  row.decode = 1 / decode;
  double blockFlops = 0,
         read = static_cast<double>(model.linear(*model.checkpoint().findLayer("transformer.wte.weight"))->bytes());
  for (const LayerId layer : model.blockLayers()) {
    blockFlops += model.linear(layer)->flopsPerToken();
    read += static_cast<double>(model.linear(layer)->bytes());
  }
  row.prefillFlops = row.prefill * blockFlops + attentionFlops(model.architecture()) / prefill;
  row.decodeBytes = row.decode * read;
  return row;
}

WeightMatrix randomMatrix(std::int64_t rows, std::int64_t cols, const StorageFormat& format) {
  return WeightMatrix(storeMatrix(RowMatrixD::Random(rows, cols) * 0.05, format));
}

Model factored(const Model& model, std::int64_t rank) {
  Substitutes factors;
  for (const LayerId layer : model.blockLayers()) {
    LinearWeights weights;
    weights.a.emplace(randomMatrix(model.linear(layer)->rows(), rank, {}));
    weights.b.emplace(randomMatrix(rank, model.linear(layer)->cols(), {}));
    factors[layer] = std::make_shared<const Linear>(std::move(weights));
  }
  return model.with(factors);
}

} // namespace

int main(int argc, char** argv) {
  useBestBlasCoreType(argv);
  // A word that the names of the rows must contain.
  const std::string wanted = argc > 1 ? argv[1] : "";
  Machine machine;
  std::vector<Row> rows;
  const auto add = [&](const std::string& what, const Model& model) {
    if (what.find(wanted) != std::string::npos) rows.push_back(measure(what, model, machine));
  };
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("rankscope-bench-{}", ::getpid());
  for (const DType dtype : {DType::F32, DType::BF16}) {
    const Model model(writeModel(folder / std::string(name(dtype)), dtype));
    add(std::string(name(dtype)), model);
    if (dtype == DType::F32) {
      const Model low = factored(model, 128);
      add("rank 128, F32", low);
      add("rank 128, int8", low.with(int8Factors(low)));
    }
  }
  std::filesystem::remove_all(folder);
  machine.look();
  fmt::print("kernels {}, {} threads, sgemm {:.0f} GFlop/s, memory {:.1f} GB/s\n", kernels().name, parallelThreads(),
             machine.flops / 1e9, machine.bytes / 1e9);
  fmt::print("{} blocks of GPT-Neo 1.3B: prefill of {} tokens, decode behind 64\n\n", kBlocks, kPrompt);
  fmt::print("{:<22}{:>14}{:>12}{:>14}{:>12}\n", "weights", "prefill tok/s", "of sgemm", "decode tok/s", "of memory");
  for (const Row& row : rows)
    fmt::print("{:<22}{:>14.1f}{:>11.0f}%{:>14.1f}{:>11.0f}%\n", row.name, row.prefill,
               100 * row.prefillFlops / machine.flops, row.decode, 100 * row.decodeBytes / machine.bytes);
}
