// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/cli/words.h"

namespace rankscope::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kRedraw = std::chrono::milliseconds(100);

std::size_t terminalWidth() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

} // namespace

Console::Console(const Options& options, std::stop_token stop)
    : m_options(options), m_stop(std::move(stop)), m_draws(!options.quiet && isatty(STDERR_FILENO) == 1) {}

Console::~Console() {
  clearLine();
}

void Console::print(std::string_view text) {
  const std::lock_guard lock(m_mutex);
  clearLine();
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void Console::printJson(const nlohmann::ordered_json& object) {
  // A file name need not be UTF-8; JSON must be.
  print(object.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

void Console::detail(std::string_view sentence) {
  if (m_options.verbose) say(sentence);
}

void Console::note(std::string_view sentence) {
  if (!m_options.quiet) say(sentence);
}

void Console::notes(const std::vector<std::string>& sentences) {
  std::vector<std::pair<std::string, std::vector<std::string>>> said; // what, of whom
  for (const std::string& sentence : sentences) {
    const std::size_t colon = sentence.find(": ");
    const std::string what = colon == std::string::npos ? sentence : sentence.substr(colon + 2);
    auto same = std::ranges::find(said, what, [](const auto& each) { return each.first; });
    if (same == said.end()) same = said.insert(said.end(), {what, {}});
    same->second.push_back(sentence);
  }
  for (const auto& [what, whole] : said)
    if (whole.size() == 1 || isVerbose())
      for (const std::string& sentence : whole) note(sentence);
    else
      note(fmt::format("{} layers, from {} (all with -v): {}", whole.size(),
                       whole.front().substr(0, whole.front().find(": ")), what));
}

void Console::warn(std::string_view sentence) {
  say(fmt::format("warning: {}", sentence));
}

Progress Console::progress(std::string title) {
  const std::lock_guard lock(m_mutex);
  m_title = std::move(title);
  m_eta = {};
  m_fraction = 0;
  m_begin = Clock::now();
  if (!m_draws) return Progress(m_stop);
  return Progress(m_stop, [this](double fraction, std::string_view what) { draw(fraction, what); });
}

bool Console::flush() {
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
}

void Console::draw(double fraction, std::string_view what) {
  const std::lock_guard lock(m_mutex);
  const auto now = Clock::now();
  m_fraction = std::max(m_fraction, fraction);
  const double elapsed = std::chrono::duration<double>(now - m_begin).count();
  m_eta.update(m_fraction, elapsed);
  if (now - m_drawn < kRedraw) return;
  m_drawn = now;
  const auto left = m_eta.secondsLeft(elapsed);
  std::string line = fmt::format("{} {:3.0f} %{}  {}", m_title, 100 * m_fraction,
                                 left ? fmt::format(", {} left", duration(*left)) : std::string(), what);
  line.resize(std::min(line.size(), terminalWidth() - 1));
  fmt::print(stderr, "\r\x1b[K{}", line);
  std::fflush(stderr);
  m_lineShown = true;
}

void Console::say(std::string_view sentence) {
  const std::lock_guard lock(m_mutex);
  clearLine();
  fmt::print(stderr, "{}\n", sentence);
}

void Console::clearLine() {
  if (!m_lineShown) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  m_lineShown = false;
}

} // namespace rankscope::cli
