// SPDX-License-Identifier: GPL-3.0-or-later
#define RANKSCOPE_KERNELS kAvx512Kernels
#define RANKSCOPE_KERNEL_NAME "avx512"
#define RANKSCOPE_LANES 16
#include "core/model/kernels_impl.h"
