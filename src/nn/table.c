// The table of a model's parameter tensors. docs/format.md gives the names.
// SPDX-License-Identifier: Apache-2.0
#include "nn/table.h"

#include "ernn/circ.h"
#include "nn/structure.h"

#include <stdio.h>

static const ernn_structure DENSE = {.block = 1};

// The table as far as it is filled, and the cell whose tensors are added.
typedef struct table {
    ernn_tensor *tensors;
    size_t n;
    size_t n_floats;
    int layer;       // -1: the output layer
    bool is_reverse; // the cell that runs backwards in time
} table;

static ernn_tensor *add(table *t, const char *name, int rows, int cols, ernn_structure structure)
{
    ernn_tensor *tensor = &t->tensors[t->n++];
    *tensor = (ernn_tensor){.layer = t->layer,
                            .is_reverse = t->is_reverse,
                            .rows = rows,
                            .cols = cols,
                            .block = structure.block,
                            .sparse = structure.sparse,
                            .offset = t->n_floats,
                            .count = ernn_circ_count(rows, cols, structure.block)};
    tensor->n_stored =
        structure.sparse.n_pes ? ernn_sparse_count(rows, cols, structure.sparse) : tensor->count;
    if (t->layer < 0)
        snprintf(tensor->name, sizeof tensor->name, "output.%s", name);
    else
        snprintf(tensor->name, sizeof tensor->name, "layer%d.%s%s", t->layer,
                 t->is_reverse ? "reverse." : "", name);
    t->n_floats += tensor->count;
    return tensor;
}

static void add_matrix(table *t, const char *name, int rows, int cols, ernn_structure structure,
                       ernn_matrix_class matrix)
{
    ernn_tensor *tensor = add(t, name, rows, cols, structure);
    tensor->is_matrix = true;
    tensor->matrix = matrix;
}

static void add_gates(table *t, const ernn_layer_spec *spec, int cols, ernn_matrix_class matrix)
{
    const char *gates = ernn_gate_letters(spec->cell);
    for (int g = 0; gates[g]; g++) {
        const char name[] = {'W', '_', gates[g], matrix == ERNN_MATRIX_INPUT ? 'x' : 'r', 0};
        add_matrix(t, name, spec->n_cells, cols, ernn_spec_structure(spec, matrix, g), matrix);
        t->tensors[t->n - 1].gate = g;
    }
}

static void add_vectors(table *t, const ernn_layer_spec *spec)
{
    static const char *const lstm[] = {"b_i", "b_f", "b_c", "b_o", "w_ic", "w_fc", "w_oc"};
    static const char *const gru[] = {"b_z", "b_r", "b_h", "b_hr"};
    const bool is_lstm = spec->cell == ERNN_CELL_LSTM;
    const char *const *names = is_lstm ? lstm : gru;
    const int n = is_lstm ? (spec->is_peephole ? 7 : 4) : (spec->is_reset_after ? 4 : 3);
    for (int i = 0; i < n; i++)
        add(t, names[i], spec->n_cells, 1, DENSE);
}

// One cell: a layer has one for each direction.
static void add_cell(table *t, const ernn_spec *spec)
{
    const ernn_layer_spec *layer = &spec->layers[t->layer];
    const int states = ernn_spec_layer_states(spec, t->layer);
    add_gates(t, layer, ernn_spec_layer_inputs(spec, t->layer), ERNN_MATRIX_INPUT);
    add_gates(t, layer, states, ERNN_MATRIX_RECURRENT);
    add_vectors(t, layer);
    if (layer->n_projected)
        add_matrix(t, "W_ym", states, layer->n_cells,
                   ernn_spec_structure(layer, ERNN_MATRIX_PROJECTION, 0), ERNN_MATRIX_PROJECTION);
}

size_t ernn_table_fill(const ernn_spec *spec, ernn_tensor *tensors, size_t *n_floats)
{
    table t = {.tensors = tensors};
    for (t.layer = 0; t.layer < spec->n_layers; t.layer++)
        for (int d = 0; d < ernn_spec_directions(&spec->layers[t.layer]); d++) {
            t.is_reverse = d == 1;
            add_cell(&t, spec);
        }
    t.layer = -1;
    t.is_reverse = false;
    const int last = ernn_spec_layer_outputs(spec, spec->n_layers - 1);
    add_matrix(&t, "W", spec->n_labels, last, (ernn_structure){.block = spec->output_block},
               ERNN_MATRIX_OUTPUT);
    add(&t, "b", spec->n_labels, 1, DENSE);
    *n_floats = t.n_floats;
    return t.n;
}

ernn_structure ernn_table_structure(const ernn_spec *spec, const ernn_tensor *tensor)
{
    if (!tensor->is_matrix)
        return DENSE;
    if (tensor->layer < 0)
        return (ernn_structure){.block = spec->output_block};
    return ernn_spec_structure(&spec->layers[tensor->layer], tensor->matrix, tensor->gate);
}
