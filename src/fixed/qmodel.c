// The quantised model: memory layout, the list of its arrays, rounding of parameters.
// docs/fixed-point.md sections 1, 4 and 7. SPDX-License-Identifier: Apache-2.0
#include "fixed/qmodel.h"

#include "base/memory.h"
#include "fixed/pwl.h"

#include <math.h>
#include <stdio.h>

// ---- Layout ----

// The two blocks while they are measured (pointers NULL) and then handed out.
typedef struct places {
    int16_t *weights;
    size_t n_weights;
    int32_t *vectors;
    size_t n_vectors;
} places;

static uint32_t blocks(int n, int k)
{
    return (uint32_t)((n + k - 1) / k);
}

// A matrix of `gates` gates of `rows` each, every gate padded to a multiple of k.
static void place_matrix(places *at, ernn_rt_matrix *matrix, int gates, int rows, int cols, int k)
{
    while (1 << matrix->log2_k < k)
        matrix->log2_k++;
    matrix->rows = gates > 1 ? (uint32_t)gates * blocks(rows, k) * (uint32_t)k : (uint32_t)rows;
    matrix->cols = (uint32_t)cols;
    matrix->weights = at->weights ? at->weights + at->n_weights : NULL;
    at->n_weights += (size_t)gates * blocks(rows, k) * blocks(cols, k) * (size_t)k;
}

static const int32_t *place_vector(places *at, int count)
{
    const int32_t *vector = at->vectors ? at->vectors + at->n_vectors : NULL;
    at->n_vectors += (size_t)count;
    return vector;
}

static void place_layer(places *at, const ernn_spec *spec, int l, ernn_rt_layer *layer)
{
    const ernn_layer_spec *from = &spec->layers[l];
    const bool is_lstm = from->cell == ERNN_CELL_LSTM;
    const bool is_split = !is_lstm && !from->is_reset_after;
    const int gates = ernn_spec_gates(from->cell);
    const int n_inputs = ernn_spec_layer_inputs(spec, l);
    const int n_outputs = ernn_spec_layer_outputs(spec, l);
    *layer = (ernn_rt_layer){.cell = is_lstm ? ERNN_RT_LSTM : ERNN_RT_GRU,
                             .n_inputs = (uint32_t)n_inputs,
                             .n_cells = (uint32_t)from->n_cells,
                             .n_outputs = (uint32_t)n_outputs,
                             .is_peephole = is_lstm && from->is_peephole,
                             .is_projected = is_lstm && from->n_projected > 0,
                             .is_reset_after = !is_lstm && from->is_reset_after};
    const int recurrent_k = from->block[ERNN_MATRIX_RECURRENT];
    place_matrix(at, &layer->input, gates, from->n_cells, n_inputs, from->block[ERNN_MATRIX_INPUT]);
    place_matrix(at, &layer->recurrent, is_split ? 2 : gates, from->n_cells, n_outputs,
                 recurrent_k);
    if (is_split)
        place_matrix(at, &layer->candidate, 1, from->n_cells, from->n_cells, recurrent_k);
    if (layer->is_projected)
        place_matrix(at, &layer->projection, 1, n_outputs, from->n_cells,
                     from->block[ERNN_MATRIX_PROJECTION]);
    layer->bias = place_vector(at, gates * from->n_cells);
    if (layer->is_reset_after)
        layer->bias_candidate = place_vector(at, from->n_cells);
    if (layer->is_peephole)
        layer->peephole = place_vector(at, 3 * from->n_cells);
}

static void place(places *at, const ernn_spec *spec, ernn_rt_network *network)
{
    network->n_layers = (uint32_t)spec->n_layers;
    for (int l = 0; l < spec->n_layers; l++)
        place_layer(at, spec, l, &network->layers[l]);
    network->output = (ernn_rt_matrix){0};
    place_matrix(at, &network->output, 1, spec->n_labels,
                 ernn_spec_layer_outputs(spec, spec->n_layers - 1), spec->output_block);
    network->output_bias = place_vector(at, spec->n_labels);
}

static ernn_status check_bits(int signal_bits, int weight_bits, ernn_error *err)
{
    if (signal_bits < 8 || signal_bits > 18)
        return ernn_error_set(err, ERNN_BAD_ARG, "fixed point: %d signal bits, 8 to 18 are allowed",
                              signal_bits);
    if (weight_bits < 4 || weight_bits > 16)
        return ernn_error_set(err, ERNN_BAD_ARG, "fixed point: %d weight bits, 4 to 16 are allowed",
                              weight_bits);
    return ERNN_OK;
}

ernn_status ernn_qmodel_new(const ernn_spec *spec, int signal_bits, int weight_bits,
                            ernn_qmodel **qmodel, ernn_error *err)
{
    *qmodel = NULL;
    ernn_status status = ernn_spec_validate(spec, err);
    if (status == ERNN_OK)
        status = ernn_spec_check_deployable(spec, "fixed point", err);
    if (status == ERNN_OK)
        status = check_bits(signal_bits, weight_bits, err);
    if (status != ERNN_OK)
        return status;
    ernn_qmodel *made = ernn_mem_new(1, sizeof *made, err);
    if (!made)
        return ERNN_NO_MEMORY;
    places at = {0};
    made->spec = *spec;
    made->network.signal_bits = (uint32_t)signal_bits;
    made->network.weight_bits = (uint32_t)weight_bits;
    place(&at, spec, &made->network);
    made->n_weights = at.n_weights;
    made->n_vectors = at.n_vectors;
    made->weights = ernn_mem_new(at.n_weights, sizeof *made->weights, err);
    made->vectors = ernn_mem_new(at.n_vectors, sizeof *made->vectors, err);
    if (!made->weights || !made->vectors) {
        ernn_qmodel_free(made);
        return ERNN_NO_MEMORY;
    }
    at = (places){.weights = made->weights, .vectors = made->vectors};
    place(&at, spec, &made->network);
    ernn_pwl_sigmoid(&made->network.sigmoid, (unsigned)signal_bits - 2);
    ernn_pwl_tanh(&made->network.tanh, (unsigned)signal_bits - 2);
    *qmodel = made;
    return ERNN_OK;
}

void ernn_qmodel_free(ernn_qmodel *qmodel)
{
    if (!qmodel)
        return;
    ernn_mem_free(qmodel->weights);
    ernn_mem_free(qmodel->vectors);
    ernn_mem_free(qmodel->table);
    ernn_mem_free(qmodel);
}

// ---- The list of arrays ----

static ernn_qtensor *add(ernn_qtensor *tensors, size_t *n, int layer, const char *name)
{
    ernn_qtensor *tensor = &tensors[(*n)++];
    *tensor = (ernn_qtensor){.layer = layer};
    if (layer < 0)
        snprintf(tensor->name, sizeof tensor->name, "output.%s", name);
    else
        snprintf(tensor->name, sizeof tensor->name, "layer%d.%s", layer, name);
    return tensor;
}

static void add_spectra(ernn_qmodel *qmodel, ernn_qtensor *tensors, size_t *n, int layer,
                        const char *name, ernn_rt_matrix *matrix, ernn_matrix_formats *formats,
                        const char *source)
{
    if (!matrix->rows)
        return;
    ernn_qtensor *tensor = add(tensors, n, layer, name);
    const int k = 1 << matrix->log2_k;
    tensor->matrix = matrix;
    tensor->formats = formats;
    tensor->weights = qmodel->weights + (matrix->weights - qmodel->weights);
    tensor->shape[0] = (int)blocks((int)matrix->rows, k);
    tensor->shape[1] = (int)blocks((int)matrix->cols, k);
    tensor->shape[2] = k;
    tensor->count = (size_t)tensor->shape[0] * (size_t)tensor->shape[1] * (size_t)k;
    tensor->source = source;
}

static void add_vector(ernn_qmodel *qmodel, ernn_qtensor *tensors, size_t *n, int layer,
                       const char *name, const int32_t *vector, int rows, int cols, int frac,
                       const char *source)
{
    if (!vector)
        return;
    ernn_qtensor *tensor = add(tensors, n, layer, name);
    tensor->vector = qmodel->vectors + (vector - qmodel->vectors);
    tensor->frac = frac;
    tensor->shape[0] = rows;
    tensor->shape[1] = cols;
    tensor->shape[2] = 1;
    tensor->count = (size_t)rows * (size_t)cols;
    tensor->source = source;
}

size_t ernn_qmodel_tensors(ernn_qmodel *qmodel, ernn_qtensor *tensors)
{
    size_t n = 0;
    for (int l = 0; l < qmodel->spec.n_layers; l++) {
        static const char *const lstm[] = {"W_ix", "W_ir", "", "W_ym", "b_i"};
        static const char *const gru[] = {"W_zx", "W_zr", "W_hr", "", "b_z"};
        static const char *const names[] = {"input.spectra", "recurrent.spectra",
                                            "candidate.spectra", "projection.spectra"};
        ernn_rt_layer *layer = &qmodel->network.layers[l];
        ernn_layer_formats *formats = &qmodel->formats.layers[l];
        const char *const *sources = layer->cell == ERNN_RT_LSTM ? lstm : gru;
        const int gates = layer->cell == ERNN_RT_LSTM ? 4 : 3;
        const int n_cells = (int)layer->n_cells;
        for (ernn_qmatrix m = 0; m < ERNN_QMATRICES; m++)
            add_spectra(qmodel, tensors, &n, l, names[m], ernn_layer_matrix(layer, m),
                        &formats->matrices[m], sources[m]);
        add_vector(qmodel, tensors, &n, l, "bias", layer->bias, gates, n_cells,
                   formats->preactivation, sources[4]);
        add_vector(qmodel, tensors, &n, l, "bias_candidate", layer->bias_candidate, 1, n_cells,
                   formats->preactivation, "b_hr");
        add_vector(qmodel, tensors, &n, l, "peephole", layer->peephole, 3, n_cells,
                   formats->peephole, "w_ic");
    }
    add_spectra(qmodel, tensors, &n, -1, "spectra", &qmodel->network.output,
                &qmodel->formats.output, "W");
    add_vector(qmodel, tensors, &n, -1, "bias", qmodel->network.output_bias, 1,
               qmodel->spec.n_labels, qmodel->formats.output_frac, "b");
    return n;
}

// ---- Rounding of parameters ----

const float *ernn_qtensor_source(const ernn_qtensor *tensor, const ernn_model *model)
{
    char name[48];
    if (tensor->layer < 0)
        snprintf(name, sizeof name, "output.%s", tensor->source);
    else
        snprintf(name, sizeof name, "layer%d.%s", tensor->layer, tensor->source);
    // The gates of one kind lie one after the other, as they do here.
    return ernn_model_parameters_const(model) + ernn_model_find(model, name)->offset;
}

void ernn_qmodel_fill(ernn_qmodel *qmodel, const ernn_model *model)
{
    ernn_qtensor tensors[ERNN_QMODEL_MAX_TENSORS];
    const size_t n = ernn_qmodel_tensors(qmodel, tensors);
    for (size_t t = 0; t < n; t++) {
        const float *source = ernn_qtensor_source(&tensors[t], model);
        if (tensors[t].matrix)
            ernn_weights_to_fixed(source, tensors[t].count / (size_t)tensors[t].shape[2],
                                  tensors[t].shape[2], tensors[t].formats->weights,
                                  (int)qmodel->network.weight_bits, tensors[t].weights);
        else
            for (size_t i = 0; i < tensors[t].count; i++)
                tensors[t].vector[i] =
                    ernn_to_fixed(source[i], tensors[t].frac, (int)qmodel->network.signal_bits);
    }
}

// ---- What others read ----

const ernn_rt_network *ernn_qmodel_network(const ernn_qmodel *qmodel)
{
    return &qmodel->network;
}

const ernn_spec *ernn_qmodel_spec(const ernn_qmodel *qmodel)
{
    return &qmodel->spec;
}

const ernn_features *ernn_qmodel_features(const ernn_qmodel *qmodel)
{
    return &qmodel->features;
}

const ernn_feature_statistics *ernn_qmodel_statistics(const ernn_qmodel *qmodel)
{
    return &qmodel->statistics;
}

const ernn_label_counts *ernn_qmodel_label_counts(const ernn_qmodel *qmodel)
{
    return &qmodel->labels;
}

ernn_phone_set ernn_qmodel_phone_set(const ernn_qmodel *qmodel)
{
    return qmodel->phone_set;
}

const ernn_signal_format *ernn_qmodel_formats(const ernn_qmodel *qmodel, size_t *n)
{
    *n = qmodel->n_table;
    return qmodel->table;
}

int ernn_qmodel_signal_bits(const ernn_qmodel *qmodel)
{
    return (int)qmodel->network.signal_bits;
}

int ernn_qmodel_weight_bits(const ernn_qmodel *qmodel)
{
    return (int)qmodel->network.weight_bits;
}
