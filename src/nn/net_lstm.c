// LSTM with optional peepholes and projection: forward and backward pass of a packed batch.
// docs/math.md, LSTM, and L.5, L.6; Sak et al. 2014, equations 1 to 6.
//
// A row of `gates` is [i][f][g][o], H floats each: pre-activations, then gates, and after the
// backward pass the gradients of the pre-activations. g is the candidate.
// SPDX-License-Identifier: Apache-2.0
#include "nn/net_layer.h"

#include "num/activation.h"
#include "num/clones.h"
#include "num/gemm.h"
#include "num/thin.h"

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

void ernn_lstm_forward(const ernn_layer *layer, const ernn_packing *packing,
                       const ernn_layer_weights *weights, const ernn_layer_scratch *scratch)
{
    const int n = layer->spec.n_cells;
    const int n_out = layer->n_outputs;
    const size_t width = 4 * (size_t)n;
    const float *peephole = layer->spec.is_peephole ? weights->peephole : scratch->zeros;
    const bool is_projected = layer->spec.n_projected > 0;
    const float clip = clip_of(&layer->spec);
    float *m = is_projected ? layer->hidden : layer->output;

    ernn_gemm_nt(ernn_packing_rows(packing), 4 * n, layer->n_inputs, 1, layer->input,
                 (size_t)layer->n_inputs, weights->input, (size_t)layer->n_inputs, 0, layer->gates,
                 width);
    for (int t = 0; t < packing->n_steps; t++) {
        const int active = packing->active[t];
        const size_t row = packing->start[t];
        if (t)
            ernn_thin_product(active, 4 * n, n_out,
                              layer->output + packing->start[t - 1] * (size_t)n_out, (size_t)n_out,
                              weights->recurrent_turned, width, layer->gates + row * width, width);
        for (int i = 0; i < active; i++)
            forward_row(n, clip, layer->gates + (row + (size_t)i) * width, weights->bias, peephole,
                        before(packing, layer->cell, n, t, i, scratch->zeros),
                        layer->cell + (row + (size_t)i) * (size_t)n,
                        m + (row + (size_t)i) * (size_t)n);
        if (!is_projected)
            continue;
        // y = W_ym m
        float *y = layer->output + row * (size_t)n_out;
        memset(y, 0, (size_t)active * (size_t)n_out * sizeof *y);
        ernn_thin_product(active, n_out, n, m + row * (size_t)n, (size_t)n,
                          weights->projection_turned, (size_t)n_out, y, (size_t)n_out);
    }
}

// Step t of the backward pass: d_output of this step is complete; adds to that of the step before.
static void backward_step(const ernn_layer *layer, const ernn_packing *packing,
                          const ernn_layer_weights *weights, const ernn_layer_gradient *gradient,
                          const ernn_layer_scratch *scratch, float *d_output, int t)
{
    const int n = layer->spec.n_cells;
    const int n_out = layer->n_outputs;
    const size_t width = 4 * (size_t)n;
    const float *peephole = layer->spec.is_peephole ? weights->peephole : scratch->zeros;
    const int active = packing->active[t];
    const size_t row = packing->start[t];
    const float clip = clip_of(&layer->spec);
    const float *dm = d_output + row * (size_t)n_out;
    if (layer->spec.n_projected) {
        // dm = W_ym^T dy
        memset(scratch->inner, 0, (size_t)active * (size_t)n * sizeof *scratch->inner);
        ernn_thin_product(active, n, n_out, dm, (size_t)n_out, weights->projection, (size_t)n,
                          scratch->inner, (size_t)n);
        dm = scratch->inner;
    }
    for (int i = 0; i < active; i++) {
        float *a = layer->gates + (row + (size_t)i) * width;
        const float *c_before = before(packing, layer->cell, n, t, i, scratch->zeros);
        const float *c = layer->cell + (row + (size_t)i) * (size_t)n;
        backward_row(n, clip, a, peephole, c_before, c, dm + (size_t)i * (size_t)n,
                     scratch->carry + (size_t)i * (size_t)n);
        if (layer->spec.is_peephole)
            peephole_row(n, a, c_before, c, gradient->peephole);
    }
    // dy' += W_r^T da
    if (t)
        ernn_thin_product(active, n_out, 4 * n, layer->gates + row * width, width,
                          weights->recurrent, (size_t)n_out,
                          d_output + packing->start[t - 1] * (size_t)n_out, (size_t)n_out);
}

void ernn_lstm_backward(const ernn_layer *layer, const ernn_packing *packing,
                        const ernn_layer_weights *weights, const ernn_layer_gradient *gradient,
                        const ernn_layer_scratch *scratch, float *d_output)
{
    const int rows = ernn_packing_rows(packing);
    const int n = layer->spec.n_cells;
    const size_t n_in = (size_t)layer->n_inputs;
    const size_t n_out = (size_t)layer->n_outputs;
    const size_t width = 4 * (size_t)n;
    // Rows join, longest first, as time runs backwards: a row's carry is 0 until its last frame.
    memset(scratch->carry, 0, (size_t)packing->n * (size_t)n * sizeof *scratch->carry);
    for (int t = packing->n_steps - 1; t >= 0; t--)
        backward_step(layer, packing, weights, gradient, scratch, d_output, t);

    ernn_packing_shift(packing, layer->n_outputs, layer->output, scratch->previous);
    ernn_gemm_tn(4 * n, layer->n_inputs, rows, 1, layer->gates, width, layer->input, n_in, 1,
                 gradient->input, n_in);
    ernn_gemm_tn(4 * n, layer->n_outputs, rows, 1, layer->gates, width, scratch->previous, n_out, 1,
                 gradient->recurrent, n_out);
    ernn_sum_rows(rows, 4 * n, layer->gates, width, gradient->bias);
    if (layer->spec.n_projected)
        ernn_gemm_tn(layer->n_outputs, n, rows, 1, d_output, n_out, layer->hidden, (size_t)n, 1,
                     gradient->projection, (size_t)n);
}

void ernn_lstm_backward_input(const ernn_layer *layer, const ernn_packing *packing,
                              const ernn_layer_weights *weights, float *d_input)
{
    const int width = 4 * layer->spec.n_cells;
    const size_t n_in = (size_t)layer->n_inputs;
    ernn_gemm_nn(ernn_packing_rows(packing), layer->n_inputs, width, 1, layer->gates, (size_t)width,
                 weights->input, n_in, 0, d_input, n_in);
}
