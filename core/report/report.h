// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/store/run_file.h"

namespace rankscope {

enum class ReportFormat { Html, Markdown, Csv };
std::optional<ReportFormat> reportFormatFor(const std::filesystem::path& path); ///< by extension: .html .htm .md .csv

/// The report of a run as text: the study's columns (Layer, Cosine, Relative Error, Verdict) and the rest, averages,
/// plan, sizes, model identity. HTML is one self-contained file with inline SVG plots.
std::string renderReport(const RunContents& run, ReportFormat format, const VerdictThresholds& thresholds = {});

void writeReport(const RunContents& run, const std::filesystem::path& path, const VerdictThresholds& thresholds = {});

} // namespace rankscope
