// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "core/advise/advice.h"
#include "core/report/report.h"

namespace rankscope {

/// An advice as a page: the recommendation in sentences, the table of options, what every byte can buy and how far the
/// prediction can be trusted as plots (HTML), texts that the options wrote, and the recommended plan. Html or Markdown;
/// other formats throw Error(BadRequest). An unfinished advice shows what there is and says so.
std::string renderAdvice(const Advice& advice, ReportFormat format);

void writeAdvice(const Advice& advice, const std::filesystem::path& path);

/// Inline SVG, empty without points: KL against bytes kept of all options and the frontier; predicted against measured
/// KL.
std::string optionsPlot(const Advice& advice);
std::string checksPlot(const Advice& advice);

} // namespace rankscope
