// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/evaluate/study.h"

namespace rankscope {

/// What a finished study says, in plain sentences: which of ε/√N, ε, ε·√N the data support, which error was fitted,
/// why weights mislead, and what the original study's own numbers imply.
std::vector<std::string> studySentences(const StudyReport& report);

/// Exponents of the simple laws (−½ averaging, 0, ½ independent noise, 1) that lie in the fit's 95 % interval, nearest
/// first; the nearest one where none does.
std::vector<double> lawsThatFit(const PowerFit& fit);

} // namespace rankscope
