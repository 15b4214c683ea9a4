// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Private to core/report.

#include <string>

#include "core/report/report_model.h"

namespace rankscope {

std::string renderCsv(const ReportModel& model);      ///< RFC 4180, numbers in full
std::string renderMarkdown(const ReportModel& model); ///< GitHub's tables

} // namespace rankscope
