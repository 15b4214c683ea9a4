// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/padded_matrix.h"

#include <cstdint>

#include <sys/mman.h>

namespace rankscope {

int paddedRows(int rows) {
  constexpr int kLine = 16;
  return ((rows + kLine - 1) / kLine | 1) * kLine;
}

void adviseHugePages([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#if defined(MADV_HUGEPAGE)
  constexpr std::uintptr_t kHuge = std::uintptr_t{2} << 20;
  const auto start = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t first = (start + kHuge - 1) / kHuge * kHuge;
  const std::uintptr_t end = (start + bytes) / kHuge * kHuge;
  if (first < end) ::madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE); // only ever a wish
#endif
}

} // namespace rankscope
