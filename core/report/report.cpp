// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/report.h"

#include <algorithm>
#include <cctype>

#include "core/base/error.h"
#include "core/report/report_html.h"
#include "core/report/report_tables.h"
#include "core/store/durable_file.h"

namespace rankscope {

std::optional<ReportFormat> reportFormatFor(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (extension == ".html" || extension == ".htm") return ReportFormat::Html;
  if (extension == ".md" || extension == ".markdown") return ReportFormat::Markdown;
  if (extension == ".csv") return ReportFormat::Csv;
  return std::nullopt;
}

std::string renderReport(const RunContents& run, ReportFormat format, const VerdictThresholds& thresholds) {
  const ReportModel model = modelOf(run, thresholds);
  switch (format) {
  case ReportFormat::Html:
    return renderHtml(model, thresholds);
  case ReportFormat::Markdown:
    return renderMarkdown(model);
  case ReportFormat::Csv:
    return renderCsv(model);
  }
  return {};
}

void writeReport(const RunContents& run, const std::filesystem::path& path, const VerdictThresholds& thresholds) {
  const auto format = reportFormatFor(path);
  if (!format)
    throw Error(ErrorKind::BadRequest,
                "cannot tell the report's format from " + path.string() + ": use .html, .md or .csv");
  const std::string text = renderReport(run, *format, thresholds);
  const std::span<const std::byte> bytes = std::as_bytes(std::span(text));
  writeDurably(path, std::span(&bytes, 1));
}

} // namespace rankscope
