// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Private to core/report.

#include <string>
#include <vector>

#include "core/report/report_model.h"

namespace rankscope {

/// Roles that the plots tell apart, in a fixed order; colour i is the CSS variable --si.
std::vector<Role> rolesIn(const ReportModel& model);

/// Inline SVG; empty where the run has nothing to show.
std::string cosineByBlock(const ReportModel& model, const VerdictThresholds& thresholds);
std::string cosineByRank(const ReportModel& model);
/// One small plot for each role, curves from the first block's colour to the last's.
std::vector<std::string> spectraByRole(const ReportModel& model);

} // namespace rankscope
