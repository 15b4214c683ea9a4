// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/foreign_format.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/plain_text.h"

namespace rankscope {

namespace {

using namespace std::string_view_literals;

constexpr auto kResave =
    "Convert it in Python with AutoModelForCausalLM.from_pretrained(\"FOLDER\").save_pretrained(\"NEW_FOLDER\", "
    "safe_serialization=True) and open the new folder."sv;
constexpr auto kGguf =
    "It usually holds quantised weights; open the original Hugging Face model, or convert it in Python with "
    "AutoModelForCausalLM.from_pretrained(\"FOLDER\", gguf_file=\"FILE\").save_pretrained(\"NEW_FOLDER\")."sv;
constexpr auto kTensorFlow = "Convert it in Python with AutoModelForCausalLM.from_pretrained(\"FOLDER\", from_tf=True)"
                             ".save_pretrained(\"NEW_FOLDER\", safe_serialization=True) and open the new folder."sv;
constexpr auto kFlax = "Convert it in Python with AutoModelForCausalLM.from_pretrained(\"FOLDER\", from_flax=True)"
                       ".save_pretrained(\"NEW_FOLDER\", safe_serialization=True) and open the new folder."sv;
constexpr auto kNumpy =
    "Convert it in Python with safetensors.numpy.save_file(dict(numpy.load(\"FILE\")), \"model.safetensors\")."sv;
constexpr auto kOnnx = "ONNX graphs rename and reshape weights; open the model it was exported from, in safetensors."sv;
constexpr auto kFetch = "Fetch the real file with `git lfs pull`, or download it again."sv;
constexpr auto kNoModel = "It holds no model: open a .safetensors file or a model's folder."sv;
constexpr auto kUnpack = "Unpack it and open what is inside."sv;

struct Format {
  std::string_view what;
  std::string_view advice;
};

struct Magic {
  std::string_view bytes;
  std::size_t offset;
  Format format;
};

constexpr Format kPyTorch{"a PyTorch checkpoint (zipped pickle)", kResave};
constexpr Format kPickle{"a PyTorch checkpoint (pickle)", kResave};
constexpr Format kNpz{"a NumPy archive", kNumpy};

constexpr std::array kMagics{
    Magic{"PK\x03\x04"sv, 0, kPyTorch},
    Magic{"\x80\x02"sv, 0, kPickle},
    Magic{"\x80\x03"sv, 0, kPickle},
    Magic{"\x80\x04"sv, 0, kPickle},
    Magic{"\x80\x05"sv, 0, kPickle},
    Magic{"GGUF"sv, 0, {"a GGUF file of llama.cpp", kGguf}},
    Magic{"lmgg"sv, 0, {"a GGML file of llama.cpp", kGguf}},
    Magic{"tjgg"sv, 0, {"a GGML file of llama.cpp", kGguf}},
    Magic{"fmgg"sv, 0, {"a GGML file of llama.cpp", kGguf}},
    Magic{"\x89HDF\r\n\x1a\n"sv,
          0,
          {"an HDF5 file (TensorFlow or Keras weights, or a Rankscope run, which opens as a run)", kTensorFlow}},
    Magic{"\x93NUMPY"sv, 0, {"a NumPy array", kNumpy}},
    Magic{"version https://git-lfs"sv, 0, {"a Git LFS pointer, not the file that it stands for", kFetch}},
    Magic{
        "<!DOCTYPE"sv, 0, {"a web page, probably an error message saved by a download", "Download the file again."sv}},
    Magic{"<html"sv, 0, {"a web page, probably an error message saved by a download", "Download the file again."sv}},
    Magic{"\x1f\x8b"sv, 0, {"a gzip archive", kUnpack}},
    Magic{"\x28\xb5\x2f\xfd"sv, 0, {"a Zstandard archive", kUnpack}},
    Magic{"ustar"sv, 257, {"a tar archive", kUnpack}},
    Magic{"%PDF-"sv, 0, {"a PDF document", kNoModel}},
    Magic{"\x89PNG"sv, 0, {"an image (PNG)", kNoModel}},
    Magic{"\xff\xd8\xff"sv, 0, {"an image (JPEG)", kNoModel}},
};

struct Extension {
  std::string_view suffix;
  Format format;
};

constexpr std::array kExtensions{
    Extension{".npz", kNpz},
    Extension{".bin", {"a PyTorch checkpoint (.bin)", kResave}},
    Extension{".pt", {"a PyTorch checkpoint (.pt)", kResave}},
    Extension{".pth", {"a PyTorch checkpoint (.pth)", kResave}},
    Extension{".ckpt", {"a PyTorch or TensorFlow checkpoint (.ckpt)", kResave}},
    Extension{".gguf", {"a GGUF file of llama.cpp", kGguf}},
    Extension{".ggml", {"a GGML file of llama.cpp", kGguf}},
    Extension{".h5", {"TensorFlow or Keras weights (HDF5)", kTensorFlow}},
    Extension{".keras", {"a Keras model", kTensorFlow}},
    Extension{".pb", {"a TensorFlow graph", kTensorFlow}},
    Extension{".msgpack", {"Flax weights", kFlax}},
    Extension{".npy", {"a NumPy array", kNumpy}},
    Extension{".onnx", {"an ONNX model", kOnnx}},
    Extension{".tflite", {"a TensorFlow Lite model", kOnnx}},
    Extension{".nemo", {"a NeMo archive", kUnpack}},
};

std::string lowerExtension(const std::filesystem::path& file) {
  std::string text = file.extension().string();
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

const Format* formatByExtension(const std::filesystem::path& file) {
  const std::string extension = lowerExtension(file);
  const auto found = std::ranges::find(kExtensions, extension, &Extension::suffix);
  return found == kExtensions.end() ? nullptr : &found->format;
}

const Format* formatByMagic(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 512));
  for (const Magic& magic : kMagics)
    if (text.size() >= magic.offset && text.substr(magic.offset).starts_with(magic.bytes)) return &magic.format;
  return nullptr;
}

/// What a file is whose beginning reads as text; null for anything else, and for a few letters, which may be cut off of
/// whatever it was.
const Format* formatOfText(std::span<const std::byte> bytes) {
  static constexpr Format kText{"a text file", kNoModel};
  static constexpr Format kJson{"a JSON file", kNoModel};
  static constexpr Format kScript{"a script", kNoModel};
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 4096));
  if (text.size() < 8 || !looksLikeText(text)) return nullptr;
  if (text.starts_with("#!")) return &kScript;
  const std::size_t first = text.find_first_not_of(" \n\r\t");
  const bool isJson = first != text.npos && (text[first] == '{' || text[first] == '[');
  return isJson ? &kJson : &kText;
}

[[noreturn]] void refuse(const std::filesystem::path& file, const Format& format) {
  throw Error(ErrorKind::Unsupported,
              fmt::format("{} is {}, not safetensors. {}", file.string(), format.what, format.advice));
}

[[noreturn]] void refuseQuantised(const std::filesystem::path& where, std::string_view method) {
  throw Error(
      ErrorKind::Unsupported,
      fmt::format(
          "{} holds weights quantised by {}: packed codes, not matrices. Open the model that it was made from, in "
          "F32, F16 or BF16.",
          where.string(), method));
}

} // namespace

bool hasForeignExtension(const std::filesystem::path& file) {
  return formatByExtension(file) != nullptr;
}

void refuseForeignFormat(const std::filesystem::path& file, std::span<const std::byte> bytes) {
  if (lowerExtension(file) == ".npz") refuse(file, kNpz);
  // The first bytes of a safetensors file are a length, which may look like a short signature by chance.
  const bool maybeSafetensors =
      bytes.size() > 8 && bytes[8] == std::byte{'{'} && (bytes[4] | bytes[5] | bytes[6] | bytes[7]) == std::byte{0};
  if (const Format* format = maybeSafetensors ? nullptr : formatByMagic(bytes)) refuse(file, *format);
  if (const Format* format = maybeSafetensors ? nullptr : formatByExtension(file)) refuse(file, *format);
  if (const Format* format = maybeSafetensors ? nullptr : formatOfText(bytes)) refuse(file, *format);
}

void refuseQuantisedModel(const std::filesystem::path& folder, std::string_view configJson) {
  std::error_code ignored;
  if (std::filesystem::exists(folder / "quantize_config.json", ignored)) refuseQuantised(folder, "GPTQ");
  const auto config = nlohmann::json::parse(configJson, nullptr, false);
  if (!config.is_object()) return;
  const auto quantisation = config.find("quantization_config");
  if (quantisation == config.end() || !quantisation->is_object()) return;
  std::string method = "an unnamed method";
  if (const auto named = quantisation->find("quant_method"); named != quantisation->end() && named->is_string())
    method = *named;
  // These keep 8-bit floats as plain tensors, which are listed and passed through.
  constexpr std::array kPlain{"fp8"sv, "fbgemm_fp8"sv};
  if (std::ranges::find(kPlain, method) != kPlain.end()) return;
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kNames{
      {{"gptq", "GPTQ"}, {"awq", "AWQ"}, {"bitsandbytes", "bitsandbytes"}}};
  for (const auto& [key, proper] : kNames)
    if (method == key) refuseQuantised(folder, proper);
  refuseQuantised(folder, method);
}

void refuseQuantisedTensor(std::string_view name, const std::filesystem::path& file) {
  const auto refuseTensor = [&](std::string_view method) {
    throw Error(
        ErrorKind::Unsupported,
        fmt::format(
            "{}: tensor {} is a part of weights quantised by {}: packed codes, not a matrix. Open the model that it "
            "was made from, in F32, F16 or BF16.",
            file.string(), name, method));
  };
  if (name.ends_with(".qweight") || name.ends_with(".qzeros") || name.ends_with(".g_idx")) refuseTensor("GPTQ or AWQ");
  if (name.ends_with(".SCB") || name.find(".quant_state.") != name.npos) refuseTensor("bitsandbytes");
}

} // namespace rankscope
