// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Private to core/report: plots of evaluations, from the JSON that core/evaluate writes. Each is "" where the JSON has
// nothing to draw.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace rankscope {

std::optional<double> numberAt(const nlohmann::json& object, std::string_view key);
std::string textAt(const nlohmann::json& object, std::string_view key);
/// The list under a key; an empty one where there is none.
const nlohmann::json& listAt(const nlohmann::json& object, std::string_view key);
/// The object under a key; an empty one where there is none.
const nlohmann::json& objectAt(const nlohmann::json& object, std::string_view key);

std::string errorByDepth(const nlohmann::json& blocks); ///< relative error of the residual stream behind each block
std::string klHistogram(const nlohmann::json& evaluation);
std::string layerEffects(const nlohmann::json& study); ///< KL of each layer compressed alone, by block and role
std::string sweep(const nlohmann::json& study);        ///< error against N with its three laws, on logarithmic axes
std::vector<std::string> rolesOfEffects(const nlohmann::json& study); ///< in the order of their colours

} // namespace rankscope
