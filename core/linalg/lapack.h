// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The routines of BLAS and LAPACK that the kernels call, as OpenBLAS exports them (Fortran, column-major, 32-bit
// integers), and overloads by element type. Private to core/linalg, its tests and benchmarks.

extern "C" {
void dgemm_(const char* transa, const char* transb, const int* m, const int* n, const int* k, const double* alpha,
            const double* a, const int* lda, const double* b, const int* ldb, const double* beta, double* c,
            const int* ldc);
void sgemm_(const char* transa, const char* transb, const int* m, const int* n, const int* k, const float* alpha,
            const float* a, const int* lda, const float* b, const int* ldb, const float* beta, float* c,
            const int* ldc);
void dsyrk_(const char* uplo, const char* trans, const int* n, const int* k, const double* alpha, const double* a,
            const int* lda, const double* beta, double* c, const int* ldc);
void ssyrk_(const char* uplo, const char* trans, const int* n, const int* k, const float* alpha, const float* a,
            const int* lda, const float* beta, float* c, const int* ldc);
void dgeqrt_(const int* m, const int* n, const int* nb, double* a, const int* lda, double* t, const int* ldt,
             double* work, int* info);
void sgeqrt_(const int* m, const int* n, const int* nb, float* a, const int* lda, float* t, const int* ldt, float* work,
             int* info);
void dgesdd_(const char* jobz, const int* m, const int* n, double* a, const int* lda, double* s, double* u,
             const int* ldu, double* vt, const int* ldvt, double* work, const int* lwork, int* iwork, int* info);
void dsygvd_(const int* itype, const char* jobz, const char* uplo, const int* n, double* a, const int* lda, double* b,
             const int* ldb, double* w, double* work, const int* lwork, int* iwork, const int* liwork, int* info);
void dsterf_(const int* n, double* d, double* e, int* info);
void openblas_set_num_threads(int threads);
}

namespace rankscope {

/// Makes OpenBLAS single-threaded for good: its thread count is global to the process, so parallelism is ours (TBB).
inline void useSingleThreadedBlas() {
  [[maybe_unused]] static const bool once = (openblas_set_num_threads(1), true);
}

/// c ← alpha·op(a)·op(b) + beta·c, c being m × n and k the inner size.
inline void gemm(char transa, char transb, int m, int n, int k, double alpha, const double* a, int lda, const double* b,
                 int ldb, double beta, double* c, int ldc) {
  if (m > 0 && n > 0) dgemm_(&transa, &transb, &m, &n, &k, &alpha, a, &lda, b, &ldb, &beta, c, &ldc);
}
inline void gemm(char transa, char transb, int m, int n, int k, float alpha, const float* a, int lda, const float* b,
                 int ldb, float beta, float* c, int ldc) {
  if (m > 0 && n > 0) sgemm_(&transa, &transb, &m, &n, &k, &alpha, a, &lda, b, &ldb, &beta, c, &ldc);
}

/// The lower half of c, n × n, ← a·aᵀ + c for the n × k matrix a.
inline void addSquare(int n, int k, const double* a, int lda, double* c, int ldc) {
  const double one = 1;
  dsyrk_("L", "N", &n, &k, &one, a, &lda, &one, c, &ldc);
}
inline void addSquare(int n, int k, const float* a, int lda, float* c, int ldc) {
  const float one = 1;
  ssyrk_("L", "N", &n, &k, &one, a, &lda, &one, c, &ldc);
}

/// QR of a (m × n) with all its min(m, n) reflectors in one block: R and V in a, T (that many square) in t. `work`
/// holds n².
inline void geqrt(int m, int n, double* a, int lda, double* t, int ldt, double* work) {
  const int nb = m < n ? m : n;
  int info = 0;
  dgeqrt_(&m, &n, &nb, a, &lda, t, &ldt, work, &info);
}
inline void geqrt(int m, int n, float* a, int lda, float* t, int ldt, float* work) {
  const int nb = m < n ? m : n;
  int info = 0;
  sgeqrt_(&m, &n, &nb, a, &lda, t, &ldt, work, &info);
}

} // namespace rankscope
