// The shape of a network: text form, validation and counts. docs/math.md sections 4 and 5.
//
// Text form: groups joined by '/', each "cell:size,size+option". Layers that share cell and options
// are one group when printed, so that print(parse(text)) is canonical.
// SPDX-License-Identifier: Apache-2.0
#include "ernn/spec.h"

#include "ernn/circ.h"
#include "nn/cursor.h"
#include "nn/structure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const CELL_NAMES[] = {"lstm", "gru"};

enum { DEFAULT_INPUTS = 80, DEFAULT_LABELS = 40 };

static ernn_layer_spec default_layer(ernn_cell cell)
{
    return (ernn_layer_spec){.cell = cell,
                             .n_cells = 64,
                             .is_reset_after = cell == ERNN_CELL_GRU,
                             .block = {1, 1, 1, 1}};
}

ernn_spec ernn_spec_defaults(void)
{
    ernn_spec spec = {
        .n_inputs = DEFAULT_INPUTS, .n_layers = 1, .n_labels = DEFAULT_LABELS, .output_block = 1};
    spec.layers[0] = default_layer(ERNN_CELL_GRU);
    return spec;
}

// ---- Parsing ----

enum { CLIP_DIGITS = 3, CLIP_UNITS = 1000, MAX_CLIP = 1000 };

// What one option says, into `layer`.
static ernn_status read_option(ernn_cursor *c, ernn_layer_spec *layer)
{
    const bool is_lstm = layer->cell == ERNN_CELL_LSTM;
    if (is_lstm && ernn_cursor_take(c, "peephole")) {
        layer->is_peephole = true;
    } else if (is_lstm && ernn_cursor_take(c, "clip")) {
        int clip = 0;
        ernn_status status = ernn_cursor_decimal(c, CLIP_DIGITS, 1, MAX_CLIP * CLIP_UNITS,
                                                 "a clip of the cell state", &clip);
        if (status != ERNN_OK)
            return status;
        layer->cell_clip = (float)clip / CLIP_UNITS;
    } else if (!is_lstm && ernn_cursor_take(c, "reset_before")) {
        layer->is_reset_after = false;
    } else if (ernn_cursor_take(c, "bidirectional_sum")) {
        layer->direction = ERNN_BIDIRECTIONAL_SUM;
    } else if (ernn_cursor_take(c, "bidirectional")) {
        layer->direction = ERNN_BIDIRECTIONAL;
    } else {
        return ernn_cursor_refuse(c, is_lstm ? "'peephole', 'clip', 'bidirectional' or "
                                               "'bidirectional_sum' (the options of lstm)"
                                             : "'reset_before', 'bidirectional' or "
                                               "'bidirectional_sum' (the options of gru)");
    }
    return ERNN_OK;
}

// An option of the n layers of a group.
static ernn_status take_option(ernn_cursor *c, ernn_layer_spec *layers, int n)
{
    ernn_layer_spec with = layers[0];
    const ernn_status status = read_option(c, &with);
    for (int l = 0; l < n; l++) {
        layers[l].is_peephole = with.is_peephole;
        layers[l].is_reset_after = with.is_reset_after;
        layers[l].cell_clip = with.cell_clip;
        layers[l].direction = with.direction;
    }
    return status;
}

// One group "cell:size,size+option", appended to `spec`.
static ernn_status take_group(ernn_cursor *c, ernn_spec *spec)
{
    const int first = spec->n_layers;
    const bool is_lstm = ernn_cursor_take(c, "lstm:");
    if (!is_lstm && !ernn_cursor_take(c, "gru:"))
        return ernn_cursor_refuse(c, "'lstm:' or 'gru:'");
    do {
        if (spec->n_layers == ERNN_MAX_LAYERS)
            return ernn_cursor_refuse(c, "the end (8 layers are the most)");
        ernn_layer_spec *layer = &spec->layers[spec->n_layers++];
        *layer = default_layer(is_lstm ? ERNN_CELL_LSTM : ERNN_CELL_GRU);
        ernn_status status =
            ernn_cursor_number(c, 1, ERNN_MAX_SIZE, "a number of cells", &layer->n_cells);
        if (status == ERNN_OK && is_lstm && ernn_cursor_take(c, "p"))
            status =
                ernn_cursor_number(c, 1, ERNN_MAX_SIZE, "a projection size", &layer->n_projected);
        if (status != ERNN_OK)
            return status;
    } while (ernn_cursor_take(c, ","));
    while (ernn_cursor_take(c, "+")) {
        ernn_status status = take_option(c, spec->layers + first, spec->n_layers - first);
        if (status != ERNN_OK)
            return status;
    }
    return ERNN_OK;
}

// Structures stay; layers that are new take those of the last old one.
static void keep_blocks(ernn_spec *parsed, const ernn_spec *old)
{
    if (old->n_layers < 1 || old->n_layers > ERNN_MAX_LAYERS)
        return;
    for (int l = 0; l < parsed->n_layers; l++) {
        const int from = l < old->n_layers ? l : old->n_layers - 1;
        const ernn_layer_spec *kept = &old->layers[from];
        ernn_layer_spec *layer = &parsed->layers[l];
        for (int m = 0; m < ERNN_MATRIX_CLASSES; m++)
            ernn_spec_set_structure(layer, (ernn_matrix_class)m,
                                    (ernn_structure){kept->block[m], kept->sparse[m]});
        if (layer->cell == kept->cell) // gates of another cell mean something else
            memcpy(layer->own, kept->own, sizeof layer->own);
    }
}

ernn_status ernn_spec_parse(ernn_spec *spec, const char *text, ernn_error *err)
{
    ernn_spec parsed = {
        .n_inputs = spec->n_inputs, .n_labels = spec->n_labels, .output_block = spec->output_block};
    ernn_cursor c = {text, 0, err};
    do {
        ernn_status status = take_group(&c, &parsed);
        if (status != ERNN_OK)
            return status;
    } while (ernn_cursor_take(&c, "/"));
    if (text[c.at])
        return ernn_cursor_refuse(&c,
                                  "',' and a size, '+' and an option, '/' and a cell, or the end");
    keep_blocks(&parsed, spec);
    *spec = parsed;
    return ERNN_OK;
}

// ---- Validation ----

static ernn_status check_range(const char *where, const char *field, int value, int low, int high,
                               ernn_error *err)
{
    if (value >= low && value <= high)
        return ERNN_OK;
    return ernn_error_set(err, ERNN_BAD_ARG, "spec: %s%s: %d, a number from %d to %d is wanted",
                          where, field, value, low, high);
}

static ernn_status validate_clip(const ernn_layer_spec *layer, const char *where, ernn_error *err)
{
    const float clip = layer->cell_clip;
    const bool is_step = (float)lroundf(clip * CLIP_UNITS) / CLIP_UNITS == clip;
    if (clip == 0 || (clip > 0 && clip <= MAX_CLIP && is_step))
        return ERNN_OK;
    return ernn_error_set(err, ERNN_BAD_ARG,
                          "spec: %scell_clip: %g, 0 (none) or 0.001 to %d in steps of 0.001 is "
                          "wanted",
                          where, (double)clip, MAX_CLIP);
}

static ernn_status validate_cell(const ernn_layer_spec *layer, const char *where, ernn_error *err)
{
    if (layer->cell != ERNN_CELL_LSTM && layer->cell != ERNN_CELL_GRU)
        return ernn_error_set(err, ERNN_BAD_ARG, "spec: %scell: %d, 0 (lstm) or 1 (gru) is wanted",
                              where, (int)layer->cell);
    ernn_status status = check_range(where, "direction", (int)layer->direction, ERNN_FORWARD,
                                     ERNN_BIDIRECTIONAL_SUM, err);
    if (status == ERNN_OK)
        status = validate_clip(layer, where, err);
    if (status != ERNN_OK)
        return status;
    if (layer->cell == ERNN_CELL_LSTM)
        return check_range(where, "n_projected", layer->n_projected, 0, ERNN_MAX_SIZE, err);
    if (layer->cell_clip != 0)
        return ernn_error_set(err, ERNN_BAD_ARG, "spec: %scell_clip: %g, a gru has no cell to clip",
                              where, (double)layer->cell_clip);
    if (layer->n_projected != 0)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "spec: %sn_projected: %d, a gru has no projection (0)", where,
                              layer->n_projected);
    if (layer->is_peephole)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "spec: %sis_peephole: true, a gru has no peepholes", where);
    return ERNN_OK;
}

static ernn_status validate_layer(const ernn_layer_spec *layer, int index, ernn_error *err)
{
    char where[24];
    snprintf(where, sizeof where, "layer%d.", index);
    ernn_status status = check_range(where, "n_cells", layer->n_cells, 1, ERNN_MAX_SIZE, err);
    if (status == ERNN_OK)
        status = validate_cell(layer, where, err);
    if (status == ERNN_OK)
        status = ernn_structure_validate(layer, index, err);
    return status;
}

ernn_status ernn_spec_validate(const ernn_spec *spec, ernn_error *err)
{
    ernn_status status = check_range("", "n_inputs", spec->n_inputs, 1, ERNN_MAX_SIZE, err);
    if (status == ERNN_OK)
        status = check_range("", "n_labels", spec->n_labels, 2, ERNN_MAX_SIZE, err);
    if (status == ERNN_OK)
        status = check_range("", "n_layers", spec->n_layers, 1, ERNN_MAX_LAYERS, err);
    for (int l = 0; status == ERNN_OK && l < spec->n_layers; l++)
        status = validate_layer(&spec->layers[l], l, err);
    return status == ERNN_OK ? ernn_structure_validate_output(spec, err) : status;
}

// ---- Printing ----

static bool is_same_group(const ernn_layer_spec *a, const ernn_layer_spec *b)
{
    return a->cell == b->cell && a->is_peephole == b->is_peephole && a->direction == b->direction &&
           a->cell_clip == b->cell_clip &&
           (a->cell == ERNN_CELL_LSTM || a->is_reset_after == b->is_reset_after);
}

static void append(char *text, size_t size, const char *more)
{
    const size_t used = strlen(text);
    if (used + 1 < size)
        snprintf(text + used, size - used, "%s", more);
}

static void print_options(const ernn_layer_spec *layer, char *text, size_t size)
{
    const bool is_lstm = layer->cell == ERNN_CELL_LSTM;
    if (is_lstm && layer->is_peephole)
        append(text, size, "+peephole");
    if (!is_lstm && !layer->is_reset_after)
        append(text, size, "+reset_before");
    if (layer->cell_clip != 0) {
        char clip[16];
        ernn_decimal_print((int)lroundf(layer->cell_clip * CLIP_UNITS), CLIP_DIGITS, clip);
        append(text, size, "+clip");
        append(text, size, clip);
    }
    if (layer->direction == ERNN_BIDIRECTIONAL)
        append(text, size, "+bidirectional");
    if (layer->direction == ERNN_BIDIRECTIONAL_SUM)
        append(text, size, "+bidirectional_sum");
}

void ernn_spec_print(const ernn_spec *spec, char *text, size_t size)
{
    if (!size)
        return;
    text[0] = 0;
    for (int l = 0; l < spec->n_layers && l < ERNN_MAX_LAYERS; l++) {
        const ernn_layer_spec *layer = &spec->layers[l];
        const bool is_first = l == 0 || !is_same_group(layer - 1, layer);
        const bool is_last = l + 1 == spec->n_layers || !is_same_group(layer, layer + 1);
        char part[40];
        if (is_first) {
            append(text, size, l == 0 ? "" : "/");
            append(text, size, CELL_NAMES[layer->cell == ERNN_CELL_GRU]);
        }
        snprintf(part, sizeof part, "%s%d", is_first ? ":" : ",", layer->n_cells);
        append(text, size, part);
        if (layer->n_projected) {
            snprintf(part, sizeof part, "p%d", layer->n_projected);
            append(text, size, part);
        }
        if (is_last)
            print_options(layer, text, size);
    }
}

// ---- Counts ----

int ernn_spec_gates(ernn_cell cell)
{
    return cell == ERNN_CELL_LSTM ? 4 : 3;
}

int ernn_spec_directions(const ernn_layer_spec *layer)
{
    return layer->direction == ERNN_FORWARD ? 1 : 2;
}

int ernn_spec_layer_states(const ernn_spec *spec, int layer)
{
    const ernn_layer_spec *l = &spec->layers[layer];
    return l->n_projected ? l->n_projected : l->n_cells;
}

int ernn_spec_layer_outputs(const ernn_spec *spec, int layer)
{
    const bool is_wide = spec->layers[layer].direction == ERNN_BIDIRECTIONAL;
    return (is_wide ? 2 : 1) * ernn_spec_layer_states(spec, layer);
}

int ernn_spec_layer_inputs(const ernn_spec *spec, int layer)
{
    return layer == 0 ? spec->n_inputs : ernn_spec_layer_outputs(spec, layer - 1);
}

// What one matrix of this structure adds to a count.
typedef size_t (*matrix_fn)(ernn_structure structure, int rows, int cols);

static size_t matrix_numbers(ernn_structure structure, int rows, int cols)
{
    return structure.sparse.n_pes ? ernn_sparse_count(rows, cols, structure.sparse)
                                  : ernn_circ_count(rows, cols, structure.block);
}

static size_t matrix_padding(ernn_structure structure, int rows, int cols)
{
    const size_t k = (size_t)structure.block;
    return ernn_circ_count(rows, cols, structure.block) - ((size_t)rows * (size_t)cols + k - 1) / k;
}

static size_t sum_output(const ernn_spec *spec, matrix_fn of)
{
    return of((ernn_structure){.block = spec->output_block}, spec->n_labels,
              ernn_spec_layer_outputs(spec, spec->n_layers - 1));
}

// The matrices of one class of a layer, all gates and directions (math.md eq. 24).
static size_t sum_class(const ernn_spec *spec, int index, ernn_matrix_class matrix, matrix_fn of)
{
    if (matrix == ERNN_MATRIX_OUTPUT)
        return sum_output(spec, of);
    const ernn_layer_spec *layer = &spec->layers[index];
    const int states = ernn_spec_layer_states(spec, index);
    const bool is_projection = matrix == ERNN_MATRIX_PROJECTION;
    if (is_projection && !layer->n_projected)
        return 0;
    const int rows = is_projection ? states : layer->n_cells;
    int cols = is_projection ? layer->n_cells : states;
    if (matrix == ERNN_MATRIX_INPUT)
        cols = ernn_spec_layer_inputs(spec, index);
    size_t n = 0;
    for (int g = 0; g < (is_projection ? 1 : ernn_spec_gates(layer->cell)); g++)
        n += of(ernn_spec_structure(layer, matrix, g), rows, cols);
    return (size_t)ernn_spec_directions(layer) * n;
}

static size_t sum_matrices(const ernn_spec *spec, matrix_fn of)
{
    size_t n = 0;
    for (int l = 0; l < spec->n_layers; l++)
        for (int m = 0; m < ERNN_MATRIX_OUTPUT; m++)
            n += sum_class(spec, l, (ernn_matrix_class)m, of);
    return n;
}

size_t ernn_spec_matrix_parameters(const ernn_spec *spec)
{
    return sum_matrices(spec, matrix_numbers);
}

size_t ernn_spec_padding(const ernn_spec *spec)
{
    return sum_matrices(spec, matrix_padding);
}

size_t ernn_spec_class_padding(const ernn_spec *spec, int layer, ernn_matrix_class matrix)
{
    return sum_class(spec, layer, matrix, matrix_padding);
}

// Vectors of n_cells: biases of the gates, b_hr, three peepholes. (math.md eq. 25)
static size_t layer_vectors(const ernn_layer_spec *layer)
{
    if (layer->cell == ERNN_CELL_LSTM)
        return layer->is_peephole ? 7 : 4;
    return layer->is_reset_after ? 4 : 3;
}

size_t ernn_spec_parameters(const ernn_spec *spec)
{
    size_t n = ernn_spec_matrix_parameters(spec) + sum_output(spec, matrix_numbers) +
               (size_t)spec->n_labels;
    for (int l = 0; l < spec->n_layers; l++)
        n += (size_t)ernn_spec_directions(&spec->layers[l]) * layer_vectors(&spec->layers[l]) *
             (size_t)spec->layers[l].n_cells;
    return n;
}
