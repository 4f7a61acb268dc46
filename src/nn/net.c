// Batched passes of training: the workspace, the packing of a batch, and the way of the data
// through the layers and back. The cells are in net_lstm.c and net_gru.c, the two directions of a
// layer are turned and joined in net_directions.c.
//
// Speed: one product per layer over all frames for the inputs and each weight gradient, one thin
// product per step for the recurrence, gates in one vectorised loop, no padding, no allocation.
// SPDX-License-Identifier: Apache-2.0
#include "nn/net.h"

#include "base/memory.h"
#include "nn/net_layer.h"
#include "num/clones.h"
#include "num/denormal.h"
#include "num/gemm.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

// Buffers that do not belong to one layer. C labels, W the widest of all layer inputs and outputs.
struct ernn_net {
    ernn_spec spec;
    int max_batch;
    int max_frames;
    ernn_packing packing;
    ernn_layer cells[ERNN_MAX_LAYERS][2]; // forward, and backward in time of a bidirectional layer
    float *outputs[ERNN_MAX_LAYERS];  // [rows][outputs of the layer], borrowed from one of both:
    float *joined[ERNN_MAX_LAYERS];   // of a bidirectional layer
    float *mirrored[ERNN_MAX_LAYERS]; // [rows][inputs], what its second cell reads
    float *sides[2];                  // [rows][W] gradients of its cells
    ernn_layer_scratch scratch;
    float *features;                     // [rows][n_inputs]
    float *dropped[ERNN_MAX_LAYERS + 1]; // [rows][inputs of layer 1.. and of the output layer]
    float *zeros;
    float *gradients[2];  // [rows][W] of a layer's outputs and inputs, in turn
    float *packed_logits; // [rows][C], then their gradient
    float *logits;        // [max_batch][max_frames][C]
    float *d_logits;      // [max_frames][C] of one utterance
    double *loss_scratch;
};

// ---- Workspace ----

static int largest(int a, int b)
{
    return a > b ? a : b;
}

// The widest layer output, layer input or cell vector of the spec.
static int widest(const ernn_spec *spec)
{
    int most = spec->n_inputs;
    for (int l = 0; l < spec->n_layers; l++)
        most = largest(most, largest(spec->layers[l].n_cells, ernn_spec_layer_outputs(spec, l)));
    return most;
}

static bool is_bidirectional(const ernn_spec *spec, int l)
{
    return spec->layers[l].direction != ERNN_FORWARD;
}

// Width of what reaches layer `place`; place n_layers is the output layer.
static int inputs_of(const ernn_spec *spec, int place)
{
    return place == 0 ? spec->n_inputs : ernn_spec_layer_outputs(spec, place - 1);
}

// `*made` = [rows][width] floats; false when there is no memory.
static bool make(float **made, size_t rows, int width, ernn_error *err)
{
    *made = ernn_mem_new(rows, (size_t)width * sizeof **made, err);
    return *made != NULL;
}

static bool make_cell(ernn_net *net, int l, int direction, size_t rows, ernn_error *err)
{
    ernn_layer *cell = &net->cells[l][direction];
    cell->spec = net->spec.layers[l];
    cell->n_inputs = ernn_spec_layer_inputs(&net->spec, l);
    cell->n_outputs = ernn_spec_layer_states(&net->spec, l);
    const int n = cell->spec.n_cells;
    const bool is_lstm = cell->spec.cell == ERNN_CELL_LSTM;
    return make(&cell->gates, rows, 4 * n, err) &&
           make(&cell->output, rows, cell->n_outputs, err) &&
           (!is_lstm || make(&cell->cell, rows, n, err)) &&
           (!cell->spec.n_projected || make(&cell->hidden, rows, n, err));
}

static bool make_layer(ernn_net *net, int l, size_t rows, ernn_error *err)
{
    const int n_outputs = ernn_spec_layer_outputs(&net->spec, l);
    if (!make(&net->dropped[l + 1], rows, n_outputs, err) || !make_cell(net, l, 0, rows, err))
        return false;
    net->outputs[l] = net->cells[l][0].output;
    if (!is_bidirectional(&net->spec, l))
        return true;
    const int width = widest(&net->spec);
    return make_cell(net, l, 1, rows, err) && make(&net->joined[l], rows, n_outputs, err) &&
           make(&net->mirrored[l], rows, ernn_spec_layer_inputs(&net->spec, l), err) &&
           (net->sides[0] ||
            (make(&net->sides[0], rows, width, err) && make(&net->sides[1], rows, width, err))) &&
           (net->outputs[l] = net->joined[l]);
}

static bool make_packing(ernn_net *net, ernn_error *err)
{
    ernn_packing *p = &net->packing;
    p->order = ernn_mem_new((size_t)net->max_batch, sizeof *p->order, err);
    p->length = ernn_mem_new((size_t)net->max_batch, sizeof *p->length, err);
    p->active = ernn_mem_new((size_t)net->max_frames, sizeof *p->active, err);
    p->start = ernn_mem_new((size_t)net->max_frames + 1, sizeof *p->start, err);
    return p->order && p->length && p->active && p->start;
}

static bool make_buffers(ernn_net *net, ernn_error *err)
{
    const ernn_spec *spec = &net->spec;
    const size_t batch = (size_t)net->max_batch;
    const size_t rows = batch * (size_t)net->max_frames;
    const int width = widest(spec);
    for (int l = 0; l < spec->n_layers; l++)
        if (!make_layer(net, l, rows, err))
            return false;
    if (!make_packing(net, err) || !make(&net->features, rows, spec->n_inputs, err) ||
        !make(&net->zeros, batch > 3 ? batch : 3, width, err) || // also stands for 3 peepholes
        !make(&net->scratch.carry, batch, width, err) ||
        !make(&net->scratch.inner, batch, width, err) ||
        !make(&net->scratch.previous, rows, width, err) ||
        !make(&net->gradients[0], rows, width, err) ||
        !make(&net->gradients[1], rows, width, err) ||
        !make(&net->packed_logits, rows, spec->n_labels, err) ||
        !make(&net->logits, rows, spec->n_labels, err) ||
        !make(&net->d_logits, (size_t)net->max_frames, spec->n_labels, err))
        return false;
    net->scratch.zeros = net->zeros;
    net->loss_scratch = ernn_mem_new(ernn_loss_scratch(net->max_frames, spec->n_labels),
                                     sizeof *net->loss_scratch, err);
    return net->loss_scratch != NULL;
}

ernn_status ernn_net_new(const ernn_model *model, int max_batch, int max_frames, ernn_net **net,
                         ernn_error *err)
{
    *net = NULL;
    if (max_batch < 1 || max_frames < 1)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "training: batch of %d utterances of %d frames; both at least 1",
                              max_batch, max_frames);
    if (max_batch > INT_MAX / max_frames)
        return ernn_error_set(err, ERNN_TOO_BIG,
                              "training: batch of %d utterances of %d frames; at most %d frames "
                              "together; lower the batch or split the longest utterances",
                              max_batch, max_frames, INT_MAX);
    ernn_net *made = ernn_mem_new(1, sizeof *made, err);
    if (!made)
        return ERNN_NO_MEMORY;
    made->spec = *ernn_model_spec(model);
    made->max_batch = max_batch;
    made->max_frames = max_frames;
    if (!make_buffers(made, err)) {
        ernn_net_free(made);
        return ERNN_NO_MEMORY;
    }
    *net = made;
    return ERNN_OK;
}

void ernn_net_free(ernn_net *net)
{
    if (!net)
        return;
    for (int l = 0; l < net->spec.n_layers; l++) {
        for (int d = 0; d < 2; d++) {
            ernn_mem_free(net->cells[l][d].gates);
            ernn_mem_free(net->cells[l][d].output);
            ernn_mem_free(net->cells[l][d].cell);
            ernn_mem_free(net->cells[l][d].hidden);
        }
        ernn_mem_free(net->joined[l]);
        ernn_mem_free(net->mirrored[l]);
        ernn_mem_free(net->dropped[l + 1]);
    }
    ernn_mem_free(net->sides[0]);
    ernn_mem_free(net->sides[1]);
    ernn_mem_free(net->packing.order);
    ernn_mem_free(net->packing.length);
    ernn_mem_free(net->packing.active);
    ernn_mem_free(net->packing.start);
    ernn_mem_free(net->features);
    ernn_mem_free(net->zeros);
    ernn_mem_free(net->scratch.carry);
    ernn_mem_free(net->scratch.inner);
    ernn_mem_free(net->scratch.previous);
    ernn_mem_free(net->gradients[0]);
    ernn_mem_free(net->gradients[1]);
    ernn_mem_free(net->packed_logits);
    ernn_mem_free(net->logits);
    ernn_mem_free(net->d_logits);
    ernn_mem_free(net->loss_scratch);
    ernn_mem_free(net);
}

// ---- Packing ----

// Ranks the utterances by length, longest first, equal ones in order; lays out the rows.
static void pack(ernn_packing *p, const ernn_batch *batch)
{
    p->n = batch->n;
    for (int i = 0; i < batch->n; i++) {
        int at = i;
        for (; at > 0 && batch->n_frames[p->order[at - 1]] < batch->n_frames[i]; at--)
            p->order[at] = p->order[at - 1];
        p->order[at] = i;
    }
    for (int i = 0; i < batch->n; i++)
        p->length[i] = batch->n_frames[p->order[i]];
    p->n_steps = batch->n ? batch->n_frames[p->order[0]] : 0;
    p->start[0] = 0;
    int active = batch->n;
    for (int t = 0; t < p->n_steps; t++) {
        while (batch->n_frames[p->order[active - 1]] <= t)
            active--;
        p->active[t] = active;
        p->start[t + 1] = p->start[t] + (size_t)active;
    }
}

void ernn_packing_shift(const ernn_packing *packing, int n, const float *x, float *previous)
{
    const size_t width = (size_t)n;
    for (int t = 0; t < packing->n_steps; t++) {
        float *to = previous + packing->start[t] * width;
        const size_t bytes = (size_t)packing->active[t] * width * sizeof *to;
        if (t)
            memcpy(to, x + packing->start[t - 1] * width, bytes);
        else
            memset(to, 0, bytes);
    }
}

ERNN_CLONES void ernn_sum_rows(int rows, int n, const float *x, size_t ld, float *sums)
{
    for (int r = 0; r < rows; r++) {
#pragma omp simd
        for (int i = 0; i < n; i++)
            sums[i] += x[(size_t)r * ld + (size_t)i];
    }
}

// Rank i of step t is row start[t] + i, here and below.
static void pack_features(ernn_net *net, const ernn_batch *batch)
{
    const ernn_packing *p = &net->packing;
    const size_t n = (size_t)net->spec.n_inputs;
    for (int t = 0; t < p->n_steps; t++) {
        for (int i = 0; i < p->active[t]; i++) {
            const int u = p->order[i];
            const float *from = batch->frames[u] + (size_t)t * n;
            float *to = net->features + (p->start[t] + (size_t)i) * n;
            if (batch->seeds && batch->noise > 0)
                ernn_noise_row(batch->seeds[u], t, batch->noise, (int)n, from, to);
            else
                memcpy(to, from, n * sizeof *to);
            if (batch->seeds && (batch->masks.n_time > 0 || batch->masks.n_frequency > 0))
                ernn_mask_row(&batch->masks, batch->seeds[u], t, batch->n_frames[u], (int)n, to);
        }
    }
}

static bool has_dropout(const ernn_batch *batch)
{
    return batch->seeds && batch->dropout > 0;
}

// y = x with the dropout before layer `place`; y may be x (backward pass).
static void drop(const ernn_net *net, const ernn_batch *batch, int place, const float *x, float *y)
{
    const ernn_packing *p = &net->packing;
    const size_t n = (size_t)inputs_of(&net->spec, place);
    for (int t = 0; t < p->n_steps; t++) {
        for (int i = 0; i < p->active[t]; i++) {
            const size_t at = (p->start[t] + (size_t)i) * n;
            ernn_dropout_row(batch->seeds[p->order[i]], place, t, batch->dropout, (int)n, x + at,
                             y + at);
        }
    }
}

// ---- Forward ----

// What layer `place` reads, place n_layers being the output layer.
static const float *input_at(const ernn_net *net, const ernn_batch *batch, int place)
{
    if (place == 0)
        return net->features;
    return has_dropout(batch) ? net->dropped[place] : net->outputs[place - 1];
}

// logits = W h + b for all rows, then utterance by utterance.
static void output_layer(ernn_net *net, const ernn_weights *weights, const ernn_batch *batch)
{
    const ernn_packing *p = &net->packing;
    const int n_labels = net->spec.n_labels;
    const size_t row = (size_t)n_labels;
    const int n = inputs_of(&net->spec, net->spec.n_layers);
    const float *values = ernn_weights_values(weights);
    const float *bias = values + ernn_weights_output_bias(weights);
    ernn_gemm_nt(ernn_packing_rows(p), n_labels, n, 1, input_at(net, batch, net->spec.n_layers),
                 (size_t)n, values + ernn_weights_output(weights), (size_t)n, 0, net->packed_logits,
                 row);
    for (int t = 0; t < p->n_steps; t++) {
        for (int i = 0; i < p->active[t]; i++) {
            const float *from = net->packed_logits + (p->start[t] + (size_t)i) * row;
            float *to =
                net->logits + ((size_t)p->order[i] * (size_t)net->max_frames + (size_t)t) * row;
            for (size_t c = 0; c < row; c++)
                to[c] = from[c] + bias[c];
        }
    }
}

static void cell_forward(ernn_net *net, const ernn_weights *weights, int l, int direction,
                         const float *input)
{
    ernn_layer *cell = &net->cells[l][direction];
    const ernn_layer_weights parts = ernn_weights_layer(weights, l, direction);
    cell->input = input;
    if (cell->spec.cell == ERNN_CELL_LSTM)
        ernn_lstm_forward(cell, &net->packing, &parts, &net->scratch);
    else
        ernn_gru_forward(cell, &net->packing, &parts, &net->scratch);
}

// input[rows][N] -> outputs[l]
static void layer_forward(ernn_net *net, const ernn_weights *weights, int l, const float *input)
{
    const ernn_layer *cells = net->cells[l];
    cell_forward(net, weights, l, 0, input);
    if (!is_bidirectional(&net->spec, l))
        return;
    ernn_packing_reverse(&net->packing, cells[1].n_inputs, input, net->mirrored[l]);
    cell_forward(net, weights, l, 1, net->mirrored[l]);
    ernn_directions_join(net->spec.layers[l].direction, &net->packing, cells[0].n_outputs,
                         cells[0].output, cells[1].output, net->joined[l]);
}

void ernn_net_forward(ernn_net *net, const ernn_weights *weights, const ernn_batch *batch)
{
    assert(batch->n >= 0 && batch->n <= net->max_batch);
    for (int i = 0; i < batch->n; i++)
        assert(batch->n_frames[i] >= 0 && batch->n_frames[i] <= net->max_frames);
    const unsigned mode = ernn_denormal_flush();
    pack(&net->packing, batch);
    pack_features(net, batch);
    for (int l = 0; l < net->spec.n_layers; l++) {
        layer_forward(net, weights, l, input_at(net, batch, l));
        if (has_dropout(batch))
            drop(net, batch, l + 1, net->outputs[l], net->dropped[l + 1]);
    }
    output_layer(net, weights, batch);
    ernn_denormal_restore(mode);
}

const float *ernn_net_logits(const ernn_net *net, int i, size_t *stride)
{
    *stride = (size_t)net->spec.n_labels;
    return net->logits + (size_t)i * (size_t)net->max_frames * *stride;
}

// ---- Backward ----

// Loss of all utterances in the order of the batch; their gradients go to the packed rows.
static double losses(ernn_net *net, const ernn_batch *batch, int *n_skipped)
{
    const ernn_packing *p = &net->packing;
    const size_t row = (size_t)net->spec.n_labels;
    double sum = 0;
    *n_skipped = 0;
    for (int i = 0; i < batch->n; i++) {
        // Ranks are few: look the utterance up.
        int rank = 0;
        while (p->order[rank] != i)
            rank++;
        size_t stride;
        bool is_skipped;
        sum += ernn_loss(batch, i, net->spec.n_labels, ernn_net_logits(net, i, &stride),
                         net->d_logits, net->loss_scratch, &is_skipped);
        *n_skipped += is_skipped;
        for (int t = 0; t < batch->n_frames[i]; t++)
            memcpy(net->packed_logits + (p->start[t] + (size_t)rank) * row,
                   net->d_logits + (size_t)t * row, row * sizeof *net->d_logits);
    }
    return sum;
}

// Gradients of the output layer; d_input[rows][inputs] = dL/d(what it read).
static void output_layer_backward(ernn_net *net, const ernn_weights *weights,
                                  const ernn_batch *batch, float *dense_gradient, float *d_input)
{
    const int rows = ernn_packing_rows(&net->packing);
    const int n_labels = net->spec.n_labels;
    const size_t row = (size_t)n_labels;
    const int n = inputs_of(&net->spec, net->spec.n_layers);
    const size_t matrix = ernn_weights_output(weights);
    ernn_gemm_tn(n_labels, n, rows, 1, net->packed_logits, row,
                 input_at(net, batch, net->spec.n_layers), (size_t)n, 1, dense_gradient + matrix,
                 (size_t)n);
    ernn_sum_rows(rows, n_labels, net->packed_logits, row,
                  dense_gradient + ernn_weights_output_bias(weights));
    ernn_gemm_nn(rows, n, n_labels, 1, net->packed_logits, row,
                 ernn_weights_values(weights) + matrix, (size_t)n, 0, d_input, (size_t)n);
}

// Gradients of one cell from d_output, which is overwritten; d_input = dL/d(what it read) unless
// NULL.
static void cell_backward(ernn_net *net, const ernn_weights *weights, int l, int direction,
                          float *dense_gradient, float *d_output, float *d_input)
{
    const ernn_layer *cell = &net->cells[l][direction];
    const ernn_layer_weights parts = ernn_weights_layer(weights, l, direction);
    const ernn_layer_gradient gradient =
        ernn_weights_layer_gradient(weights, l, direction, dense_gradient);
    const bool is_lstm = cell->spec.cell == ERNN_CELL_LSTM;
    if (is_lstm)
        ernn_lstm_backward(cell, &net->packing, &parts, &gradient, &net->scratch, d_output);
    else
        ernn_gru_backward(cell, &net->packing, &parts, &gradient, &net->scratch, d_output);
    if (!d_input)
        return;
    if (is_lstm)
        ernn_lstm_backward_input(cell, &net->packing, &parts, d_input);
    else
        ernn_gru_backward_input(cell, &net->packing, &parts, d_input);
}

// The same for layer l; below the first layer nobody reads d_input.
static void layer_backward(ernn_net *net, const ernn_weights *weights, int l, float *dense_gradient,
                           float *d_output, float *d_input)
{
    if (l == 0)
        d_input = NULL;
    if (!is_bidirectional(&net->spec, l)) {
        cell_backward(net, weights, l, 0, dense_gradient, d_output, d_input);
        return;
    }
    const ernn_layer *cells = net->cells[l];
    float *const *sides = net->sides;
    ernn_directions_split(net->spec.layers[l].direction, &net->packing, cells[0].n_outputs,
                          d_output, sides[0], sides[1]);
    cell_backward(net, weights, l, 0, dense_gradient, sides[0], d_input);
    cell_backward(net, weights, l, 1, dense_gradient, sides[1], d_input ? sides[0] : NULL);
    if (d_input)
        ernn_directions_add_input(&net->packing, cells[1].n_inputs, sides[0], d_input);
}

double ernn_net_backward(ernn_net *net, const ernn_weights *weights, const ernn_batch *batch,
                         float *dense_gradient, int *n_skipped)
{
    const unsigned mode = ernn_denormal_flush();
    const double loss = losses(net, batch, n_skipped);
    float *d_output = net->gradients[0];
    float *d_input = net->gradients[1];
    output_layer_backward(net, weights, batch, dense_gradient, d_output);
    for (int l = net->spec.n_layers - 1; l >= 0; l--) {
        if (has_dropout(batch))
            drop(net, batch, l + 1, d_output, d_output);
        layer_backward(net, weights, l, dense_gradient, d_output, d_input);
        float *kept = d_output;
        d_output = d_input;
        d_input = kept;
    }
    ernn_denormal_restore(mode);
    return loss;
}
