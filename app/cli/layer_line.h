// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/plan/resolve.h"
#include "core/store/run_file.h"

namespace rankscope::cli {

using Json = nlohmann::ordered_json;

/// What a command knows of one layer: the source of its row in a table and of its object in `--json`.
struct LayerLine {
  std::string name;
  Role role = Role::Other;
  bool roleGuessed = false;
  std::optional<int> block;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  Orientation orientation = Orientation::OutIn;
  DType dtype = DType::F32;
  std::uint64_t bytesBefore = 0;

  /// What becomes of the layer and its bytes, once a plan says them.
  struct Choice {
    std::optional<std::int64_t> rank;
    std::uint64_t bytesAfter = 0;
    std::optional<StorageFormat> base = {};
    std::string method = {}; ///< "plain", "aware", …; "" for a dense layer
    std::string factorDtype = {};
  };
  std::optional<Choice> choice;
  std::optional<double> predictedCosine;
  std::optional<Quality> quality; ///< measured
  std::optional<Quality> outputs; ///< measured, of what the layer puts out on the calibration text
  std::optional<Spectrum> spectrum;
  std::optional<EntryStatistics> entries;
  std::string error;

  bool isCompressed() const { return choice && (choice->rank || choice->base); }
  /// Attention and MLP linears, and whatever else a plan factors: the layers whose share kept is reported.
  bool inScope() const { return isCompressed() || (!roleGuessed && (isAttention(role) || isMlp(role))); }
  /// Of the measured cosine, else of the predicted one; none for a layer that stays dense.
  std::optional<Verdict> verdict() const;
};

/// "dense", "8", "int4", "int4 + 8".
std::string kindOf(const LayerLine& line);
/// Heading of a column of these.
std::string rankHeader(std::span<const LayerLine> lines);

LayerLine lineOf(const LayerInfo& layer);
LayerLine lineOf(const LayerRecord& record);
void setChoice(LayerLine& line, const LayerInfo& layer, const LayerChoice& choice, const Spectrum* spectrum);
void setResult(LayerLine& line, const CompressedLayer& layer);

/// Sums and means over lines; means and verdicts are of the compressed layers.
struct LineTotals {
  std::uint64_t bytesBefore = 0;
  std::uint64_t bytesAfter = 0;
  std::uint64_t scopeBefore = 0; ///< of the layers in scope
  std::uint64_t scopeAfter = 0;
  std::uint64_t parameters = 0;
  std::int64_t compressed = 0;
  std::optional<double> meanPredictedCosine;
  std::optional<double> meanCosine; ///< measured
  std::optional<double> meanRelativeError;
  std::optional<double> meanOutputCosine;
  std::array<std::int64_t, kVerdicts.size()> verdicts{};
};
LineTotals totalsOf(std::span<const LayerLine> lines);

/// "3 EXCELLENT, 12 GOOD"; "" when no layer is compressed.
std::string verdictCounts(const LineTotals& totals);

/// A sentence about the layers that take more bytes than before, the largest first among what it names; "" without any.
std::string largerLayers(std::span<const LayerLine> lines);

/// The common part of every command's JSON: model, layers and total. Bytes in `total` are the whole model's.
Json jsonOf(const ModelIdentity& model, std::span<const LayerLine> lines, bool withSpectra);

/// "path (gpt-neo, safetensors, 28311552 parameters, 54.0 MiB)"
std::string describe(const ModelIdentity& model);

} // namespace rankscope::cli
