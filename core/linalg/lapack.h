// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The routines of BLAS and LAPACK that the kernels call, as OpenBLAS exports them (Fortran, column-major, 32-bit
// integers). Private to core/linalg.

extern "C" {
void dgemm_(const char* transa, const char* transb, const int* m, const int* n, const int* k, const double* alpha,
            const double* a, const int* lda, const double* b, const int* ldb, const double* beta, double* c,
            const int* ldc);
void dsyrk_(const char* uplo, const char* trans, const int* n, const int* k, const double* alpha, const double* a,
            const int* lda, const double* beta, double* c, const int* ldc);
void dgesdd_(const char* jobz, const int* m, const int* n, double* a, const int* lda, double* s, double* u,
             const int* ldu, double* vt, const int* ldvt, double* work, const int* lwork, int* iwork, int* info);
void dsytrd_(const char* uplo, const int* n, double* a, const int* lda, double* d, double* e, double* tau, double* work,
             const int* lwork, int* info);
void dsterf_(const int* n, double* d, double* e, int* info);
void openblas_set_num_threads(int threads);
}

namespace rankscope {

/// Makes OpenBLAS single-threaded for good: its thread count is global to the process, so parallelism is ours (TBB).
inline void useSingleThreadedBlas() {
  [[maybe_unused]] static const bool once = (openblas_set_num_threads(1), true);
}

} // namespace rankscope
