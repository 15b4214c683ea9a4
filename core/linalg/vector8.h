// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstring>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace rankscope {

/// Eight doubles that the compiler keeps in one AVX-512 register, or in several narrower ones.
using Vector8 = double __attribute__((vector_size(64)));

inline Vector8 load8(const double* from) {
  Vector8 v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

inline void store8(double* to, Vector8 v) {
  std::memcpy(to, &v, sizeof v);
}

inline double sum8(Vector8 v) {
#if defined(__AVX512F__)
  return _mm512_reduce_add_pd(reinterpret_cast<__m512d>(v));
#else
  return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]));
#endif
}

} // namespace rankscope
