// A model: spec, features, label set and one block of parameters with its table.
// docs/math.md sections 2 to 5.
// SPDX-License-Identifier: Apache-2.0
#include "nn/model.h"

#include "base/memory.h"
#include "base/rng.h"
#include "circ/circ.h"
#include "nn/table.h"

#include <math.h>
#include <string.h>

struct ernn_model {
    ernn_spec spec;
    ernn_features features;
    ernn_phone_set phone_set;
    ernn_feature_statistics statistics;
    ernn_label_counts labels;
    size_t n_tensors;
    ernn_tensor tensors[ERNN_MAX_TENSORS];
    size_t n_parameters;
    float *parameters;
};

ernn_status ernn_model_blank(const ernn_spec *spec, const ernn_features *features,
                             ernn_phone_set phone_set, ernn_model **model, ernn_error *err)
{
    *model = NULL;
    if (ernn_spec_validate(spec, err) != ERNN_OK)
        return ERNN_BAD_ARG;
    ernn_model *made = ernn_mem_new(1, sizeof *made, err);
    if (!made)
        return ERNN_NO_MEMORY;
    made->spec = *spec;
    made->features = *features;
    made->phone_set = phone_set;
    made->n_tensors = ernn_table_fill(spec, made->tensors, &made->n_parameters);
    made->parameters = ernn_mem_new(made->n_parameters, sizeof *made->parameters, err);
    if (!made->parameters) {
        ernn_model_free(made);
        return ERNN_NO_MEMORY;
    }
    *model = made;
    return ERNN_OK;
}

void ernn_model_free(ernn_model *model)
{
    if (!model)
        return;
    ernn_mem_free(model->parameters);
    ernn_mem_free(model);
}

// Sets the stream of initial values apart from other uses of the same seed.
enum { RNG_STREAM_PARAMETERS = 0x6d6f6465 };

// Weights and peepholes are uniform in +-sqrt(1 / n), n the cells of their layer (output layer: the
// width it sees); an entry of the expanded matrix is one of the numbers stored, so its spread is
// the same for any block size. A sparse matrix keeps the largest of them. (math.md eq. 23)
static void randomize(const ernn_model *model, const ernn_tensor *tensor, ernn_rng *rng)
{
    float *values = model->parameters + tensor->offset;
    const int n = tensor->layer < 0 ? tensor->cols : model->spec.layers[tensor->layer].n_cells;
    const double spread = sqrt(1.0 / n);
    for (size_t i = 0; i < tensor->count; i++)
        values[i] = (float)(spread * (2 * ernn_rng_uniform(rng) - 1));
    if (tensor->is_matrix && tensor->block > 1)
        ernn_circ_clear_absent(tensor->rows, tensor->cols, tensor->block, values);
    if (tensor->sparse.n_pes)
        ernn_sparse_project(values, tensor->rows, tensor->cols, tensor->sparse, values);
}

// Whether the name after layer and direction begins with `start`.
static bool is_part(const ernn_tensor *tensor, const char *start)
{
    const char *dot = strrchr(tensor->name, '.');
    return strncmp(dot + 1, start, strlen(start)) == 0;
}

ernn_status ernn_model_new(const ernn_spec *spec, const ernn_features *features,
                           ernn_phone_set phone_set, uint64_t seed, ernn_model **model,
                           ernn_error *err)
{
    ernn_status status = ernn_model_blank(spec, features, phone_set, model, err);
    for (size_t i = 0; status == ERNN_OK && i < (*model)->n_tensors; i++) {
        const ernn_tensor *tensor = &(*model)->tensors[i];
        ernn_rng rng = ernn_rng_new(seed, RNG_STREAM_PARAMETERS, i);
        if (!is_part(tensor, "b"))
            randomize(*model, tensor, &rng);
        else if (is_part(tensor, "b_f"))
            for (size_t e = 0; e < tensor->count; e++)
                (*model)->parameters[tensor->offset + e] = 1;
    }
    return status;
}

ernn_status ernn_model_copy(const ernn_model *model, ernn_model **copy, ernn_error *err)
{
    ernn_status status =
        ernn_model_blank(&model->spec, &model->features, model->phone_set, copy, err);
    if (status != ERNN_OK)
        return status;
    (*copy)->statistics = model->statistics;
    (*copy)->labels = model->labels;
    memcpy((*copy)->parameters, model->parameters, model->n_parameters * sizeof *model->parameters);
    return ERNN_OK;
}

// ---- Projection ----

static bool is_same_shape(const ernn_spec *a, const ernn_spec *b)
{
    bool same =
        a->n_inputs == b->n_inputs && a->n_labels == b->n_labels && a->n_layers == b->n_layers;
    for (int l = 0; same && l < a->n_layers; l++) {
        const ernn_layer_spec *x = &a->layers[l];
        const ernn_layer_spec *y = &b->layers[l];
        same = x->cell == y->cell && x->n_cells == y->n_cells && x->n_projected == y->n_projected &&
               x->is_peephole == y->is_peephole && x->direction == y->direction &&
               x->cell_clip == y->cell_clip &&
               (x->cell == ERNN_CELL_LSTM || x->is_reset_after == y->is_reset_after);
    }
    return same;
}

static ernn_status refuse_shape(const ernn_spec *have, const ernn_spec *want, ernn_error *err)
{
    char have_text[160];
    char want_text[160];
    ernn_spec_print(have, have_text, sizeof have_text);
    ernn_spec_print(want, want_text, sizeof want_text);
    return ernn_error_set(err, ERNN_BAD_ARG,
                          "projection: structure is %d > %s > %d, the model is %d > %s > %d; only "
                          "structures of matrices may differ",
                          want->n_inputs, want_text, want->n_labels, have->n_inputs, have_text,
                          have->n_labels);
}

// Floats of the largest matrix, expanded.
static size_t largest_matrix(const ernn_model *model)
{
    size_t most = 0;
    for (size_t i = 0; i < model->n_tensors; i++) {
        const size_t n = (size_t)model->tensors[i].rows * (size_t)model->tensors[i].cols;
        most = n > most ? n : most;
    }
    return most;
}

ernn_status ernn_model_project(const ernn_model *model, const ernn_spec *structure,
                               ernn_model **projected, ernn_error *err)
{
    *projected = NULL;
    ernn_model *made = NULL;
    float *dense = NULL;
    ernn_status status = ernn_spec_validate(structure, err);
    if (status == ERNN_OK && !is_same_shape(&model->spec, structure))
        status = refuse_shape(&model->spec, structure, err);
    if (status == ERNN_OK)
        status = ernn_model_blank(structure, &model->features, model->phone_set, &made, err);
    if (status == ERNN_OK && !(dense = ernn_mem_new(largest_matrix(model), sizeof *dense, err)))
        status = ERNN_NO_MEMORY;
    if (status != ERNN_OK)
        goto done;
    made->statistics = model->statistics;
    made->labels = model->labels;
    for (size_t i = 0; i < model->n_tensors; i++) {
        const ernn_tensor *from = &model->tensors[i];
        const ernn_tensor *to = &made->tensors[i];
        // Z = Pi(W) (math.md eq. 8)
        ernn_circ_expand(model->parameters + from->offset, from->rows, from->cols, from->block,
                         dense);
        float *z = made->parameters + to->offset;
        if (to->sparse.n_pes)
            ernn_sparse_project(dense, to->rows, to->cols, to->sparse, z);
        else
            ernn_circ_project(dense, to->rows, to->cols, to->block, z);
    }
    *projected = made;
    made = NULL;
done:
    ernn_mem_free(dense);
    ernn_model_free(made);
    return status;
}

ernn_status ernn_model_restore_norms(const ernn_model *model, ernn_model *projected,
                                     ernn_error *err)
{
    const size_t n = largest_matrix(model);
    float *before = ernn_mem_new(n, sizeof *before, err);
    float *after = ernn_mem_new(n, sizeof *after, err);
    for (size_t i = 0; before && after && i < model->n_tensors; i++) {
        const ernn_tensor *from = &model->tensors[i];
        const ernn_tensor *to = &projected->tensors[i];
        if (to->block == from->block)
            continue;
        float *w = projected->parameters + to->offset;
        ernn_circ_expand(model->parameters + from->offset, from->rows, from->cols, from->block,
                         before);
        ernn_circ_expand(w, to->rows, to->cols, to->block, after);
        const size_t entries = (size_t)to->rows * (size_t)to->cols;
        const float factor = (float)ernn_circ_norm_factor(before, after, entries, to->block);
        for (size_t j = 0; j < to->count; j++)
            w[j] *= factor;
    }
    const bool is_done = before && after;
    ernn_mem_free(before);
    ernn_mem_free(after);
    return is_done ? ERNN_OK : ERNN_NO_MEMORY;
}

// ---- Access ----

const ernn_spec *ernn_model_spec(const ernn_model *model)
{
    return &model->spec;
}

const ernn_features *ernn_model_features(const ernn_model *model)
{
    return &model->features;
}

ernn_phone_set ernn_model_phone_set(const ernn_model *model)
{
    return model->phone_set;
}

ernn_feature_statistics *ernn_model_statistics(ernn_model *model)
{
    return &model->statistics;
}

const ernn_label_counts *ernn_model_label_counts(const ernn_model *model)
{
    return &model->labels;
}

void ernn_model_set_label_counts(ernn_model *model, const ernn_label_counts *counts)
{
    model->labels = counts ? *counts : (ernn_label_counts){0};
}

const ernn_feature_statistics *ernn_model_statistics_const(const ernn_model *model)
{
    return &model->statistics;
}

size_t ernn_model_n_tensors(const ernn_model *model)
{
    return model->n_tensors;
}

const ernn_tensor *ernn_model_tensors(const ernn_model *model)
{
    return model->tensors;
}

const ernn_tensor *ernn_model_find(const ernn_model *model, const char *name)
{
    for (size_t i = 0; i < model->n_tensors; i++)
        if (strcmp(model->tensors[i].name, name) == 0)
            return &model->tensors[i];
    return NULL;
}

size_t ernn_model_n_parameters(const ernn_model *model)
{
    return model->n_parameters;
}

float *ernn_model_parameters(ernn_model *model)
{
    return model->parameters;
}

const float *ernn_model_parameters_const(const ernn_model *model)
{
    return model->parameters;
}
