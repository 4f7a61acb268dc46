// A second implementation of the integer network, written from docs/fixed-point.md alone: recursive
// transforms, three-multiplication products, 64-bit values throughout. Every intermediate is
// checked against the width that the document states, and results must equal src/rt bit for bit.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_TESTS_RT_TWIN_H
#define ERNN_TESTS_RT_TWIN_H

#include "check.h"
#include "rt/network.h"

// `value` as it is, after failing unless `bits` signed bits hold it.
#define fits(value, bits) fits_at(value, (int)(bits), #value, __FILE__, __LINE__)

static inline int64_t fits_at(int64_t value, int bits, const char *what, const char *file, int line)
{
    const int64_t half = (int64_t)1 << (bits - 1);
    if (value >= -half && value < half)
        return value;
    print_error("%s is %lld, more than %d bits\n", what, (long long)value, bits);
    _fail(file, line);
    return 0;
}

static inline int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a % b < 0) != (b < 0));
}

// Section 2.1, by division.
static inline int64_t twin_round(int64_t x, int shift)
{
    assert_in_range(shift, 0, 62);
    return shift ? floor_divide(x + ((int64_t)1 << (shift - 1)), (int64_t)1 << shift) : x;
}

static inline int64_t twin_saturate(int64_t x, int bits, uint32_t *hits)
{
    const int64_t limit = (int64_t)1 << (bits - 1);
    *hits += x >= limit || x < -limit;
    return x >= limit ? limit - 1 : x < -limit ? -limit : x;
}

// ---- Section 3 ----

typedef struct twin_complex {
    int64_t re;
    int64_t im;
} twin_complex;

static inline int64_t twin_twiddle(double angle)
{
    return (int64_t)floor(16384 * cos(angle) + 0.5);
}

// z exp(sign 2 pi i j / m) with one rounding per component; components of z have `bits` bits.
static inline twin_complex twin_rotate(twin_complex z, int sign, unsigned j, unsigned m, int bits)
{
    const double angle = 2 * M_PI * j / m;
    const int64_t c = twin_twiddle(angle);
    const int64_t s = sign * twin_twiddle(M_PI / 2 - angle);
    const int64_t re = fits(z.re * c - z.im * s, bits + 16);
    const int64_t im = fits(z.im * c + z.re * s, bits + 16);
    return (twin_complex){fits(twin_round(re, 14), bits), fits(twin_round(im, 14), bits)};
}

// spectrum[0 .. m/2] of x[0], x[stride], ...; every value inside has at most `bits` bits.
static inline void twin_forward(const int64_t *x, unsigned m, unsigned stride, int bits,
                                twin_complex *spectrum)
{
    if (m == 1) {
        spectrum[0] = (twin_complex){fits(x[0], bits), 0};
        return;
    }
    twin_complex even[33];
    twin_complex odd[33];
    twin_forward(x, m / 2, 2 * stride, bits, even);
    twin_forward(x + stride, m / 2, 2 * stride, bits, odd);
    spectrum[0] = (twin_complex){fits(even[0].re + odd[0].re, bits), 0};
    spectrum[m / 2] = (twin_complex){fits(even[0].re - odd[0].re, bits), 0};
    if (m >= 4)
        spectrum[m / 4] = (twin_complex){even[m / 4].re, fits(-odd[m / 4].re, bits)};
    for (unsigned j = 1; j < m / 4; j++) {
        const twin_complex t = twin_rotate(odd[j], -1, j, m, bits);
        spectrum[j] = (twin_complex){fits(even[j].re + t.re, bits), fits(even[j].im + t.im, bits)};
        spectrum[m / 2 - j] =
            (twin_complex){fits(even[j].re - t.re, bits), fits(t.im - even[j].im, bits)};
    }
}

// x[0], x[stride], ... = m times the inverse transform of spectrum[0 .. m/2].
static inline void twin_inverse(const twin_complex *spectrum, unsigned m, unsigned stride, int bits,
                                int64_t *x)
{
    if (m == 1) {
        x[0] = fits(spectrum[0].re, bits);
        return;
    }
    twin_complex even[33];
    twin_complex odd[33];
    even[0] = (twin_complex){fits(spectrum[0].re + spectrum[m / 2].re, bits), 0};
    odd[0] = (twin_complex){fits(spectrum[0].re - spectrum[m / 2].re, bits), 0};
    if (m >= 4) {
        even[m / 4] = (twin_complex){fits(2 * spectrum[m / 4].re, bits), 0};
        odd[m / 4] = (twin_complex){fits(-2 * spectrum[m / 4].im, bits), 0};
    }
    for (unsigned j = 1; j < m / 4; j++) {
        const twin_complex a = spectrum[j];
        const twin_complex b = spectrum[m / 2 - j];
        even[j] = (twin_complex){fits(a.re + b.re, bits), fits(a.im - b.im, bits)};
        const twin_complex d = {fits(a.re - b.re, bits), fits(a.im + b.im, bits)};
        odd[j] = twin_rotate(d, 1, j, m, bits);
    }
    twin_inverse(even, m / 2, 2 * stride, bits, x);
    twin_inverse(odd, m / 2, 2 * stride, bits, x + stride);
}

static inline void twin_pack(const twin_complex *spectrum, unsigned k, int64_t *packed)
{
    packed[0] = spectrum[0].re;
    if (k >= 2)
        packed[1] = spectrum[k / 2].re;
    for (unsigned j = 1; j < k / 2; j++) {
        packed[2 * j] = spectrum[j].re;
        packed[2 * j + 1] = spectrum[j].im;
    }
}

static inline void twin_unpack(const int64_t *packed, unsigned k, twin_complex *spectrum)
{
    spectrum[0] = (twin_complex){packed[0], 0};
    if (k >= 2)
        spectrum[k / 2] = (twin_complex){packed[1], 0};
    for (unsigned j = 1; j < k / 2; j++)
        spectrum[j] = (twin_complex){packed[2 * j], packed[2 * j + 1]};
}

// ---- Section 4 ----

static inline int twin_ceil_log2(uint32_t n)
{
    int bits = 0;
    while ((uint64_t)1 << bits < n)
        bits++;
    return bits;
}

// sums[k] of block row `row`: three multiplications per complex bin, combined at the end.
static inline void twin_sums(const ernn_rt_matrix *m, int S, int W, uint32_t row, uint32_t q,
                             const int64_t *spectra, int64_t *sums)
{
    const uint32_t k = 1u << m->log2_k;
    const int width = W + S + twin_ceil_log2(q);
    const int16_t *w = m->weights + (size_t)row * q * k;
    for (uint32_t e = 0; e < k; e += 2) {
        int64_t a = 0;
        int64_t b = 0;
        int64_t c = 0;
        int64_t direct = 0;
        for (uint32_t j = 0; j < q; j++) {
            const int64_t wr = fits(w[j * k + e], W);
            const int64_t xr = fits(spectra[j * k + e], S);
            if (k == 1) {
                a = fits(a + wr * xr, width - 1);
                continue;
            }
            const int64_t wi = fits(w[j * k + e + 1], W);
            const int64_t xi = fits(spectra[j * k + e + 1], S);
            if (e == 0) { // bins 0 and k / 2, both real
                a = fits(a + wr * xr, width - 1);
                b = fits(b + wi * xi, width - 1);
                continue;
            }
            a = fits(a + wr * fits(xr + xi, S + 1), width);
            b = fits(b + xr * fits(wi - wr, W + 1), width);
            c = fits(c + xi * fits(wr + wi, W + 1), width);
            direct += wr * xi + wi * xr;
        }
        sums[e] = fits(e ? a - c : a, width);
        if (k > 1)
            sums[e + 1] = fits(e ? a + b : b, width);
        if (e)
            assert_true(sums[e + 1] == direct);
    }
}

static inline void twin_product(const ernn_rt_matrix *m, int S, int W, const int64_t *x, int64_t *y,
                                uint32_t *hits)
{
    const uint32_t k = 1u << m->log2_k;
    const uint32_t p = (m->rows + k - 1) / k;
    const uint32_t q = (m->cols + k - 1) / k;
    const int L = (int)m->log2_k;
    int64_t *spectra = calloc((size_t)q * k, sizeof *spectra);
    for (uint32_t j = 0; j < q; j++) {
        int64_t block[64];
        twin_complex bins[33];
        for (uint32_t e = 0; e < k; e++)
            block[e] = j * k + e < m->cols ? fits(x[j * k + e], S) : 0;
        twin_forward(block, k, 1, S + L + 1, bins);
        twin_pack(bins, k, block);
        for (uint32_t e = 0; e < k; e++)
            spectra[j * k + e] = twin_saturate(twin_round(block[e], (int)m->spectrum_shift), S,
                                               &hits[ERNN_RT_SPECTRUM]);
    }
    for (uint32_t i = 0; i < p; i++) {
        int64_t block[64];
        twin_complex bins[33];
        twin_sums(m, S, W, i, q, spectra, block);
        for (uint32_t e = 0; e < k; e++)
            block[e] = twin_saturate(twin_round(block[e], (int)m->accumulator_shift), S + 4,
                                     &hits[ERNN_RT_ACCUMULATOR]);
        twin_unpack(block, k, bins);
        twin_inverse(bins, k, 1, S + 4 + L + 1, block);
        for (uint32_t e = 0; e < k && i * k + e < m->rows; e++)
            y[i * k + e] = twin_saturate(twin_round(block[e], (int)m->output_shift), S,
                                         &hits[ERNN_RT_PRODUCT]);
    }
    free(spectra);
}

// ---- Section 5 ----

static inline int64_t twin_half(const ernn_rt_pwl *pwl, int64_t magnitude, int x_frac, int step,
                                int S)
{
    const int64_t per_segment = (int64_t)1 << (x_frac - step);
    const int64_t segment = magnitude / per_segment;
    const int64_t one = (int64_t)1 << (S - 2);
    if (segment > 31)
        return one;
    const int64_t half =
        pwl->base[segment] + twin_round(pwl->slope[segment] * (magnitude % per_segment), x_frac);
    assert_true(half >= 0 && half <= one);
    return half;
}

static inline int64_t twin_sigmoid(const ernn_rt_network *n, int64_t x, int x_frac)
{
    const int S = (int)n->signal_bits;
    const int64_t half = twin_half(&n->sigmoid, x < 0 ? -x : x, x_frac, 2, S);
    return x < 0 ? ((int64_t)1 << (S - 2)) - half : half;
}

static inline int64_t twin_tanh(const ernn_rt_network *n, int64_t x, int x_frac)
{
    const int64_t half = twin_half(&n->tanh, x < 0 ? -x : x, x_frac, 3, (int)n->signal_bits);
    return x < 0 ? -half : half;
}

// ---- Sections 6 and 7 ----

typedef struct twin_state {
    int64_t *y[ERNN_RT_MAX_LAYERS];
    int64_t *c[ERNN_RT_MAX_LAYERS];
    uint32_t hits[ERNN_RT_CLASSES];
} twin_state;

static inline void twin_state_new(const ernn_rt_network *n, twin_state *state)
{
    *state = (twin_state){0};
    for (uint32_t l = 0; l < n->n_layers; l++) {
        state->y[l] = calloc(n->layers[l].n_outputs, sizeof *state->y[l]);
        state->c[l] = calloc(n->layers[l].n_cells, sizeof *state->c[l]);
    }
}

static inline void twin_state_free(const ernn_rt_network *n, twin_state *state)
{
    for (uint32_t l = 0; l < n->n_layers; l++) {
        free(state->y[l]);
        free(state->c[l]);
    }
}

// What one cell's element-wise part reads.
typedef struct twin_cell {
    const ernn_rt_network *network;
    const ernn_rt_layer *layer;
    const int64_t *wx;
    const int64_t *wr;
    uint32_t h;
    uint32_t *hits;
} twin_cell;

static inline int64_t twin_gate_row(const int64_t *product, const ernn_rt_matrix *m, uint32_t gate,
                                    const twin_cell *cell)
{
    const uint32_t k = 1u << m->log2_k;
    const uint32_t padded = (cell->layer->n_cells + k - 1) / k * k;
    return product[gate * padded + cell->h];
}

static inline int64_t twin_bias(const twin_cell *cell, uint32_t gate)
{
    return fits(cell->layer->bias[gate * cell->layer->n_cells + cell->h],
                cell->network->signal_bits);
}

static inline int64_t twin_preactivation(const twin_cell *cell, uint32_t gate, int64_t extra,
                                         int width)
{
    const int64_t sum = twin_gate_row(cell->wx, &cell->layer->input, gate, cell) +
                        twin_gate_row(cell->wr, &cell->layer->recurrent, gate, cell) +
                        twin_bias(cell, gate) + extra;
    return twin_saturate(fits(sum, width), (int)cell->network->signal_bits,
                         &cell->hits[ERNN_RT_PREACTIVATION]);
}

static inline int64_t twin_peephole(const twin_cell *cell, uint32_t which, int64_t c)
{
    const ernn_rt_layer *l = cell->layer;
    const int S = (int)cell->network->signal_bits;
    if (!l->is_peephole)
        return 0;
    const int64_t w = fits(l->peephole[which * l->n_cells + cell->h], S);
    return twin_round(fits(w * fits(c, S), 2 * S),
                      (int)(l->peephole_frac + l->cell_frac) - (int)l->preactivation_frac);
}

static inline int64_t twin_lstm(const twin_cell *cell, int64_t *c)
{
    const ernn_rt_network *n = cell->network;
    const ernn_rt_layer *l = cell->layer;
    const int S = (int)n->signal_bits;
    const int G = S - 2;
    const int width = l->is_peephole ? 2 * S + 1 : S + 2;
    const int pf = (int)l->preactivation_frac;
    const int cf = (int)l->cell_frac;
    const int64_t i =
        twin_sigmoid(n, twin_preactivation(cell, 0, twin_peephole(cell, 0, *c), width), pf);
    const int64_t f =
        twin_sigmoid(n, twin_preactivation(cell, 1, twin_peephole(cell, 1, *c), width), pf);
    const int64_t g = twin_tanh(n, twin_preactivation(cell, 2, 0, S + 2), pf);
    const int64_t sum = fits(f * *c * ((int64_t)1 << (G - cf)) + i * g, 3 * S - 3 - cf);
    *c = twin_saturate(twin_round(sum, 2 * G - cf), S, &cell->hits[ERNN_RT_CELL]);
    const int64_t o =
        twin_sigmoid(n, twin_preactivation(cell, 3, twin_peephole(cell, 2, *c), width), pf);
    return fits(twin_round(o * twin_tanh(n, *c, cf), G), S);
}

static inline int64_t twin_blend(int64_t z, int64_t candidate, int64_t h, int S)
{
    const int64_t one = (int64_t)1 << (S - 2);
    const int64_t blend = twin_round(fits(candidate * one + z * (h - candidate), 2 * S), S - 2);
    assert_true(blend >= (candidate < h ? candidate : h) &&
                blend <= (candidate < h ? h : candidate));
    return fits(blend, S);
}

static inline void twin_layer(const ernn_rt_network *n, uint32_t index, const int64_t *x,
                              twin_state *state)
{
    const ernn_rt_layer *l = &n->layers[index];
    const int S = (int)n->signal_bits;
    const int W = (int)n->weight_bits;
    const int pf = (int)l->preactivation_frac;
    int64_t *wx = calloc(l->input.rows, sizeof *wx);
    int64_t *wr = calloc(l->recurrent.rows, sizeof *wr);
    int64_t *m = calloc(l->n_cells, sizeof *m);
    int64_t *y = state->y[index];
    twin_cell cell = {n, l, wx, wr, 0, state->hits};
    twin_product(&l->input, S, W, x, wx, state->hits);
    twin_product(&l->recurrent, S, W, y, wr, state->hits);
    if (l->cell == ERNN_RT_LSTM) {
        for (cell.h = 0; cell.h < l->n_cells; cell.h++)
            m[cell.h] = twin_lstm(&cell, &state->c[index][cell.h]);
        if (l->is_projected)
            twin_product(&l->projection, S, W, m, y, state->hits);
        else
            memcpy(y, m, l->n_cells * sizeof *m);
    } else {
        int64_t *inner = calloc(l->n_cells + 64, sizeof *inner);
        for (uint32_t h = cell.h = 0; h < l->n_cells; cell.h = ++h) {
            const int64_t r = twin_sigmoid(n, twin_preactivation(&cell, 1, 0, S + 2), pf);
            if (l->is_reset_after)
                inner[h] = twin_round(r * fits(twin_gate_row(wr, &l->recurrent, 2, &cell) +
                                                   fits(l->bias_candidate[h], S),
                                               S + 1),
                                      S - 2);
            else
                m[h] = fits(twin_round(r * y[h], S - 2), S);
        }
        if (!l->is_reset_after)
            twin_product(&l->candidate, S, W, m, inner, state->hits);
        for (uint32_t h = cell.h = 0; h < l->n_cells; cell.h = ++h) {
            const int64_t z = twin_sigmoid(n, twin_preactivation(&cell, 0, 0, S + 2), pf);
            const int64_t sum = fits(
                twin_gate_row(wx, &l->input, 2, &cell) + twin_bias(&cell, 2) + inner[h], S + 2);
            const int64_t candidate =
                twin_tanh(n, twin_saturate(sum, S, &state->hits[ERNN_RT_PREACTIVATION]), pf);
            y[h] = twin_blend(z, candidate, y[h], S);
        }
        free(inner);
    }
    free(wx);
    free(wr);
    free(m);
}

static inline void twin_step(const ernn_rt_network *n, const int64_t *x, int64_t *logits,
                             twin_state *state)
{
    for (uint32_t l = 0; l < n->n_layers; l++) {
        twin_layer(n, l, x, state);
        x = state->y[l];
    }
    const int S = (int)n->signal_bits;
    twin_product(&n->output, S, (int)n->weight_bits, x, logits, state->hits);
    for (uint32_t r = 0; r < n->output.rows; r++)
        logits[r] = twin_saturate(logits[r] + fits(n->output_bias[r], S), S,
                                  &state->hits[ERNN_RT_PREACTIVATION]);
}

#endif
