// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Private to core/report: the evaluations and studies that a run file keeps.

#include <map>
#include <string>
#include <string_view>

#include "core/store/run_file.h"

namespace rankscope {

/// A section for each evaluation and study of the run, oldest first, with its plots; "" where there is none. What
/// another program wrote there, or this one in another version, is shown as far as it is understood.
std::string evaluationsHtml(const RunContents& run);
std::string evaluationsMarkdown(const RunContents& run);

/// What the run's last study says about single layers.
struct StudiedLayer {
  std::optional<double> kl;           ///< of the whole model with this layer alone compressed, nats a token
  std::optional<double> outputCosine; ///< of what the layer puts out on real inputs
};
std::map<std::string, StudiedLayer, std::less<>> studiedLayers(const RunContents& run);

} // namespace rankscope
