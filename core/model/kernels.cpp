// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/kernels.h"

namespace rankscope {

static const Kernels& choose() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return detail::kAvx512Kernels;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c"))
    return detail::kAvx2Kernels;
#endif
  return detail::kPortableKernels;
}

const Kernels& kernels() {
  static const Kernels& chosen = choose();
  return chosen;
}

} // namespace rankscope
