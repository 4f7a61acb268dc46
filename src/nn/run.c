// Streaming inference in float, one frame at a time. docs/math.md sections 2 to 4.
//
// The matrices of all gates that see the same vector are one block-circulant matrix when they have
// one block size, so that the vector is transformed once; each gate takes a whole number of block
// rows. Everything is computed
// element by element or in one fixed order: the same bits on every machine.
// SPDX-License-Identifier: Apache-2.0
#include "ernn/model.h"

#include "base/memory.h"
#include "circ/circ.h"
#include "num/activation.h"
#include "num/clones.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

// The matrices of gates that see the same vector: one product, or one for each gate.
typedef struct stack {
    ernn_circ *parts[ERNN_MAX_GATES];
    size_t n_parts;
    size_t stride; // floats from one gate to the next in the product
} stack;

// What stays the same from frame to frame; vectors are borrowed from the model.
typedef struct layer_run {
    const ernn_layer_spec *spec;
    size_t n;             // cells
    size_t n_outputs;     // width of y
    stack input;          // all gates
    stack recurrent;      // all gates; GRU with the reset before the product: z and r alone
    ernn_circ *candidate; // GRU with the reset before the product: W_hr; else NULL
    ernn_circ *projection;
    const float *bias;           // [gates][n]
    const float *candidate_bias; // [n] or NULL
    const float *peephole;       // [3][n] i, f, o, or NULL
    float *y;                    // [n_outputs]
    float *c;                    // [n], LSTM
} layer_run;

struct ernn_run {
    int n_layers;
    layer_run layers[ERNN_MAX_LAYERS];
    ernn_circ *output;
    const float *output_bias;
    size_t n_labels;
    float *states; // all y and c
    size_t n_states;
    // scratch of one step, as large as the largest layer needs
    float *input_product;
    float *recurrent_product;
    float *m; // [n] output of the cells before projection; GRU: r . h'
    float *spectra;
};

// ---- Construction ----

void ernn_run_free(ernn_run *run)
{
    if (!run)
        return;
    for (int l = 0; l < run->n_layers; l++) {
        for (int g = 0; g < ERNN_MAX_GATES; g++) {
            ernn_circ_free(run->layers[l].input.parts[g]);
            ernn_circ_free(run->layers[l].recurrent.parts[g]);
        }
        ernn_circ_free(run->layers[l].candidate);
        ernn_circ_free(run->layers[l].projection);
    }
    ernn_circ_free(run->output);
    ernn_mem_free(run->states);
    ernn_mem_free(run->input_product);
    ernn_mem_free(run->recurrent_product);
    ernn_mem_free(run->m);
    ernn_mem_free(run->spectra);
    ernn_mem_free(run);
}

static const ernn_tensor *find(const ernn_model *model, int layer, const char *name)
{
    char full[40];
    snprintf(full, sizeof full, "layer%d.%s", layer, name);
    return ernn_model_find(model, full);
}

static const float *find_values(const ernn_model *model, int layer, const char *name)
{
    const ernn_tensor *tensor = find(model, layer, name);
    return tensor ? ernn_model_parameters_const(model) + tensor->offset : NULL;
}

// Rows that a gate of n cells takes among stacked gates of block size k.
static size_t gate_rows(size_t n, int k)
{
    return (size_t)ernn_circ_blocks((int)n, k) * (size_t)k;
}

// The matrix of `n_gates` tensors that lie one after the other in the model.
static ernn_status new_matrix(const ernn_model *model, const ernn_tensor *first, size_t n_gates,
                              ernn_circ **circ, ernn_error *err)
{
    const size_t rows =
        n_gates == 1 ? (size_t)first->rows : n_gates * gate_rows((size_t)first->rows, first->block);
    return ernn_circ_new(ernn_model_parameters_const(model) + first->offset, (int)rows, first->cols,
                         first->block, circ, err);
}

// `n_gates` tensors from `name` on.
static ernn_status new_stack(const ernn_model *model, int layer, const char *name, size_t n_gates,
                             stack *made, ernn_error *err)
{
    const ernn_tensor *first = find(model, layer, name);
    bool is_uniform = true;
    for (size_t g = 1; g < n_gates; g++)
        is_uniform = is_uniform && first[g].block == first->block;
    made->n_parts = is_uniform ? 1 : n_gates;
    made->stride = is_uniform ? gate_rows((size_t)first->rows, first->block) : (size_t)first->rows;
    ernn_status status = ERNN_OK;
    for (size_t p = 0; status == ERNN_OK && p < made->n_parts; p++)
        status = new_matrix(model, first + p, is_uniform ? n_gates : 1, &made->parts[p], err);
    return status;
}

static ernn_status new_lstm(const ernn_model *model, int l, layer_run *layer, ernn_error *err)
{
    ernn_status status = new_stack(model, l, "W_ix", 4, &layer->input, err);
    if (status == ERNN_OK)
        status = new_stack(model, l, "W_ir", 4, &layer->recurrent, err);
    if (status == ERNN_OK && layer->spec->n_projected)
        status = new_matrix(model, find(model, l, "W_ym"), 1, &layer->projection, err);
    layer->bias = find_values(model, l, "b_i");
    layer->peephole = find_values(model, l, "w_ic");
    return status;
}

static ernn_status new_gru(const ernn_model *model, int l, layer_run *layer, ernn_error *err)
{
    const bool is_after = layer->spec->is_reset_after;
    ernn_status status = new_stack(model, l, "W_zx", 3, &layer->input, err);
    if (status == ERNN_OK)
        status = new_stack(model, l, "W_zr", is_after ? 3 : 2, &layer->recurrent, err);
    if (status == ERNN_OK && !is_after)
        status = new_matrix(model, find(model, l, "W_hr"), 1, &layer->candidate, err);
    layer->bias = find_values(model, l, "b_z");
    layer->candidate_bias = find_values(model, l, "b_hr");
    return status;
}

static ernn_status new_layer(const ernn_model *model, int l, layer_run *layer, ernn_error *err)
{
    const ernn_spec *spec = ernn_model_spec(model);
    layer->spec = &spec->layers[l];
    layer->n = (size_t)layer->spec->n_cells;
    layer->n_outputs = (size_t)ernn_spec_layer_states(spec, l);
    return layer->spec->cell == ERNN_CELL_LSTM ? new_lstm(model, l, layer, err)
                                               : new_gru(model, l, layer, err);
}

static void grow(size_t *most, size_t n)
{
    *most = n > *most ? n : *most;
}

static void grow_spectra(size_t *most, const ernn_circ *circ)
{
    if (circ)
        grow(most, ernn_circ_scratch(circ));
}

static ernn_status new_buffers(ernn_run *run, ernn_error *err)
{
    size_t input = 1;
    size_t recurrent = 1;
    size_t m = 1;
    size_t spectra = ernn_circ_scratch(run->output);
    for (int l = 0; l < run->n_layers; l++) {
        const layer_run *layer = &run->layers[l];
        grow(&input, 4 * layer->input.stride);
        grow(&recurrent, 4 * layer->recurrent.stride);
        grow(&m, layer->n);
        for (int g = 0; g < ERNN_MAX_GATES; g++) {
            grow_spectra(&spectra, layer->input.parts[g]);
            grow_spectra(&spectra, layer->recurrent.parts[g]);
        }
        grow_spectra(&spectra, layer->candidate);
        grow_spectra(&spectra, layer->projection);
        run->n_states += layer->n_outputs + layer->n;
    }
    run->input_product = ernn_mem_new(input, sizeof(float), err);
    run->recurrent_product = ernn_mem_new(recurrent, sizeof(float), err);
    run->m = ernn_mem_new(m, sizeof(float), err);
    run->spectra = ernn_mem_new(spectra, sizeof(float), err);
    run->states = ernn_mem_new(run->n_states, sizeof(float), err);
    if (!run->input_product || !run->recurrent_product || !run->m || !run->spectra || !run->states)
        return ERNN_NO_MEMORY;
    float *at = run->states;
    for (int l = 0; l < run->n_layers; l++) {
        layer_run *layer = &run->layers[l];
        layer->y = at;
        layer->c = layer->spec->cell == ERNN_CELL_LSTM ? at + layer->n_outputs : NULL;
        at += layer->n_outputs + layer->n;
    }
    return ERNN_OK;
}

ernn_status ernn_run_new(const ernn_model *model, ernn_run **run, ernn_error *err)
{
    *run = NULL;
    const ernn_spec *spec = ernn_model_spec(model);
    const float *parameters = ernn_model_parameters_const(model);
    const ernn_tensor *output = ernn_model_find(model, "output.W");
    if (ernn_spec_check_streaming(spec, "streaming", err) != ERNN_OK)
        return ERNN_BAD_ARG;
    ernn_run *made = ernn_mem_new(1, sizeof *made, err);
    if (!made)
        return ERNN_NO_MEMORY;
    made->n_layers = spec->n_layers;
    made->n_labels = (size_t)spec->n_labels;
    made->output_bias = parameters + ernn_model_find(model, "output.b")->offset;
    ernn_status status = new_matrix(model, output, 1, &made->output, err);
    for (int l = 0; status == ERNN_OK && l < spec->n_layers; l++)
        status = new_layer(model, l, &made->layers[l], err);
    if (status == ERNN_OK)
        status = new_buffers(made, err);
    if (status == ERNN_OK)
        *run = made;
    else
        ernn_run_free(made);
    return status;
}

void ernn_run_reset(ernn_run *run)
{
    memset(run->states, 0, run->n_states * sizeof *run->states);
}

float *ernn_run_output(ernn_run *run, int layer)
{
    return run->layers[layer].y;
}

float *ernn_run_cell(ernn_run *run, int layer)
{
    return run->layers[layer].c;
}

// ---- Steps ----

// c[n] = f . c + i . g, at most clip in magnitude (math.md eq. 13)
ERNN_CLONES static void update_cells(const float *i, const float *f, const float *g, float clip,
                                     float *c, size_t n)
{
#pragma omp simd
    for (size_t h = 0; h < n; h++) {
        const float c_free = f[h] * c[h] + i[h] * g[h];
        const float c_low = c_free > clip ? clip : c_free;
        c[h] = c_low < -clip ? -clip : c_low;
    }
}

// m[n] = o . tanh(c) (math.md eq. 15)
ERNN_CLONES static void squash_cells(const float *o, const float *c, float *m, size_t n)
{
#pragma omp simd
    for (size_t h = 0; h < n; h++)
        m[h] = o[h] * ernn_tanh(c[h]);
}

// y[n] = (1 - z) . g + z . y (math.md eq. 21)
ERNN_CLONES static void blend(const float *z, const float *g, float *y, size_t n)
{
#pragma omp simd
    for (size_t h = 0; h < n; h++)
        y[h] = (1.0f - z[h]) * g[h] + z[h] * y[h];
}

// Gate g of y, stride floats apart, = its matrix times x.
static void stack_product(const stack *s, const float *x, float *y, float *spectra)
{
    for (size_t p = 0; p < s->n_parts; p++)
        ernn_circ_product(s->parts[p], x, y + p * s->stride, spectra);
}

// a[n] += W_gr y' + b_g: the pre-activation of gate g, W_gx x being there already.
static void add_recurrent(const ernn_run *run, const layer_run *layer, size_t g)
{
    float *a = run->input_product + g * layer->input.stride;
    ernn_add_many(a, run->recurrent_product + g * layer->recurrent.stride, layer->n);
    ernn_add_many(a, layer->bias + g * layer->n, layer->n);
}

// Equations 10 to 16 of math.md.
static void lstm_step(ernn_run *run, const layer_run *layer)
{
    const size_t n = layer->n;
    float *i = run->input_product;
    float *f = i + layer->input.stride;
    float *g = f + layer->input.stride;
    float *o = g + layer->input.stride;
    stack_product(&layer->recurrent, layer->y, run->recurrent_product, run->spectra);
    for (size_t gate = 0; gate < 4; gate++)
        add_recurrent(run, layer, gate);
    if (layer->peephole) {
        ernn_multiply_add_many(i, layer->peephole, layer->c, n);
        ernn_multiply_add_many(f, layer->peephole + n, layer->c, n);
    }
    ernn_sigmoid_many(i, n);
    ernn_sigmoid_many(f, n);
    ernn_tanh_many(g, n);
    update_cells(i, f, g, layer->spec->cell_clip > 0 ? layer->spec->cell_clip : INFINITY, layer->c,
                 n);
    if (layer->peephole) // sees the new c
        ernn_multiply_add_many(o, layer->peephole + 2 * n, layer->c, n);
    ernn_sigmoid_many(o, n);
    if (layer->projection) {
        squash_cells(o, layer->c, run->m, n);
        ernn_circ_product(layer->projection, run->m, layer->y, run->spectra);
    } else {
        squash_cells(o, layer->c, layer->y, n);
    }
}

// Equations 17 to 21 of math.md.
static void gru_step(ernn_run *run, const layer_run *layer)
{
    const size_t n = layer->n;
    float *z = run->input_product;
    float *r = z + layer->input.stride;
    float *g = r + layer->input.stride;
    float *inner = run->recurrent_product + 2 * layer->recurrent.stride;
    stack_product(&layer->recurrent, layer->y, run->recurrent_product, run->spectra);
    add_recurrent(run, layer, 0);
    add_recurrent(run, layer, 1);
    ernn_sigmoid_many(z, n);
    ernn_sigmoid_many(r, n);
    ernn_add_many(g, layer->bias + 2 * n, n);
    if (layer->spec->is_reset_after) { // r . (W_hr h' + b_hr)
        ernn_add_many(inner, layer->candidate_bias, n);
        ernn_multiply_add_many(g, r, inner, n);
    } else { // W_hr (r . h')
        memset(run->m, 0, n * sizeof *run->m);
        ernn_multiply_add_many(run->m, r, layer->y, n);
        ernn_circ_product(layer->candidate, run->m, inner, run->spectra);
        ernn_add_many(g, inner, n);
    }
    ernn_tanh_many(g, n);
    blend(z, g, layer->y, n);
}

void ernn_run_step(ernn_run *run, const float *x, float *logits)
{
    for (int l = 0; l < run->n_layers; l++) {
        const layer_run *layer = &run->layers[l];
        stack_product(&layer->input, x, run->input_product, run->spectra);
        if (layer->spec->cell == ERNN_CELL_LSTM)
            lstm_step(run, layer);
        else
            gru_step(run, layer);
        x = layer->y;
    }
    // logits = W y + b (math.md eq. 22)
    ernn_circ_product(run->output, x, logits, run->spectra);
    ernn_add_many(logits, run->output_bias, run->n_labels);
}
