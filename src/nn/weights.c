// The parameters of a model as the passes of training use them: matrices packed for products, one
// stack for each class of a layer; vectors where they are. docs/math.md section 1.
// SPDX-License-Identifier: Apache-2.0
#include "nn/weights.h"

#include "base/memory.h"
#include "nn/table.h"

#include <string.h>

enum { PARTS = ERNN_MATRIX_CLASSES }; // the place of the output class is not used in a layer

// Floats from the start of the parameters. A part that the cell does not have stays 0, unused.
typedef struct cell_places {
    size_t matrix[PARTS];
    size_t bias;
    size_t candidate_bias;
    size_t peephole;
} cell_places;

// One matrix of a stack: what an update has to pack.
typedef struct packing {
    ernn_stack *stack;
    int g;
    size_t offset; // of the stack in the parameters
} packing;

struct ernn_weights {
    ernn_spec spec;
    const float *parameters;                // borrowed, from update to update
    cell_places places[ERNN_MAX_LAYERS][2]; // forward, backward in time
    ernn_stack stacks[ERNN_MAX_LAYERS][2][PARTS];
    ernn_stack output;
    size_t n_floats;
    size_t output_place;
    size_t output_bias_place;
    int n_packings;
    packing packings[ERNN_MAX_TENSORS];
};

// ---- Places ----

static bool is_called(const ernn_tensor *tensor, const char *name)
{
    const char *dot = strrchr(tensor->name, '.');
    return strcmp(dot + 1, name) == 0;
}

static void note_cell(cell_places *places, const ernn_tensor *tensor, bool *is_seen)
{
    if (tensor->is_matrix) {
        // The gates of one class are contiguous: the first one tells.
        if (!is_seen[tensor->matrix])
            places->matrix[tensor->matrix] = tensor->offset;
        is_seen[tensor->matrix] = true;
    } else if (is_called(tensor, "b_i") || is_called(tensor, "b_z"))
        places->bias = tensor->offset;
    else if (is_called(tensor, "b_hr"))
        places->candidate_bias = tensor->offset;
    else if (is_called(tensor, "w_ic"))
        places->peephole = tensor->offset;
}

static void locate(ernn_weights *weights)
{
    ernn_tensor tensors[ERNN_MAX_TENSORS];
    bool is_seen[ERNN_MAX_LAYERS][2][PARTS] = {{{false}}};
    const size_t n = ernn_table_fill(&weights->spec, tensors, &weights->n_floats);
    for (size_t i = 0; i < n; i++) {
        const ernn_tensor *tensor = &tensors[i];
        if (tensor->layer >= 0)
            note_cell(&weights->places[tensor->layer][tensor->is_reverse], tensor,
                      is_seen[tensor->layer][tensor->is_reverse]);
        else if (tensor->is_matrix)
            weights->output_place = tensor->offset;
        else
            weights->output_bias_place = tensor->offset;
    }
}

// ---- Matrices ----

static ernn_status add_stack(ernn_weights *weights, ernn_stack *stack, size_t offset, int n,
                             int rows, int cols, const int *k, ernn_matrix_form form,
                             ernn_error *err)
{
    const ernn_status status = ernn_stack_init(stack, n, rows, cols, k, form, err);
    for (int g = 0; g < n && status == ERNN_OK; g++)
        weights->packings[weights->n_packings++] = (packing){stack, g, offset};
    return status;
}

static ernn_status add_class(ernn_weights *weights, int l, int direction, ernn_matrix_class class,
                             ernn_matrix_form form, ernn_error *err)
{
    const ernn_layer_spec *layer = &weights->spec.layers[l];
    const int n_out = ernn_spec_layer_states(&weights->spec, l);
    const bool is_projection = class == ERNN_MATRIX_PROJECTION;
    const int n = is_projection ? 1 : ernn_spec_gates(layer->cell);
    const int rows = is_projection ? n_out : layer->n_cells;
    const int cols = is_projection                ? layer->n_cells
                     : class == ERNN_MATRIX_INPUT ? ernn_spec_layer_inputs(&weights->spec, l)
                                                  : n_out;
    int k[ERNN_MAX_GATES];
    if (is_projection && !layer->n_projected)
        return ERNN_OK;
    for (int g = 0; g < n; g++)
        k[g] = ernn_spec_structure(layer, class, g).block;
    return add_stack(weights, &weights->stacks[l][direction][class],
                     weights->places[l][direction].matrix[class], n, rows, cols, k, form, err);
}

ernn_status ernn_weights_new_in(const ernn_model *model, ernn_matrix_form form,
                                ernn_weights **weights, ernn_error *err)
{
    *weights = NULL;
    ernn_weights *made = ernn_mem_new(1, sizeof *made, err);
    if (!made)
        return ERNN_NO_MEMORY;
    made->spec = *ernn_model_spec(model);
    locate(made);
    const int last = ernn_spec_layer_outputs(&made->spec, made->spec.n_layers - 1);
    ernn_status status = add_stack(made, &made->output, made->output_place, 1, made->spec.n_labels,
                                   last, &made->spec.output_block, form, err);
    for (int l = 0; l < made->spec.n_layers; l++)
        for (int d = 0; d < ernn_spec_directions(&made->spec.layers[l]); d++)
            for (int m = 0; m <= ERNN_MATRIX_PROJECTION && status == ERNN_OK; m++)
                status = add_class(made, l, d, (ernn_matrix_class)m, form, err);
    if (status != ERNN_OK) {
        ernn_weights_free(made);
        return status;
    }
    ernn_weights_update(made, ernn_model_parameters_const(model), NULL);
    *weights = made;
    return ERNN_OK;
}

ernn_status ernn_weights_new(const ernn_model *model, ernn_weights **weights, ernn_error *err)
{
    return ernn_weights_new_in(model, ERNN_MATRIX_FASTER, weights, err);
}

void ernn_weights_free(ernn_weights *weights)
{
    if (!weights)
        return;
    for (int l = 0; l < weights->spec.n_layers; l++)
        for (int m = 0; m < 2 * PARTS; m++)
            ernn_stack_clear(&weights->stacks[l][m / PARTS][m % PARTS]);
    ernn_stack_clear(&weights->output);
    ernn_mem_free(weights);
}

size_t ernn_weights_count(const ernn_weights *weights)
{
    return weights->n_floats;
}

static void update(void *user, int index, float *scratch)
{
    (void)scratch;
    const ernn_weights *weights = user;
    const packing *p = &weights->packings[index];
    ernn_stack_update(p->stack, p->g, weights->parameters + p->offset);
}

void ernn_weights_update(ernn_weights *weights, const float *parameters, ernn_workers *workers)
{
    weights->parameters = parameters;
    if (workers)
        ernn_workers_run(workers, weights->n_packings, update, weights);
    for (int i = 0; !workers && i < weights->n_packings; i++)
        update(weights, i, NULL);
}

// ---- Parts ----

const ernn_spec *ernn_weights_spec(const ernn_weights *weights)
{
    return &weights->spec;
}

ernn_layer_weights ernn_weights_layer(const ernn_weights *weights, int layer, int direction)
{
    const ernn_layer_spec *spec = &weights->spec.layers[layer];
    const cell_places *places = &weights->places[layer][direction];
    const ernn_stack *stacks = weights->stacks[layer][direction];
    const float *values = weights->parameters;
    const bool is_lstm = spec->cell == ERNN_CELL_LSTM;
    return (ernn_layer_weights){
        .input = &stacks[ERNN_MATRIX_INPUT],
        .recurrent = &stacks[ERNN_MATRIX_RECURRENT],
        .projection = spec->n_projected ? &stacks[ERNN_MATRIX_PROJECTION] : NULL,
        .bias = values + places->bias,
        .candidate_bias = !is_lstm && spec->is_reset_after ? values + places->candidate_bias : NULL,
        .peephole = is_lstm && spec->is_peephole ? values + places->peephole : NULL,
    };
}

ernn_layer_gradient ernn_weights_layer_gradient(const ernn_weights *weights, int layer,
                                                int direction, float *gradient)
{
    const cell_places *places = &weights->places[layer][direction];
    return (ernn_layer_gradient){
        .input = gradient + places->matrix[ERNN_MATRIX_INPUT],
        .recurrent = gradient + places->matrix[ERNN_MATRIX_RECURRENT],
        .projection = gradient + places->matrix[ERNN_MATRIX_PROJECTION],
        .bias = gradient + places->bias,
        .candidate_bias = gradient + places->candidate_bias,
        .peephole = gradient + places->peephole,
    };
}

const ernn_stack *ernn_weights_output(const ernn_weights *weights)
{
    return &weights->output;
}

const float *ernn_weights_output_bias(const ernn_weights *weights)
{
    return weights->parameters + weights->output_bias_place;
}

float *ernn_weights_output_gradient(const ernn_weights *weights, float *gradient)
{
    return gradient + weights->output_place;
}

float *ernn_weights_output_bias_gradient(const ernn_weights *weights, float *gradient)
{
    return gradient + weights->output_bias_place;
}
