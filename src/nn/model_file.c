// Models in files: docs/format.md section 5. SPDX-License-Identifier: Apache-2.0
#include "nn/model_file.h"

#include "base/memory.h"
#include "circ/circ.h"
#include "nn/model.h"
#include "nn/table.h"

#include <stdio.h>

enum { NAME_BYTES = 48 }; // of a tensor's name with ".positions"

// Dense [rows, cols], circulant [p, q, k], vector [rows]; returns the number of dimensions.
static int tensor_shape(const ernn_tensor *tensor, size_t *shape)
{
    const int k = tensor->block;
    if (!tensor->is_matrix) {
        shape[0] = (size_t)tensor->rows;
        return 1;
    }
    shape[0] = (size_t)ernn_circ_blocks(tensor->rows, k);
    shape[1] = (size_t)ernn_circ_blocks(tensor->cols, k);
    shape[2] = (size_t)k;
    return k == 1 ? 2 : 3;
}

// ---- Sparse matrices: values and positions of the PEs ----

// Room for the largest sparse matrix of a model, both NULL when it has none. Freed by the caller.
typedef struct packed {
    float *values;
    int32_t *positions;
} packed;

static void packed_free(packed *p)
{
    ernn_mem_free(p->values);
    ernn_mem_free(p->positions);
}

static ernn_status packed_new(const ernn_tensor *tensor, packed *p, ernn_error *err)
{
    p->values = ernn_mem_new(tensor->n_stored, sizeof *p->values, err);
    p->positions = ernn_mem_new(tensor->n_stored, sizeof *p->positions, err);
    if (p->values && p->positions)
        return ERNN_OK;
    packed_free(p);
    *p = (packed){0};
    return ERNN_NO_MEMORY;
}

// [n_pes, share]
static void packed_shape(const ernn_tensor *tensor, size_t *shape)
{
    shape[0] = (size_t)tensor->sparse.n_pes;
    shape[1] = tensor->n_stored / shape[0];
}

static void packed_names(const ernn_tensor *tensor, char *values, char *positions, size_t size)
{
    snprintf(values, size, "%s.values", tensor->name);
    snprintf(positions, size, "%s.positions", tensor->name);
}

static ernn_status put_sparse(ernn_store_writer *writer, const ernn_tensor *tensor,
                              const float *matrix, packed *p, ernn_error *err)
{
    char values[NAME_BYTES];
    char positions[NAME_BYTES];
    size_t shape[2];
    ernn_status status = packed_new(tensor, p, err);
    ernn_error reason = {0};
    if (status == ERNN_OK && ernn_sparse_pack(matrix, tensor->rows, tensor->cols, tensor->sparse,
                                              p->values, p->positions, &reason) != ERNN_OK)
        status = ernn_error_set(err, ERNN_BAD_ARG, "model: %s: %s; prune it first", tensor->name,
                                reason.text);
    if (status != ERNN_OK)
        return status;
    packed_names(tensor, values, positions, sizeof values);
    packed_shape(tensor, shape);
    ernn_store_put(writer, values, ERNN_DTYPE_F32, 2, shape, p->values);
    ernn_store_put(writer, positions, ERNN_DTYPE_I32, 2, shape, p->positions);
    return ERNN_OK;
}

static ernn_status read_sparse(const ernn_store *file, const ernn_tensor *tensor, float *matrix,
                               ernn_error *err)
{
    char values[NAME_BYTES];
    char positions[NAME_BYTES];
    size_t shape[2];
    packed p = {0};
    ernn_error reason = {0};
    ernn_status status = packed_new(tensor, &p, err);
    packed_names(tensor, values, positions, sizeof values);
    packed_shape(tensor, shape);
    if (status == ERNN_OK)
        status = ernn_store_read(file, values, ERNN_DTYPE_F32, 2, shape, p.values, err);
    if (status == ERNN_OK)
        status = ernn_store_read(file, positions, ERNN_DTYPE_I32, 2, shape, p.positions, err);
    if (status == ERNN_OK && ernn_sparse_unpack(p.values, p.positions, tensor->rows, tensor->cols,
                                                tensor->sparse, matrix, &reason) != ERNN_OK)
        status = ernn_error_set(err, ERNN_BAD_FILE, "%s: tensor '%s': %s", ernn_store_path(file),
                                positions, reason.text);
    packed_free(&p);
    return status;
}

// ---- Models ----

// The parameters as one tensor per entry of the table, a sparse matrix as two. sparse[n_tensors]
// are the caller's to free after the save, whatever the status.
static ernn_status put_parameters(ernn_store_writer *writer, const ernn_model *model,
                                  packed *sparse, ernn_error *err)
{
    const float *parameters = ernn_model_parameters_const(model);
    ernn_status status = ERNN_OK;
    for (size_t i = 0; status == ERNN_OK && i < ernn_model_n_tensors(model); i++) {
        const ernn_tensor *tensor = &ernn_model_tensors(model)[i];
        const float *values = parameters + tensor->offset;
        size_t shape[3];
        const int n_dims = tensor_shape(tensor, shape);
        if (!tensor->sparse.n_pes)
            ernn_store_put(writer, tensor->name, ERNN_DTYPE_F32, n_dims, shape, values);
        else
            status = put_sparse(writer, tensor, values, &sparse[i], err);
    }
    return status;
}

static ernn_status read_parameters(const ernn_store *file, ernn_model *model, ernn_error *err)
{
    float *parameters = ernn_model_parameters(model);
    ernn_status status = ERNN_OK;
    for (size_t i = 0; status == ERNN_OK && i < ernn_model_n_tensors(model); i++) {
        const ernn_tensor *tensor = &ernn_model_tensors(model)[i];
        float *values = parameters + tensor->offset;
        size_t shape[3];
        const int n_dims = tensor_shape(tensor, shape);
        status = tensor->sparse.n_pes ? read_sparse(file, tensor, values, err)
                                      : ernn_store_read(file, tensor->name, ERNN_DTYPE_F32, n_dims,
                                                        shape, values, err);
    }
    return status;
}

ernn_status ernn_model_save(const ernn_model *model, const char *path, ernn_error *err)
{
    ernn_status status = ernn_features_validate(ernn_model_features(model), err);
    if (status != ERNN_OK)
        return status;
    ernn_store_writer *writer = NULL;
    ernn_profile *profile = ernn_mem_new(1, sizeof *profile, err);
    packed *sparse = ernn_mem_new(ernn_model_n_tensors(model), sizeof *sparse, err);
    status = profile && sparse ? ernn_store_writer_new(&writer, err) : ERNN_NO_MEMORY;
    if (status == ERNN_OK) {
        *profile = (ernn_profile){*ernn_model_spec(model), *ernn_model_features(model),
                                  ernn_model_phone_set(model), *ernn_model_statistics_const(model),
                                  *ernn_model_label_counts(model)};
        ernn_profile_put(writer, "model", profile);
        status = put_parameters(writer, model, sparse, err);
    }
    if (status == ERNN_OK)
        status = ernn_store_save(writer, path, err);
    ernn_store_writer_free(writer);
    for (size_t i = 0; sparse && i < ernn_model_n_tensors(model); i++)
        packed_free(&sparse[i]);
    ernn_mem_free(sparse);
    ernn_mem_free(profile);
    return status;
}

// A spec asks for memory before its tensors are looked at: not more than the file holds.
static ernn_status check_size(const ernn_store *file, const ernn_spec *spec, ernn_error *err)
{
    const size_t n = ernn_spec_parameters(spec);
    if (n <= ernn_store_size(file) / sizeof(float))
        return ERNN_OK;
    return ernn_error_set(err, ERNN_BAD_FILE,
                          "%s: metadata 'ernn.spec': a network of %zu parameters in a file of %zu "
                          "bytes",
                          ernn_store_path(file), n, ernn_store_size(file));
}

// Refuses tensors that the model does not have.
static ernn_status check_names(const ernn_store *file, const ernn_model *model, ernn_error *err)
{
    enum { MOST = 2 * ERNN_MAX_TENSORS + 4 };
    char sparse[MOST][NAME_BYTES];
    const char *names[MOST] = {"features.mean", "features.variance", "labels.frames",
                               "labels.pairs"};
    size_t n = 4;
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        const ernn_tensor *tensor = &ernn_model_tensors(model)[i];
        names[n] = tensor->name;
        if (tensor->sparse.n_pes) {
            packed_names(tensor, sparse[n], sparse[n + 1], NAME_BYTES);
            names[n] = sparse[n];
            names[n + 1] = sparse[n + 1];
            n++;
        }
        n++;
    }
    return ernn_store_check_names(file, names, n, err);
}

static ernn_status read_model(const ernn_store *file, const ernn_profile *profile,
                              ernn_model **model, ernn_error *err)
{
    ernn_status status = check_size(file, &profile->spec, err);
    if (status == ERNN_OK)
        status =
            ernn_model_blank(&profile->spec, &profile->features, profile->phone_set, model, err);
    if (status != ERNN_OK)
        return status;
    *ernn_model_statistics(*model) = profile->statistics;
    ernn_model_set_label_counts(*model, &profile->labels);
    status = check_names(file, *model, err);
    if (status == ERNN_OK)
        status = read_parameters(file, *model, err);
    if (status != ERNN_OK) {
        ernn_model_free(*model);
        *model = NULL;
    }
    return status;
}

ernn_status ernn_model_load(const char *path, ernn_model **model, ernn_error *err)
{
    *model = NULL;
    ernn_store *file = NULL;
    ernn_profile *profile = ernn_mem_new(1, sizeof *profile, err);
    ernn_status status = profile ? ernn_store_load(path, &file, err) : ERNN_NO_MEMORY;
    if (status == ERNN_OK)
        status = ernn_profile_read(file, "model", NULL, 0, profile, err);
    if (status == ERNN_OK)
        status = read_model(file, profile, model, err);
    ernn_store_free(file);
    ernn_mem_free(profile);
    return status;
}
