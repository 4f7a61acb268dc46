// The kernels of num/panel.h for AVX2 with FMA: a vector of columns is two registers, and the sums
// of four rows stay in registers over all terms. SPDX-License-Identifier: Apache-2.0
#include "num/panel.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline, target("avx2,fma")))

enum { L = ERNN_PANEL_LANES, HALF = L / 2, ROWS = 4 };

INLINE __m256i mask_of(int n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

// One vector of columns, from float `first` of each term, for rows from `row`. `n_rows` is a
// constant where this is expanded: all loops over it unroll.
INLINE void real_tile(const ernn_panel_tile *tile, int row, int first, const int n_rows)
{
    __m256 low[ROWS];
    __m256 high[ROWS];
    const size_t ldx = tile->rows.ldx;
    const size_t ldy = tile->rows.ldy;
    const size_t width = (size_t)tile->vectors * L;
    float *y = tile->rows.y + (size_t)row * ldy + first;
    const __m256i mask_low = mask_of(tile->cols - first);
    const __m256i mask_high = mask_of(tile->cols - first - HALF);
#pragma GCC unroll 4
    for (int r = 0; r < n_rows; r++) {
        const float *from = y + (size_t)r * ldy;
        low[r] = tile->rows.add ? _mm256_maskload_ps(from, mask_low) : _mm256_setzero_ps();
        high[r] = tile->rows.add ? _mm256_maskload_ps(from + HALF, mask_high) : _mm256_setzero_ps();
    }
    const float *w = tile->panel + first;
    const float *x = tile->rows.x + (size_t)row * ldx;
    for (int t = 0; t < tile->terms; t++, w += width, x += tile->x_step) {
        const __m256 w_low = _mm256_loadu_ps(w);
        const __m256 w_high = _mm256_loadu_ps(w + HALF);
#pragma GCC unroll 4
        for (int r = 0; r < n_rows; r++) {
            const __m256 a = _mm256_broadcast_ss(x + (size_t)r * ldx);
            low[r] = _mm256_fmadd_ps(w_low, a, low[r]);
            high[r] = _mm256_fmadd_ps(w_high, a, high[r]);
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < n_rows; r++) {
        _mm256_maskstore_ps(y + (size_t)r * ldy, mask_low, low[r]);
        _mm256_maskstore_ps(y + (size_t)r * ldy + HALF, mask_high, high[r]);
    }
}

// Half a vector of columns, from float `first`: (a + i b)(c + i d) = ac - bd + i (ad + bc)
INLINE void complex_tile(const ernn_panel_tile *tile, int row, int first, const int n_rows)
{
    __m256 re[ROWS];
    __m256 im[ROWS];
    const size_t ldx = tile->rows.ldx;
    const size_t ldy = tile->rows.ldy;
    float *y = tile->rows.y + (size_t)row * ldy + first;
#pragma GCC unroll 4
    for (int r = 0; r < n_rows; r++) {
        const float *from = y + (size_t)r * ldy;
        re[r] = tile->rows.add ? _mm256_loadu_ps(from) : _mm256_setzero_ps();
        im[r] = tile->rows.add ? _mm256_loadu_ps(from + tile->y_im) : _mm256_setzero_ps();
    }
    const float *w = tile->panel + first;
    const float *x = tile->rows.x + (size_t)row * ldx;
    const float *x_im = x + tile->x_im;
    for (int t = 0; t < tile->terms; t++, w += 2 * L, x++, x_im++) {
        const __m256 w_re = _mm256_loadu_ps(w);
        const __m256 w_im = _mm256_loadu_ps(w + L);
#pragma GCC unroll 4
        for (int r = 0; r < n_rows; r++) {
            const __m256 a = _mm256_broadcast_ss(x + (size_t)r * ldx);
            const __m256 b = _mm256_broadcast_ss(x_im + (size_t)r * ldx);
            re[r] = _mm256_fmadd_ps(w_re, a, re[r]);
            im[r] = _mm256_fmadd_ps(w_im, a, im[r]);
            re[r] = _mm256_fnmadd_ps(w_im, b, re[r]);
            im[r] = _mm256_fmadd_ps(w_re, b, im[r]);
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < n_rows; r++) {
        _mm256_storeu_ps(y + (size_t)r * ldy, re[r]);
        _mm256_storeu_ps(y + (size_t)r * ldy + tile->y_im, im[r]);
    }
}

TARGET void ernn_panel_tile_avx2(const ernn_panel_tile *tile)
{
    for (int first = 0; first < tile->vectors * L; first += L)
        for (int row = 0; row < tile->rows.n; row += ROWS)
            switch (tile->rows.n - row) {
            case 1:
                real_tile(tile, row, first, 1);
                break;
            case 2:
                real_tile(tile, row, first, 2);
                break;
            case 3:
                real_tile(tile, row, first, 3);
                break;
            default:
                real_tile(tile, row, first, ROWS);
                break;
            }
}

TARGET void ernn_panel_tile_complex_avx2(const ernn_panel_tile *tile)
{
    for (int first = 0; first < L; first += HALF)
        for (int row = 0; row < tile->rows.n; row += ROWS)
            switch (tile->rows.n - row) {
            case 1:
                complex_tile(tile, row, first, 1);
                break;
            case 2:
                complex_tile(tile, row, first, 2);
                break;
            case 3:
                complex_tile(tile, row, first, 3);
                break;
            default:
                complex_tile(tile, row, first, ROWS);
                break;
            }
}
#endif
