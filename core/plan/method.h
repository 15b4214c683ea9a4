// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace rankscope {

/// How the parts of a layer are found. Plain: truncated SVD of the weights, integers rounded to nearest. Aware: as a
/// text's activations see the weights. Fisher: as the model's predictions on the text see them. All but Plain are fitted
/// to a text.
enum class Method { Plain, Aware, Fisher };
inline constexpr std::array kMethods{Method::Plain, Method::Aware, Method::Fisher};
std::string_view name(Method method); ///< "plain", "aware", "fisher": the spelling of plan files
std::optional<Method> parseMethod(std::string_view name);
/// The method of LayerChoice::method: its first word; Plain for "".
Method methodOf(std::string_view choiceMethod);

} // namespace rankscope
