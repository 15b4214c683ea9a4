// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/method.h"

#include <algorithm>

namespace rankscope {

std::string_view name(Method method) {
  switch (method) {
  case Method::Plain:
    return "plain";
  case Method::Aware:
    return "aware";
  case Method::Fisher:
    return "fisher";
  case Method::Sequential:
    return "sequential";
  }
  return {};
}

std::optional<Method> parseMethod(std::string_view text) {
  for (const Method method : kMethods)
    if (name(method) == text) return method;
  return std::nullopt;
}

bool needText(const std::set<Method>& methods) {
  return std::ranges::any_of(methods, [](Method method) { return method != Method::Plain; });
}

bool needGradients(const std::set<Method>& methods) {
  return methods.contains(Method::Fisher) || methods.contains(Method::Sequential);
}

Method methodOf(std::string_view choiceMethod) {
  return parseMethod(choiceMethod.substr(0, choiceMethod.find(' '))).value_or(Method::Plain);
}

} // namespace rankscope
