// SPDX-License-Identifier: GPL-3.0-or-later
// Opening large checkpoints (sparse files: all zeros, no room on the disk) and the first spectrum after it.

#include <cstdio>

#include <fmt/format.h>

#include "bench_support.h"
#include "core/checkpoint/checkpoint.h"
#include "core/linalg/blas_core_type.h"
#include "core/linalg/svd.h"
#include "core/checkpoint/safetensors_writer.h"

using namespace rankscope;
using namespace rankscope::bench;

namespace {

std::vector<SparseTensor> gptNeo() {
  std::vector<SparseTensor> tensors{{"transformer.wte.weight", 50257, 2048}, {"transformer.wpe.weight", 2048, 2048}};
  for (int block = 0; block < 24; ++block) {
    const std::string h = fmt::format("transformer.h.{}.", block);
    for (const char* name : {"q_proj", "k_proj", "v_proj", "out_proj"})
      tensors.push_back({h + "attn.attention." + name + ".weight", 2048, 2048});
    tensors.push_back({h + "attn.attention.out_proj.bias", 2048, 0});
    tensors.push_back({h + "mlp.c_fc.weight", 8192, 2048});
    tensors.push_back({h + "mlp.c_fc.bias", 8192, 0});
    tensors.push_back({h + "mlp.c_proj.weight", 2048, 8192});
    tensors.push_back({h + "mlp.c_proj.bias", 2048, 0});
    for (const char* norm : {"ln_1.weight", "ln_1.bias", "ln_2.weight", "ln_2.bias"})
      tensors.push_back({h + norm, 2048, 0});
  }
  tensors.push_back({"transformer.ln_f.weight", 2048, 0});
  tensors.push_back({"transformer.ln_f.bias", 2048, 0});
  return tensors;
}

std::vector<SparseTensor> llama70B() {
  std::vector<SparseTensor> tensors{{"model.embed_tokens.weight", 128256, 8192}};
  for (int block = 0; block < 80; ++block) {
    const std::string h = fmt::format("model.layers.{}.", block);
    tensors.push_back({h + "self_attn.q_proj.weight", 8192, 8192});
    tensors.push_back({h + "self_attn.k_proj.weight", 1024, 8192});
    tensors.push_back({h + "self_attn.v_proj.weight", 1024, 8192});
    tensors.push_back({h + "self_attn.o_proj.weight", 8192, 8192});
    tensors.push_back({h + "mlp.gate_proj.weight", 28672, 8192});
    tensors.push_back({h + "mlp.up_proj.weight", 28672, 8192});
    tensors.push_back({h + "mlp.down_proj.weight", 8192, 28672});
    for (const char* norm : {"input_layernorm.weight", "post_attention_layernorm.weight"})
      tensors.push_back({h + norm, 8192, 0});
  }
  tensors.push_back({"model.norm.weight", 8192, 0});
  tensors.push_back({"lm_head.weight", 128256, 8192});
  return tensors;
}

void measureOpening(const char* name, const std::filesystem::path& path, int repeats) {
  const double before = anonymousMiB();
  std::shared_ptr<const Checkpoint> checkpoint;
  const double first = secondsOf([&] { checkpoint = openCheckpoint(path); });
  const double memory = anonymousMiB() - before;
  const double again = medianSeconds(repeats, [&] { openCheckpoint(path); });
  fmt::print("| {} | {} | {:.1f} | {:.1f} | {:.1f} |\n", name, checkpoint->tensors().size(), first * 1e3, again * 1e3,
             memory);
}

void firstSpectrum(const std::filesystem::path& folder, int repeats) {
  const auto file = folder / "one.safetensors";
  std::filesystem::remove(file);
  {
    SafetensorsWriter writer(file, {{"transformer.h.0.attn.attention.q_proj.weight", DType::F32, {2048, 2048}}});
    const Matrix w(2048, 2048, 1);
    writer.write("transformer.h.0.attn.attention.q_proj.weight", std::as_bytes(std::span(w.values)));
    writer.finish();
  }
  const double seconds = medianSeconds(repeats, [&] {
    const auto checkpoint = openCheckpoint(file);
    const auto matrix = checkpoint->matrix(LayerId{0});
    checkpoint->contentHash(LayerId{0});
    singularValues(matrix.view, {}, cores());
  });
  fmt::print("\nOpening and the spectrum of one 2048×2048 layer: {:.3f} s (median of {})\n", seconds, repeats);
}

} // namespace

int main(int argc, char** argv) {
  useBestBlasCoreType(argv);
  const Options options(argc, argv);
  const std::filesystem::path folder = options.text("--folder", "/tmp/rankscope-bench");
  const int repeats = options.number("--repeat", 5);
  try {
    printMachine();
    fmt::print("| checkpoint | tensors | first opening, ms | again, ms | memory, MiB |\n|---|---:|---:|---:|---:|\n");
    writeSparseModel(folder / "1.3B", gptNeo(), 1,
                     R"({"model_type": "gpt_neo", "num_heads": 16, "hidden_size": 2048})");
    measureOpening("1.3B, one file", folder / "1.3B", repeats);
    writeSparseModel(folder / "70B", llama70B(), 30, R"({"model_type": "llama", "num_attention_heads": 64})");
    measureOpening("70B, 30 shards", folder / "70B", repeats);
    firstSpectrum(folder, repeats);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_open: {}\n", error.what());
    return 1;
  }
}
