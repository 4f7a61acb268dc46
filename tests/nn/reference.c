// The plain double-precision network of the tests. SPDX-License-Identifier: Apache-2.0
#include "reference.h"

#include "base/rng.h"
#include "nn/net_layer.h" // the draws of noise and dropout alone

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WIDTH = 160 };

// The expanded tensor of that name, '%c' standing for the gate; NULL when the model has none.
static const double *part(const reference *ref, const char *where, const char *format, char gate)
{
    char name[60];
    const int n = snprintf(name, sizeof name, "%s.", where);
    snprintf(name + n, sizeof name - (size_t)n, format, gate);
    const ernn_tensor *t = ernn_model_find(ref->model, name);
    return t ? ref->expanded + ref->offsets[t - ernn_model_tensors(ref->model)] : NULL;
}

static void find_cell(reference *ref, const char *where, ernn_cell cell, reference_layer *layer)
{
    const char *gates = cell == ERNN_CELL_LSTM ? "ifco" : "zrh";
    for (int g = 0; gates[g]; g++) {
        layer->input[g] = part(ref, where, "W_%cx", gates[g]);
        layer->recurrent[g] = part(ref, where, "W_%cr", gates[g]);
        layer->bias[g] = part(ref, where, "b_%c", gates[g]);
    }
    for (int g = 0; g < 3; g++)
        layer->peephole[g] = part(ref, where, "w_%cc", "ifo"[g]);
    layer->candidate_bias = part(ref, where, "b_%cr", 'h');
    layer->projection = part(ref, where, "W_%cm", 'y');
}

static void find_parts(reference *ref)
{
    const ernn_spec *spec = ernn_model_spec(ref->model);
    for (int l = 0; l < spec->n_layers; l++) {
        char where[40];
        snprintf(where, sizeof where, "layer%d", l);
        find_cell(ref, where, spec->layers[l].cell, &ref->layers[l][0]);
        snprintf(where, sizeof where, "layer%d.reverse", l);
        find_cell(ref, where, spec->layers[l].cell, &ref->layers[l][1]);
    }
    ref->output = part(ref, "output", "%c", 'W');
    ref->output_bias = part(ref, "output", "%c", 'b');
}

reference reference_new(const ernn_model *model)
{
    const size_t n = ernn_model_n_tensors(model);
    reference ref = {.model = model, .offsets = calloc(n, sizeof(size_t))};
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        const ernn_tensor *t = &ernn_model_tensors(model)[i];
        ref.offsets[i] = total;
        total += (size_t)t->rows * (size_t)t->cols;
    }
    ref.expanded = calloc(total, sizeof(double));
    ref.parameters = calloc(ernn_model_n_parameters(model), sizeof(double));
    for (size_t i = 0; i < ernn_model_n_parameters(model); i++)
        ref.parameters[i] = ernn_model_parameters_const(model)[i];
    find_parts(&ref);
    return ref;
}

void reference_free(reference *ref)
{
    free(ref->parameters);
    free(ref->expanded);
    free(ref->offsets);
}

void reference_randomize(ernn_model *model, uint64_t seed, double spread)
{
    ernn_rng rng = ernn_rng_new(seed, 77, 0);
    for (size_t i = 0; i < ernn_model_n_parameters(model); i++)
        ernn_model_parameters(model)[i] = (float)(spread * ernn_rng_normal(&rng));
}

// B[r][c] = w[(r - c) mod k]
static void expand(reference *ref)
{
    for (size_t i = 0; i < ernn_model_n_tensors(ref->model); i++) {
        const ernn_tensor *t = &ernn_model_tensors(ref->model)[i];
        const int k = t->block;
        const int blocks = (t->cols + k - 1) / k;
        for (int r = 0; r < t->rows; r++)
            for (int c = 0; c < t->cols; c++)
                ref->expanded[ref->offsets[i] + (size_t)(r * t->cols + c)] =
                    ref->parameters[t->offset + (size_t)(((r / k) * blocks + c / k) * k +
                                                         ((r - c) % k + k) % k)];
    }
}

static double dot(const double *row, const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += row[i] * x[i];
    return sum;
}

static double sigma(double x)
{
    return 1 / (1 + exp(-x));
}

typedef struct layer_state {
    double y[MAX_WIDTH];
    double c[MAX_WIDTH];
} layer_state;

// A cell and its sizes.
typedef struct cell_of {
    const ernn_layer_spec *spec;
    const reference_layer *parts;
    int n_in;
    int n_states;
} cell_of;

// W_gx x + W_gr y' + b_g, row h of gate g
static double affine(const cell_of *cell, int g, int h, const double *x, const double *y)
{
    const reference_layer *parts = cell->parts;
    return dot(parts->input[g] + h * cell->n_in, x, cell->n_in) +
           dot(parts->recurrent[g] + h * cell->n_states, y, cell->n_states) + parts->bias[g][h];
}

// Gate g of i, f, o.
static double peephole(const reference_layer *layer, int g, int h, double c)
{
    return layer->peephole[g] ? layer->peephole[g][h] * c : 0;
}

static void lstm_step(const cell_of *cell, const double *x, layer_state *s)
{
    const ernn_layer_spec *spec = cell->spec;
    const reference_layer *parts = cell->parts;
    double m[MAX_WIDTH];
    for (int h = 0; h < spec->n_cells; h++) {
        const double before = s->c[h];
        const double i = sigma(affine(cell, 0, h, x, s->y) + peephole(parts, 0, h, before));
        const double f = sigma(affine(cell, 1, h, x, s->y) + peephole(parts, 1, h, before));
        s->c[h] = f * before + i * tanh(affine(cell, 2, h, x, s->y));
        if (spec->cell_clip > 0)
            s->c[h] = fmax(-(double)spec->cell_clip, fmin((double)spec->cell_clip, s->c[h]));
        const double o = sigma(affine(cell, 3, h, x, s->y) + peephole(parts, 2, h, s->c[h]));
        m[h] = o * tanh(s->c[h]);
    }
    if (!spec->n_projected)
        memcpy(s->y, m, (size_t)spec->n_cells * sizeof *m);
    for (int r = 0; r < spec->n_projected; r++)
        s->y[r] = dot(parts->projection + r * spec->n_cells, m, spec->n_cells);
}

static void gru_step(const cell_of *cell, const double *x, layer_state *s)
{
    const reference_layer *parts = cell->parts;
    const int n = cell->spec->n_cells;
    double z[MAX_WIDTH];
    double r[MAX_WIDTH];
    double u[MAX_WIDTH];
    double now[MAX_WIDTH];
    for (int h = 0; h < n; h++) {
        z[h] = sigma(affine(cell, 0, h, x, s->y));
        r[h] = sigma(affine(cell, 1, h, x, s->y));
        u[h] = r[h] * s->y[h];
    }
    for (int h = 0; h < n; h++) {
        const double *recurrent = parts->recurrent[2] + h * n;
        const double inner = cell->spec->is_reset_after
                                 ? r[h] * (dot(recurrent, s->y, n) + parts->candidate_bias[h])
                                 : dot(recurrent, u, n);
        const double candidate =
            tanh(dot(parts->input[2] + h * cell->n_in, x, cell->n_in) + parts->bias[2][h] + inner);
        now[h] = (1 - z[h]) * candidate + z[h] * s->y[h];
    }
    memcpy(s->y, now, (size_t)n * sizeof *now);
}

// x[n] through the dropout before layer `place`, frame t.
static void drop(const ernn_batch *batch, int i, int place, int t, int n, double *x)
{
    if (!batch->seeds || batch->dropout <= 0)
        return;
    float scale[MAX_WIDTH];
    for (int e = 0; e < n; e++)
        scale[e] = 1;
    ernn_dropout_row(batch->seeds[i], place, t, batch->dropout, n, scale, scale);
    for (int e = 0; e < n; e++)
        x[e] *= scale[e];
}

// Frames of an utterance, one after the other.
typedef struct frame {
    double at[MAX_WIDTH];
} frame;

// states[t] = y of the cell at frame t, from the first frame to the last or the other way round.
static void run_cell(const cell_of *cell, bool is_backward, int n_frames, const frame *x,
                     frame *states)
{
    layer_state s = {0};
    for (int step = 0; step < n_frames; step++) {
        const int t = is_backward ? n_frames - 1 - step : step;
        if (cell->spec->cell == ERNN_CELL_LSTM)
            lstm_step(cell, x[t].at, &s);
        else
            gru_step(cell, x[t].at, &s);
        memcpy(states[t].at, s.y, sizeof s.y);
    }
}

// x[t] = the layer's output for its input x[t].
static void run_layer(const reference *ref, int l, int n_frames, frame *x)
{
    const ernn_spec *spec = ernn_model_spec(ref->model);
    const ernn_layer_spec *layer = &spec->layers[l];
    const int n_states = layer->n_projected ? layer->n_projected : layer->n_cells;
    frame *states[2] = {malloc((size_t)n_frames * sizeof(frame)),
                        calloc((size_t)n_frames, sizeof(frame))};
    for (int d = 0; d <= (layer->direction != ERNN_FORWARD); d++) {
        const cell_of cell = {layer, &ref->layers[l][d], ernn_spec_layer_inputs(spec, l), n_states};
        run_cell(&cell, d == 1, n_frames, x, states[d]);
    }
    for (int t = 0; t < n_frames; t++)
        for (int i = 0; i < n_states; i++) {
            x[t].at[i] = states[0][t].at[i];
            if (layer->direction == ERNN_BIDIRECTIONAL)
                x[t].at[n_states + i] = states[1][t].at[i];
            if (layer->direction == ERNN_BIDIRECTIONAL_SUM)
                x[t].at[i] += states[1][t].at[i];
        }
    free(states[0]);
    free(states[1]);
}

void reference_logits(reference *ref, const ernn_batch *batch, int i, double *logits)
{
    const ernn_spec *spec = ernn_model_spec(ref->model);
    const int n_frames = batch->n_frames[i];
    frame *x = calloc((size_t)n_frames, sizeof *x);
    expand(ref);
    for (int t = 0; t < n_frames; t++) {
        float features[MAX_WIDTH];
        memcpy(features, batch->frames[i] + t * spec->n_inputs,
               (size_t)spec->n_inputs * sizeof *features);
        if (batch->seeds && batch->noise > 0)
            ernn_noise_row(batch->seeds[i], t, batch->noise, spec->n_inputs, features, features);
        if (batch->seeds)
            ernn_mask_row(&batch->masks, batch->seeds[i], t, batch->n_frames[i], spec->n_inputs,
                          features);
        for (int e = 0; e < spec->n_inputs; e++)
            x[t].at[e] = features[e];
    }
    for (int l = 0; l < spec->n_layers; l++) {
        run_layer(ref, l, n_frames, x);
        for (int t = 0; t < n_frames; t++)
            drop(batch, i, l + 1, t, ernn_spec_layer_outputs(spec, l), x[t].at);
    }
    const int n = ernn_spec_layer_outputs(spec, spec->n_layers - 1);
    for (int t = 0; t < n_frames; t++)
        for (int c = 0; c < spec->n_labels; c++)
            logits[t * spec->n_labels + c] =
                dot(ref->output + c * n, x[t].at, n) + ref->output_bias[c];
    free(x);
}

// Softmax in place, row by row.
static void softmax(double *x, int rows, int n)
{
    for (int t = 0; t < rows; t++) {
        double sum = 0;
        for (int c = 0; c < n; c++)
            sum += exp(x[t * n + c]);
        for (int c = 0; c < n; c++)
            x[t * n + c] = exp(x[t * n + c]) / sum;
    }
}

// p(labels) by the forward recursion on probabilities p[n_frames][n]; the tests' utterances are
// short enough for doubles. ext[s] = class of state s.
static double ctc_loss(const double *p, int n_frames, int n, const int *labels, int n_labels)
{
    enum { MAX_STATES = 101 };
    const int n_states = 2 * n_labels + 1;
    double alpha[MAX_STATES] = {0};
    for (int t = 0; t < n_frames; t++) {
        for (int s = n_states - 1; s >= 0; s--) {
            const int c = s % 2 ? labels[s / 2] : 0;
            double sum = t ? alpha[s] : s < 2;
            if (t && s > 0)
                sum += alpha[s - 1];
            if (t && s > 2 && c && c != labels[s / 2 - 1])
                sum += alpha[s - 2];
            alpha[s] = sum * p[t * n + c];
        }
    }
    return -log(alpha[n_states - 1] + (n_states > 1 ? alpha[n_states - 2] : 0));
}

// -sum q ln p over the posteriors p[n] and the teacher's q[n].
static double teacher_loss(const double *p, const float *q, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum -= (double)q[i] * log(p[i]);
    return sum;
}

double reference_loss(reference *ref, const ernn_batch *batch)
{
    const int n = ernn_model_spec(ref->model)->n_labels;
    const double share = batch->teachers ? batch->imitation : 0;
    double sum = 0;
    for (int i = 0; i < batch->n; i++) {
        double *p = malloc((size_t)(batch->n_frames[i] * n) * sizeof *p);
        reference_logits(ref, batch, i, p);
        softmax(p, batch->n_frames[i], n);
        if (batch->teachers)
            sum += share * teacher_loss(p, batch->teachers[i], batch->n_frames[i] * n);
        if (batch->target == ERNN_TARGET_CTC)
            sum += (1 - share) *
                   ctc_loss(p, batch->n_frames[i], n, batch->labels[i], batch->n_labels[i]);
        else
            for (int t = 0; t < batch->n_frames[i]; t++)
                sum -= (1 - share) * log(p[t * n + batch->labels[i][t]]);
        free(p);
    }
    return sum;
}

void reference_gradient(reference *ref, const ernn_batch *batch, double *gradient)
{
    const double step = 1e-5;
    for (size_t i = 0; i < ernn_model_n_parameters(ref->model); i++) {
        const double kept = ref->parameters[i];
        ref->parameters[i] = kept + step;
        const double above = reference_loss(ref, batch);
        ref->parameters[i] = kept - step;
        const double below = reference_loss(ref, batch);
        ref->parameters[i] = kept;
        gradient[i] = (above - below) / (2 * step);
    }
}
