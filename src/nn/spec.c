// The shape of a network: text form, validation and counts. docs/math.md sections 4 and 5.
//
// Text form: groups joined by '/', each "cell:size,size+option". Layers that share cell and options
// are one group when printed, so that print(parse(text)) is canonical.
// SPDX-License-Identifier: Apache-2.0
#include "ernn/spec.h"

#include "base/error.h"
#include "ernn/circ.h"

#include <stdio.h>
#include <string.h>

static const char *const CELL_NAMES[] = {"lstm", "gru"};
static const char *const CLASS_NAMES[] = {"input", "recurrent", "projection"};

enum { N_CELLS = 2, N_BLOCK_CLASSES = 3, DEFAULT_INPUTS = 80, DEFAULT_LABELS = 40 };

static ernn_layer_spec default_layer(ernn_cell cell)
{
    return (ernn_layer_spec){.cell = cell,
                             .n_cells = 64,
                             .is_reset_after = cell == ERNN_CELL_GRU,
                             .block = {1, 1, 1, 1}};
}

ernn_spec ernn_spec_defaults(void)
{
    ernn_spec spec = {.n_inputs = DEFAULT_INPUTS, .n_layers = 1, .n_labels = DEFAULT_LABELS};
    spec.layers[0] = default_layer(ERNN_CELL_GRU);
    return spec;
}

// ---- Parsing ----

// A text and the place that is read next.
typedef struct cursor {
    const char *text;
    size_t at;
    ernn_error *err;
} cursor;

static ernn_status refuse(const cursor *c, const char *wanted)
{
    const char *rest = c->text + c->at;
    if (!*rest)
        return ernn_error_set(c->err, ERNN_BAD_ARG, "'%.100s': ends where %s is wanted", c->text,
                              wanted);
    return ernn_error_set(c->err, ERNN_BAD_ARG, "'%.100s': '%.30s' at character %zu, %s is wanted",
                          c->text, rest, c->at + 1, wanted);
}

static bool take(cursor *c, const char *word)
{
    const size_t n = strlen(word);
    if (strncmp(c->text + c->at, word, n) != 0)
        return false;
    c->at += n;
    return true;
}

// A whole number from 1 to `high`, without sign or leading zero.
static ernn_status take_number(cursor *c, int high, const char *what, int *number)
{
    char wanted[80];
    snprintf(wanted, sizeof wanted, "%s from 1 to %d", what, high);
    const cursor start = *c;
    int value = 0;
    while (c->text[c->at] >= '0' && c->text[c->at] <= '9' && value <= high)
        value = 10 * value + (c->text[c->at++] - '0');
    if (c->text[start.at] == '0' || value < 1 || value > high)
        return refuse(&start, wanted);
    *number = value;
    return ERNN_OK;
}

static ernn_status take_option(cursor *c, ernn_layer_spec *layers, int n)
{
    const bool is_lstm = layers[0].cell == ERNN_CELL_LSTM;
    if (is_lstm && take(c, "peephole")) {
        for (int l = 0; l < n; l++)
            layers[l].is_peephole = true;
        return ERNN_OK;
    }
    if (!is_lstm && take(c, "reset_before")) {
        for (int l = 0; l < n; l++)
            layers[l].is_reset_after = false;
        return ERNN_OK;
    }
    return refuse(c, is_lstm ? "'peephole' (the option of lstm)"
                             : "'reset_before' (the option of gru)");
}

// One group "cell:size,size+option", appended to `spec`.
static ernn_status take_group(cursor *c, ernn_spec *spec)
{
    const int first = spec->n_layers;
    const bool is_lstm = take(c, "lstm:");
    if (!is_lstm && !take(c, "gru:"))
        return refuse(c, "'lstm:' or 'gru:'");
    do {
        if (spec->n_layers == ERNN_MAX_LAYERS)
            return refuse(c, "the end (8 layers are the most)");
        ernn_layer_spec *layer = &spec->layers[spec->n_layers++];
        *layer = default_layer(is_lstm ? ERNN_CELL_LSTM : ERNN_CELL_GRU);
        ernn_status status = take_number(c, ERNN_MAX_SIZE, "a number of cells", &layer->n_cells);
        if (status == ERNN_OK && is_lstm && take(c, "p"))
            status = take_number(c, ERNN_MAX_SIZE, "a projection size", &layer->n_projected);
        if (status != ERNN_OK)
            return status;
    } while (take(c, ","));
    while (take(c, "+")) {
        ernn_status status = take_option(c, spec->layers + first, spec->n_layers - first);
        if (status != ERNN_OK)
            return status;
    }
    return ERNN_OK;
}

// Block sizes stay; layers that are new take those of the last old one.
static void keep_blocks(ernn_spec *parsed, const ernn_spec *old)
{
    if (old->n_layers < 1 || old->n_layers > ERNN_MAX_LAYERS)
        return;
    for (int l = 0; l < parsed->n_layers; l++) {
        const int from = l < old->n_layers ? l : old->n_layers - 1;
        memcpy(parsed->layers[l].block, old->layers[from].block, sizeof parsed->layers[l].block);
    }
}

ernn_status ernn_spec_parse(ernn_spec *spec, const char *text, ernn_error *err)
{
    ernn_spec parsed = {.n_inputs = spec->n_inputs, .n_labels = spec->n_labels};
    cursor c = {text, 0, err};
    do {
        ernn_status status = take_group(&c, &parsed);
        if (status != ERNN_OK)
            return status;
    } while (take(&c, "/"));
    if (text[c.at])
        return refuse(&c, "',' and a size, '+' and an option, '/' and a cell, or the end");
    keep_blocks(&parsed, spec);
    *spec = parsed;
    return ERNN_OK;
}

static bool is_block_size(int k)
{
    return k >= 1 && k <= ERNN_MAX_BLOCK && (k & (k - 1)) == 0;
}

static ernn_status take_block(cursor *c, int *block)
{
    const cursor start = *c;
    ernn_status status = take_number(c, ERNN_MAX_BLOCK, "a block size", block);
    if (status == ERNN_OK && !is_block_size(*block))
        return refuse(&start, "a power of two from 1 to 64");
    return status;
}

static ernn_status take_class(cursor *c, int *blocks)
{
    for (int m = 0; m < N_BLOCK_CLASSES; m++) {
        const cursor start = *c;
        if (!take(c, CLASS_NAMES[m]) || !take(c, "=")) {
            *c = start;
            continue;
        }
        if (blocks[m])
            return refuse(&start, "a matrix class not named before");
        return take_block(c, &blocks[m]);
    }
    return refuse(c, "'input=', 'recurrent=' or 'projection='");
}

ernn_status ernn_spec_parse_blocks(ernn_spec *spec, const char *text, ernn_error *err)
{
    int blocks[N_BLOCK_CLASSES] = {0}; // 0: not named
    cursor c = {text, 0, err};
    ernn_status status = ERNN_OK;
    if (text[0] >= '0' && text[0] <= '9') {
        status = take_block(&c, &blocks[0]);
        blocks[1] = blocks[2] = blocks[0];
    } else {
        do
            status = take_class(&c, blocks);
        while (status == ERNN_OK && take(&c, ","));
    }
    if (status == ERNN_OK && text[c.at])
        status = refuse(&c, "',' and a matrix class, or the end");
    if (status != ERNN_OK)
        return status;
    for (int l = 0; l < spec->n_layers; l++)
        for (int m = 0; m < N_BLOCK_CLASSES; m++)
            if (blocks[m])
                spec->layers[l].block[m] = blocks[m];
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

static ernn_status validate_cell(const ernn_layer_spec *layer, const char *where, ernn_error *err)
{
    if (layer->cell != ERNN_CELL_LSTM && layer->cell != ERNN_CELL_GRU)
        return ernn_error_set(err, ERNN_BAD_ARG, "spec: %scell: %d, 0 (lstm) or 1 (gru) is wanted",
                              where, (int)layer->cell);
    if (layer->cell == ERNN_CELL_LSTM)
        return check_range(where, "n_projected", layer->n_projected, 0, ERNN_MAX_SIZE, err);
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
    for (int m = 0; status == ERNN_OK && m < N_BLOCK_CLASSES; m++)
        if (!is_block_size(layer->block[m]))
            status = ernn_error_set(
                err, ERNN_BAD_ARG,
                "spec: %sblock.%s: %d, a power of two from 1 (dense) to %d is wanted", where,
                CLASS_NAMES[m], layer->block[m], ERNN_MAX_BLOCK);
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
    return status;
}

// ---- Printing ----

static bool is_same_group(const ernn_layer_spec *a, const ernn_layer_spec *b)
{
    return a->cell == b->cell && a->is_peephole == b->is_peephole &&
           (a->cell == ERNN_CELL_LSTM || a->is_reset_after == b->is_reset_after);
}

static void append(char *text, size_t size, const char *more)
{
    const size_t used = strlen(text);
    if (used + 1 < size)
        snprintf(text + used, size - used, "%s", more);
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
        if (is_last && layer->cell == ERNN_CELL_LSTM && layer->is_peephole)
            append(text, size, "+peephole");
        if (is_last && layer->cell == ERNN_CELL_GRU && !layer->is_reset_after)
            append(text, size, "+reset_before");
    }
}

// ---- Counts ----

int ernn_spec_gates(ernn_cell cell)
{
    return cell == ERNN_CELL_LSTM ? 4 : 3;
}

int ernn_spec_layer_outputs(const ernn_spec *spec, int layer)
{
    const ernn_layer_spec *l = &spec->layers[layer];
    return l->n_projected ? l->n_projected : l->n_cells;
}

int ernn_spec_layer_inputs(const ernn_spec *spec, int layer)
{
    return layer == 0 ? spec->n_inputs : ernn_spec_layer_outputs(spec, layer - 1);
}

// sum over gates of W_gx and W_gr, and W_ym, padding included (math.md eq. 24)
static size_t layer_matrix_parameters(const ernn_spec *spec, int index)
{
    const ernn_layer_spec *layer = &spec->layers[index];
    const int inputs = ernn_spec_layer_inputs(spec, index);
    const int outputs = ernn_spec_layer_outputs(spec, index);
    const size_t gate =
        ernn_circ_count(layer->n_cells, inputs, layer->block[ERNN_MATRIX_INPUT]) +
        ernn_circ_count(layer->n_cells, outputs, layer->block[ERNN_MATRIX_RECURRENT]);
    size_t n = (size_t)ernn_spec_gates(layer->cell) * gate;
    if (layer->n_projected)
        n += ernn_circ_count(outputs, layer->n_cells, layer->block[ERNN_MATRIX_PROJECTION]);
    return n;
}

size_t ernn_spec_matrix_parameters(const ernn_spec *spec)
{
    size_t n = 0;
    for (int l = 0; l < spec->n_layers; l++)
        n += layer_matrix_parameters(spec, l);
    return n;
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
    const int last = ernn_spec_layer_outputs(spec, spec->n_layers - 1);
    size_t n = ernn_spec_matrix_parameters(spec) + (size_t)spec->n_labels * ((size_t)last + 1);
    for (int l = 0; l < spec->n_layers; l++)
        n += layer_vectors(&spec->layers[l]) * (size_t)spec->layers[l].n_cells;
    return n;
}

void ernn_spec_print_blocks(const ernn_spec *spec, char *text, size_t size)
{
    const ernn_layer_spec *layer = &spec->layers[0];
    const int n = snprintf(text, size, "input=%d,recurrent=%d", layer->block[ERNN_MATRIX_INPUT],
                           layer->block[ERNN_MATRIX_RECURRENT]);
    if (layer->n_projected > 0 && n > 0 && (size_t)n < size)
        snprintf(text + n, size - (size_t)n, ",projection=%d",
                 layer->block[ERNN_MATRIX_PROJECTION]);
}
