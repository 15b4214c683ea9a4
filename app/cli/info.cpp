// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include <fmt/format.h>

#include "app/cli/command.h"
#include "app/cli/console.h"
#include "app/cli/layer_line.h"
#include "app/cli/text_table.h"
#include "app/cli/words.h"

namespace rankscope::cli {
namespace {

/// Tensors that are no layers: norms, biases, buffers, convolutions. They pass through untouched.
struct OtherTensors {
  std::size_t count = 0;
  std::uint64_t bytes = 0;
};

OtherTensors otherTensors(const Checkpoint& checkpoint) {
  OtherTensors others{checkpoint.tensors().size(), checkpoint.bytes()};
  for (const LayerInfo& layer : checkpoint.layers()) others.bytes -= layer.bytes;
  for (const TensorView& tensor : checkpoint.tensors())
    if (checkpoint.findLayer(tensor.name)) --others.count;
  return others;
}

std::string textOf(const Checkpoint& checkpoint, std::span<const LayerLine> lines) {
  TextTable table{{"Layer", TextTable::Align::Left},
                  {"Role", TextTable::Align::Left},
                  {"Block"},
                  {"Shape"},
                  {"DType", TextTable::Align::Left},
                  {"Rank"},
                  {"Parameters"},
                  {"Size"}};
  for (const LayerLine& line : lines)
    table.add({line.name, fmt::format("{}{}", name(line.role), line.roleGuessed ? " (guessed)" : ""),
               line.block ? std::to_string(*line.block) : "", shape(line.rows, line.cols),
               std::string(name(line.dtype)), line.isCompressed() ? kindOf(line) : "",
               std::to_string(line.rows * line.cols), bytes(line.bytesBefore)});
  const LineTotals totals = totalsOf(lines);
  const OtherTensors others = otherTensors(checkpoint);
  std::string text = fmt::format("{}\n\n{}\n", describe(identityOf(checkpoint)), table.text());
  text += fmt::format("{} layers, {} parameters, {}\n", lines.size(), totals.parameters, bytes(totals.bytesBefore));
  text += fmt::format("{} other tensors, {}\n", others.count, bytes(others.bytes));
  for (const LayerInfo& layer : checkpoint.layers())
    if (!layer.tiedWith.empty()) text += fmt::format("{} also serves as {}\n", layer.name, layer.tiedWith);
  return text;
}

} // namespace

Action infoCommand(CLI::App& app) {
  const auto model = std::make_shared<std::string>();
  app.add_option("MODEL", *model, "Hugging Face folder, .safetensors file or index, or a compressed model")->required();
  app.footer("Example:\n  rankscope-cli info gpt-neo-125m");
  return [model](Console& console) {
    const auto checkpoint = openCheckpoint(*model);
    std::vector<LayerLine> lines;
    for (const LayerInfo& layer : checkpoint->layers()) {
      LayerLine& line = lines.emplace_back(lineOf(layer));
      if (layer.isCompressed())
        line.choice = LayerLine::Choice{layer.factoredRank, layer.bytes, layer.base, layer.method};
    }
    if (!console.wantsJson()) return console.print(textOf(*checkpoint, lines));
    const OtherTensors others = otherTensors(*checkpoint);
    Json json = jsonOf(identityOf(*checkpoint), lines, false);
    json["other_tensors"] = {{"count", others.count}, {"bytes", others.bytes}};
    console.printJson(json);
  };
}

} // namespace rankscope::cli
