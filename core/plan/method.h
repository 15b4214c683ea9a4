// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <set>
#include <string_view>

namespace rankscope {

/// How the parts of a layer are found. Plain: truncated SVD of the weights, integers rounded to nearest. Aware: as a
/// text's activations see the weights. Fisher: as the model's predictions on the text see them. Sequential: as Fisher,
/// but fitted to what the original gives on the inputs that the model compressed so far has. All but Plain are fitted
/// to a text; Sequential's parts hold for one plan only.
enum class Method { Plain, Aware, Fisher, Sequential };
inline constexpr std::array kMethods{Method::Plain, Method::Aware, Method::Fisher, Method::Sequential};
std::string_view name(Method method); ///< "plain", "aware", "fisher", "sequential": the spelling of plan files
std::optional<Method> parseMethod(std::string_view name);
/// True when one of the methods is fitted to a text, and when one needs the gradients of the predictions on it.
bool needText(const std::set<Method>& methods);
bool needGradients(const std::set<Method>& methods);
/// The method of LayerChoice::method: its first word; Plain for "".
Method methodOf(std::string_view choiceMethod);

} // namespace rankscope
