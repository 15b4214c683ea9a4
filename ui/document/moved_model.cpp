// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/moved_model.h"

#include <algorithm>

#include "core/base/error.h"

namespace rankscope::ui {

void requireSameModel(const RunContents& run, const Checkpoint& checkpoint, std::uint64_t bytes) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::BadRequest, checkpoint.path().string() + " is not the model of this run: " + why);
  };
  if (run.layers.size() != checkpoint.layers().size())
    refuse("it has " + std::to_string(checkpoint.layers().size()) + " layers, the run " +
           std::to_string(run.layers.size()));
  std::vector<std::pair<const LayerInfo*, const LayerRecord*>> recorded;
  for (const LayerRecord& record : run.layers) {
    const auto id = checkpoint.findLayer(record.name);
    if (!id) refuse("it has no layer " + record.name);
    const LayerInfo& layer = checkpoint.layer(*id);
    if (layer.rows != record.rows || layer.cols != record.cols || layer.dtype != record.dtype)
      refuse("its layer " + record.name + " has another shape or type");
    if (!record.contentHash.empty()) recorded.emplace_back(&layer, &record);
  }
  std::sort(recorded.begin(), recorded.end(),
            [](const auto& a, const auto& b) { return a.first->bytes < b.first->bytes; });
  for (const auto& [layer, record] : recorded) {
    if (layer->bytes > bytes) break;
    bytes -= layer->bytes;
    if (checkpoint.contentHash(layer->id) != record->contentHash) refuse("the numbers of " + record->name + " differ");
  }
}

} // namespace rankscope::ui
