// LSTM with optional peepholes and projection: forward and backward pass of a packed batch.
// docs/math.md, LSTM, and L.5, L.6; Sak et al. 2014, equations 1 to 6.
//
// A row of `gates` is [i][f][g][o], H floats each: pre-activations, then gates, and after the
// backward pass the gradients of the pre-activations. g is the candidate.
// SPDX-License-Identifier: Apache-2.0
#include "nn/net_layer.h"

#include "num/activation.h"
#include "num/clones.h"

#include <math.h>
#include <string.h>

// The bound of |c| that a row uses: infinite without clip.
static float clip_of(const ernn_layer_spec *spec)
{
    return spec->cell_clip > 0 ? spec->cell_clip : INFINITY;
}

// One row forward: a[4][n] in and out, bias[4][n], peephole[3][n], c_before[n] -> c[n], m[n].
ERNN_CLONES static void forward_row(int n, float clip, float *a, const float *bias,
                                    const float *peephole, const float *c_before, float *c,
                                    float *m)
{
#pragma omp simd
    for (int h = 0; h < n; h++) {
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

// One row backward (L.5): a[4][n] gates in, gradients of pre-activations out; carry[n] is dL/dc
// from the step after in, for the step before out; dm[n] = dL/dm.
ERNN_CLONES static void backward_row(int n, float clip, float *a, const float *peephole,
                                     const float *c_before, const float *c, const float *dm,
                                     float *carry)
{
#pragma omp simd
    for (int h = 0; h < n; h++) {
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

// ---- The share of one thread: some utterances through all steps ----

typedef struct pass {
    const ernn_layer *layer;
    const ernn_packing *packing;
    const ernn_layer_weights *weights;
    const ernn_layer_scratch *scratch;
    int shares;
    float *d_output; // backward
} pass;

// y' of the ranks at step t > 0.
static float *outputs_before(const ernn_layer *layer, const ernn_packing *packing, float *outputs,
                             int t, ernn_ranks ranks)
{
    const size_t row = packing->start[t - 1] + (size_t)ranks.first;
    return outputs + row * (size_t)layer->n_outputs;
}

static void forward_step(const pass *p, ernn_ranks ranks, int t, float *scratch)
{
    const ernn_layer *layer = p->layer;
    const int n = layer->spec.n_cells;
    const size_t n_out = (size_t)layer->n_outputs;
    const size_t width = 4 * (size_t)n;
    const size_t row = p->packing->start[t] + (size_t)ranks.first;
    const float *peephole = p->weights->peephole ? p->weights->peephole : p->scratch->zeros;
    const bool is_projected = p->weights->projection;
    float *m = (is_projected ? layer->hidden : layer->output) + row * (size_t)n;
    if (t) // W_r y'
        ernn_stack_product(p->weights->recurrent, ernn_gates_all(p->weights->recurrent), ranks.n,
                           outputs_before(layer, p->packing, layer->output, t, ranks), n_out, true,
                           layer->gates + row * width, width, scratch);
    for (int i = 0; i < ranks.n; i++)
        forward_row(n, clip_of(&layer->spec), layer->gates + (row + (size_t)i) * width,
                    p->weights->bias, peephole,
                    before(p->packing, layer->cell, n, t, ranks.first + i, p->scratch->zeros),
                    layer->cell + (row + (size_t)i) * (size_t)n, m + (size_t)i * (size_t)n);
    if (is_projected) // y = W_ym m
        ernn_stack_product(p->weights->projection, ernn_gates_all(p->weights->projection), ranks.n,
                           m, (size_t)n, false, layer->output + row * n_out, n_out, scratch);
}

static void forward_share(void *user, int index, float *scratch)
{
    const pass *p = user;
    ernn_ranks ranks = ernn_packing_share(p->packing, index, p->shares);
    for (int t = 0; t < p->packing->n_steps; t++) {
        ranks.n = ernn_packing_running(p->packing, ranks, t);
        if (!ranks.n)
            return;
        forward_step(p, ranks, t, scratch);
    }
}

// Step t of the backward pass: d_output of this step is complete; adds to that of the step before.
static void backward_step(const pass *p, ernn_ranks ranks, int t, float *scratch)
{
    const ernn_layer *layer = p->layer;
    const int n = layer->spec.n_cells;
    const size_t n_out = (size_t)layer->n_outputs;
    const size_t width = 4 * (size_t)n;
    const size_t row = p->packing->start[t] + (size_t)ranks.first;
    const float *peephole = p->weights->peephole ? p->weights->peephole : p->scratch->zeros;
    const float *dm = p->d_output + row * n_out;
    if (p->weights->projection) {
        // dm = W_ym^T dy
        float *inner = p->scratch->inner + (size_t)ranks.first * (size_t)n;
        ernn_stack_transposed(p->weights->projection, ernn_gates_all(p->weights->projection),
                              ranks.n, dm, n_out, false, inner, (size_t)n, scratch);
        dm = inner;
    }
    for (int i = 0; i < ranks.n; i++)
        backward_row(n, clip_of(&layer->spec), layer->gates + (row + (size_t)i) * width, peephole,
                     before(p->packing, layer->cell, n, t, ranks.first + i, p->scratch->zeros),
                     layer->cell + (row + (size_t)i) * (size_t)n, dm + (size_t)i * (size_t)n,
                     p->scratch->carry + (size_t)(ranks.first + i) * (size_t)n);
    if (t) // dy' += W_r^T da
        ernn_stack_transposed(p->weights->recurrent, ernn_gates_all(p->weights->recurrent), ranks.n,
                              layer->gates + row * width, width, true,
                              outputs_before(layer, p->packing, p->d_output, t, ranks), n_out,
                              scratch);
}

static void backward_share(void *user, int index, float *scratch)
{
    const pass *p = user;
    const ernn_ranks ranks = ernn_packing_share(p->packing, index, p->shares);
    const size_t n = (size_t)p->layer->spec.n_cells;
    // Rows join, longest first, as time runs backwards: a row's carry is 0 until its last frame.
    memset(p->scratch->carry + (size_t)ranks.first * n, 0,
           (size_t)ranks.n * n * sizeof *p->scratch->carry);
    for (int t = p->packing->n_steps - 1; t >= 0; t--) {
        const ernn_ranks running = {ranks.first, ernn_packing_running(p->packing, ranks, t)};
        if (running.n)
            backward_step(p, running, t, scratch);
    }
}

// ---- The whole batch ----

void ernn_lstm_forward(const ernn_layer *layer, const ernn_packing *packing,
                       const ernn_layer_weights *weights, const ernn_layer_scratch *scratch)
{
    const size_t n_in = (size_t)layer->n_inputs;
    const size_t width = 4 * (size_t)layer->spec.n_cells;
    pass p = {layer, packing, weights, scratch, ernn_workers_threads(scratch->workers), NULL};
    // W_x x for all steps
    ernn_stack_product_all(weights->input, ernn_gates_all(weights->input),
                           ernn_packing_rows(packing), layer->input, n_in, layer->gates, width,
                           scratch->workers);
    ernn_workers_run(scratch->workers, p.shares, forward_share, &p);
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
    ernn_stack_gradient(w->input, &layer->input_sums, ernn_gates_all(w->input), rows, layer->gates,
                        width, layer->input, (size_t)layer->n_inputs, gradient->input, workers);
    ernn_stack_finish(w->input, &layer->input_sums, gradient->input, workers);
    ernn_packing_shift(p->packing, layer->n_outputs, layer->output, p->scratch->previous);
    ernn_stack_gradient(w->recurrent, &layer->recurrent_sums, ernn_gates_all(w->recurrent), rows,
                        layer->gates, width, p->scratch->previous, (size_t)layer->n_outputs,
                        gradient->recurrent, workers);
    ernn_stack_finish(w->recurrent, &layer->recurrent_sums, gradient->recurrent, workers);
    ernn_sum_rows(rows, 4 * n, layer->gates, width, gradient->bias, workers);
    if (w->peephole)
        peephole_gradient(p, gradient->peephole);
    if (!w->projection)
        return;
    ernn_stack_gradient(w->projection, &layer->projection_sums, ernn_gates_all(w->projection), rows,
                        p->d_output, (size_t)layer->n_outputs, layer->hidden, (size_t)n,
                        gradient->projection, workers);
    ernn_stack_finish(w->projection, &layer->projection_sums, gradient->projection, workers);
}

void ernn_lstm_backward(const ernn_layer *layer, const ernn_packing *packing,
                        const ernn_layer_weights *weights, const ernn_layer_gradient *gradient,
                        const ernn_layer_scratch *scratch, float *d_output)
{
    pass p = {layer, packing, weights, scratch, ernn_workers_threads(scratch->workers), d_output};
    ernn_workers_run(scratch->workers, p.shares, backward_share, &p);
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
