// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/eta.h"
#include "core/base/progress.h"

namespace rankscope::cli {

/// What a subcommand says and where: results on the standard output, as text or as one JSON object; notes, warnings
/// and a progress line on the standard error.
class Console final {
 public:
  struct Options {
    bool json = false;
    bool verbose = false;
    bool quiet = false;
  };

  Console(const Options& options, std::stop_token stop);
  ~Console();

  bool wantsJson() const { return m_options.json; }
  bool isVerbose() const { return m_options.verbose; }

  /// The result, for people or for programs; a command calls the one that wantsJson() asks for.
  void print(std::string_view text);
  void printJson(const nlohmann::ordered_json& object);

  void detail(std::string_view sentence); ///< with -v only
  void note(std::string_view sentence);   ///< not with -q
  /// Notes of the form "subject: what of it", those that say the same of several subjects as one.
  void notes(const std::vector<std::string>& sentences);
  void warn(std::string_view sentence);

  /// A line with percentage, time left and what is being done, rewritten in place; only on a terminal. Stops on Ctrl-C.
  Progress progress(std::string title);

  /// False when the standard output could not take everything.
  bool flush();

 private:
  void draw(double fraction, std::string_view what);
  void say(std::string_view sentence);
  void clearLine();

  Options m_options;
  std::stop_token m_stop;
  bool m_draws;
  std::mutex m_mutex;
  std::string m_title;
  Eta m_eta;
  std::chrono::steady_clock::time_point m_begin;
  std::chrono::steady_clock::time_point m_drawn;
  double m_fraction = 0;
  bool m_lineShown = false;
};

} // namespace rankscope::cli
