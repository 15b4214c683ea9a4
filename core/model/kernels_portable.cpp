// SPDX-License-Identifier: GPL-3.0-or-later
#define RANKSCOPE_KERNELS kPortableKernels
#define RANKSCOPE_KERNEL_NAME "portable"
#define RANKSCOPE_LANES 4
#include "core/model/kernels_impl.h"
