// GRU with the reset after or before the recurrent product: forward and backward pass of a packed
// batch. docs/math.md, GRU, and L.7, L.8; h = (1 - z) . n + z . h'.
//
// A row of `gates` is four vectors of H floats, [n][z][r][q] with the reset after the product,
// where q = W_hr h' + b_hr, or [n][z][r][u] with the reset before, where u = r . h'. The backward
// pass leaves the gradients of the pre-activations of n, z and r, and of q (u stays). So [z][r][q]
// meet the recurrent matrix in one product, and [z][r], [n] the input matrix in two.
// SPDX-License-Identifier: Apache-2.0
#include "nn/recurrence.h"

#include "num/activation.h"
#include "num/clones.h"

#include <string.h>

// ---- Some cells of a row: a[4][n], bias[3][n] z, r, h, state before[n], h[n] ----

ERNN_CLONES static void forward_after_row(ernn_columns cells, int n, float *a, const float *bias,
                                          const float *bias_q, const float *before, float *h)
{
#pragma omp simd
    for (int i = cells.first; i < cells.first + cells.n; i++) {
        // z = sigma(W_zx x + W_zr h' + b_z), r alike; q = W_hr h' + b_hr
        const float z = ernn_sigmoid(a[n + i] + bias[i]);
        const float r = ernn_sigmoid(a[2 * n + i] + bias[n + i]);
        const float q = a[3 * n + i] + bias_q[i];
        // n = tanh(W_hx x + b_h + r . q)
        const float candidate = ernn_tanh(a[i] + bias[2 * n + i] + r * q);
        a[i] = candidate;
        a[n + i] = z;
        a[2 * n + i] = r;
        a[3 * n + i] = q;
        h[i] = (1 - z) * candidate + z * before[i];
    }
}

// (L.7) d[n] = dL/dh of this step; d_before[n] += what reaches h' past the products.
ERNN_CLONES static void backward_after_row(ernn_columns cells, int n, float *a, const float *before,
                                           const float *d, float *d_before)
{
#pragma omp simd
    for (int i = cells.first; i < cells.first + cells.n; i++) {
        const float candidate = a[i];
        const float z = a[n + i];
        const float r = a[2 * n + i];
        const float q = a[3 * n + i];
        const float da_n = d[i] * (1 - z) * (1 - candidate * candidate);
        a[i] = da_n;
        a[n + i] = d[i] * (before[i] - candidate) * z * (1 - z);
        a[2 * n + i] = da_n * q * r * (1 - r);
        a[3 * n + i] = da_n * r;
        d_before[i] += d[i] * z;
    }
}

// Reset before, first half: z, r and u = r . h'.
ERNN_CLONES static void forward_reset_row(ernn_columns cells, int n, float *a, const float *bias,
                                          const float *before)
{
#pragma omp simd
    for (int i = cells.first; i < cells.first + cells.n; i++) {
        const float r = ernn_sigmoid(a[2 * n + i] + bias[n + i]);
        a[n + i] = ernn_sigmoid(a[n + i] + bias[i]);
        a[2 * n + i] = r;
        a[3 * n + i] = r * before[i];
    }
}

// Reset before, second half: n = tanh(W_hx x + W_hr u + b_h) and the state.
ERNN_CLONES static void forward_blend_row(ernn_columns cells, int n, float *a, const float *bias,
                                          const float *before, float *h)
{
#pragma omp simd
    for (int i = cells.first; i < cells.first + cells.n; i++) {
        const float candidate = ernn_tanh(a[i] + bias[2 * n + i]);
        a[i] = candidate;
        h[i] = (1 - a[n + i]) * candidate + a[n + i] * before[i];
    }
}

// Backward of the second half (L.7).
ERNN_CLONES static void backward_blend_row(ernn_columns cells, int n, float *a, const float *before,
                                           const float *d, float *d_before)
{
#pragma omp simd
    for (int i = cells.first; i < cells.first + cells.n; i++) {
        const float candidate = a[i];
        const float z = a[n + i];
        a[i] = d[i] * (1 - z) * (1 - candidate * candidate);
        a[n + i] = d[i] * (before[i] - candidate) * z * (1 - z);
        d_before[i] += d[i] * z;
    }
}

// Backward of the first half (L.7): du[n] = dL/du.
ERNN_CLONES static void backward_reset_row(ernn_columns cells, int n, float *a, const float *before,
                                           const float *du, float *d_before)
{
#pragma omp simd
    for (int i = cells.first; i < cells.first + cells.n; i++) {
        const float r = a[2 * n + i];
        a[2 * n + i] = du[i] * before[i] * r * (1 - r);
        d_before[i] += du[i] * r;
    }
}

// ---- One step of a part ----

// The matrices of a stack as the cell uses them.
static const ernn_gates GATES = {0, 2};     // z and r
static const ernn_gates CANDIDATE = {2, 1}; // h

typedef struct pass {
    const ernn_layer *layer;
    const ernn_packing *packing;
    const ernn_layer_weights *weights;
    const ernn_layer_scratch *scratch;
    float *d_output; // backward
} pass;

// What a step works on: the part's rows and the state rows before them.
typedef struct step {
    int active;
    ernn_columns cells;
    size_t n;
    size_t width;
    float *gates;
    const float *before;
    float *h;
    const float *d;  // backward: dL/dh
    float *d_before; // and where dL/dh' is added to
    float *du;
    float *scratch; // of products
} step;

static step step_of(const pass *p, const ernn_part *part, int t, float *scratch)
{
    const size_t n = (size_t)p->layer->spec.n_cells;
    const size_t first = (size_t)part->ranks.first;
    const size_t row = p->packing->start[t] + first;
    step s = {
        .active = part->ranks.n,
        .cells = part->cells,
        .n = n,
        .width = 4 * n,
        .gates = p->layer->gates + row * 4 * n,
        .before = p->scratch->zeros,
        .h = p->layer->output + row * n,
        .du = p->scratch->inner + first * n,
        .scratch = scratch,
    };
    if (t)
        s.before = p->layer->output + (p->packing->start[t - 1] + first) * n;
    if (p->d_output) {
        s.d = p->d_output + row * n;
        // Nobody reads the gradient of the state before the first step.
        s.d_before = t ? p->d_output + (p->packing->start[t - 1] + first) * n
                       : p->scratch->carry + first * n;
    }
    return s;
}

static void forward_after(const step *s, const ernn_layer_weights *weights)
{
    const ernn_panel_rows rows = {s->active, s->before, s->n, s->gates + s->n, s->width, true};
    const size_t q = 3 * s->n + (size_t)s->cells.first;
    for (int i = 0; i < s->active; i++)
        memset(s->gates + (size_t)i * s->width + q, 0, (size_t)s->cells.n * sizeof *s->gates);
    // W_zr h', W_rr h' beside the input's, W_hr h' alone
    ernn_stack_product(weights->recurrent, ernn_gates_all(weights->recurrent), s->cells, &rows,
                       s->scratch);
    for (int i = 0; i < s->active; i++)
        forward_after_row(s->cells, (int)s->n, s->gates + (size_t)i * s->width, weights->bias,
                          weights->candidate_bias, s->before + (size_t)i * s->n,
                          s->h + (size_t)i * s->n);
}

static void forward_reset(const step *s, const ernn_layer_weights *weights)
{
    const ernn_panel_rows rows = {s->active, s->before, s->n, s->gates + s->n, s->width, true};
    ernn_stack_product(weights->recurrent, GATES, s->cells, &rows, s->scratch);
    for (int i = 0; i < s->active; i++)
        forward_reset_row(s->cells, (int)s->n, s->gates + (size_t)i * s->width, weights->bias,
                          s->before + (size_t)i * s->n);
}

static void forward_blend(const step *s, const ernn_layer_weights *weights)
{
    // W_hr u
    const ernn_panel_rows rows = {s->active, s->gates + 3 * s->n, s->width, s->gates, s->width,
                                  true};
    ernn_stack_product(weights->recurrent, CANDIDATE, s->cells, &rows, s->scratch);
    for (int i = 0; i < s->active; i++)
        forward_blend_row(s->cells, (int)s->n, s->gates + (size_t)i * s->width, weights->bias,
                          s->before + (size_t)i * s->n, s->h + (size_t)i * s->n);
}

// Reset before: h' of all cells meets z and r first, u of all cells the candidate then.
static void forward_stage(const void *user, const ernn_part *part, int t, int stage, float *scratch)
{
    const pass *p = user;
    const step s = step_of(p, part, t, scratch);
    if (p->layer->spec.is_reset_after)
        forward_after(&s, p->weights);
    else if (stage == 0)
        forward_reset(&s, p->weights);
    else
        forward_blend(&s, p->weights);
}

// d += W_r^T da of the step after, the part's cells: then d is complete.
static void backward_states(const pass *p, const ernn_part *part, int t, float *scratch)
{
    if (t + 1 == p->packing->n_steps)
        return;
    ernn_part running = *part;
    running.ranks.n = ernn_packing_running(p->packing, part->ranks, t + 1);
    const ernn_stack *recurrent = p->weights->recurrent;
    const step s = step_of(p, &running, t + 1, scratch);
    const ernn_panel_rows rows = {s.active, s.gates + s.n, s.width, s.d_before, s.n, true};
    ernn_stack_transposed(recurrent,
                          p->layer->spec.is_reset_after ? ernn_gates_all(recurrent) : GATES,
                          s.cells, &rows, scratch);
}

static void backward_after(const step *s)
{
    for (int i = 0; i < s->active; i++)
        backward_after_row(s->cells, (int)s->n, s->gates + (size_t)i * s->width,
                           s->before + (size_t)i * s->n, s->d + (size_t)i * s->n,
                           s->d_before + (size_t)i * s->n);
}

static void backward_blend(const step *s)
{
    for (int i = 0; i < s->active; i++)
        backward_blend_row(s->cells, (int)s->n, s->gates + (size_t)i * s->width,
                           s->before + (size_t)i * s->n, s->d + (size_t)i * s->n,
                           s->d_before + (size_t)i * s->n);
}

static void backward_reset(const step *s, const ernn_layer_weights *weights)
{
    // du = W_hr^T da_n
    const ernn_panel_rows rows = {s->active, s->gates, s->width, s->du, s->n, false};
    ernn_stack_transposed(weights->recurrent, CANDIDATE, s->cells, &rows, s->scratch);
    for (int i = 0; i < s->active; i++)
        backward_reset_row(s->cells, (int)s->n, s->gates + (size_t)i * s->width,
                           s->before + (size_t)i * s->n, s->du + (size_t)i * s->n,
                           s->d_before + (size_t)i * s->n);
}

static void backward_stage(const void *user, const ernn_part *part, int t, int stage,
                           float *scratch)
{
    const pass *p = user;
    const step s = step_of(p, part, t, scratch);
    if (stage == 0)
        backward_states(p, part, t, scratch);
    if (p->layer->spec.is_reset_after)
        backward_after(&s);
    else if (stage == 0)
        backward_blend(&s);
    else
        backward_reset(&s, p->weights);
}

static void run_steps(const pass *p, bool is_backward)
{
    const ernn_recurrence recurrence = {.layer = p->layer,
                                        .packing = p->packing,
                                        .weights = p->weights,
                                        .scratch = p->scratch,
                                        .is_backward = is_backward,
                                        .n_stages = p->layer->spec.is_reset_after ? 1 : 2,
                                        .stage = is_backward ? backward_stage : forward_stage,
                                        .pass = p};
    ernn_recurrence_run(&recurrence);
}

// ---- The whole batch ----

void ernn_gru_forward(const ernn_layer *layer, const ernn_packing *packing,
                      const ernn_layer_weights *weights, const ernn_layer_scratch *scratch)
{
    const int rows = ernn_packing_rows(packing);
    const size_t n = (size_t)layer->spec.n_cells;
    const size_t n_in = (size_t)layer->n_inputs;
    const pass p = {layer, packing, weights, scratch, NULL};
    ernn_stack_product_all(weights->input, GATES, rows, layer->input, n_in, layer->gates + n, 4 * n,
                           scratch->workers);
    ernn_stack_product_all(weights->input, CANDIDATE, rows, layer->input, n_in, layer->gates, 4 * n,
                           scratch->workers);
    run_steps(&p, false);
}

// (L.8) Gradients of the weights from those of the pre-activations.
static void weight_gradients(const pass *p, const ernn_layer_gradient *gradient)
{
    const ernn_layer *layer = p->layer;
    ernn_workers *workers = p->scratch->workers;
    const int rows = ernn_packing_rows(p->packing);
    const int n = layer->spec.n_cells;
    const size_t width = 4 * (size_t)n;
    const float *d_candidate = layer->gates;
    const float *d_gates = layer->gates + n;
    const float *d_product = layer->gates + 3 * n; // of W_hr h', reset after; u, reset before
    ernn_stack_factor factors[] = {
        {p->weights->input, &layer->input_sums, layer->input, (size_t)layer->n_inputs,
         gradient->input},
        {p->weights->recurrent, &layer->recurrent_sums, p->scratch->previous, (size_t)n,
         gradient->recurrent},
    };
    ernn_packing_shift(p->packing, n, layer->output, p->scratch->previous);
    ernn_stack_gradient(factors, 2, GATES, rows, d_gates, width, workers);
    if (layer->spec.is_reset_after) {
        ernn_stack_gradient(&factors[0], 1, CANDIDATE, rows, d_candidate, width, workers);
        ernn_stack_gradient(&factors[1], 1, CANDIDATE, rows, d_product, width, workers);
    } else {
        factors[1].x = d_product;
        factors[1].ldx = width;
        ernn_stack_gradient(factors, 2, CANDIDATE, rows, d_candidate, width, workers);
    }
    for (int f = 0; f < 2; f++)
        ernn_stack_finish(&factors[f], workers);
    ernn_sum_rows(rows, 2 * n, d_gates, width, gradient->bias, workers);
    ernn_sum_rows(rows, n, d_candidate, width, gradient->bias + 2 * n, workers);
    if (layer->spec.is_reset_after)
        ernn_sum_rows(rows, n, layer->gates + 3 * n, width, gradient->candidate_bias, workers);
}

void ernn_gru_backward(const ernn_layer *layer, const ernn_packing *packing,
                       const ernn_layer_weights *weights, const ernn_layer_gradient *gradient,
                       const ernn_layer_scratch *scratch, float *d_output)
{
    const pass p = {layer, packing, weights, scratch, d_output};
    run_steps(&p, true);
    weight_gradients(&p, gradient);
}

void ernn_gru_backward_input(const ernn_layer *layer, const ernn_packing *packing,
                             const ernn_layer_weights *weights, const ernn_layer_scratch *scratch,
                             float *d_input)
{
    const int rows = ernn_packing_rows(packing);
    const size_t n = (size_t)layer->spec.n_cells;
    const size_t n_in = (size_t)layer->n_inputs;
    ernn_stack_transposed_all(weights->input, GATES, rows, layer->gates + n, 4 * n, false, d_input,
                              n_in, scratch->workers);
    ernn_stack_transposed_all(weights->input, CANDIDATE, rows, layer->gates, 4 * n, true, d_input,
                              n_in, scratch->workers);
}
