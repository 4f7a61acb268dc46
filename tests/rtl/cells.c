// Vectors of the element-wise modules lstm_cell and gru_cell: a layer of src/rt runs some frames,
// and what its trace shows of each cell becomes one input and one expected word.
// SPDX-License-Identifier: Apache-2.0
#include "layers.h"

#include <stdlib.h>
#include <string.h>

// What a step computed.
typedef struct record {
    int32_t *input_product;
    int32_t *recurrent_product;
    int32_t *candidate_product;
    int32_t *c;
    int32_t *m;
    int32_t *y;
} record;

static void keep(int32_t **to, const int32_t *values, uint32_t n)
{
    if (!*to)
        *to = layers_new(n, sizeof **to);
    memcpy(*to, values, n * sizeof *values);
}

static void trace(void *user, uint32_t layer, const char *signal, const int32_t *values, uint32_t n)
{
    record *r = user;
    (void)layer;
    const struct {
        const char *name;
        int32_t **to;
    } signals[] = {{"input_product", &r->input_product},
                   {"recurrent_product", &r->recurrent_product},
                   {"candidate_product", &r->candidate_product},
                   {"c", &r->c},
                   {"m", &r->m},
                   {"y", &r->y}};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (!strcmp(signal, signals[i].name))
            keep(signals[i].to, values, n);
}

static uint32_t stride(const ernn_rt_matrix *matrix, uint32_t n)
{
    const uint32_t k = 1u << matrix->log2_k;
    return (n + k - 1) / k * k;
}

typedef struct files {
    words_file inputs;
    words_file expected;
    unsigned bits;
} files;

static void put_lstm(files *f, const ernn_rt_layer *layer, const record *r, const int32_t *c_before,
                     uint32_t h)
{
    words_line line = {{0}, 0};
    for (uint32_t g = 0; g < 4; g++)
        words_put(&line, r->input_product[g * stride(&layer->input, layer->n_cells) + h], f->bits);
    for (uint32_t g = 0; g < 4; g++)
        words_put(&line, r->recurrent_product[g * stride(&layer->recurrent, layer->n_cells) + h],
                  f->bits);
    for (uint32_t g = 0; g < 4; g++)
        words_put(&line, layer->bias[g * layer->n_cells + h], f->bits);
    for (uint32_t g = 0; g < 3; g++)
        words_put(&line, layer->peephole[g * layer->n_cells + h], f->bits);
    words_put(&line, c_before[h], f->bits);
    words_end_line(&f->inputs, &line);
    words_put(&line, r->c[h], f->bits);
    words_put(&line, r->m[h], f->bits);
    words_end_line(&f->expected, &line);
}

// Products and biases of z, r, h; with the reset before the products are those of z and, third, of
// the candidate, and r's place is noise to the module.
static void put_gru(files *f, const ernn_rt_layer *layer, const record *r, const int32_t *y_before,
                    uint32_t h)
{
    const uint32_t in = stride(&layer->input, layer->n_cells);
    const uint32_t rec = stride(&layer->recurrent, layer->n_cells);
    words_line line = {{0}, 0};
    for (uint32_t g = 0; g < 3; g++)
        words_put(&line, r->input_product[g * in + h], f->bits);
    words_put(&line, r->recurrent_product[h], f->bits);
    words_put(&line, r->recurrent_product[rec + h], f->bits);
    words_put(&line,
              layer->is_reset_after ? r->recurrent_product[2 * rec + h] : r->candidate_product[h],
              f->bits);
    for (uint32_t g = 0; g < 3; g++)
        words_put(&line, layer->bias[g * layer->n_cells + h], f->bits);
    words_put(&line, layer->bias_candidate[h], f->bits);
    words_put(&line, y_before[h], f->bits);
    words_end_line(&f->inputs, &line);
    words_put(&line, r->y[h], f->bits);
    words_end_line(&f->expected, &line);
}

// The module sees the preactivation and cell classes only; for a GRU not the reset gate's, so its
// cases are calm or hot enough to agree.
static int cell_classes(const ernn_rt_state *state)
{
    return vectors_saturated(state->saturations) & 24;
}

void vectors_cell(words_case *c, const char *folder, ernn_rng *rng)
{
    const int calm = words_case_get(c, "calm", 0);
    const int frames = words_case_get(c, "frames", 50);
    ernn_rt_network network;
    ernn_rt_state state;
    record r = {0};
    files f;
    layers_build(c, rng, &network);
    layers_state(&network, rng, calm, &state);
    const ernn_rt_layer *layer = &network.layers[0];
    const int is_lstm = layer->cell == ERNN_RT_LSTM;
    f.bits = network.signal_bits;
    words_open(&f.inputs, folder, "inputs.hex");
    words_open(&f.expected, folder, "expected.hex");
    int32_t *x = layers_new(layer->n_inputs, sizeof *x);
    int32_t *before = layers_new(layer->n_cells, sizeof *before);
    for (int frame = 0; frame < frames; frame++) {
        for (uint32_t i = 0; i < layer->n_inputs; i++)
            x[i] = calm ? vectors_uniform(rng, 1 << (f.bits - 4)) : vectors_signal(rng, f.bits);
        memcpy(before, is_lstm ? state.c[0] : state.y[0], layer->n_cells * sizeof *before);
        ernn_rt_layer_step(&network, 0, x, &state, trace, &r);
        for (uint32_t h = 0; h < layer->n_cells; h++) {
            if (is_lstm)
                put_lstm(&f, layer, &r, before, h);
            else
                put_gru(&f, layer, &r, before, h);
        }
    }
    if (calm && cell_classes(&state)) {
        fputs("vectors: a calm case saturates\n", stderr);
        exit(1);
    }
    words_case_set(c, "in_bits", (int)f.inputs.width);
    words_case_set(c, "out_bits", (int)f.expected.width);
    words_case_set(c, "n_words", (int)f.inputs.n_lines);
    words_case_set(c, "saturated", cell_classes(&state));
    words_close(&f.inputs);
    words_close(&f.expected);
    free(x);
    free(before);
    free(r.input_product);
    free(r.recurrent_product);
    free(r.candidate_product);
    free(r.c);
    free(r.m);
    free(r.y);
    layers_free(&network, &state);
}
