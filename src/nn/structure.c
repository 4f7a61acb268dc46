// Structures of a network's matrices: text form, validation, what a layer's gates have.
//
// Text form: items "place=structure" joined by ',', from the general to the special; a place is a
// class, a layer's class or a layer's matrix; a structure alone may stand first. math.md section 1
// says what a structure is.
// SPDX-License-Identifier: Apache-2.0
#include "nn/structure.h"

#include "nn/cursor.h"

#include <stdio.h>
#include <string.h>

static const char *const CLASS_NAMES[] = {"input", "recurrent", "projection", "output"};

// Classes that a layer has.
enum { N_CLASSES = ERNN_MATRIX_OUTPUT, DENSITY_DIGITS = 4 };
// Classes with a matrix for each gate: those before the projection.
static const ernn_matrix_class N_GATED = ERNN_MATRIX_PROJECTION;

const char *ernn_gate_letters(ernn_cell cell)
{
    return cell == ERNN_CELL_LSTM ? "ifco" : "zrh";
}

// ---- Access ----

static bool is_same(ernn_structure a, ernn_structure b)
{
    return a.block == b.block && a.sparse.n_pes == b.sparse.n_pes &&
           (!a.sparse.n_pes || a.sparse.density == b.sparse.density);
}

static ernn_structure of_class(const ernn_layer_spec *layer, ernn_matrix_class matrix)
{
    return (ernn_structure){layer->block[matrix], layer->sparse[matrix]};
}

ernn_structure ernn_spec_structure(const ernn_layer_spec *layer, ernn_matrix_class matrix, int gate)
{
    if (matrix < N_GATED && layer->own[matrix][gate].block)
        return layer->own[matrix][gate];
    return of_class(layer, matrix);
}

void ernn_spec_set_structure(ernn_layer_spec *layer, ernn_matrix_class matrix,
                             ernn_structure structure)
{
    layer->block[matrix] = structure.block;
    layer->sparse[matrix] = structure.sparse;
    if (matrix < N_GATED)
        memset(layer->own[matrix], 0, sizeof layer->own[matrix]);
}

static bool is_uniform(const ernn_layer_spec *layer, ernn_matrix_class matrix)
{
    for (int g = 1; matrix < N_GATED && g < ernn_spec_gates(layer->cell); g++)
        if (!is_same(ernn_spec_structure(layer, matrix, g), ernn_spec_structure(layer, matrix, 0)))
            return false;
    return true;
}

// One way to write equal structures: a gate that is as its class has none of its own, and when none
// is as its class, the class is as the first gate.
static void settle(ernn_layer_spec *layer, ernn_matrix_class matrix)
{
    const int n = ernn_spec_gates(layer->cell);
    bool is_used = false;
    for (int g = 0; g < n; g++)
        is_used =
            is_used || is_same(ernn_spec_structure(layer, matrix, g), of_class(layer, matrix));
    if (!is_used) {
        layer->block[matrix] = layer->own[matrix][0].block;
        layer->sparse[matrix] = layer->own[matrix][0].sparse;
    }
    for (int g = 0; g < ERNN_MAX_GATES; g++)
        if (g >= n || is_same(layer->own[matrix][g], of_class(layer, matrix)))
            layer->own[matrix][g] = (ernn_structure){0};
}

ernn_spec ernn_spec_dense(const ernn_spec *spec)
{
    ernn_spec dense = *spec;
    dense.output_block = 1;
    for (int l = 0; l < dense.n_layers; l++)
        for (int m = 0; m < ERNN_MATRIX_CLASSES; m++)
            ernn_spec_set_structure(&dense.layers[l], (ernn_matrix_class)m,
                                    (ernn_structure){.block = 1});
    return dense;
}

typedef struct survey {
    int largest_block;
    bool has_sparse;
} survey;

static survey survey_of(const ernn_spec *spec)
{
    survey all = {.largest_block = spec->output_block};
    for (int l = 0; l < spec->n_layers; l++)
        for (int m = 0; m < N_CLASSES; m++)
            for (int g = 0; g < ernn_spec_gates(spec->layers[l].cell); g++) {
                const ernn_structure s =
                    ernn_spec_structure(&spec->layers[l], (ernn_matrix_class)m, g);
                all.largest_block = s.block > all.largest_block ? s.block : all.largest_block;
                all.has_sparse = all.has_sparse || s.sparse.n_pes;
            }
    return all;
}

int ernn_spec_largest_block(const ernn_spec *spec)
{
    return survey_of(spec).largest_block;
}

bool ernn_spec_has_sparse(const ernn_spec *spec)
{
    return survey_of(spec).has_sparse;
}

bool ernn_spec_is_dense(const ernn_spec *spec)
{
    const survey all = survey_of(spec);
    return all.largest_block == 1 && !all.has_sparse;
}

ernn_status ernn_spec_check_streaming(const ernn_spec *spec, const char *what, ernn_error *err)
{
    for (int l = 0; l < spec->n_layers; l++)
        if (spec->layers[l].direction != ERNN_FORWARD)
            return ernn_error_set(err, ERNN_BAD_ARG,
                                  "%s: layer %d is bidirectional: it needs whole utterances and "
                                  "cannot take one frame at a time",
                                  what, l);
    return ERNN_OK;
}

ernn_status ernn_spec_check_deployable(const ernn_spec *spec, const char *what, ernn_error *err)
{
    const ernn_status status = ernn_spec_check_streaming(spec, what, err);
    if (status != ERNN_OK)
        return status;
    for (int l = 0; l < spec->n_layers; l++) {
        const ernn_layer_spec *layer = &spec->layers[l];
        if (layer->cell_clip != 0)
            return ernn_error_set(err, ERNN_BAD_ARG,
                                  "%s: layer %d clips its cell at %g, which only the float network "
                                  "does; train without clip",
                                  what, l, (double)layer->cell_clip);
        for (int m = 0; m < (int)N_GATED; m++)
            if (!is_uniform(layer, (ernn_matrix_class)m))
                return ernn_error_set(err, ERNN_BAD_ARG,
                                      "%s: layer%d.%s: its gates differ in structure, one for all "
                                      "gates of a layer's class is wanted",
                                      what, l, CLASS_NAMES[m]);
    }
    return ERNN_OK;
}

// ---- Parsing ----

static bool is_block_size(int k)
{
    return k >= 1 && k <= ERNN_MAX_BLOCK && (k & (k - 1)) == 0;
}

static ernn_status take_structure(ernn_cursor *c, ernn_structure *structure)
{
    const ernn_cursor start = *c;
    *structure = (ernn_structure){.block = 1};
    if (!ernn_cursor_take(c, "sparse:")) {
        ernn_status status =
            ernn_cursor_number(c, 1, ERNN_MAX_BLOCK, "a block size", &structure->block);
        if (status == ERNN_OK && !is_block_size(structure->block))
            return ernn_cursor_refuse(&start, "a power of two from 1 to 64");
        return status;
    }
    ernn_status status = ernn_cursor_number(c, 1, ERNN_MAX_PES, "a number of processing elements",
                                            &structure->sparse.n_pes);
    if (status == ERNN_OK && !ernn_cursor_take(c, ":"))
        return ernn_cursor_refuse(c, "':' and a density");
    if (status == ERNN_OK)
        status = ernn_cursor_decimal(c, DENSITY_DIGITS, ERNN_MIN_DENSITY, ERNN_FULL_DENSITY,
                                     "a density", &structure->sparse.density);
    return status;
}

// The matrices that an item speaks of; -1: all layers, all gates. The output class has neither.
typedef struct item {
    int layer;
    int matrix;
    int gate;
} item;

// "W_ir" of layer `at->layer`, or "W_ym", which is the projection.
static bool take_matrix(ernn_cursor *c, const ernn_layer_spec *layer, item *at)
{
    static const char SOURCES[] = "xr";
    const char *letters = ernn_gate_letters(layer->cell);
    for (int m = 0; m < (int)N_GATED; m++)
        for (int g = 0; letters[g]; g++) {
            const char name[] = {'W', '_', letters[g], SOURCES[m], '=', 0};
            if (!ernn_cursor_take(c, name))
                continue;
            at->matrix = m;
            at->gate = g;
            return true;
        }
    at->matrix = ERNN_MATRIX_PROJECTION;
    return layer->cell == ERNN_CELL_LSTM && ernn_cursor_take(c, "W_ym=");
}

// One of the first `n` classes.
static bool take_class(ernn_cursor *c, int n, item *at)
{
    for (int m = 0; m < n; m++) {
        const ernn_cursor start = *c;
        at->matrix = m;
        if (ernn_cursor_take(c, CLASS_NAMES[m]) && ernn_cursor_take(c, "="))
            return true;
        *c = start;
    }
    return false;
}

static ernn_status take_place(ernn_cursor *c, const ernn_spec *spec, item *at)
{
    *at = (item){-1, -1, -1};
    if (!ernn_cursor_take(c, "layer")) {
        if (take_class(c, ERNN_MATRIX_CLASSES, at))
            return ERNN_OK;
        return ernn_cursor_refuse(c,
                                  "'input=', 'recurrent=', 'projection=', 'output=' or 'layer0.'");
    }
    ernn_status status =
        ernn_cursor_number(c, 0, spec->n_layers - 1, "a layer of the network", &at->layer);
    if (status == ERNN_OK && !ernn_cursor_take(c, "."))
        return ernn_cursor_refuse(c, "'.' and a class or a matrix");
    if (status != ERNN_OK || take_class(c, N_CLASSES, at) ||
        take_matrix(c, &spec->layers[at->layer], at))
        return status;
    return ernn_cursor_refuse(c, spec->layers[at->layer].cell == ERNN_CELL_LSTM
                                     ? "a class or a matrix of an lstm, as 'input=' or 'W_ix='"
                                     : "a class or a matrix of a gru, as 'input=' or 'W_zx='");
}

static void apply(ernn_spec *spec, const item *at, ernn_structure structure)
{
    const int first = at->layer < 0 ? 0 : at->layer;
    const int end = at->layer < 0 ? spec->n_layers : at->layer + 1;
    if (at->matrix == ERNN_MATRIX_OUTPUT) {
        spec->output_block = structure.block;
        return;
    }
    for (int l = first; l < end; l++)
        if (at->gate < 0)
            ernn_spec_set_structure(&spec->layers[l], (ernn_matrix_class)at->matrix, structure);
        else
            spec->layers[l].own[at->matrix][at->gate] = structure;
}

// Places that were named: [layer, 0 = all][class][gate, 0 = all].
typedef bool named[ERNN_MAX_LAYERS + 1][ERNN_MATRIX_CLASSES][ERNN_MAX_GATES + 1];

static ernn_status take_item(ernn_cursor *c, ernn_spec *spec, named *seen)
{
    const ernn_cursor start = *c;
    item at;
    ernn_structure structure;
    ernn_status status = take_place(c, spec, &at);
    if (status != ERNN_OK)
        return status;
    bool *is_seen = &(*seen)[at.layer + 1][at.matrix][at.gate + 1];
    if (*is_seen)
        return ernn_cursor_refuse(&start, "a matrix class not named before");
    *is_seen = true;
    const ernn_cursor place_end = *c;
    status = take_structure(c, &structure);
    if (status == ERNN_OK && at.matrix == ERNN_MATRIX_OUTPUT && structure.sparse.n_pes)
        return ernn_cursor_refuse(&place_end, "a block size (the output layer is never sparse)");
    if (status == ERNN_OK)
        apply(spec, &at, structure);
    return status;
}

// One structure for the matrices of all layers.
static ernn_status take_all(ernn_cursor *c, ernn_spec *spec)
{
    ernn_structure structure;
    const ernn_status status = take_structure(c, &structure);
    for (int m = 0; status == ERNN_OK && m < N_CLASSES; m++)
        apply(spec, &(item){-1, m, -1}, structure);
    return status;
}

ernn_status ernn_spec_parse_blocks(ernn_spec *spec, const char *text, ernn_error *err)
{
    ernn_cursor c = {text, 0, err};
    ernn_spec parsed = *spec;
    ernn_status status = ERNN_OK;
    named seen = {0};
    const bool has_all = (text[0] >= '0' && text[0] <= '9') || strncmp(text, "sparse:", 7) == 0;
    if (has_all)
        status = take_all(&c, &parsed);
    bool has_item = !has_all || (status == ERNN_OK && ernn_cursor_take(&c, ","));
    while (has_item) {
        status = take_item(&c, &parsed, &seen);
        has_item = status == ERNN_OK && ernn_cursor_take(&c, ",");
    }
    if (status == ERNN_OK && text[c.at])
        status = ernn_cursor_refuse(&c, "',' and a matrix class, or the end");
    if (status != ERNN_OK)
        return status;
    for (int l = 0; l < parsed.n_layers; l++)
        for (int m = 0; m < (int)N_GATED; m++)
            settle(&parsed.layers[l], (ernn_matrix_class)m);
    *spec = parsed;
    return ERNN_OK;
}

// ---- Validation ----

static ernn_status validate_structure(ernn_structure s, int rows, const char *where,
                                      ernn_error *err)
{
    if (!is_block_size(s.block))
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "spec: %s: %d, a power of two from 1 (dense) to %d is wanted", where,
                              s.block, ERNN_MAX_BLOCK);
    if (!s.sparse.n_pes)
        return ERNN_OK;
    if (s.block != 1)
        return ernn_error_set(err, ERNN_BAD_ARG, "spec: %s: %d in a sparse matrix, 1 is wanted",
                              where, s.block);
    const int most = rows < ERNN_MAX_PES ? rows : ERNN_MAX_PES;
    if (s.sparse.n_pes < 1 || s.sparse.n_pes > most)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "spec: %s: sparse over %d processing elements, 1 to %d are wanted "
                              "(the matrix has %d rows)",
                              where, s.sparse.n_pes, most, rows);
    if (s.sparse.density < ERNN_MIN_DENSITY || s.sparse.density > ERNN_FULL_DENSITY)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "spec: %s: a density of %d / 10000, %d to %d are wanted", where,
                              s.sparse.density, ERNN_MIN_DENSITY, ERNN_FULL_DENSITY);
    return ERNN_OK;
}

ernn_status ernn_structure_validate(const ernn_layer_spec *layer, int index, ernn_error *err)
{
    ernn_status status = ERNN_OK;
    for (int m = 0; status == ERNN_OK && m < N_CLASSES; m++) {
        char where[48];
        snprintf(where, sizeof where, "layer%d.block.%s", index, CLASS_NAMES[m]);
        const bool is_projection = m == ERNN_MATRIX_PROJECTION;
        ernn_structure structure = of_class(layer, (ernn_matrix_class)m);
        if (is_projection && !layer->n_projected) // no such matrix: nothing to be sparse
            structure.sparse.n_pes = 0;
        status = validate_structure(structure, is_projection ? layer->n_projected : layer->n_cells,
                                    where, err);
        for (int g = 0; status == ERNN_OK && !is_projection && g < ERNN_MAX_GATES; g++)
            if (layer->own[m][g].block)
                status = validate_structure(layer->own[m][g], layer->n_cells, where, err);
    }
    return status;
}

ernn_status ernn_structure_validate_output(const ernn_spec *spec, ernn_error *err)
{
    return validate_structure((ernn_structure){.block = spec->output_block}, spec->n_labels,
                              "output_block", err);
}

// ---- Printing ----

void ernn_spec_print_structure(ernn_structure structure, char *text, size_t size)
{
    char density[16];
    if (!structure.sparse.n_pes) {
        snprintf(text, size, "%d", structure.block);
        return;
    }
    ernn_decimal_print(structure.sparse.density, DENSITY_DIGITS, density);
    snprintf(text, size, "sparse:%d:%s", structure.sparse.n_pes, density);
}

// Text that grows and is cut at its size.
typedef struct sink {
    char *text;
    size_t size;
    size_t used;
} sink;

static void append(sink *out, const char *more)
{
    if (out->used + 1 >= out->size)
        return;
    snprintf(out->text + out->used, out->size - out->used, "%s", more);
    out->used += strlen(out->text + out->used);
}

// "layer1.W_ir=4", layer -1 and gate -1 as in an item.
static void print_item(sink *out, const ernn_spec *spec, item at, ernn_structure structure)
{
    char text[40];
    append(out, out->used ? "," : "");
    if (at.layer >= 0) {
        snprintf(text, sizeof text, "layer%d.", at.layer);
        append(out, text);
    }
    if (at.gate >= 0) {
        const char letter = ernn_gate_letters(spec->layers[at.layer].cell)[at.gate];
        append(out, (const char[]){'W', '_', letter, "xr"[at.matrix], 0});
    } else {
        append(out, CLASS_NAMES[at.matrix]);
    }
    ernn_spec_print_structure(structure, text, sizeof text);
    append(out, "=");
    append(out, text);
}

// The layer whose structure of a class stands for all; -1: no layer has such a matrix.
static int first_with(const ernn_spec *spec, int matrix)
{
    for (int l = 0; l < spec->n_layers; l++)
        if (matrix != ERNN_MATRIX_PROJECTION || spec->layers[l].n_projected)
            return l;
    return -1;
}

static void print_gates(sink *out, const ernn_spec *spec, int l, int matrix)
{
    const ernn_layer_spec *layer = &spec->layers[l];
    for (int g = 0; matrix < (int)N_GATED && g < ernn_spec_gates(layer->cell); g++) {
        const ernn_structure own = ernn_spec_structure(layer, (ernn_matrix_class)matrix, g);
        if (!is_same(own, of_class(layer, (ernn_matrix_class)matrix)))
            print_item(out, spec, (item){l, matrix, g}, own);
    }
}

void ernn_spec_print_blocks(const ernn_spec *spec, char *text, size_t size)
{
    sink out = {text, size, 0};
    if (!size)
        return;
    text[0] = 0;
    for (int m = 0; m < N_CLASSES; m++) {
        const int l = first_with(spec, m);
        if (l >= 0)
            print_item(&out, spec, (item){-1, m, -1},
                       of_class(&spec->layers[l], (ernn_matrix_class)m));
    }
    for (int l = 0; l < spec->n_layers; l++)
        for (int m = 0; m < N_CLASSES; m++) {
            const int first = first_with(spec, m);
            const ernn_structure own = of_class(&spec->layers[l], (ernn_matrix_class)m);
            if (first < 0 || (m == ERNN_MATRIX_PROJECTION && !spec->layers[l].n_projected))
                continue;
            if (!is_same(own, of_class(&spec->layers[first], (ernn_matrix_class)m)))
                print_item(&out, spec, (item){l, m, -1}, own);
            print_gates(&out, spec, l, m);
        }
    if (spec->output_block != 1)
        print_item(&out, spec, (item){-1, ERNN_MATRIX_OUTPUT, -1},
                   (ernn_structure){.block = spec->output_block});
}
