// GRU with the reset after or before the recurrent product: forward and backward pass of a packed
// batch. docs/math.md, GRU, and L.7, L.8; h = (1 - z) . n + z . h'.
//
// A row of `gates` is four vectors of H floats, [n][z][r][q] with the reset after the product,
// where q = W_hr h' + b_hr, or [n][z][r][u] with the reset before, where u = r . h'. The backward
// pass leaves the gradients of the pre-activations of n, z and r, and of q (u stays). So [z][r][q]
// meet the recurrent matrix in one product, and [z][r], [n] the input matrix in two.
// SPDX-License-Identifier: Apache-2.0
#include "nn/net_layer.h"

#include "num/activation.h"
#include "num/clones.h"

#include <string.h>

// ---- Rows: a[4][n], bias[3][n] z, r, h, state before[n], h[n] ----

ERNN_CLONES static void forward_after_row(int n, float *a, const float *bias, const float *bias_q,
                                          const float *before, float *h)
{
#pragma omp simd
    for (int i = 0; i < n; i++) {
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
ERNN_CLONES static void backward_after_row(int n, float *a, const float *before, const float *d,
                                           float *d_before)
{
#pragma omp simd
    for (int i = 0; i < n; i++) {
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
ERNN_CLONES static void forward_reset_row(int n, float *a, const float *bias, const float *before)
{
#pragma omp simd
    for (int i = 0; i < n; i++) {
        const float r = ernn_sigmoid(a[2 * n + i] + bias[n + i]);
        a[n + i] = ernn_sigmoid(a[n + i] + bias[i]);
        a[2 * n + i] = r;
        a[3 * n + i] = r * before[i];
    }
}

// Reset before, second half: n = tanh(W_hx x + W_hr u + b_h) and the state.
ERNN_CLONES static void forward_blend_row(int n, float *a, const float *bias, const float *before,
                                          float *h)
{
#pragma omp simd
    for (int i = 0; i < n; i++) {
        const float candidate = ernn_tanh(a[i] + bias[2 * n + i]);
        a[i] = candidate;
        h[i] = (1 - a[n + i]) * candidate + a[n + i] * before[i];
    }
}

// Backward of the second half (L.7).
ERNN_CLONES static void backward_blend_row(int n, float *a, const float *before, const float *d,
                                           float *d_before)
{
#pragma omp simd
    for (int i = 0; i < n; i++) {
        const float candidate = a[i];
        const float z = a[n + i];
        a[i] = d[i] * (1 - z) * (1 - candidate * candidate);
        a[n + i] = d[i] * (before[i] - candidate) * z * (1 - z);
        d_before[i] += d[i] * z;
    }
}

// Backward of the first half (L.7): du[n] = dL/du.
ERNN_CLONES static void backward_reset_row(int n, float *a, const float *before, const float *du,
                                           float *d_before)
{
#pragma omp simd
    for (int i = 0; i < n; i++) {
        const float r = a[2 * n + i];
        a[2 * n + i] = du[i] * before[i] * r * (1 - r);
        d_before[i] += du[i] * r;
    }
}

// ---- One step of some utterances ----

// The matrices of a stack as the cell uses them.
static const ernn_gates GATES = {0, 2};     // z and r
static const ernn_gates CANDIDATE = {2, 1}; // h

// What a step works on: its rows and the state rows before it.
typedef struct step {
    int active;
    size_t n;
    size_t width;
    float *gates;
    const float *before;
    float *h;
    float *scratch; // of products
} step;

static step step_of(const ernn_layer *layer, const ernn_packing *packing,
                    const ernn_layer_scratch *scratch, ernn_ranks ranks, int t)
{
    const size_t n = (size_t)layer->spec.n_cells;
    const size_t row = packing->start[t] + (size_t)ranks.first;
    return (step){
        .active = ranks.n,
        .n = n,
        .width = 4 * n,
        .gates = layer->gates + row * 4 * n,
        .before =
            t ? layer->output + (packing->start[t - 1] + (size_t)ranks.first) * n : scratch->zeros,
        .h = layer->output + row * n,
    };
}

static void forward_after(const step *s, const ernn_layer_weights *weights)
{
    const int n = (int)s->n;
    for (int i = 0; i < s->active; i++)
        memset(s->gates + (size_t)i * s->width + 3 * s->n, 0, s->n * sizeof *s->gates);
    // W_zr h', W_rr h' beside the input's, W_hr h' alone
    ernn_stack_product(weights->recurrent, ernn_gates_all(weights->recurrent), s->active, s->before,
                       s->n, true, s->gates + s->n, s->width, s->scratch);
    for (int i = 0; i < s->active; i++)
        forward_after_row(n, s->gates + (size_t)i * s->width, weights->bias,
                          weights->candidate_bias, s->before + (size_t)i * s->n,
                          s->h + (size_t)i * s->n);
}

static void forward_before(const step *s, const ernn_layer_weights *weights)
{
    const int n = (int)s->n;
    ernn_stack_product(weights->recurrent, GATES, s->active, s->before, s->n, true, s->gates + s->n,
                       s->width, s->scratch);
    for (int i = 0; i < s->active; i++)
        forward_reset_row(n, s->gates + (size_t)i * s->width, weights->bias,
                          s->before + (size_t)i * s->n);
    // W_hr u
    ernn_stack_product(weights->recurrent, CANDIDATE, s->active, s->gates + 3 * s->n, s->width,
                       true, s->gates, s->width, s->scratch);
    for (int i = 0; i < s->active; i++)
        forward_blend_row(n, s->gates + (size_t)i * s->width, weights->bias,
                          s->before + (size_t)i * s->n, s->h + (size_t)i * s->n);
}

// d[active][n] = dL/dh of this step; d_before[active][n] += dL/dh'.
static void backward_after(const step *s, const ernn_layer_weights *weights, const float *d,
                           float *d_before)
{
    const int n = (int)s->n;
    for (int i = 0; i < s->active; i++)
        backward_after_row(n, s->gates + (size_t)i * s->width, s->before + (size_t)i * s->n,
                           d + (size_t)i * s->n, d_before + (size_t)i * s->n);
    ernn_stack_transposed(weights->recurrent, ernn_gates_all(weights->recurrent), s->active,
                          s->gates + s->n, s->width, true, d_before, s->n, s->scratch);
}

static void backward_before(const step *s, const ernn_layer_weights *weights, const float *d,
                            float *d_before, float *du)
{
    const int n = (int)s->n;
    for (int i = 0; i < s->active; i++)
        backward_blend_row(n, s->gates + (size_t)i * s->width, s->before + (size_t)i * s->n,
                           d + (size_t)i * s->n, d_before + (size_t)i * s->n);
    // du = W_hr^T da_n
    ernn_stack_transposed(weights->recurrent, CANDIDATE, s->active, s->gates, s->width, false, du,
                          s->n, s->scratch);
    for (int i = 0; i < s->active; i++)
        backward_reset_row(n, s->gates + (size_t)i * s->width, s->before + (size_t)i * s->n,
                           du + (size_t)i * s->n, d_before + (size_t)i * s->n);
    ernn_stack_transposed(weights->recurrent, GATES, s->active, s->gates + s->n, s->width, true,
                          d_before, s->n, s->scratch);
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

static void forward_share(void *user, int index, float *scratch)
{
    const pass *p = user;
    ernn_ranks ranks = ernn_packing_share(p->packing, index, p->shares);
    for (int t = 0; t < p->packing->n_steps; t++) {
        ranks.n = ernn_packing_running(p->packing, ranks, t);
        if (!ranks.n)
            return;
        step s = step_of(p->layer, p->packing, p->scratch, ranks, t);
        s.scratch = scratch;
        if (p->layer->spec.is_reset_after)
            forward_after(&s, p->weights);
        else
            forward_before(&s, p->weights);
    }
}

static void backward_share(void *user, int index, float *scratch)
{
    const pass *p = user;
    const ernn_ranks ranks = ernn_packing_share(p->packing, index, p->shares);
    const size_t n = (size_t)p->layer->spec.n_cells;
    float *first = p->scratch->carry + (size_t)ranks.first * n;
    memset(first, 0, (size_t)ranks.n * n * sizeof *first);
    for (int t = p->packing->n_steps - 1; t >= 0; t--) {
        const ernn_ranks running = {ranks.first, ernn_packing_running(p->packing, ranks, t)};
        if (!running.n)
            continue;
        step s = step_of(p->layer, p->packing, p->scratch, running, t);
        s.scratch = scratch;
        const size_t row = p->packing->start[t] + (size_t)ranks.first;
        // Nobody reads the gradient of the state before the first step.
        float *d_before =
            t ? p->d_output + (p->packing->start[t - 1] + (size_t)ranks.first) * n : first;
        if (p->layer->spec.is_reset_after)
            backward_after(&s, p->weights, p->d_output + row * n, d_before);
        else
            backward_before(&s, p->weights, p->d_output + row * n, d_before,
                            p->scratch->inner + (size_t)ranks.first * n);
    }
}

// ---- The whole batch ----

void ernn_gru_forward(const ernn_layer *layer, const ernn_packing *packing,
                      const ernn_layer_weights *weights, const ernn_layer_scratch *scratch)
{
    const int rows = ernn_packing_rows(packing);
    const size_t n = (size_t)layer->spec.n_cells;
    const size_t n_in = (size_t)layer->n_inputs;
    pass p = {layer, packing, weights, scratch, ernn_workers_threads(scratch->workers), NULL};
    ernn_stack_product_all(weights->input, GATES, rows, layer->input, n_in, layer->gates + n, 4 * n,
                           scratch->workers);
    ernn_stack_product_all(weights->input, CANDIDATE, rows, layer->input, n_in, layer->gates, 4 * n,
                           scratch->workers);
    ernn_workers_run(scratch->workers, p.shares, forward_share, &p);
}

static void recurrent_gradient(const pass *p, float *gradient)
{
    const ernn_layer *layer = p->layer;
    const ernn_stack *stack = p->weights->recurrent;
    const ernn_stack_sums *sums = &layer->recurrent_sums;
    ernn_workers *workers = p->scratch->workers;
    const int rows = ernn_packing_rows(p->packing);
    const size_t n = (size_t)layer->spec.n_cells;
    const float *previous = p->scratch->previous;
    const float *u = layer->gates + 3 * n;
    if (layer->spec.is_reset_after)
        ernn_stack_gradient(stack, sums, ernn_gates_all(stack), rows, layer->gates + n, 4 * n,
                            previous, n, gradient, workers);
    else {
        ernn_stack_gradient(stack, sums, GATES, rows, layer->gates + n, 4 * n, previous, n,
                            gradient, workers);
        ernn_stack_gradient(stack, sums, CANDIDATE, rows, layer->gates, 4 * n, u, 4 * n, gradient,
                            workers);
    }
    ernn_stack_finish(stack, sums, gradient, workers);
}

// (L.8) Gradients of the weights from those of the pre-activations.
static void weight_gradients(const pass *p, const ernn_layer_gradient *gradient)
{
    const ernn_layer *layer = p->layer;
    const ernn_stack *input = p->weights->input;
    ernn_workers *workers = p->scratch->workers;
    const int rows = ernn_packing_rows(p->packing);
    const int n = layer->spec.n_cells;
    const size_t n_in = (size_t)layer->n_inputs;
    const size_t width = 4 * (size_t)n;
    const float *d_candidate = layer->gates;
    const float *d_gates = layer->gates + n;
    ernn_stack_gradient(input, &layer->input_sums, GATES, rows, d_gates, width, layer->input, n_in,
                        gradient->input, workers);
    ernn_stack_gradient(input, &layer->input_sums, CANDIDATE, rows, d_candidate, width,
                        layer->input, n_in, gradient->input, workers);
    ernn_stack_finish(input, &layer->input_sums, gradient->input, workers);
    ernn_packing_shift(p->packing, n, layer->output, p->scratch->previous);
    recurrent_gradient(p, gradient->recurrent);
    ernn_sum_rows(rows, 2 * n, d_gates, width, gradient->bias, workers);
    ernn_sum_rows(rows, n, d_candidate, width, gradient->bias + 2 * n, workers);
    if (layer->spec.is_reset_after)
        ernn_sum_rows(rows, n, layer->gates + 3 * n, width, gradient->candidate_bias, workers);
}

void ernn_gru_backward(const ernn_layer *layer, const ernn_packing *packing,
                       const ernn_layer_weights *weights, const ernn_layer_gradient *gradient,
                       const ernn_layer_scratch *scratch, float *d_output)
{
    pass p = {layer, packing, weights, scratch, ernn_workers_threads(scratch->workers), d_output};
    ernn_workers_run(scratch->workers, p.shares, backward_share, &p);
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
