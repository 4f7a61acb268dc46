// The kernels of num/panel.h for AVX-512: a vector of columns is one register, and the sums of
// eight rows stay in registers over all terms. SPDX-License-Identifier: Apache-2.0
#include "num/panel.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f")))
#define INLINE static inline __attribute__((always_inline, target("avx512f")))

enum { L = ERNN_PANEL_LANES };

// `n_rows` and `n_vectors` are constants where this is expanded: all loops over them unroll.
INLINE void real_tile(const ernn_panel_tile *tile, const int n_rows, const int n_vectors)
{
    __m512 sums[ERNN_PANEL_ROWS][2];
    __mmask16 masks[2];
    const size_t ldx = tile->rows.ldx;
    const size_t ldy = tile->rows.ldy;
    float *y = tile->rows.y;
#pragma GCC unroll 2
    for (int v = 0; v < n_vectors; v++) {
        const int n = tile->cols - v * L;
        masks[v] = (__mmask16)(n >= L ? 0xffff : (1 << n) - 1);
    }
#pragma GCC unroll 8
    for (int r = 0; r < n_rows; r++)
#pragma GCC unroll 2
        for (int v = 0; v < n_vectors; v++)
            sums[r][v] = tile->rows.add
                             ? _mm512_maskz_loadu_ps(masks[v], y + (size_t)r * ldy + v * L)
                             : _mm512_setzero_ps();
    const float *w = tile->panel;
    const float *x = tile->rows.x;
    for (int t = 0; t < tile->terms; t++, w += n_vectors * L, x += tile->x_step) {
        const __m512 w0 = _mm512_loadu_ps(w);
        const __m512 w1 = n_vectors > 1 ? _mm512_loadu_ps(w + L) : w0;
#pragma GCC unroll 8
        for (int r = 0; r < n_rows; r++) {
            const __m512 a = _mm512_set1_ps(x[(size_t)r * ldx]);
            sums[r][0] = _mm512_fmadd_ps(w0, a, sums[r][0]);
            if (n_vectors > 1)
                sums[r][1] = _mm512_fmadd_ps(w1, a, sums[r][1]);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < n_rows; r++)
#pragma GCC unroll 2
        for (int v = 0; v < n_vectors; v++)
            _mm512_mask_storeu_ps(y + (size_t)r * ldy + v * L, masks[v], sums[r][v]);
}

// (a + i b)(c + i d) = ac - bd + i (ad + bc)
INLINE void complex_tile(const ernn_panel_tile *tile, const int n_rows)
{
    __m512 re[ERNN_PANEL_ROWS];
    __m512 im[ERNN_PANEL_ROWS];
    const size_t ldx = tile->rows.ldx;
    const size_t ldy = tile->rows.ldy;
    float *y = tile->rows.y;
#pragma GCC unroll 8
    for (int r = 0; r < n_rows; r++) {
        const float *from = y + (size_t)r * ldy;
        re[r] = tile->rows.add ? _mm512_loadu_ps(from) : _mm512_setzero_ps();
        im[r] = tile->rows.add ? _mm512_loadu_ps(from + tile->y_im) : _mm512_setzero_ps();
    }
    const float *w = tile->panel;
    const float *x = tile->rows.x;
    const float *x_im = x + tile->x_im;
    for (int t = 0; t < tile->terms; t++, w += 2 * L, x++, x_im++) {
        const __m512 w_re = _mm512_loadu_ps(w);
        const __m512 w_im = _mm512_loadu_ps(w + L);
#pragma GCC unroll 8
        for (int r = 0; r < n_rows; r++) {
            const __m512 a = _mm512_set1_ps(x[(size_t)r * ldx]);
            const __m512 b = _mm512_set1_ps(x_im[(size_t)r * ldx]);
            re[r] = _mm512_fmadd_ps(w_re, a, re[r]);
            im[r] = _mm512_fmadd_ps(w_im, a, im[r]);
            re[r] = _mm512_fnmadd_ps(w_im, b, re[r]);
            im[r] = _mm512_fmadd_ps(w_re, b, im[r]);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < n_rows; r++) {
        _mm512_storeu_ps(y + (size_t)r * ldy, re[r]);
        _mm512_storeu_ps(y + (size_t)r * ldy + tile->y_im, im[r]);
    }
}

TARGET static void tile_one_vector(const ernn_panel_tile *tile)
{
    switch (tile->rows.n) {
    case 1:
        real_tile(tile, 1, 1);
        break;
    case 2:
        real_tile(tile, 2, 1);
        break;
    case 3:
        real_tile(tile, 3, 1);
        break;
    case 4:
        real_tile(tile, 4, 1);
        break;
    case 5:
        real_tile(tile, 5, 1);
        break;
    case 6:
        real_tile(tile, 6, 1);
        break;
    case 7:
        real_tile(tile, 7, 1);
        break;
    default:
        real_tile(tile, 8, 1);
        break;
    }
}

TARGET static void tile_two_vectors(const ernn_panel_tile *tile)
{
    switch (tile->rows.n) {
    case 1:
        real_tile(tile, 1, 2);
        break;
    case 2:
        real_tile(tile, 2, 2);
        break;
    case 3:
        real_tile(tile, 3, 2);
        break;
    case 4:
        real_tile(tile, 4, 2);
        break;
    case 5:
        real_tile(tile, 5, 2);
        break;
    case 6:
        real_tile(tile, 6, 2);
        break;
    case 7:
        real_tile(tile, 7, 2);
        break;
    default:
        real_tile(tile, 8, 2);
        break;
    }
}

void ernn_panel_tile_avx512(const ernn_panel_tile *tile)
{
    if (tile->vectors == 1)
        tile_one_vector(tile);
    else
        tile_two_vectors(tile);
}

TARGET void ernn_panel_tile_complex_avx512(const ernn_panel_tile *tile)
{
    switch (tile->rows.n) {
    case 1:
        complex_tile(tile, 1);
        break;
    case 2:
        complex_tile(tile, 2);
        break;
    case 3:
        complex_tile(tile, 3);
        break;
    case 4:
        complex_tile(tile, 4);
        break;
    case 5:
        complex_tile(tile, 5);
        break;
    case 6:
        complex_tile(tile, 6);
        break;
    case 7:
        complex_tile(tile, 7);
        break;
    default:
        complex_tile(tile, 8);
        break;
    }
}
#endif
