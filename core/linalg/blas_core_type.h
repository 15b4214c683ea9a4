// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string_view>

namespace rankscope {

/// The fastest OpenBLAS core type that this processor can run, by what it can do and not by its name: OpenBLAS 0.3.21
/// takes any processor newer than itself for a Haswell, at half the speed. Nullopt where OpenBLAS's own choice is as
/// good.
std::optional<std::string_view> bestBlasCoreType();

/// Makes the running program use it. OpenBLAS reads OPENBLAS_CORETYPE when it is loaded, before main, so the program
/// is started again once, in place, with the variable set. Does nothing when the user set the variable. To be called
/// first thing in main.
void useBestBlasCoreType(char** argv);

} // namespace rankscope
