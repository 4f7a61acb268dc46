// Batched passes of training: the workspace, the packing of a batch, and the way of the data
// through the layers and back. The cells are in net_lstm.c and net_gru.c, the two directions of a
// layer are turned and joined in net_directions.c.
//
// Speed: one product per layer over all frames for the inputs and each weight gradient, one of a
// few rows per step for the recurrence, gates in one vectorised loop, no padding, no allocation.
// Threads share out rows and columns whose results do not depend on each other, never sums: a
// batch gives the same bits on any number of threads.
// SPDX-License-Identifier: Apache-2.0
#include "nn/net.h"

#include "base/memory.h"
#include "nn/net_layer.h"
#include "num/clones.h"
#include "num/denormal.h"

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
    double *losses;       // [max_batch]
    bool *is_skipped;     // [max_batch]
    ernn_stack_sums output_sums;
    ernn_workers *workers;
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

static bool make_cell(ernn_net *net, const ernn_weights *weights, int l, int direction, size_t rows,
                      ernn_error *err)
{
    const ernn_layer_weights parts = ernn_weights_layer(weights, l, direction);
    ernn_layer *cell = &net->cells[l][direction];
    cell->spec = net->spec.layers[l];
    cell->n_inputs = ernn_spec_layer_inputs(&net->spec, l);
    cell->n_outputs = ernn_spec_layer_states(&net->spec, l);
    const int n = cell->spec.n_cells;
    const bool is_lstm = cell->spec.cell == ERNN_CELL_LSTM;
    return make(&cell->gates, rows, 4 * n, err) &&
           make(&cell->output, rows, cell->n_outputs, err) &&
           (!is_lstm || make(&cell->cell, rows, n, err)) &&
           (!cell->spec.n_projected || make(&cell->hidden, rows, n, err)) &&
           ernn_stack_sums_init(&cell->input_sums, parts.input, err) == ERNN_OK &&
           ernn_stack_sums_init(&cell->recurrent_sums, parts.recurrent, err) == ERNN_OK &&
           (!parts.projection ||
            ernn_stack_sums_init(&cell->projection_sums, parts.projection, err) == ERNN_OK);
}

static bool make_layer(ernn_net *net, const ernn_weights *weights, int l, size_t rows,
                       ernn_error *err)
{
    const int n_outputs = ernn_spec_layer_outputs(&net->spec, l);
    if (!make(&net->dropped[l + 1], rows, n_outputs, err) ||
        !make_cell(net, weights, l, 0, rows, err))
        return false;
    net->outputs[l] = net->cells[l][0].output;
    if (!is_bidirectional(&net->spec, l))
        return true;
    const int width = widest(&net->spec);
    return make_cell(net, weights, l, 1, rows, err) &&
           make(&net->joined[l], rows, n_outputs, err) &&
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

static size_t larger(size_t most, const ernn_stack *stack)
{
    const size_t n = stack ? ernn_stack_scratch(stack) : 0;
    return n > most ? n : most;
}

// Floats of scratch for each thread: a product of any matrix, or the loss of an utterance.
static size_t scratch_size(const ernn_net *net, const ernn_weights *weights)
{
    const size_t doubles = ernn_loss_scratch(net->max_frames, net->spec.n_labels);
    size_t most = 2 * doubles + (size_t)net->max_frames * (size_t)net->spec.n_labels;
    most = larger(most, ernn_weights_output(weights));
    for (int l = 0; l < net->spec.n_layers; l++) {
        const ernn_layer_weights parts = ernn_weights_layer(weights, l, 0);
        most = larger(most, parts.input);
        most = larger(most, parts.recurrent);
        most = larger(most, parts.projection);
    }
    return most;
}

static bool make_buffers(ernn_net *net, const ernn_weights *weights, int threads, ernn_error *err)
{
    const ernn_spec *spec = &net->spec;
    const size_t batch = (size_t)net->max_batch;
    const size_t rows = batch * (size_t)net->max_frames;
    const int width = widest(spec);
    for (int l = 0; l < spec->n_layers; l++)
        if (!make_layer(net, weights, l, rows, err))
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
        ernn_stack_sums_init(&net->output_sums, ernn_weights_output(weights), err) != ERNN_OK ||
        ernn_workers_new(threads, scratch_size(net, weights), &net->workers, err) != ERNN_OK)
        return false;
    net->scratch.zeros = net->zeros;
    net->scratch.workers = net->workers;
    net->losses = ernn_mem_new(batch, sizeof *net->losses, err);
    net->is_skipped = ernn_mem_new(batch, sizeof *net->is_skipped, err);
    return net->losses && net->is_skipped;
}

ernn_status ernn_net_new(const ernn_weights *weights, int max_batch, int max_frames, int threads,
                         ernn_net **net, ernn_error *err)
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
    made->spec = *ernn_weights_spec(weights);
    made->max_batch = max_batch;
    made->max_frames = max_frames;
    if (!make_buffers(made, weights, threads, err)) {
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
            ernn_stack_sums_clear(&net->cells[l][d].input_sums);
            ernn_stack_sums_clear(&net->cells[l][d].recurrent_sums);
            ernn_stack_sums_clear(&net->cells[l][d].projection_sums);
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
    ernn_mem_free(net->losses);
    ernn_mem_free(net->is_skipped);
    ernn_stack_sums_clear(&net->output_sums);
    ernn_workers_free(net->workers);
    ernn_mem_free(net);
}

ernn_workers *ernn_net_workers(const ernn_net *net)
{
    return net->workers;
}

void ernn_net_set_split(ernn_net *net, ernn_split split)
{
    net->scratch.split = split;
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

typedef struct row_sum {
    int rows;
    int n;
    const float *x;
    size_t ld;
    float *sums;
} row_sum;

enum { SUM_COLS = 512 }; // a worker takes at a time

ERNN_CLONES static void sum_columns(const row_sum *s, int begin, int n)
{
    float *sums = s->sums + begin;
    for (int r = 0; r < s->rows; r++) {
        const float *x = s->x + (size_t)r * s->ld + begin;
#pragma omp simd
        for (int i = 0; i < n; i++)
            sums[i] += x[i];
    }
}

static void sum_some_columns(void *user, int index, float *scratch)
{
    (void)scratch;
    const row_sum *s = user;
    const int begin = index * SUM_COLS;
    sum_columns(s, begin, s->n - begin < SUM_COLS ? s->n - begin : SUM_COLS);
}

void ernn_sum_rows(int rows, int n, const float *x, size_t ld, float *sums, ernn_workers *workers)
{
    row_sum s = {rows, n, x, ld, sums};
    ernn_workers_run(workers, (n + SUM_COLS - 1) / SUM_COLS, sum_some_columns, &s);
}

// Work on the rows of one step after the other. Rank i of step t is row start[t] + i, here and
// below.
typedef struct step_work {
    ernn_net *net;
    const ernn_batch *batch;
    int place; // of a dropout
    const float *x;
    float *y;
} step_work;

static void pack_step(void *user, int t, float *scratch)
{
    (void)scratch;
    const step_work *work = user;
    const ernn_net *net = work->net;
    const ernn_batch *batch = work->batch;
    const ernn_packing *p = &net->packing;
    const size_t n = (size_t)net->spec.n_inputs;
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

static void pack_features(ernn_net *net, const ernn_batch *batch)
{
    step_work work = {.net = net, .batch = batch};
    ernn_workers_run(net->workers, net->packing.n_steps, pack_step, &work);
}

static bool has_dropout(const ernn_batch *batch)
{
    return batch->seeds && batch->dropout > 0;
}

static void drop_step(void *user, int t, float *scratch)
{
    (void)scratch;
    const step_work *work = user;
    const ernn_batch *batch = work->batch;
    const ernn_packing *p = &work->net->packing;
    const size_t n = (size_t)inputs_of(&work->net->spec, work->place);
    for (int i = 0; i < p->active[t]; i++) {
        const size_t at = (p->start[t] + (size_t)i) * n;
        ernn_dropout_row(batch->seeds[p->order[i]], work->place, t, batch->dropout, (int)n,
                         work->x + at, work->y + at);
    }
}

// y = x with the dropout before layer `place`; y may be x (backward pass).
static void drop(ernn_net *net, const ernn_batch *batch, int place, const float *x, float *y)
{
    step_work work = {net, batch, place, x, y};
    ernn_workers_run(net->workers, net->packing.n_steps, drop_step, &work);
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
    const float *bias = ernn_weights_output_bias(weights);
    const ernn_stack *matrix = ernn_weights_output(weights);
    ernn_stack_product_all(matrix, ernn_gates_all(matrix), ernn_packing_rows(p),
                           input_at(net, batch, net->spec.n_layers), (size_t)n, net->packed_logits,
                           row, net->workers);
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

// Loss of utterance i; its gradient goes to the packed rows.
static void loss_of(void *user, int i, float *scratch)
{
    const step_work *work = user;
    ernn_net *net = work->net;
    const ernn_packing *p = &net->packing;
    const size_t row = (size_t)net->spec.n_labels;
    float *d_logits = scratch + 2 * ernn_loss_scratch(net->max_frames, net->spec.n_labels);
    size_t stride;
    // Ranks are few: look the utterance up.
    size_t rank = 0;
    while (p->order[rank] != i)
        rank++;
    net->losses[i] = ernn_loss(work->batch, i, net->spec.n_labels, ernn_net_logits(net, i, &stride),
                               d_logits, (double *)(void *)scratch, &net->is_skipped[i]);
    for (int t = 0; t < work->batch->n_frames[i]; t++)
        memcpy(net->packed_logits + (p->start[t] + rank) * row, d_logits + (size_t)t * row,
               row * sizeof *d_logits);
}

// Losses of all utterances, summed in the order of the batch.
static double losses(ernn_net *net, const ernn_batch *batch, int *n_skipped)
{
    step_work work = {.net = net, .batch = batch};
    ernn_workers_run(net->workers, batch->n, loss_of, &work);
    double sum = 0;
    *n_skipped = 0;
    for (int i = 0; i < batch->n; i++) {
        sum += net->losses[i];
        *n_skipped += net->is_skipped[i];
    }
    return sum;
}

// Gradients of the output layer; d_input[rows][inputs] = dL/d(what it read).
static void output_layer_backward(ernn_net *net, const ernn_weights *weights,
                                  const ernn_batch *batch, float *gradient, float *d_input)
{
    const int rows = ernn_packing_rows(&net->packing);
    const int n_labels = net->spec.n_labels;
    const size_t row = (size_t)n_labels;
    const size_t n = (size_t)inputs_of(&net->spec, net->spec.n_layers);
    const ernn_stack *matrix = ernn_weights_output(weights);
    const ernn_gates all = ernn_gates_all(matrix);
    const ernn_stack_factor factor = {matrix, &net->output_sums,
                                      input_at(net, batch, net->spec.n_layers), n,
                                      ernn_weights_output_gradient(weights, gradient)};
    ernn_stack_gradient(&factor, 1, all, rows, net->packed_logits, row, net->workers);
    ernn_stack_finish(&factor, net->workers);
    ernn_sum_rows(rows, n_labels, net->packed_logits, row,
                  ernn_weights_output_bias_gradient(weights, gradient), net->workers);
    ernn_stack_transposed_all(matrix, all, rows, net->packed_logits, row, false, d_input, n,
                              net->workers);
}

// Gradients of one cell from d_output, which is overwritten; d_input = dL/d(what it read) unless
// NULL.
static void cell_backward(ernn_net *net, const ernn_weights *weights, int l, int direction,
                          float *whole, float *d_output, float *d_input)
{
    const ernn_layer *cell = &net->cells[l][direction];
    const ernn_layer_weights parts = ernn_weights_layer(weights, l, direction);
    const ernn_layer_gradient gradient = ernn_weights_layer_gradient(weights, l, direction, whole);
    const bool is_lstm = cell->spec.cell == ERNN_CELL_LSTM;
    if (is_lstm)
        ernn_lstm_backward(cell, &net->packing, &parts, &gradient, &net->scratch, d_output);
    else
        ernn_gru_backward(cell, &net->packing, &parts, &gradient, &net->scratch, d_output);
    if (!d_input)
        return;
    if (is_lstm)
        ernn_lstm_backward_input(cell, &net->packing, &parts, &net->scratch, d_input);
    else
        ernn_gru_backward_input(cell, &net->packing, &parts, &net->scratch, d_input);
}

// The same for layer l; below the first layer nobody reads d_input.
static void layer_backward(ernn_net *net, const ernn_weights *weights, int l, float *gradient,
                           float *d_output, float *d_input)
{
    if (l == 0)
        d_input = NULL;
    if (!is_bidirectional(&net->spec, l)) {
        cell_backward(net, weights, l, 0, gradient, d_output, d_input);
        return;
    }
    const ernn_layer *cells = net->cells[l];
    float *const *sides = net->sides;
    ernn_directions_split(net->spec.layers[l].direction, &net->packing, cells[0].n_outputs,
                          d_output, sides[0], sides[1]);
    cell_backward(net, weights, l, 0, gradient, sides[0], d_input);
    cell_backward(net, weights, l, 1, gradient, sides[1], d_input ? sides[0] : NULL);
    if (d_input)
        ernn_directions_add_input(&net->packing, cells[1].n_inputs, sides[0], d_input);
}

double ernn_net_backward(ernn_net *net, const ernn_weights *weights, const ernn_batch *batch,
                         float *gradient, int *n_skipped)
{
    const unsigned mode = ernn_denormal_flush();
    const double loss = losses(net, batch, n_skipped);
    float *d_output = net->gradients[0];
    float *d_input = net->gradients[1];
    output_layer_backward(net, weights, batch, gradient, d_output);
    for (int l = net->spec.n_layers - 1; l >= 0; l--) {
        if (has_dropout(batch))
            drop(net, batch, l + 1, d_output, d_output);
        layer_backward(net, weights, l, gradient, d_output, d_input);
        float *kept = d_output;
        d_output = d_input;
        d_input = kept;
    }
    ernn_denormal_restore(mode);
    return loss;
}
