// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace rankscope::cli {

/// A table for a terminal: columns as wide as what is in them, numbers to the right.
class TextTable final {
 public:
  enum class Align { Left, Right };
  struct Column {
    std::string_view title;
    Align align = Align::Right;
  };

  TextTable(std::initializer_list<Column> columns) : TextTable(std::vector<Column>(columns)) {}
  explicit TextTable(const std::vector<Column>& columns);

  /// As many cells as there are columns.
  void add(std::vector<std::string> cells);

  std::string text() const;

 private:
  std::vector<Align> m_aligns;
  std::vector<std::vector<std::string>> m_rows; ///< titles first
};

} // namespace rankscope::cli
