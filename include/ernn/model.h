// A model: spec, features, label set and parameters; and streaming inference in floating point.
//
//     ernn_model_load("an4.safetensors", &model, &err);
//     ernn_run_new(model, &run, &err);
//     for each frame: ernn_run_step(run, x, logits);
//
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_MODEL_H
#define ERNN_MODEL_H

#include "ernn/decode.h"
#include "ernn/spec.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ernn_model ernn_model;

// One parameter tensor inside the model's parameter block. docs/format.md gives the names:
// "layer0.W_ix" ... "layer0.b_i", "layer0.w_ic" (peephole), "layer0.W_ym", "output.W", "output.b".
// Those of the cell that runs backwards in time are "layer0.reverse.W_ix" and so on.
// Order in the block: for each layer and direction all input matrices (gate by gate, contiguous),
// then recurrent, biases, candidate bias (b_hr), peepholes (i, f, o), projection; then output
// weights and bias.
typedef struct ernn_tensor {
    char name[32];
    ernn_matrix_class matrix; // meaningful when is_matrix
    bool is_matrix;
    int gate;             // of an input or recurrent matrix, in the order of the table; else 0
    int layer;            // -1 for the output layer
    bool is_reverse;      // of the cell of a bidirectional layer that runs backwards in time
    int rows;             // of the matrix before padding, or length of a vector
    int cols;             // 1 for a vector
    int block;            // 1 = dense [rows][cols]; else circulant [ceil(rows/k)][ceil(cols/k)][k]
    ernn_sparsity sparse; // n_pes > 0: dense [rows][cols] with zeros where nothing is stored
    size_t offset;        // in floats
    size_t count;         // floats in the parameter block
    size_t n_stored; // numbers that files and hardware keep: `count`, or a sparse matrix's weights
} ernn_tensor;

// Random parameters: uniform +-sqrt(1/n_cells) per layer as for a dense matrix (circulant blocks
// get the same spread of their expanded entries, sparse ones are a dense matrix's largest), biases
// 0, forget bias 1.
ERNN_API ernn_status ernn_model_new(const ernn_spec *spec, const ernn_features *features,
                                    ernn_phone_set phone_set, uint64_t seed, ernn_model **model,
                                    ernn_error *err);
ERNN_API void ernn_model_free(ernn_model *model);
// Deep copy.
ERNN_API ernn_status ernn_model_copy(const ernn_model *model, ernn_model **copy, ernn_error *err);
// A model of another structure (blocks and sparsity only; same shapes) whose matrices are the exact
// Euclidean projection of this one's onto their new sets. (math.md: projection)
ERNN_API ernn_status ernn_model_project(const ernn_model *model, const ernn_spec *structure,
                                        ernn_model **projected, ernn_error *err);
// Scales the circulant matrices of `projected`, made of `model` by ernn_model_project, to the norms
// that they had there: the nearest matrices of these norms. Those whose structure is the model's
// stay as they are. (math.md: projection, norms)
ERNN_API ernn_status ernn_model_restore_norms(const ernn_model *model, ernn_model *projected,
                                              ernn_error *err);

// Borrowed, valid as long as the model.
ERNN_API const ernn_spec *ernn_model_spec(const ernn_model *model);
ERNN_API const ernn_features *ernn_model_features(const ernn_model *model);
ERNN_API ernn_phone_set ernn_model_phone_set(const ernn_model *model);
ERNN_API ernn_feature_statistics *ernn_model_statistics(ernn_model *model);
// n_phones 0: a CTC model.
ERNN_API const ernn_label_counts *ernn_model_label_counts(const ernn_model *model);
// NULL: the model is a CTC model.
ERNN_API void ernn_model_set_label_counts(ernn_model *model, const ernn_label_counts *counts);
ERNN_API size_t ernn_model_n_tensors(const ernn_model *model);
ERNN_API const ernn_tensor *ernn_model_tensors(const ernn_model *model);
ERNN_API const ernn_tensor *ernn_model_find(const ernn_model *model, const char *name);
ERNN_API size_t ernn_model_n_parameters(const ernn_model *model);
ERNN_API float *ernn_model_parameters(ernn_model *model);
ERNN_API const float *ernn_model_parameters_const(const ernn_model *model);

// safetensors with the profile of docs/format.md. Same model, same bytes. A sparse matrix with more
// weights than its structure allows is not saved. Loading refuses NaN and
// infinite values, unknown ernn.* keys, shapes that do not match the spec.
ERNN_API ernn_status ernn_model_save(const ernn_model *model, const char *path, ernn_error *err);
ERNN_API ernn_status ernn_model_load(const char *path, ernn_model **model, ernn_error *err);

// The kind that a file says it is: "model", "qmodel" or "checkpoint" (a constant string); the rest
// of the file is not checked.
ERNN_API ernn_status ernn_model_kind(const char *path, const char **kind, ernn_error *err);

// ---- Whole utterances, the way that bidirectional layers need ----

// frames[n_frames][n_inputs] -> logits[n_frames][n_labels] through the passes of training, from
// zero state. Memory for every layer and frame while it runs.
ERNN_API ernn_status ernn_model_logits(const ernn_model *model, const float *frames, int n_frames,
                                       float *logits, ernn_error *err);

// ---- Streaming inference, one frame at a time, circulant products through their spectra ----

typedef struct ernn_run ernn_run;

// The model must outlive the run and not change meanwhile. State starts at zero. Bidirectional
// layers are refused.
ERNN_API ernn_status ernn_run_new(const ernn_model *model, ernn_run **run, ernn_error *err);
ERNN_API void ernn_run_free(ernn_run *run);
ERNN_API void ernn_run_reset(ernn_run *run);
// x[n_inputs] -> logits[n_labels].
ERNN_API void ernn_run_step(ernn_run *run, const float *x, float *logits);
// The recurrent state of a layer, [layer outputs] and (LSTM, else NULL) [n_cells]; writable.
ERNN_API float *ernn_run_output(ernn_run *run, int layer);
ERNN_API float *ernn_run_cell(ernn_run *run, int layer);

#ifdef __cplusplus
}
#endif
#endif
