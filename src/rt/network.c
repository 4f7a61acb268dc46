// The deployed network, one frame at a time. docs/fixed-point.md sections 4, 6 and 7.
// SPDX-License-Identifier: Apache-2.0
#include "rt/network.h"

static uint32_t block_count(uint32_t n, uint32_t log2_k)
{
    return (n + (1u << log2_k) - 1) >> log2_k;
}

// Bits of the inverse transform's input beyond those of a signal.
enum { ACCUMULATOR_EXTRA_BITS = 4 };

// spectra[q][k] = round(FFT(x_j)), the last block padded with zeros.
static void transform_input(const ernn_rt_matrix *matrix, uint32_t signal_bits, const int32_t *x,
                            int32_t *spectra, uint32_t *saturations)
{
    const uint32_t k = 1u << matrix->log2_k;
    const uint32_t q = block_count(matrix->cols, matrix->log2_k);
    for (uint32_t j = 0; j < q; j++) {
        int32_t *block = spectra + j * k;
        for (uint32_t e = 0; e < k; e++)
            block[e] = j * k + e < matrix->cols ? x[j * k + e] : 0;
        ernn_rt_rfft(block, matrix->log2_k);
        for (uint32_t e = 0; e < k; e++)
            block[e] = ernn_rt_saturate(ernn_rt_round_shift(block[e], matrix->spectrum_shift),
                                        signal_bits, &saturations[ERNN_RT_SPECTRUM]);
    }
}

// sums[k] += w * x, bin by bin: bins 0 and k/2 are real.
static void accumulate_block(int64_t *sums, const int16_t *w, const int32_t *x, uint32_t k)
{
    sums[0] += (int64_t)w[0] * x[0];
    if (k >= 2)
        sums[1] += (int64_t)w[1] * x[1];
    for (uint32_t e = 2; e < k; e += 2) {
        sums[e] += (int64_t)w[e] * x[e] - (int64_t)w[e + 1] * x[e + 1];
        sums[e + 1] += (int64_t)w[e] * x[e + 1] + (int64_t)w[e + 1] * x[e];
    }
}

void ernn_rt_product(const ernn_rt_matrix *matrix, uint32_t signal_bits, const int32_t *x,
                     int32_t *y, int32_t *scratch, uint32_t *saturations)
{
    const uint32_t k = 1u << matrix->log2_k;
    const uint32_t p = block_count(matrix->rows, matrix->log2_k);
    const uint32_t q = block_count(matrix->cols, matrix->log2_k);
    int32_t *spectra = scratch;
    transform_input(matrix, signal_bits, x, spectra, saturations);
    for (uint32_t i = 0; i < p; i++) {
        // a_i = IFFT(sum_j FFT(w_ij) . FFT(x_j)) (math.md eq. 5)
        int64_t sums[ERNN_RT_MAX_K] = {0};
        for (uint32_t j = 0; j < q; j++)
            accumulate_block(sums, matrix->weights + ((uint64_t)i * q + j) * k, spectra + j * k, k);
        int32_t block[ERNN_RT_MAX_K];
        for (uint32_t e = 0; e < k; e++)
            block[e] = ernn_rt_saturate(ernn_rt_round_shift(sums[e], matrix->accumulator_shift),
                                        signal_bits + ACCUMULATOR_EXTRA_BITS,
                                        &saturations[ERNN_RT_ACCUMULATOR]);
        ernn_rt_irfft(block, matrix->log2_k);
        for (uint32_t e = 0; e < k && i * k + e < matrix->rows; e++)
            y[i * k + e] = ernn_rt_saturate(ernn_rt_round_shift(block[e], matrix->output_shift),
                                            signal_bits, &saturations[ERNN_RT_PRODUCT]);
    }
}

static uint32_t max2(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint32_t product_scratch(const ernn_rt_matrix *matrix)
{
    return block_count(matrix->cols, matrix->log2_k) << matrix->log2_k;
}

// A layer's scratch: product of the inputs, product of the recurrence, one vector of n_cells, and
// the spectra of the widest product.
uint32_t ernn_rt_scratch_words(const ernn_rt_network *network)
{
    uint32_t most = product_scratch(&network->output);
    for (uint32_t l = 0; l < network->n_layers; l++) {
        const ernn_rt_layer *layer = &network->layers[l];
        uint32_t spectra = max2(product_scratch(&layer->input), product_scratch(&layer->recurrent));
        spectra = max2(spectra, product_scratch(&layer->candidate));
        spectra = max2(spectra, product_scratch(&layer->projection));
        most = max2(most, layer->input.rows + layer->recurrent.rows + layer->candidate.rows +
                              layer->n_cells + spectra);
    }
    return most;
}

// Rows from one gate to the next in a product.
static uint32_t gate_stride(const ernn_rt_matrix *matrix, uint32_t n_cells)
{
    return block_count(n_cells, matrix->log2_k) << matrix->log2_k;
}

// What the element-wise part of a step works on.
typedef struct step {
    const ernn_rt_network *network;
    const ernn_rt_layer *layer;
    const int32_t *input_product;
    const int32_t *recurrent_product;
    uint32_t input_stride;
    uint32_t recurrent_stride;
    uint32_t gate_frac;
    uint32_t *saturations;
} step;

// a_g = saturate(W_gx x + W_gr y' + b_g + extra) (fixed-point.md 6.1)
static int32_t preactivation(const step *s, uint32_t gate, uint32_t h, int64_t extra)
{
    const int64_t sum = (int64_t)s->input_product[gate * s->input_stride + h] +
                        s->recurrent_product[gate * s->recurrent_stride + h] +
                        s->layer->bias[gate * s->layer->n_cells + h] + extra;
    return ernn_rt_saturate(sum, s->network->signal_bits, &s->saturations[ERNN_RT_PREACTIVATION]);
}

static int32_t sigmoid(const step *s, int32_t a)
{
    return ernn_rt_sigmoid(&s->network->sigmoid, a, s->layer->preactivation_frac, s->gate_frac);
}

static int32_t candidate_tanh(const step *s, int32_t a)
{
    return ernn_rt_tanh(&s->network->tanh, a, s->layer->preactivation_frac, s->gate_frac);
}

// Peephole term in the format of the pre-activations: gate 0 i, 1 f, 2 o.
static int64_t peephole(const step *s, uint32_t gate, uint32_t h, int32_t c)
{
    const ernn_rt_layer *layer = s->layer;
    if (!layer->is_peephole)
        return 0;
    return ernn_rt_round_shift((int64_t)layer->peephole[gate * layer->n_cells + h] * c,
                               layer->peephole_frac + layer->cell_frac - layer->preactivation_frac);
}

// One LSTM cell: updates *c and returns m = o . tanh(c). (fixed-point.md 6.2)
static int32_t lstm_cell(const step *s, uint32_t h, int32_t *c)
{
    const uint32_t frac = s->gate_frac;
    const int32_t i = sigmoid(s, preactivation(s, 0, h, peephole(s, 0, h, *c)));
    const int32_t f = sigmoid(s, preactivation(s, 1, h, peephole(s, 1, h, *c)));
    const int32_t g = candidate_tanh(s, preactivation(s, 2, h, 0));
    // c = f . c' + i . g
    const int64_t sum =
        (int64_t)f * *c * ((int64_t)1 << (frac - s->layer->cell_frac)) + (int64_t)i * g;
    *c = ernn_rt_saturate(ernn_rt_round_shift(sum, 2 * frac - s->layer->cell_frac),
                          s->network->signal_bits, &s->saturations[ERNN_RT_CELL]);
    const int32_t o = sigmoid(s, preactivation(s, 3, h, peephole(s, 2, h, *c)));
    const int32_t squashed = ernn_rt_tanh(&s->network->tanh, *c, s->layer->cell_frac, frac);
    return (int32_t)ernn_rt_round_shift((int64_t)o * squashed, frac);
}

// h = (1 - z) . n + z . h', one rounding, never leaves [-1, 1]. (fixed-point.md 6.3)
static int32_t gru_blend(const step *s, int32_t z, int32_t n, int32_t h)
{
    return (int32_t)ernn_rt_round_shift(
        (int64_t)n * ((int64_t)1 << s->gate_frac) + (int64_t)z * (h - n), s->gate_frac);
}

// Candidate with the reset after the product: tanh(W_hx x + b_h + r . (W_hr h' + b_hr)).
static int32_t gru_candidate_after(const step *s, uint32_t h, int32_t r)
{
    const ernn_rt_layer *layer = s->layer;
    const int64_t inner =
        (int64_t)s->recurrent_product[2 * s->recurrent_stride + h] + layer->bias_candidate[h];
    const int64_t sum = (int64_t)s->input_product[2 * s->input_stride + h] +
                        layer->bias[2 * layer->n_cells + h] +
                        ernn_rt_round_shift(r * inner, s->gate_frac);
    return candidate_tanh(
        s, ernn_rt_saturate(sum, s->network->signal_bits, &s->saturations[ERNN_RT_PREACTIVATION]));
}

static void gru_step_after(const step *s, int32_t *y)
{
    for (uint32_t h = 0; h < s->layer->n_cells; h++) {
        const int32_t z = sigmoid(s, preactivation(s, 0, h, 0));
        const int32_t r = sigmoid(s, preactivation(s, 1, h, 0));
        y[h] = gru_blend(s, z, gru_candidate_after(s, h, r), y[h]);
    }
}

// Reset before the product: the candidate's matrix sees u = r . h'. `product` [n_cells padded],
// `u` [n_cells].
static void gru_step_before(const step *s, int32_t *product, int32_t *u, int32_t *spectra,
                            int32_t *y)
{
    const ernn_rt_layer *layer = s->layer;
    for (uint32_t h = 0; h < layer->n_cells; h++) {
        const int32_t r = sigmoid(s, preactivation(s, 1, h, 0));
        u[h] = (int32_t)ernn_rt_round_shift((int64_t)r * y[h], s->gate_frac);
    }
    ernn_rt_product(&layer->candidate, s->network->signal_bits, u, product, spectra,
                    s->saturations);
    for (uint32_t h = 0; h < layer->n_cells; h++) {
        const int32_t z = sigmoid(s, preactivation(s, 0, h, 0));
        const int64_t sum = (int64_t)s->input_product[2 * s->input_stride + h] + product[h] +
                            layer->bias[2 * layer->n_cells + h];
        const int32_t n =
            candidate_tanh(s, ernn_rt_saturate(sum, s->network->signal_bits,
                                               &s->saturations[ERNN_RT_PREACTIVATION]));
        y[h] = gru_blend(s, z, n, y[h]);
    }
}

static void lstm_step(const step *s, int32_t *c, int32_t *m)
{
    for (uint32_t h = 0; h < s->layer->n_cells; h++)
        m[h] = lstm_cell(s, h, &c[h]);
}

static void copy_words(int32_t *to, const int32_t *from, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        to[i] = from[i];
}

static void no_trace(void *user, uint32_t layer, const char *signal, const int32_t *values,
                     uint32_t n)
{
    (void)user;
    (void)layer;
    (void)signal;
    (void)values;
    (void)n;
}

void ernn_rt_layer_step(const ernn_rt_network *network, uint32_t layer_index, const int32_t *x,
                        ernn_rt_state *state, ernn_rt_trace_fn trace, void *user)
{
    const ernn_rt_layer *layer = &network->layers[layer_index];
    const uint32_t bits = network->signal_bits;
    int32_t *y = state->y[layer_index];
    int32_t *input_product = state->scratch;
    int32_t *recurrent_product = input_product + layer->input.rows;
    int32_t *candidate_product = recurrent_product + layer->recurrent.rows;
    int32_t *m = candidate_product + layer->candidate.rows;
    int32_t *spectra = m + layer->n_cells;
    if (!trace)
        trace = no_trace;

    ernn_rt_product(&layer->input, bits, x, input_product, spectra, state->saturations);
    trace(user, layer_index, "input_product", input_product, layer->input.rows);
    ernn_rt_product(&layer->recurrent, bits, y, recurrent_product, spectra, state->saturations);
    trace(user, layer_index, "recurrent_product", recurrent_product, layer->recurrent.rows);
    const step s = {network,
                    layer,
                    input_product,
                    recurrent_product,
                    gate_stride(&layer->input, layer->n_cells),
                    gate_stride(&layer->recurrent, layer->n_cells),
                    bits - 2,
                    state->saturations};
    if (layer->cell == ERNN_RT_GRU) {
        if (layer->is_reset_after) {
            gru_step_after(&s, y);
        } else {
            gru_step_before(&s, candidate_product, m, spectra, y);
            trace(user, layer_index, "candidate_product", candidate_product, layer->candidate.rows);
        }
    } else {
        lstm_step(&s, state->c[layer_index], m);
        trace(user, layer_index, "c", state->c[layer_index], layer->n_cells);
        trace(user, layer_index, "m", m, layer->n_cells);
        if (layer->is_projected)
            ernn_rt_product(&layer->projection, bits, m, y, spectra, state->saturations);
        else
            copy_words(y, m, layer->n_cells);
    }
    trace(user, layer_index, "y", y, layer->n_outputs);
}

void ernn_rt_step(const ernn_rt_network *network, const int32_t *x, int32_t *logits,
                  ernn_rt_state *state, ernn_rt_trace_fn trace, void *user)
{
    for (uint32_t l = 0; l < network->n_layers; l++) {
        ernn_rt_layer_step(network, l, x, state, trace, user);
        x = state->y[l];
    }
    if (!logits || !network->output.rows)
        return;
    ernn_rt_product(&network->output, network->signal_bits, x, logits, state->scratch,
                    state->saturations);
    for (uint32_t r = 0; r < network->output.rows; r++)
        logits[r] =
            ernn_rt_saturate((int64_t)logits[r] + network->output_bias[r], network->signal_bits,
                             &state->saturations[ERNN_RT_PREACTIVATION]);
}

void ernn_rt_reset(const ernn_rt_network *network, ernn_rt_state *state)
{
    for (uint32_t l = 0; l < network->n_layers; l++) {
        for (uint32_t i = 0; i < network->layers[l].n_outputs; i++)
            state->y[l][i] = 0;
        for (uint32_t i = 0;
             network->layers[l].cell == ERNN_RT_LSTM && i < network->layers[l].n_cells; i++)
            state->c[l][i] = 0;
    }
}
