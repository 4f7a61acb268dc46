// Sixteen blocks at a time: element e of all of them is one vector, so that the stages of the
// transforms (radix 2, as in num/rfft.c) are plain vector arithmetic. The transposition of a row
// splits the stream of numbers into those at even and odd places, log2 k times; that leaves the
// elements in bit-reversed order, which the transforms want anyway.
// SPDX-License-Identifier: Apache-2.0
#include "circ/spectra.h"

#include "num/clones.h"
#include "num/rfft.h"

#include <string.h>

enum { LANES = 16, MAX_K = ERNN_RFFT_MAX_K };

// Vector code is lowered where it is expanded: into the copies of the two functions at the end.
#define INLINE static inline __attribute__((always_inline))
// k is a constant there as well: the loops over a tile unroll, and small tiles stay in registers.

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

// v[k] and a second array, which the stages use in turn.
typedef struct tile {
    lanes a[MAX_K];
    lanes b[MAX_K];
} tile;

// ---- Transposition ----

// One stream of n vectors into that of its even and that of its odd elements.
INLINE void unzip(const lanes *from, int n, lanes *to)
{
#pragma GCC unroll 16
    for (int i = 0; i < n / 2; i++) {
        const lanes x = from[2 * i];
        const lanes y = from[2 * i + 1];
        to[i] = __builtin_shufflevector(x, y, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28,
                                        30);
        to[n / 2 + i] = __builtin_shufflevector(x, y, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25,
                                                27, 29, 31);
    }
}

INLINE void zip(const lanes *from, int n, lanes *to)
{
#pragma GCC unroll 16
    for (int i = 0; i < n / 2; i++) {
        const lanes x = from[i];
        const lanes y = from[n / 2 + i];
        to[2 * i] =
            __builtin_shufflevector(x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        to[2 * i + 1] = __builtin_shufflevector(x, y, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29,
                                                14, 30, 15, 31);
    }
}

// ---- Stages ----

// A stage reads `*from` and writes `*to`; then they change places.
INLINE void swap(lanes **from, lanes **to)
{
    lanes *kept = *from;
    *from = *to;
    *to = kept;
}

// Spectra of the even and the odd elements, m / 2 points each, to one of m points: X_j = E_j + w^j
// O_j and X_{m/2-j} = conj(E_j - w^j O_j), w = exp(-2 pi i / m).
INLINE void merge(const lanes *even, int m, lanes *to)
{
    const lanes *odd = even + m / 2;
    to[0] = even[0] + odd[0];
    to[1] = even[0] - odd[0];
    if (m >= 4) { // X_{m/4} = E_{m/4} - i O_{m/4}, both real
        to[m / 2] = even[1];
        to[m / 2 + 1] = -odd[1];
    }
#pragma GCC unroll 16
    for (int j = 1; j < m / 4; j++) {
        const float cos = ernn_rfft_cos(m, j);
        const float sin = ernn_rfft_sin(m, j);
        const lanes re = odd[2 * j] * cos + odd[2 * j + 1] * sin;
        const lanes im = odd[2 * j + 1] * cos - odd[2 * j] * sin;
        to[2 * j] = even[2 * j] + re;
        to[2 * j + 1] = even[2 * j + 1] + im;
        to[m - 2 * j] = even[2 * j] - re;
        to[m - 2 * j + 1] = im - even[2 * j + 1];
    }
}

// Undoes `merge`, times 2: 2 E_j = X_j + conj(X_{m/2-j}), 2 O_j = conj(w^j) (X_j -
// conj(X_{m/2-j})).
INLINE void split(const lanes *from, int m, lanes *even)
{
    lanes *odd = even + m / 2;
    even[0] = from[0] + from[1];
    odd[0] = from[0] - from[1];
    if (m >= 4) {
        even[1] = from[m / 2] + from[m / 2];
        odd[1] = -(from[m / 2 + 1] + from[m / 2 + 1]);
    }
#pragma GCC unroll 16
    for (int j = 1; j < m / 4; j++) {
        const float cos = ernn_rfft_cos(m, j);
        const float sin = ernn_rfft_sin(m, j);
        const lanes re = from[2 * j] - from[m - 2 * j];
        const lanes im = from[2 * j + 1] + from[m - 2 * j + 1];
        even[2 * j] = from[2 * j] + from[m - 2 * j];
        even[2 * j + 1] = from[2 * j + 1] - from[m - 2 * j + 1];
        odd[2 * j] = re * cos - im * sin;
        odd[2 * j + 1] = im * cos + re * sin;
    }
}

// In t->a; returns where the spectra are.
INLINE lanes *transform(tile *t, int k)
{
    lanes *from = t->a;
    lanes *to = t->b;
#pragma GCC unroll 16
    for (int n = k; n >= 2; n /= 2, swap(&from, &to))
#pragma GCC unroll 16
        for (int base = 0; base < k; base += n)
            unzip(from + base, n, to + base);
#pragma GCC unroll 16
    for (int m = 2; m <= k; m *= 2, swap(&from, &to))
#pragma GCC unroll 16
        for (int base = 0; base < k; base += m)
            merge(from + base, m, to + base);
    return from;
}

INLINE lanes *transform_back(tile *t, int k)
{
    lanes *from = t->a;
    lanes *to = t->b;
#pragma GCC unroll 16
    for (int m = k; m >= 2; m /= 2, swap(&from, &to))
#pragma GCC unroll 16
        for (int base = 0; base < k; base += m)
            split(from + base, m, to + base);
#pragma GCC unroll 16
    for (int n = 2; n <= k; n *= 2, swap(&from, &to))
#pragma GCC unroll 16
        for (int base = 0; base < k; base += n)
            zip(from + base, n, to + base);
    return from;
}

// ---- Rows ----

static inline size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

// The float of number e in `row` of the spectra, block `lane`.
INLINE float *place(const ernn_spectra *s, int row, int e, size_t lane)
{
    return ernn_spectra_bin(s, e / 2) + (size_t)row * ernn_spectra_row(s) +
           (size_t)(e % 2) * s->lanes + lane;
}

// The spectra of one row. `k` is a constant where this is expanded.
INLINE void row_forward(const ernn_spectra *spectra, int row, size_t lane, const float *x, size_t n,
                        const int k)
{
    tile t;
    const size_t all = (size_t)(LANES * k);
    for (size_t done = 0; done < n; done += all, lane += LANES) {
        if (done + all <= n)
#pragma GCC unroll 16
            for (int e = 0; e < k; e++)
                memcpy(&t.a[e], x + done + (size_t)(LANES * e), sizeof *t.a);
        else {
            memset(t.a, 0, all * sizeof *x);
            memcpy(t.a, x + done, (n - done) * sizeof *x);
        }
        const lanes *v = transform(&t, k);
#pragma GCC unroll 16
        for (int e = 0; e < k; e++)
            memcpy(place(spectra, row, e, lane), &v[e], sizeof *v);
    }
}

// y[n] = k IFFT of one row, or += when `add`.
INLINE void row_back(const ernn_spectra *spectra, int row, size_t lane, bool add, float *y,
                     size_t n, const int k)
{
    tile t;
    const size_t all = (size_t)(LANES * k);
    for (size_t done = 0; done < n; done += all, lane += LANES) {
#pragma GCC unroll 16
        for (int e = 0; e < k; e++)
            memcpy(&t.a[e], place(spectra, row, e, lane), sizeof t.a[e]);
        const lanes *v = transform_back(&t, k);
        float *to = y + done;
        if (done + all <= n)
#pragma GCC unroll 16
            for (int e = 0; e < k; e++, to += LANES) {
                lanes old = {0};
                if (add)
                    memcpy(&old, to, sizeof old);
                old += v[e];
                memcpy(to, &old, sizeof old);
            }
        else
            for (size_t i = 0; i < n - done; i++)
                to[i] = (add ? to[i] : 0) + ((const float *)v)[i];
    }
}

INLINE void rows_forward(const ernn_spectra *spectra, int row, int count, size_t lane,
                         const float *x, int n, size_t ldx, const int k)
{
    for (int r = 0; r < count; r++)
        row_forward(spectra, row + r, lane, x + (size_t)r * ldx, (size_t)n, k);
}

INLINE void rows_back(const ernn_spectra *spectra, size_t lane, bool add, float *y, int n,
                      size_t ldy, const int k)
{
    for (int r = 0; r < spectra->rows; r++)
        row_back(spectra, r, lane, add, y + (size_t)r * ldy, (size_t)n, k);
}

ERNN_CLONES void ernn_spectra_of_rows(const ernn_spectra *spectra, int row, int count, size_t lane,
                                      const float *x, int n, size_t ldx)
{
    switch (spectra->k) {
    case 2:
        rows_forward(spectra, row, count, lane, x, n, ldx, 2);
        break;
    case 4:
        rows_forward(spectra, row, count, lane, x, n, ldx, 4);
        break;
    case 8:
        rows_forward(spectra, row, count, lane, x, n, ldx, 8);
        break;
    case 16:
        rows_forward(spectra, row, count, lane, x, n, ldx, 16);
        break;
    case 32:
        rows_forward(spectra, row, count, lane, x, n, ldx, 32);
        break;
    default:
        rows_forward(spectra, row, count, lane, x, n, ldx, 64);
        break;
    }
}

ERNN_CLONES void ernn_spectra_to_rows(const ernn_spectra *spectra, size_t lane, bool add, float *y,
                                      int n, size_t ldy)
{
    switch (spectra->k) {
    case 2:
        rows_back(spectra, lane, add, y, n, ldy, 2);
        break;
    case 4:
        rows_back(spectra, lane, add, y, n, ldy, 4);
        break;
    case 8:
        rows_back(spectra, lane, add, y, n, ldy, 8);
        break;
    case 16:
        rows_back(spectra, lane, add, y, n, ldy, 16);
        break;
    case 32:
        rows_back(spectra, lane, add, y, n, ldy, 32);
        break;
    default:
        rows_back(spectra, lane, add, y, n, ldy, 64);
        break;
    }
}
