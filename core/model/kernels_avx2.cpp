// SPDX-License-Identifier: GPL-3.0-or-later
#define RANKSCOPE_KERNELS kAvx2Kernels
#define RANKSCOPE_KERNEL_NAME "avx2"
#define RANKSCOPE_LANES 8
#include "core/model/kernels_impl.h"
