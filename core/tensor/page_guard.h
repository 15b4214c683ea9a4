// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>

namespace rankscope {

struct Watch;

/// Watches a mapped file for pages that can no longer be read, because the file got shorter or its disk failed. Touching
/// such a page raises SIGBUS, which would end the process; while a guard lives the page reads as zeros instead and the
/// guard remembers it. A signal elsewhere goes to whoever handled it before.
class PageGuard final {
 public:
  explicit PageGuard(std::span<const std::byte> mapping);
  ~PageGuard();
  PageGuard(const PageGuard&) = delete;
  PageGuard& operator=(const PageGuard&) = delete;

  /// Whether zeros have stood in for a page.
  bool torn() const;

 private:
  Watch* m_watch;
};

} // namespace rankscope
