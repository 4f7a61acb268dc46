// The table of a model's parameter tensors. docs/format.md gives the names.
// SPDX-License-Identifier: Apache-2.0
#include "nn/table.h"

#include "ernn/circ.h"
#include "nn/structure.h"

#include <stdio.h>

static const ernn_structure DENSE = {.block = 1};

// The table as far as it is filled.
typedef struct table {
    ernn_tensor *tensors;
    size_t n;
    size_t n_floats;
} table;

static ernn_tensor *add(table *t, int layer, int rows, int cols, ernn_structure structure)
{
    ernn_tensor *tensor = &t->tensors[t->n++];
    *tensor = (ernn_tensor){.layer = layer,
                            .rows = rows,
                            .cols = cols,
                            .block = structure.block,
                            .sparse = structure.sparse,
                            .offset = t->n_floats,
                            .count = ernn_circ_count(rows, cols, structure.block)};
    tensor->n_stored =
        structure.sparse.n_pes ? ernn_sparse_count(rows, cols, structure.sparse) : tensor->count;
    t->n_floats += tensor->count;
    return tensor;
}

static void add_matrices(table *t, const ernn_layer_spec *spec, int layer, int cols,
                         ernn_matrix_class matrix, char source)
{
    const char *gates = ernn_gate_letters(spec->cell);
    for (int g = 0; gates[g]; g++) {
        ernn_tensor *tensor =
            add(t, layer, spec->n_cells, cols, ernn_spec_structure(spec, matrix, g));
        tensor->gate = g;
        tensor->is_matrix = true;
        tensor->matrix = matrix;
        snprintf(tensor->name, sizeof tensor->name, "layer%d.W_%c%c", layer, gates[g], source);
    }
}

static void add_vector(table *t, const ernn_layer_spec *spec, int layer, const char *name)
{
    ernn_tensor *tensor = add(t, layer, spec->n_cells, 1, DENSE);
    snprintf(tensor->name, sizeof tensor->name, "layer%d.%s", layer, name);
}

static void add_vectors(table *t, const ernn_layer_spec *spec, int layer)
{
    static const char *const lstm[] = {"b_i", "b_f", "b_c", "b_o", "w_ic", "w_fc", "w_oc"};
    static const char *const gru[] = {"b_z", "b_r", "b_h", "b_hr"};
    const bool is_lstm = spec->cell == ERNN_CELL_LSTM;
    const char *const *names = is_lstm ? lstm : gru;
    const int n = is_lstm ? (spec->is_peephole ? 7 : 4) : (spec->is_reset_after ? 4 : 3);
    for (int i = 0; i < n; i++)
        add_vector(t, spec, layer, names[i]);
}

static void add_layer(table *t, const ernn_spec *spec, int layer)
{
    const ernn_layer_spec *l = &spec->layers[layer];
    const int outputs = ernn_spec_layer_outputs(spec, layer);
    add_matrices(t, l, layer, ernn_spec_layer_inputs(spec, layer), ERNN_MATRIX_INPUT, 'x');
    add_matrices(t, l, layer, outputs, ERNN_MATRIX_RECURRENT, 'r');
    add_vectors(t, l, layer);
    if (!l->n_projected)
        return;
    ernn_tensor *tensor =
        add(t, layer, outputs, l->n_cells, ernn_spec_structure(l, ERNN_MATRIX_PROJECTION, 0));
    tensor->is_matrix = true;
    tensor->matrix = ERNN_MATRIX_PROJECTION;
    snprintf(tensor->name, sizeof tensor->name, "layer%d.W_ym", layer);
}

size_t ernn_table_fill(const ernn_spec *spec, ernn_tensor *tensors, size_t *n_floats)
{
    table t = {.tensors = tensors};
    for (int l = 0; l < spec->n_layers; l++)
        add_layer(&t, spec, l);
    const int last = ernn_spec_layer_outputs(spec, spec->n_layers - 1);
    ernn_tensor *weights = add(&t, -1, spec->n_labels, last, DENSE);
    weights->is_matrix = true;
    weights->matrix = ERNN_MATRIX_OUTPUT;
    snprintf(weights->name, sizeof weights->name, "output.W");
    ernn_tensor *bias = add(&t, -1, spec->n_labels, 1, DENSE);
    snprintf(bias->name, sizeof bias->name, "output.b");
    *n_floats = t.n_floats;
    return t.n;
}
