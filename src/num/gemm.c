// Matrix products through CBLAS. SPDX-License-Identifier: Apache-2.0
#include "num/gemm.h"

#include <cblas.h>

// OpenBLAS splits its work by the number of its threads, which would change results with the
// machine; its own setting is the process-wide state here, none is ours. Read first: setting takes
// a lock.
static void use_one_thread(void)
{
    if (openblas_get_num_threads() != 1)
        openblas_set_num_threads(1);
}

static void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, float alpha,
                 const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c,
                 size_t ldc)
{
    if (m == 0 || n == 0)
        return;
    use_one_thread();
    cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
}

void ernn_gemm_nn(int m, int n, int k, float alpha, const float *a, size_t lda, const float *b,
                  size_t ldb, float beta, float *c, size_t ldc)
{
    gemm(CblasNoTrans, CblasNoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void ernn_gemm_nt(int m, int n, int k, float alpha, const float *a, size_t lda, const float *b,
                  size_t ldb, float beta, float *c, size_t ldc)
{
    gemm(CblasNoTrans, CblasTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void ernn_gemm_tn(int m, int n, int k, float alpha, const float *a, size_t lda, const float *b,
                  size_t ldb, float beta, float *c, size_t ldc)
{
    gemm(CblasTrans, CblasNoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void ernn_gemv(int m, int n, const float *a, size_t lda, const float *x, bool add, float *y)
{
    use_one_thread();
    cblas_sgemv(CblasRowMajor, CblasNoTrans, m, n, 1, a, (int)lda, x, 1, add ? 1 : 0, y, 1);
}
