// The dense twin of a model's parameters: expansion before an update's batches run, folding of
// their gradients after. docs/math.md section 1: the gradient of a k-vector is the dense gradient
// summed over each wrapped diagonal. SPDX-License-Identifier: Apache-2.0
#include "nn/weights.h"

#include "base/memory.h"
#include "ernn/circ.h"
#include "nn/table.h"

#include <string.h>

// Floats from the start of the dense block, of one cell. A part that it does not have stays 0,
// unused.
typedef struct cell_offsets {
    size_t matrix[ERNN_MATRIX_CLASSES];
    size_t bias;
    size_t candidate_bias;
    size_t peephole;
    size_t turned_recurrent; // from the start of `turned`
    size_t turned_projection;
} cell_offsets;

struct ernn_weights {
    ernn_spec spec;
    size_t n_tensors;
    ernn_tensor stored[ERNN_MAX_TENSORS]; // the model's
    ernn_tensor dense[ERNN_MAX_TENSORS];  // all blocks 1
    size_t n_stored;
    size_t n_dense;
    cell_offsets offsets[ERNN_MAX_LAYERS][2]; // forward, backward in time
    size_t output;                            // offset of output.W; the bias follows
    size_t output_bias;                       // offset of output.b
    float *values;                            // [n_dense]
    float *turned; // transposed recurrent and projection matrices of all cells
};

static bool is_called(const ernn_tensor *tensor, const char *name)
{
    const char *dot = strrchr(tensor->name, '.');
    return strcmp(dot + 1, name) == 0;
}

// Where the parts of a cell begin. The gates of one part are contiguous and the first gate is i
// (LSTM) or z (GRU).
static void locate(ernn_weights *weights)
{
    for (size_t i = 0; i < weights->n_tensors; i++) {
        const ernn_tensor *tensor = &weights->dense[i];
        if (tensor->layer < 0) {
            *(tensor->is_matrix ? &weights->output : &weights->output_bias) = tensor->offset;
            continue;
        }
        cell_offsets *offsets = &weights->offsets[tensor->layer][tensor->is_reverse];
        if (is_called(tensor, "W_ix") || is_called(tensor, "W_zx"))
            offsets->matrix[ERNN_MATRIX_INPUT] = tensor->offset;
        else if (is_called(tensor, "W_ir") || is_called(tensor, "W_zr"))
            offsets->matrix[ERNN_MATRIX_RECURRENT] = tensor->offset;
        else if (is_called(tensor, "W_ym"))
            offsets->matrix[ERNN_MATRIX_PROJECTION] = tensor->offset;
        else if (is_called(tensor, "b_i") || is_called(tensor, "b_z"))
            offsets->bias = tensor->offset;
        else if (is_called(tensor, "b_hr"))
            offsets->candidate_bias = tensor->offset;
        else if (is_called(tensor, "w_ic"))
            offsets->peephole = tensor->offset;
    }
}

// Rows of a layer's recurrent matrix: its gates one after the other.
static int gate_rows(const ernn_layer_spec *layer)
{
    return ernn_spec_gates(layer->cell) * layer->n_cells;
}

// Places of the transposed matrices; returns the floats they take together.
static size_t place_turned(ernn_weights *weights)
{
    size_t n = 0;
    for (int l = 0; l < weights->spec.n_layers; l++) {
        const ernn_layer_spec *layer = &weights->spec.layers[l];
        const size_t n_states = (size_t)ernn_spec_layer_states(&weights->spec, l);
        for (int d = 0; d < ernn_spec_directions(layer); d++) {
            weights->offsets[l][d].turned_recurrent = n;
            n += (size_t)gate_rows(layer) * n_states;
            weights->offsets[l][d].turned_projection = n;
            n += layer->n_projected ? (size_t)layer->n_cells * n_states : 0;
        }
    }
    return n;
}

ernn_status ernn_weights_new(const ernn_model *model, ernn_weights **weights, ernn_error *err)
{
    *weights = NULL;
    ernn_weights *made = ernn_mem_new(1, sizeof *made, err);
    if (!made)
        return ERNN_NO_MEMORY;
    made->spec = *ernn_model_spec(model);
    const ernn_spec dense = ernn_spec_dense(&made->spec);
    made->n_tensors = ernn_table_fill(&made->spec, made->stored, &made->n_stored);
    ernn_table_fill(&dense, made->dense, &made->n_dense);
    locate(made);
    made->values = ernn_mem_new(made->n_dense, sizeof *made->values, err);
    made->turned = ernn_mem_new(place_turned(made), sizeof *made->turned, err);
    if (!made->values || !made->turned) {
        ernn_weights_free(made);
        return ERNN_NO_MEMORY;
    }
    ernn_weights_update(made, ernn_model_parameters_const(model));
    *weights = made;
    return ERNN_OK;
}

void ernn_weights_free(ernn_weights *weights)
{
    if (!weights)
        return;
    ernn_mem_free(weights->values);
    ernn_mem_free(weights->turned);
    ernn_mem_free(weights);
}

size_t ernn_weights_count(const ernn_weights *weights)
{
    return weights->n_dense;
}

// to[cols][rows] = from[rows][cols] transposed, in tiles that stay in the cache.
static void transpose(const float *from, int rows, int cols, float *to)
{
    enum { TILE = 16 };
    for (int r0 = 0; r0 < rows; r0 += TILE)
        for (int c0 = 0; c0 < cols; c0 += TILE)
            for (int r = r0; r < rows && r < r0 + TILE; r++)
                for (int c = c0; c < cols && c < c0 + TILE; c++)
                    to[(size_t)c * (size_t)rows + (size_t)r] =
                        from[(size_t)r * (size_t)cols + (size_t)c];
}

static void turn_cell(ernn_weights *weights, int l, int direction)
{
    const ernn_layer_spec *layer = &weights->spec.layers[l];
    const cell_offsets *offsets = &weights->offsets[l][direction];
    const int n_states = ernn_spec_layer_states(&weights->spec, l);
    transpose(weights->values + offsets->matrix[ERNN_MATRIX_RECURRENT], gate_rows(layer), n_states,
              weights->turned + offsets->turned_recurrent);
    if (layer->n_projected)
        transpose(weights->values + offsets->matrix[ERNN_MATRIX_PROJECTION], n_states,
                  layer->n_cells, weights->turned + offsets->turned_projection);
}

void ernn_weights_update(ernn_weights *weights, const float *parameters)
{
    for (size_t i = 0; i < weights->n_tensors; i++) {
        const ernn_tensor *from = &weights->stored[i];
        float *to = weights->values + weights->dense[i].offset;
        if (from->is_matrix)
            ernn_circ_expand(parameters + from->offset, from->rows, from->cols, from->block, to);
        else
            memcpy(to, parameters + from->offset, from->count * sizeof *to);
    }
    for (int l = 0; l < weights->spec.n_layers; l++)
        for (int d = 0; d < ernn_spec_directions(&weights->spec.layers[l]); d++)
            turn_cell(weights, l, d);
}

void ernn_weights_fold(const ernn_weights *weights, const float *dense_gradient, float *gradient)
{
    memset(gradient, 0, weights->n_stored * sizeof *gradient);
    for (size_t i = 0; i < weights->n_tensors; i++) {
        const ernn_tensor *to = &weights->stored[i];
        const float *from = dense_gradient + weights->dense[i].offset;
        if (to->is_matrix)
            ernn_circ_fold_gradient(from, to->rows, to->cols, to->block, gradient + to->offset);
        else
            memcpy(gradient + to->offset, from, to->count * sizeof *gradient);
    }
}

ernn_layer_weights ernn_weights_layer(const ernn_weights *weights, int layer, int direction)
{
    const cell_offsets *offsets = &weights->offsets[layer][direction];
    const float *values = weights->values;
    return (ernn_layer_weights){
        .input = values + offsets->matrix[ERNN_MATRIX_INPUT],
        .recurrent = values + offsets->matrix[ERNN_MATRIX_RECURRENT],
        .recurrent_turned = weights->turned + offsets->turned_recurrent,
        .bias = values + offsets->bias,
        .candidate_bias = values + offsets->candidate_bias,
        .peephole = values + offsets->peephole,
        .projection = values + offsets->matrix[ERNN_MATRIX_PROJECTION],
        .projection_turned = weights->turned + offsets->turned_projection,
    };
}

ernn_layer_gradient ernn_weights_layer_gradient(const ernn_weights *weights, int layer,
                                                int direction, float *dense_gradient)
{
    const cell_offsets *offsets = &weights->offsets[layer][direction];
    return (ernn_layer_gradient){
        .input = dense_gradient + offsets->matrix[ERNN_MATRIX_INPUT],
        .recurrent = dense_gradient + offsets->matrix[ERNN_MATRIX_RECURRENT],
        .bias = dense_gradient + offsets->bias,
        .candidate_bias = dense_gradient + offsets->candidate_bias,
        .peephole = dense_gradient + offsets->peephole,
        .projection = dense_gradient + offsets->matrix[ERNN_MATRIX_PROJECTION],
    };
}

size_t ernn_weights_output(const ernn_weights *weights)
{
    return weights->output;
}

size_t ernn_weights_output_bias(const ernn_weights *weights)
{
    return weights->output_bias;
}

const float *ernn_weights_values(const ernn_weights *weights)
{
    return weights->values;
}
