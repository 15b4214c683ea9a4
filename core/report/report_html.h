// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Private to core/report.

#include <string>
#include <string_view>

#include "core/report/report_model.h"

namespace rankscope {

/// One file that needs nothing else: no scripts, no fonts, no pictures from anywhere.
std::string renderHtml(const ReportModel& model, const VerdictThresholds& thresholds);

/// The style sheet of all pages.
std::string_view pageStyle();

} // namespace rankscope
