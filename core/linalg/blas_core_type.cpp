// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/linalg/blas_core_type.h"

#include <cstdlib>
#include <string>

#include <unistd.h>

namespace rankscope {

std::optional<std::string_view> bestBlasCoreType() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx512) return "SKYLAKEX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "HASWELL";
#endif
  return std::nullopt;
}

void useBestBlasCoreType(char** argv) {
  const auto best = bestBlasCoreType();
  if (!best || std::getenv("OPENBLAS_CORETYPE")) return;
  ::setenv("OPENBLAS_CORETYPE", std::string(*best).c_str(), 0);
  ::execv("/proc/self/exe", argv); // returns only on failure; then we run on, slower
}

} // namespace rankscope
