// Random quantised models: shapes to test and generate with, without training.
// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"
#include "base/rng.h"
#include "fixed/table.h"

#include <math.h>
#include <string.h>

// Sets the stream of biases and peepholes apart from other uses of the same seed.
enum { RNG_STREAM_VECTORS = 0x71766563 };

// What to multiply a fresh tensor's matrix by for a variance of 1 / columns: it is uniform in
// +-sqrt(1 / n), n the cells of its layer or, in the output layer, its columns.
static double matrix_gain(const ernn_model *model, const ernn_tensor *tensor)
{
    const int n =
        tensor->layer < 0 ? tensor->cols : ernn_model_spec(model)->layers[tensor->layer].n_cells;
    return sqrt(3.0 * n / tensor->cols);
}

// Weights wide enough that gates move; biases of half a unit, peepholes of a quarter: wider ones
// hold the forget gate open and the cell runs away.
static void enliven(ernn_model *model, uint64_t seed)
{
    const ernn_tensor *tensors = ernn_model_tensors(model);
    for (size_t t = 0; t < ernn_model_n_tensors(model); t++) {
        float *values = ernn_model_parameters(model) + tensors[t].offset;
        const double gain = tensors[t].is_matrix ? matrix_gain(model, &tensors[t]) : 0;
        const double spread = strstr(tensors[t].name, ".w_") ? 0.25 : 0.5;
        ernn_rng rng = ernn_rng_new(seed, RNG_STREAM_VECTORS, t);
        for (size_t i = 0; i < tensors[t].count; i++)
            values[i] =
                (float)(tensors[t].is_matrix ? gain * values[i] : spread * ernn_rng_normal(&rng));
    }
}

// The most fractional bits that hold the spectra of `tensor`.
static int weights_frac(const ernn_qtensor *tensor, const ernn_model *model, int bits)
{
    const float *w = ernn_qtensor_source(tensor, model);
    const int k = tensor->shape[2];
    double packed[ERNN_RT_MAX_K];
    double most = 1e-6;
    for (size_t i = 0; i < tensor->count; i += (size_t)k) {
        ernn_spectra(w + i, 1, k, packed);
        for (int e = 0; e < k; e++)
            most = fmax(most, fabs(packed[e]));
    }
    int frac = 0;
    frexp((ldexp(1, bits - 1) - 1) / most, &frac);
    return frac - 1;
}

// The spectrum of a signal of k values is about sqrt(k) times as wide as the signal.
static int half_log2(uint32_t log2_k)
{
    return (int)(log2_k + 1) / 2;
}

static void inner_formats(ernn_matrix_formats *formats, const ernn_rt_matrix *matrix, int bits,
                          int x_frac)
{
    formats->spectrum = x_frac - half_log2(matrix->log2_k);
    formats->accumulator = bits - 1 - half_log2(matrix->log2_k); // results within +-16
}

static void plausible_formats(ernn_qmodel *qmodel)
{
    const int bits = (int)qmodel->network.signal_bits;
    for (int l = 0; l < qmodel->spec.n_layers; l++) {
        ernn_layer_formats *formats = &qmodel->formats.layers[l];
        formats->input = bits - 4;         // +-8
        formats->preactivation = bits - 5; // +-16
        formats->cell = bits - 5;
        formats->peephole = bits - 3;
        formats->output = bits - 3;
        for (ernn_qmatrix m = 0; m < ERNN_QMATRICES; m++)
            inner_formats(&formats->matrices[m], ernn_layer_matrix(&qmodel->network.layers[l], m),
                          bits, m == ERNN_QMATRIX_INPUT && l == 0 ? bits - 4 : bits - 2);
    }
    qmodel->formats.output_frac = bits - 5;
    inner_formats(&qmodel->formats.output, &qmodel->network.output, bits, bits - 2);
}

static ernn_status settle(ernn_qmodel *qmodel, const ernn_model *model, ernn_error *err)
{
    ernn_qtensor tensors[ERNN_QMODEL_MAX_TENSORS];
    plausible_formats(qmodel);
    const size_t n = ernn_qmodel_tensors(qmodel, tensors);
    for (size_t t = 0; t < n; t++)
        if (tensors[t].matrix)
            tensors[t].formats->weights =
                weights_frac(&tensors[t], model, (int)qmodel->network.weight_bits);
    ernn_formats_constrain(&qmodel->formats, &qmodel->network);
    ernn_status status = ernn_formats_apply(&qmodel->formats, &qmodel->network, err);
    if (status == ERNN_OK)
        ernn_qmodel_fill(qmodel, model);
    ernn_network_ranges *unseen = ernn_mem_new(1, sizeof *unseen, err);
    if (status == ERNN_OK)
        status = unseen ? ernn_format_table(qmodel, unseen, err) : ERNN_NO_MEMORY;
    ernn_mem_free(unseen);
    return status;
}

ernn_status ernn_qmodel_random(const ernn_spec *spec, int signal_bits, int weight_bits,
                               uint64_t seed, ernn_qmodel **qmodel, ernn_error *err)
{
    ernn_model *model = NULL;
    ernn_qmodel *made = NULL;
    const ernn_features features = ernn_features_defaults();
    *qmodel = NULL;
    ernn_status status = ernn_model_new(spec, &features, ERNN_PHONES_39, seed, &model, err);
    if (status != ERNN_OK)
        return status;
    enliven(model, seed);
    status = ernn_qmodel_new(spec, signal_bits, weight_bits, &made, err);
    if (status == ERNN_OK) {
        made->features = features;
        made->phone_set = ERNN_PHONES_39;
        status = settle(made, model, err);
    }
    if (status == ERNN_OK)
        *qmodel = made;
    else
        ernn_qmodel_free(made);
    ernn_model_free(model);
    return status;
}
