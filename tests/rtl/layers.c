// Vectors of whole products and layers: a script for the bench (tb_stream.v), the beats that go in
// and the beats that must come out. SPDX-License-Identifier: Apache-2.0
#include "layers.h"

#include <stdlib.h>
#include <string.h>

static uint32_t log2_ceil(uint32_t n)
{
    uint32_t bits = 0;
    while (1u << bits < n)
        bits++;
    return bits;
}

static uint32_t at_least_zero(int x)
{
    return x < 0 ? 0 : (uint32_t)x;
}

static uint32_t block_count(uint32_t n, uint32_t log2_k)
{
    return (n + (1u << log2_k) - 1) >> log2_k;
}

void *layers_new(size_t n, size_t size)
{
    void *memory = calloc(n ? n : 1, size);
    if (!memory)
        abort();
    return memory;
}

static int matrix_get(words_case *c, const char *name, const char *key, int otherwise)
{
    char full[64];
    snprintf(full, sizeof full, "%s%s%s", name, *name ? "_" : "", key);
    return words_case_get(c, full, otherwise);
}

static void random_weights(ernn_rng *rng, const ernn_rt_matrix *matrix, unsigned weight_bits)
{
    int16_t *weights = (int16_t *)(uintptr_t)matrix->weights; // ours: layers_new below
    const size_t n = layers_weights(matrix);
    for (size_t i = 0; i < n; i++)
        weights[i] = (int16_t)vectors_uniform(rng, (1 << (weight_bits - 1)) - 1);
}

size_t layers_weights(const ernn_rt_matrix *matrix)
{
    return (size_t)block_count(matrix->rows, matrix->log2_k) *
               block_count(matrix->cols, matrix->log2_k)
           << matrix->log2_k;
}

void vectors_matrix(words_case *c, ernn_rng *rng, const char *name, unsigned signal_bits,
                    unsigned weight_bits, uint32_t rows, uint32_t cols, ernn_rt_matrix *matrix)
{
    // 0: some saturation of rare values; calm: none; hot: much.
    const int calm = words_case_get(c, "calm", 0);
    const int hot = words_case_get(c, "hot", 0);
    matrix->rows = rows;
    matrix->cols = cols;
    matrix->log2_k = (uint32_t)matrix_get(c, name, "log2_k", 3);
    const int log2_k = (int)matrix->log2_k;
    const int log2_q = (int)log2_ceil(block_count(cols, matrix->log2_k));
    matrix_get(c, name, "pes", 1);
    matrix->spectrum_shift = (uint32_t)matrix_get(c, name, "spectrum_shift",
                                                  calm  ? log2_k + 1
                                                  : hot ? log2_k / 2
                                                        : (log2_k + 1) / 2);
    matrix->accumulator_shift = (uint32_t)matrix_get(
        c, name, "accumulator_shift",
        (int)at_least_zero((int)weight_bits - 4 + (log2_q + 1) / 2 + 3 * calm - 2 * hot));
    matrix->output_shift =
        (uint32_t)matrix_get(c, name, "output_shift", 4 + (log2_k + 1) / 2 + calm - 2 * hot);
    if (matrix->output_shift > signal_bits + 4 + matrix->log2_k)
        abort();
    matrix->weights = layers_new(layers_weights(matrix), sizeof *matrix->weights);
    random_weights(rng, matrix, weight_bits);
}

// The keys of a matrix that the layer does not have; those already written stay.
static void no_matrix(words_case *c, const char *name)
{
    matrix_get(c, name, "log2_k", 3);
    matrix_get(c, name, "pes", 1);
    matrix_get(c, name, "spectrum_shift", 0);
    matrix_get(c, name, "accumulator_shift", 0);
    matrix_get(c, name, "output_shift", 0);
}

// What the bench does, in order (tb_stream.v).
enum { SCRIPT_END, SCRIPT_LOAD, SCRIPT_RESET_STATE, SCRIPT_RUN, SCRIPT_CHECK_SATURATED };

typedef struct stream {
    words_file script;
    words_file inputs;
    words_file expected;
    unsigned lanes;
    unsigned bits;
    int layer;
    int flip;
} stream;

static void stream_open(words_case *c, stream *s, const char *folder, unsigned lanes, unsigned bits)
{
    memset(s, 0, sizeof *s);
    words_open(&s->script, folder, "script.hex");
    words_open(&s->inputs, folder, "inputs.hex");
    words_open(&s->expected, folder, "expected.hex");
    s->lanes = lanes;
    s->bits = bits;
    s->layer = words_case_get(c, "layer", 2);
    s->flip = words_case_get(c, "flip", 0);
}

static void script(stream *s, int op, int start, int unit, int32_t data)
{
    words_line line = {{0}, 0};
    words_put(&line, data, 32);
    words_put(&line, unit, 8);
    words_put(&line, start, 4);
    words_put(&line, op, 4);
    words_end_line(&s->script, &line);
}

static void load_word(stream *s, int what, size_t i, int32_t value)
{
    script(s, SCRIPT_LOAD, i == 0, s->layer << 4 | what, value);
}

static void load_words(stream *s, int what, const int32_t *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        load_word(s, what, i, values[i]);
}

static void load_matrix(stream *s, int what, const ernn_rt_matrix *matrix)
{
    const size_t n = matrix->weights ? layers_weights(matrix) : 0;
    for (size_t i = 0; i < n; i++)
        load_word(s, what, i, matrix->weights[i] ^ (s->flip == 3 && what == 0 && i == n / 2));
}

// A vector as beats; `is_noisy` fills the lanes past its end, which the modules must ignore.
static void put_beats(stream *s, words_file *file, const int32_t *x, uint32_t n, int32_t padding)
{
    words_line line = {{0}, 0};
    for (uint32_t beat = 0; beat * s->lanes < n; beat++) {
        for (uint32_t e = beat * s->lanes; e < (beat + 1) * s->lanes; e++)
            words_put(&line, e < n ? x[e] : padding, s->bits);
        words_end_line(file, &line);
    }
}

static void stream_frame(stream *s, int32_t *x, uint32_t n_x, int32_t *y, uint32_t n_y,
                         int is_flipped)
{
    x[n_x / 2] ^= s->flip == 2 && is_flipped;
    put_beats(s, &s->inputs, x, n_x, -1);
    x[n_x / 2] ^= s->flip == 2 && is_flipped;
    y[n_y - 1] ^= s->flip == 1 && is_flipped;
    put_beats(s, &s->expected, y, n_y, 0);
    y[n_y - 1] ^= s->flip == 1 && is_flipped;
}

static uint32_t beats_of(const stream *s, uint32_t n)
{
    return (n + s->lanes - 1) / s->lanes;
}

static void stream_close(words_case *c, stream *s, uint32_t n_x, uint32_t beats_out, int can_stall)
{
    script(s, SCRIPT_END, 0, 0, 0);
    words_case_set(c, "beats_in", (int)beats_of(s, n_x));
    words_case_set(c, "beats_out", (int)beats_out);
    words_case_set(c, "out_beat_bits", (int)s->expected.width);
    words_case_set(c, "can_stall", can_stall);
    words_case_set(c, "script_lines", (int)s->script.n_lines);
    words_case_set(c, "input_lines", (int)s->inputs.n_lines);
    words_case_set(c, "expected_lines", (int)s->expected.n_lines);
    words_case_set(c, "beat_bits", (int)(s->lanes * s->bits));
    words_close(&s->script);
    words_close(&s->inputs);
    words_close(&s->expected);
}

static void random_frame(ernn_rng *rng, int32_t *x, uint32_t n, unsigned bits, int calm)
{
    for (uint32_t i = 0; i < n; i++)
        x[i] = calm ? vectors_uniform(rng, (1 << (bits - 2)) - 1) : vectors_signal(rng, bits);
}

void vectors_product(words_case *c, const char *folder, ernn_rng *rng)
{
    const unsigned signal_bits = (unsigned)words_case_get(c, "signal_bits", 16);
    const unsigned weight_bits = (unsigned)words_case_get(c, "weight_bits", 12);
    const uint32_t rows = (uint32_t)words_case_get(c, "rows", 50);
    const uint32_t cols = (uint32_t)words_case_get(c, "cols", 37);
    const int frames = words_case_get(c, "frames", 20);
    uint32_t saturations[ERNN_RT_CLASSES] = {0};
    ernn_rt_matrix matrix;
    stream s;
    words_case_get(c, "ring", 1);
    words_case_get(c, "gap", 0);
    vectors_matrix(c, rng, "", signal_bits, weight_bits, rows, cols, &matrix);
    stream_open(c, &s, folder, (unsigned)words_case_get(c, "lanes", 4), signal_bits);
    load_matrix(&s, 0, &matrix);
    // Whole blocks come out.
    const uint32_t padded = block_count(rows, matrix.log2_k) << matrix.log2_k;
    int32_t *x = layers_new(cols, sizeof *x);
    int32_t *y = layers_new(padded, sizeof *y);
    int32_t *scratch = layers_new((size_t)cols + 3u * ERNN_RT_MAX_K, sizeof *scratch);
    const unsigned lanes = s.lanes;
    for (int frame = 0; frame < frames; frame++) {
        random_frame(rng, x, cols, signal_bits, 0);
        ernn_rt_product(&matrix, signal_bits, x, y, scratch, saturations);
        x[cols / 2] ^= s.flip == 2 && frame == frames / 2;
        put_beats(&s, &s.inputs, x, cols, -1);
        y[rows - 1] ^= s.flip == 1 && frame == frames / 2;
        s.lanes = 1u << matrix.log2_k;
        put_beats(&s, &s.expected, y, padded, 0);
        y[rows - 1] ^= s.flip == 1 && frame == frames / 2;
        s.lanes = lanes;
    }
    script(&s, SCRIPT_RUN, 0, 0, frames);
    script(&s, SCRIPT_CHECK_SATURATED, 0, 0, vectors_saturated(saturations));
    stream_close(c, &s, cols, padded >> matrix.log2_k, 0);
    free(x);
    free(y);
    free(scratch);
    free((void *)(uintptr_t)matrix.weights);
}

static int32_t *random_signals(ernn_rng *rng, size_t n, unsigned bits, int calm)
{
    int32_t *values = layers_new(n, sizeof *values);
    for (size_t i = 0; i < n; i++)
        values[i] = calm ? vectors_uniform(rng, 1 << (bits - 4)) : vectors_signal(rng, bits);
    return values;
}

void layers_build(words_case *c, ernn_rng *rng, ernn_rt_network *network)
{
    ernn_rt_layer *layer = &network->layers[0];
    memset(network, 0, sizeof *network);
    network->n_layers = 1;
    network->signal_bits = (uint32_t)words_case_get(c, "signal_bits", 16);
    network->weight_bits = (uint32_t)words_case_get(c, "weight_bits", 12);
    const unsigned bits = network->signal_bits;
    const int calm = words_case_get(c, "calm", 0);
    vectors_pwl(c, bits, &network->sigmoid, &network->tanh);
    words_case_get(c, "cell_lanes", words_case_get(c, "lanes", 4));
    words_case_get(c, "streams", 1);
    layer->cell = words_case_get(c, "is_gru", 0) ? ERNN_RT_GRU : ERNN_RT_LSTM;
    layer->n_inputs = (uint32_t)words_case_get(c, "n_inputs", 19);
    layer->n_cells = (uint32_t)words_case_get(c, "n_cells", 26);
    layer->is_peephole = (uint32_t)words_case_get(c, "is_peephole", 0);
    layer->is_projected = (uint32_t)words_case_get(c, "is_projected", 0);
    layer->is_reset_after = (uint32_t)words_case_get(c, "is_reset_after", 0);
    layer->n_outputs = (uint32_t)words_case_get(c, "n_outputs", (int)layer->n_cells);
    layer->preactivation_frac = (uint32_t)words_case_get(c, "preactivation_frac", (int)bits - 5);
    layer->cell_frac = (uint32_t)words_case_get(c, "cell_frac", (int)bits - 4);
    layer->peephole_frac = (uint32_t)words_case_get(c, "peephole_frac", (int)bits - 3);

    const uint32_t n = layer->n_cells;
    const int is_lstm = layer->cell == ERNN_RT_LSTM;
    const int is_before = !is_lstm && !layer->is_reset_after;
    const uint32_t gates = is_lstm ? 4 : 3;
    uint32_t k = 1u << words_case_get(c, "input_log2_k", 3);
    vectors_matrix(c, rng, "input", bits, network->weight_bits, gates * ((n + k - 1) / k * k),
                   layer->n_inputs, &layer->input);
    k = 1u << words_case_get(c, "recurrent_log2_k", 3);
    vectors_matrix(c, rng, "recurrent", bits, network->weight_bits,
                   (is_before ? 2 : gates) * ((n + k - 1) / k * k), layer->n_outputs,
                   &layer->recurrent);
    if (is_before) {
        // The candidate's rows are one gate, padded like the others.
        k = 1u << words_case_get(c, "candidate_log2_k", 3);
        vectors_matrix(c, rng, "candidate", bits, network->weight_bits, (n + k - 1) / k * k, n,
                       &layer->candidate);
    }
    if (layer->is_projected)
        vectors_matrix(c, rng, "projection", bits, network->weight_bits, layer->n_outputs, n,
                       &layer->projection);
    no_matrix(c, "candidate");
    no_matrix(c, "projection");
    layer->bias = random_signals(rng, gates * n, bits, calm);
    layer->bias_candidate = random_signals(rng, n, bits, calm);
    layer->peephole = random_signals(rng, 3 * n, calm ? bits - 3 : bits, calm);
}

void layers_state(const ernn_rt_network *network, ernn_rng *rng, int calm, ernn_rt_state *state)
{
    const ernn_rt_layer *layer = &network->layers[0];
    memset(state, 0, sizeof *state);
    state->y[0] = random_signals(rng, layer->n_outputs, network->signal_bits, calm);
    state->c[0] = random_signals(rng, layer->n_cells, network->signal_bits, calm);
    state->scratch = layers_new(ernn_rt_scratch_words(network), sizeof *state->scratch);
}

void layers_free(ernn_rt_network *network, ernn_rt_state *state)
{
    free(state->y[0]);
    free(state->c[0]);
    free(state->scratch);
    if (!network)
        return;
    ernn_rt_layer *layer = &network->layers[0];
    free((void *)(uintptr_t)layer->input.weights);
    free((void *)(uintptr_t)layer->recurrent.weights);
    free((void *)(uintptr_t)layer->candidate.weights);
    free((void *)(uintptr_t)layer->projection.weights);
    free((void *)(uintptr_t)layer->bias);
    free((void *)(uintptr_t)layer->bias_candidate);
    free((void *)(uintptr_t)layer->peephole);
}

static void load_layer(stream *s, const ernn_rt_layer *layer)
{
    const uint32_t n = layer->n_cells;
    load_matrix(s, 0, &layer->input);
    load_matrix(s, 1, &layer->recurrent);
    load_matrix(s, 2, &layer->candidate);
    load_matrix(s, 3, &layer->projection);
    load_words(s, 4, layer->bias, (size_t)(layer->cell == ERNN_RT_LSTM ? 4 : 3) * n);
    if (layer->cell == ERNN_RT_GRU && layer->is_reset_after)
        load_words(s, 5, layer->bias_candidate, n);
    if (layer->is_peephole)
        load_words(s, 6, layer->peephole, 3u * n);
}

// States of streams whose frames come in turn.
enum { MAX_STREAMS = 4 };

typedef struct streams {
    int n;
    ernn_rt_state states[MAX_STREAMS];
} streams;

// A state vector of all streams: y, or c when `is_cell`.
static void load_state(stream *s, const ernn_rt_layer *layer, const streams *all, int is_cell)
{
    const size_t n = is_cell ? layer->n_cells : layer->n_outputs;
    for (int k = 0; k < all->n; k++)
        for (size_t i = 0; i < n; i++)
            load_word(s, is_cell ? 8 : 7, (size_t)k * n + i,
                      is_cell ? all->states[k].c[0][i] : all->states[k].y[0][i]);
}

static int saturated(const streams *all)
{
    int mask = 0;
    for (int k = 0; k < all->n; k++)
        mask |= vectors_saturated(all->states[k].saturations);
    return mask;
}

// `frames` of each stream.
static void run(stream *s, const ernn_rt_network *network, ernn_rng *rng, streams *all, int calm,
                int frames)
{
    const ernn_rt_layer *layer = &network->layers[0];
    int32_t *x = layers_new(layer->n_inputs, sizeof *x);
    for (int frame = 0; frame < frames * all->n; frame++) {
        ernn_rt_state *state = &all->states[frame % all->n];
        random_frame(rng, x, layer->n_inputs, network->signal_bits, calm);
        ernn_rt_layer_step(network, 0, x, state, NULL, NULL);
        stream_frame(s, x, layer->n_inputs, state->y[0], layer->n_outputs, frame == 5);
    }
    script(s, SCRIPT_RUN, 0, 0, frames * all->n);
    script(s, SCRIPT_CHECK_SATURATED, 0, 0, saturated(all));
    free(x);
}

static void reset(stream *s, const ernn_rt_network *network, streams *all)
{
    script(s, SCRIPT_RESET_STATE, 0, 0, 0);
    for (int k = 0; k < all->n; k++)
        ernn_rt_reset(network, &all->states[k]);
}

static void load_other_y(stream *s, const ernn_rt_network *network, ernn_rng *rng, streams *all,
                         int calm)
{
    const ernn_rt_layer *layer = &network->layers[0];
    for (int k = 0; k < all->n; k++)
        random_frame(rng, all->states[k].y[0], layer->n_outputs, network->signal_bits - 2, calm);
    load_state(s, layer, all, 0);
}

void vectors_layer(words_case *c, const char *folder, ernn_rng *rng)
{
    const int frames = words_case_get(c, "frames", 50);
    const int calm = words_case_get(c, "calm", 0);
    ernn_rt_network network;
    streams all = {.n = words_case_get(c, "streams", 1)};
    stream s;
    layers_build(c, rng, &network);
    const ernn_rt_layer *layer = &network.layers[0];
    const int is_lstm = layer->cell == ERNN_RT_LSTM;
    for (int k = 0; k < all.n; k++)
        layers_state(&network, rng, calm, &all.states[k]);
    stream_open(c, &s, folder, (unsigned)words_case_get(c, "lanes", 4), network.signal_bits);

    // From a loaded state, as real sequences begin.
    load_layer(&s, layer);
    load_state(&s, layer, &all, 0);
    if (is_lstm)
        load_state(&s, layer, &all, 1);
    run(&s, &network, rng, &all, calm, frames);
    // From zero.
    reset(&s, &network, &all);
    run(&s, &network, rng, &all, calm, 3);
    // From where it is, with other recurrent weights.
    random_weights(rng, &layer->recurrent, network.weight_bits);
    load_matrix(&s, 1, &layer->recurrent);
    run(&s, &network, rng, &all, calm, 3);
    // From another y, without a reset.
    load_other_y(&s, &network, rng, &all, calm);
    run(&s, &network, rng, &all, calm, 3);
    // From zero, with one of the two states loaded after the reset.
    reset(&s, &network, &all);
    load_other_y(&s, &network, rng, &all, calm);
    run(&s, &network, rng, &all, calm, 3);

    const int mask = saturated(&all);
    const int wanted = is_lstm ? 31 : 15;
    if ((calm && mask) || (words_case_get(c, "hot", 0) && mask != wanted)) {
        fprintf(stderr, "vectors: classes %d saturate, wanted %d\n", mask, calm ? 0 : wanted);
        exit(1);
    }
    stream_close(c, &s, layer->n_inputs, beats_of(&s, layer->n_outputs), 1);
    for (int k = 1; k < all.n; k++)
        layers_free(NULL, &all.states[k]);
    layers_free(&network, &all.states[0]);
}

void vectors_linear(words_case *c, const char *folder, ernn_rng *rng)
{
    const unsigned bits = (unsigned)words_case_get(c, "signal_bits", 16);
    const unsigned weight_bits = (unsigned)words_case_get(c, "weight_bits", 12);
    const uint32_t n_inputs = (uint32_t)words_case_get(c, "n_inputs", 26);
    const uint32_t n_outputs = (uint32_t)words_case_get(c, "n_outputs", 13);
    const int frames = words_case_get(c, "frames", 50);
    uint32_t saturations[ERNN_RT_CLASSES] = {0};
    ernn_rt_matrix matrix;
    stream s;
    vectors_matrix(c, rng, "", bits, weight_bits, n_outputs, n_inputs, &matrix);
    stream_open(c, &s, folder, (unsigned)words_case_get(c, "lanes", 4), bits);
    int32_t *bias = random_signals(rng, n_outputs, bits, 0);
    int32_t *x = layers_new(n_inputs, sizeof *x);
    int32_t *y = layers_new(n_outputs, sizeof *y);
    int32_t *scratch = layers_new(n_inputs + 3u * ERNN_RT_MAX_K, sizeof *scratch);
    load_matrix(&s, 0, &matrix);
    load_words(&s, 4, bias, n_outputs);
    for (int frame = 0; frame < frames; frame++) {
        random_frame(rng, x, n_inputs, bits, 0);
        ernn_rt_product(&matrix, bits, x, y, scratch, saturations);
        for (uint32_t r = 0; r < n_outputs; r++)
            y[r] = ernn_rt_saturate((int64_t)y[r] + bias[r], bits,
                                    &saturations[ERNN_RT_PREACTIVATION]);
        stream_frame(&s, x, n_inputs, y, n_outputs, frame == 5);
    }
    script(&s, SCRIPT_RUN, 0, 0, frames);
    script(&s, SCRIPT_CHECK_SATURATED, 0, 0, vectors_saturated(saturations));
    stream_close(c, &s, n_inputs, beats_of(&s, n_outputs), 1);
    free(bias);
    free(x);
    free(y);
    free(scratch);
    free((void *)(uintptr_t)matrix.weights);
}
