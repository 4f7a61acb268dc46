// The quantised model inside: the integer network of src/rt and the memory it points into.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_FIXED_QMODEL_H
#define ERNN_SRC_FIXED_QMODEL_H

#include "circ/rounding.h"
#include "ernn/quant.h"
#include "fixed/formats.h"

struct ernn_qmodel {
    ernn_spec spec;
    ernn_features features;
    ernn_feature_statistics statistics;
    ernn_phone_set phone_set;
    ernn_label_counts labels;
    ernn_network_formats formats;
    ernn_rt_network network; // points into the two blocks
    int16_t *weights;        // [n_weights] spectra of all matrices
    size_t n_weights;
    int32_t *vectors; // [n_vectors] biases and peepholes
    size_t n_vectors;
    ernn_signal_format *table; // [n_table] what the user sees
    size_t n_table;
};

// For generator, simulation and runtime: the integer network, borrowed.
const ernn_rt_network *ernn_qmodel_network(const ernn_qmodel *qmodel);

// A quantised model with random weights, biases and peepholes and plausible formats, for tests and
// generation without training. Weights are those of a random float network of this shape (uniform,
// variance 1 / columns), so signals have realistic sizes and rarely saturate. Inputs of a few units
// (standard normal) in network->layers[0].input_frac suit it. `spec` is validated.
ernn_status ernn_qmodel_random(const ernn_spec *spec, int signal_bits, int weight_bits,
                               uint64_t seed, ernn_qmodel **qmodel, ernn_error *err);

// Zeroed state and scratch of one stream through `network`.
ernn_status ernn_qstate_new(const ernn_rt_network *network, ernn_rt_state **state, ernn_error *err);
void ernn_qstate_free(ernn_rt_state *state);

// x[n_inputs] -> q[n_inputs] in the input format: the only step that sees a real number
// (fixed-point.md 7). Saturations are added to `*hits`; NaN becomes the lowest value.
void ernn_quantise_frame(const ernn_rt_network *network, const float *x, int32_t *q,
                         uint32_t *hits);

// Adds the run's counters to totals[ERNN_RT_CLASSES] and clears them.
void ernn_qrun_saturations(ernn_qrun *run, uint64_t *totals);

// ---- Construction, for this room ----

// A qmodel of this shape with all memory in place and zeroed, activation tables filled, formats not
// yet applied.
ernn_status ernn_qmodel_new(const ernn_spec *spec, int signal_bits, int weight_bits,
                            ernn_qmodel **qmodel, ernn_error *err);

// One stored array of the network: spectra (weights set) or a vector (vector set).
typedef struct ernn_qtensor {
    char name[40];                // "layer0.recurrent.spectra", "layer0.bias", "output.bias", ...
    ernn_rt_matrix *matrix;       // of the spectra, NULL for a vector
    ernn_matrix_formats *formats; // of the matrix, NULL for a vector
    int16_t *weights;             // [p][q][k]
    int32_t *vector;
    int frac;     // of a vector
    int shape[3]; // spectra: p, q, k; vectors: gates, cells, 1
    size_t count;
    int layer;          // -1 for the output layer
    const char *source; // the model's first tensor of this kind, without the layer: "W_ix"
} ernn_qtensor;

enum { ERNN_QMODEL_MAX_TENSORS = ERNN_RT_MAX_LAYERS * 7 + 2 };

// Lists the arrays of `qmodel` in file order; returns their number.
size_t ernn_qmodel_tensors(ernn_qmodel *qmodel, ernn_qtensor *tensors);

// Rounds the parameters of `model`, a float network of the same shape, to the formats in place.
// Weights past the end of their format are limited to it, as are biases and peepholes.
void ernn_qmodel_fill(ernn_qmodel *qmodel, const ernn_model *model);
// The numbers of `model` that `tensor` is made from: time-domain blocks or vector entries.
const float *ernn_qtensor_source(const ernn_qtensor *tensor, const ernn_model *model);

#endif
