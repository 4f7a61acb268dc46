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
#include "num/gemm.h"
#include "num/thin.h"

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

// ---- One step of a batch ----

// What a step works on: its rows and the state rows before it.
typedef struct step {
    int active;
    size_t n;
    size_t width;
    float *gates;
    const float *before;
    float *h;
} step;

static step step_of(const ernn_layer *layer, const ernn_packing *packing,
                    const ernn_layer_scratch *scratch, int t)
{
    const size_t n = (size_t)layer->spec.n_cells;
    return (step){
        .active = packing->active[t],
        .n = n,
        .width = 4 * n,
        .gates = layer->gates + packing->start[t] * 4 * n,
        .before = t ? layer->output + packing->start[t - 1] * n : scratch->zeros,
        .h = layer->output + packing->start[t] * n,
    };
}

static void forward_after(const step *s, const ernn_layer_weights *weights)
{
    const int n = (int)s->n;
    for (int i = 0; i < s->active; i++)
        memset(s->gates + (size_t)i * s->width + 3 * s->n, 0, s->n * sizeof *s->gates);
    ernn_thin_product(s->active, 3 * n, n, s->before, s->n, weights->recurrent_turned, 3 * s->n,
                      s->gates + s->n, s->width);
    for (int i = 0; i < s->active; i++)
        forward_after_row(n, s->gates + (size_t)i * s->width, weights->bias,
                          weights->candidate_bias, s->before + (size_t)i * s->n,
                          s->h + (size_t)i * s->n);
}

static void forward_before(const step *s, const ernn_layer_weights *weights)
{
    const int n = (int)s->n;
    ernn_thin_product(s->active, 2 * n, n, s->before, s->n, weights->recurrent_turned, 3 * s->n,
                      s->gates + s->n, s->width);
    for (int i = 0; i < s->active; i++)
        forward_reset_row(n, s->gates + (size_t)i * s->width, weights->bias,
                          s->before + (size_t)i * s->n);
    // W_hr u
    ernn_thin_product(s->active, n, n, s->gates + 3 * s->n, s->width,
                      weights->recurrent_turned + 2 * s->n, 3 * s->n, s->gates, s->width);
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
    ernn_thin_product(s->active, n, 3 * n, s->gates + s->n, s->width, weights->recurrent, s->n,
                      d_before, s->n);
}

static void backward_before(const step *s, const ernn_layer_weights *weights, const float *d,
                            float *d_before, float *du)
{
    const int n = (int)s->n;
    for (int i = 0; i < s->active; i++)
        backward_blend_row(n, s->gates + (size_t)i * s->width, s->before + (size_t)i * s->n,
                           d + (size_t)i * s->n, d_before + (size_t)i * s->n);
    // du = W_hr^T da_n
    memset(du, 0, (size_t)s->active * s->n * sizeof *du);
    ernn_thin_product(s->active, n, n, s->gates, s->width, weights->recurrent + 2 * s->n * s->n,
                      s->n, du, s->n);
    for (int i = 0; i < s->active; i++)
        backward_reset_row(n, s->gates + (size_t)i * s->width, s->before + (size_t)i * s->n,
                           du + (size_t)i * s->n, d_before + (size_t)i * s->n);
    ernn_thin_product(s->active, n, 2 * n, s->gates + s->n, s->width, weights->recurrent, s->n,
                      d_before, s->n);
}

// ---- The whole batch ----

void ernn_gru_forward(const ernn_layer *layer, const ernn_packing *packing,
                      const ernn_layer_weights *weights, const ernn_layer_scratch *scratch)
{
    const int rows = ernn_packing_rows(packing);
    const int n = layer->spec.n_cells;
    const size_t n_in = (size_t)layer->n_inputs;
    const size_t width = 4 * (size_t)n;
    ernn_gemm_nt(rows, 2 * n, layer->n_inputs, 1, layer->input, n_in, weights->input, n_in, 0,
                 layer->gates + n, width);
    ernn_gemm_nt(rows, n, layer->n_inputs, 1, layer->input, n_in,
                 weights->input + 2 * (size_t)n * n_in, n_in, 0, layer->gates, width);
    for (int t = 0; t < packing->n_steps; t++) {
        const step s = step_of(layer, packing, scratch, t);
        if (layer->spec.is_reset_after)
            forward_after(&s, weights);
        else
            forward_before(&s, weights);
    }
}

// (L.8) Gradients of the weights from those of the pre-activations.
static void weight_gradients(const ernn_layer *layer, const ernn_packing *packing,
                             const ernn_layer_gradient *gradient, const float *previous)
{
    const int rows = ernn_packing_rows(packing);
    const int n = layer->spec.n_cells;
    const size_t n_in = (size_t)layer->n_inputs;
    const size_t n_out = (size_t)n;
    const size_t width = 4 * n_out;
    const float *d_candidate = layer->gates;
    const float *d_gates = layer->gates + n;
    ernn_gemm_tn(2 * n, layer->n_inputs, rows, 1, d_gates, width, layer->input, n_in, 1,
                 gradient->input, n_in);
    ernn_gemm_tn(n, layer->n_inputs, rows, 1, d_candidate, width, layer->input, n_in, 1,
                 gradient->input + 2 * n_out * n_in, n_in);
    ernn_sum_rows(rows, 2 * n, d_gates, width, gradient->bias);
    ernn_sum_rows(rows, n, d_candidate, width, gradient->bias + 2 * n_out);
    if (layer->spec.is_reset_after) {
        ernn_gemm_tn(3 * n, n, rows, 1, d_gates, width, previous, n_out, 1, gradient->recurrent,
                     n_out);
        ernn_sum_rows(rows, n, layer->gates + 3 * n_out, width, gradient->candidate_bias);
        return;
    }
    const float *u = layer->gates + 3 * n_out;
    ernn_gemm_tn(2 * n, n, rows, 1, d_gates, width, previous, n_out, 1, gradient->recurrent, n_out);
    ernn_gemm_tn(n, n, rows, 1, d_candidate, width, u, width, 1,
                 gradient->recurrent + 2 * n_out * n_out, n_out);
}

void ernn_gru_backward(const ernn_layer *layer, const ernn_packing *packing,
                       const ernn_layer_weights *weights, const ernn_layer_gradient *gradient,
                       const ernn_layer_scratch *scratch, float *d_output)
{
    const size_t n = (size_t)layer->spec.n_cells;
    memset(scratch->carry, 0, (size_t)packing->n * n * sizeof *scratch->carry);
    for (int t = packing->n_steps - 1; t >= 0; t--) {
        const step s = step_of(layer, packing, scratch, t);
        // Nobody reads the gradient of the state before the first step.
        float *d_before = t ? d_output + packing->start[t - 1] * n : scratch->carry;
        if (layer->spec.is_reset_after)
            backward_after(&s, weights, d_output + packing->start[t] * n, d_before);
        else
            backward_before(&s, weights, d_output + packing->start[t] * n, d_before,
                            scratch->inner);
    }
    ernn_packing_shift(packing, (int)n, layer->output, scratch->previous);
    weight_gradients(layer, packing, gradient, scratch->previous);
}

void ernn_gru_backward_input(const ernn_layer *layer, const ernn_packing *packing,
                             const ernn_layer_weights *weights, float *d_input)
{
    const int rows = ernn_packing_rows(packing);
    const int n = layer->spec.n_cells;
    const size_t n_in = (size_t)layer->n_inputs;
    const size_t width = 4 * (size_t)n;
    ernn_gemm_nn(rows, layer->n_inputs, 2 * n, 1, layer->gates + n, width, weights->input, n_in, 0,
                 d_input, n_in);
    ernn_gemm_nn(rows, layer->n_inputs, n, 1, layer->gates, width,
                 weights->input + 2 * (size_t)n * n_in, n_in, 1, d_input, n_in);
}
