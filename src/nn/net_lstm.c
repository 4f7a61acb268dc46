// LSTM with optional peepholes and projection: forward and backward pass of a packed batch.
// docs/math.md, LSTM, and L.5, L.6; Sak et al. 2014, equations 1 to 6.
//
// A row of `gates` is [i][f][g][o], H floats each: pre-activations, then gates, and after the
// backward pass the gradients of the pre-activations. g is the candidate.
// SPDX-License-Identifier: Apache-2.0
#include "nn/recurrence.h"

#include "num/activation.h"
#include "num/clones.h"

#include <math.h>
#include <string.h>

// The bound of |c| that a row uses: infinite without clip.
static float clip_of(const ernn_layer_spec *spec)
{
    return spec->cell_clip > 0 ? spec->cell_clip : INFINITY;
}

// One row forward, some cells of it: a[4][n] in and out, bias[4][n], peephole[3][n], c_before[n] ->
// c[n], m[n].
ERNN_CLONES static void forward_row(ernn_columns cells, int n, float clip, float *a,
                                    const float *bias, const float *peephole, const float *c_before,
                                    float *c, float *m)
{
#pragma omp simd
    for (int h = cells.first; h < cells.first + cells.n; h++) {
        // i = sigma(W_ix x + W_ir y' + w_ic . c' + b_i), f alike; g = tanh(W_cx x + W_cr y' + b_c)
        const float i = ernn_sigmoid(a[h] + bias[h] + peephole[h] * c_before[h]);
        const float f = ernn_sigmoid(a[n + h] + bias[n + h] + peephole[n + h] * c_before[h]);
        const float g = ernn_tanh(a[2 * n + h] + bias[2 * n + h]);
        // c = f . c' + i . g, then at most clip in magnitude
        const float c_free = f * c_before[h] + i * g;
        const float c_low = c_free > clip ? clip : c_free;
        const float c_now = c_low < -clip ? -clip : c_low;
        // o = sigma(W_ox x + W_or y' + w_oc . c + b_o); m = o . tanh(c)
        const float o = ernn_sigmoid(a[3 * n + h] + bias[3 * n + h] + peephole[2 * n + h] * c_now);
        a[h] = i;
        a[n + h] = f;
        a[2 * n + h] = g;
        a[3 * n + h] = o;
        c[h] = c_now;
        m[h] = o * ernn_tanh(c_now);
    }
}

// One row backward, some cells of it (L.5): a[4][n] gates in, gradients of pre-activations out;
// carry[n] is dL/dc from the step after in, for the step before out; dm[n] = dL/dm.
ERNN_CLONES static void backward_row(ernn_columns cells, int n, float clip, float *a,
                                     const float *peephole, const float *c_before, const float *c,
                                     const float *dm, float *carry)
{
#pragma omp simd
    for (int h = cells.first; h < cells.first + cells.n; h++) {
        const float i = a[h];
        const float f = a[n + h];
        const float g = a[2 * n + h];
        const float o = a[3 * n + h];
        const float squashed = ernn_tanh(c[h]);
        const float da_o = dm[h] * squashed * o * (1 - o);
        // c reaches the loss through m, through o's peephole and through the next step
        const float dc_now =
            carry[h] + dm[h] * o * (1 - squashed * squashed) + da_o * peephole[2 * n + h];
        // a clipped cell passes nothing on to what made it
        const float dc = c[h] >= clip || c[h] <= -clip ? 0 : dc_now;
        const float da_i = dc * g * i * (1 - i);
        const float da_f = dc * c_before[h] * f * (1 - f);
        a[h] = da_i;
        a[n + h] = da_f;
        a[2 * n + h] = dc * i * (1 - g * g);
        a[3 * n + h] = da_o;
        carry[h] = dc * f + da_i * peephole[h] + da_f * peephole[n + h];
    }
}

// (L.6) d_peephole[3][n] += (da_i . c', da_f . c', da_o . c)
ERNN_CLONES static void peephole_row(int n, const float *da, const float *c_before, const float *c,
                                     float *d_peephole)
{
#pragma omp simd
    for (int h = 0; h < n; h++) {
        d_peephole[h] += da[h] * c_before[h];
        d_peephole[n + h] += da[n + h] * c_before[h];
        d_peephole[2 * n + h] += da[3 * n + h] * c[h];
    }
}

// State of row i before step t: rows keep their place from step to step.
static const float *before(const ernn_packing *packing, const float *x, int n, int t, int i,
                           const float *zeros)
{
    return t ? x + (packing->start[t - 1] + (size_t)i) * (size_t)n : zeros;
}

// ---- One step of a part ----

typedef struct pass {
    const ernn_layer *layer;
    const ernn_packing *packing;
    const ernn_layer_weights *weights;
    const ernn_layer_scratch *scratch;
    float *d_output; // backward
} pass;

// The first row of the part at step t.
static size_t first_row(const pass *p, const ernn_part *part, int t)
{
    return p->packing->start[t] + (size_t)part->ranks.first;
}

static const float *peepholes(const pass *p)
{
    return p->weights->peephole ? p->weights->peephole : p->scratch->zeros;
}

// Gates, c and m of the part's cells.
static void forward_cells(const pass *p, const ernn_part *part, int t, float *scratch)
{
    const ernn_layer *layer = p->layer;
    const ernn_stack *recurrent = p->weights->recurrent;
    const size_t n = (size_t)layer->spec.n_cells;
    const size_t n_out = (size_t)layer->n_outputs;
    const size_t row = first_row(p, part, t);
    float *gates = layer->gates + row * 4 * n;
    float *m = (p->weights->projection ? layer->hidden : layer->output) + row * n;
    if (t) { // W_r y'
        const float *y = layer->output + first_row(p, part, t - 1) * n_out;
        const ernn_panel_rows rows = {part->ranks.n, y, n_out, gates, 4 * n, true};
        ernn_stack_product(recurrent, ernn_gates_all(recurrent), part->cells, &rows, scratch);
    }
    for (int i = 0; i < part->ranks.n; i++)
        forward_row(
            part->cells, (int)n, clip_of(&layer->spec), gates + (size_t)i * 4 * n, p->weights->bias,
            peepholes(p),
            before(p->packing, layer->cell, (int)n, t, part->ranks.first + i, p->scratch->zeros),
            layer->cell + (row + (size_t)i) * n, m + (size_t)i * n);
}

// y = W_ym m, the part's outputs.
static void forward_projection(const pass *p, const ernn_part *part, int t, float *scratch)
{
    const ernn_layer *layer = p->layer;
    const ernn_stack *projection = p->weights->projection;
    const size_t n = (size_t)layer->spec.n_cells;
    const size_t n_out = (size_t)layer->n_outputs;
    const size_t row = first_row(p, part, t);
    const ernn_panel_rows rows = {
        part->ranks.n, layer->hidden + row * n, n, layer->output + row * n_out, n_out, false};
    ernn_stack_product(projection, ernn_gates_all(projection), part->outputs, &rows, scratch);
}

static void forward_stage(const void *user, const ernn_part *part, int t, int stage, float *scratch)
{
    if (stage == 0)
        forward_cells(user, part, t, scratch);
    else
        forward_projection(user, part, t, scratch);
}

// dy += W_r^T da of the step after, the part's outputs: then dy is complete.
static void backward_outputs(const pass *p, const ernn_part *part, int t, float *scratch)
{
    const ernn_stack *recurrent = p->weights->recurrent;
    const size_t width = 4 * (size_t)p->layer->spec.n_cells;
    const size_t n_out = (size_t)p->layer->n_outputs;
    if (t + 1 == p->packing->n_steps)
        return;
    const ernn_panel_rows rows = {ernn_packing_running(p->packing, part->ranks, t + 1),
                                  p->layer->gates + first_row(p, part, t + 1) * width,
                                  width,
                                  p->d_output + first_row(p, part, t) * n_out,
                                  n_out,
                                  true};
    ernn_stack_transposed(recurrent, ernn_gates_all(recurrent), part->outputs, &rows, scratch);
}

// dm = W_ym^T dy and the gradients of the pre-activations, the part's cells.
static void backward_cells(const pass *p, const ernn_part *part, int t, float *scratch)
{
    const ernn_layer *layer = p->layer;
    const ernn_stack *projection = p->weights->projection;
    const size_t n = (size_t)layer->spec.n_cells;
    const size_t n_out = (size_t)layer->n_outputs;
    const size_t row = first_row(p, part, t);
    const float *dm = p->d_output + row * n_out;
    if (projection) {
        float *inner = p->scratch->inner + (size_t)part->ranks.first * n;
        const ernn_panel_rows rows = {part->ranks.n, dm, n_out, inner, n, false};
        ernn_stack_transposed(projection, ernn_gates_all(projection), part->cells, &rows, scratch);
        dm = inner;
    }
    for (int i = 0; i < part->ranks.n; i++)
        backward_row(
            part->cells, (int)n, clip_of(&layer->spec), layer->gates + (row + (size_t)i) * 4 * n,
            peepholes(p),
            before(p->packing, layer->cell, (int)n, t, part->ranks.first + i, p->scratch->zeros),
            layer->cell + (row + (size_t)i) * n, dm + (size_t)i * n,
            p->scratch->carry + (size_t)(part->ranks.first + i) * n);
}

// Without a projection outputs are cells, and dm of a cell needs no other's dy: one stage.
static void backward_stage(const void *user, const ernn_part *part, int t, int stage,
                           float *scratch)
{
    const pass *p = user;
    if (stage == 0)
        backward_outputs(p, part, t, scratch);
    if (stage == 1 || !p->weights->projection)
        backward_cells(p, part, t, scratch);
}

static void run_steps(const pass *p, bool is_backward)
{
    const ernn_recurrence recurrence = {.layer = p->layer,
                                        .packing = p->packing,
                                        .weights = p->weights,
                                        .scratch = p->scratch,
                                        .is_backward = is_backward,
                                        .n_stages = p->weights->projection ? 2 : 1,
                                        .stage = is_backward ? backward_stage : forward_stage,
                                        .pass = p};
    ernn_recurrence_run(&recurrence);
}

// ---- The whole batch ----

void ernn_lstm_forward(const ernn_layer *layer, const ernn_packing *packing,
                       const ernn_layer_weights *weights, const ernn_layer_scratch *scratch)
{
    const size_t n_in = (size_t)layer->n_inputs;
    const size_t width = 4 * (size_t)layer->spec.n_cells;
    const pass p = {layer, packing, weights, scratch, NULL};
    // W_x x for all steps
    ernn_stack_product_all(weights->input, ernn_gates_all(weights->input),
                           ernn_packing_rows(packing), layer->input, n_in, layer->gates, width,
                           scratch->workers);
    run_steps(&p, false);
}

// Peephole gradients of all rows, in order.
static void peephole_gradient(const pass *p, float *gradient)
{
    const ernn_layer *layer = p->layer;
    const int n = layer->spec.n_cells;
    for (int t = 0; t < p->packing->n_steps; t++)
        for (int i = 0; i < p->packing->active[t]; i++) {
            const size_t row = p->packing->start[t] + (size_t)i;
            peephole_row(n, layer->gates + row * 4 * (size_t)n,
                         before(p->packing, layer->cell, n, t, i, p->scratch->zeros),
                         layer->cell + row * (size_t)n, gradient);
        }
}

// (L.6) Gradients of the weights from those of the pre-activations.
static void weight_gradients(const pass *p, const ernn_layer_gradient *gradient)
{
    const ernn_layer *layer = p->layer;
    const ernn_layer_weights *w = p->weights;
    ernn_workers *workers = p->scratch->workers;
    const int rows = ernn_packing_rows(p->packing);
    const int n = layer->spec.n_cells;
    const size_t width = 4 * (size_t)n;
    const size_t n_out = (size_t)layer->n_outputs;
    const ernn_stack_factor factors[] = {
        {w->input, &layer->input_sums, layer->input, (size_t)layer->n_inputs, gradient->input},
        {w->recurrent, &layer->recurrent_sums, p->scratch->previous, n_out, gradient->recurrent},
    };
    ernn_packing_shift(p->packing, layer->n_outputs, layer->output, p->scratch->previous);
    ernn_stack_gradient(factors, 2, ernn_gates_all(w->input), rows, layer->gates, width, workers);
    for (int f = 0; f < 2; f++)
        ernn_stack_finish(&factors[f], workers);
    ernn_sum_rows(rows, 4 * n, layer->gates, width, gradient->bias, workers);
    if (w->peephole)
        peephole_gradient(p, gradient->peephole);
    if (!w->projection)
        return;
    const ernn_stack_factor projection = {w->projection, &layer->projection_sums, layer->hidden,
                                          (size_t)n, gradient->projection};
    ernn_stack_gradient(&projection, 1, ernn_gates_all(w->projection), rows, p->d_output, n_out,
                        workers);
    ernn_stack_finish(&projection, workers);
}

void ernn_lstm_backward(const ernn_layer *layer, const ernn_packing *packing,
                        const ernn_layer_weights *weights, const ernn_layer_gradient *gradient,
                        const ernn_layer_scratch *scratch, float *d_output)
{
    const pass p = {layer, packing, weights, scratch, d_output};
    // Rows join, longest first, as time runs backwards: a row's carry is 0 until its last frame.
    memset(scratch->carry, 0,
           (size_t)packing->n * (size_t)layer->spec.n_cells * sizeof *scratch->carry);
    run_steps(&p, true);
    weight_gradients(&p, gradient);
}

void ernn_lstm_backward_input(const ernn_layer *layer, const ernn_packing *packing,
                              const ernn_layer_weights *weights, const ernn_layer_scratch *scratch,
                              float *d_input)
{
    // dx = W_x^T da
    ernn_stack_transposed_all(
        weights->input, ernn_gates_all(weights->input), ernn_packing_rows(packing), layer->gates,
        4 * (size_t)layer->spec.n_cells, false, d_input, (size_t)layer->n_inputs, scratch->workers);
}
