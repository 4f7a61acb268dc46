// Models in files: docs/format.md section 5. SPDX-License-Identifier: Apache-2.0
#include "nn/model_file.h"

#include "base/memory.h"
#include "circ/circ.h"
#include "nn/model.h"
#include "nn/table.h"

#include <stdio.h>

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

void ernn_block_put(ernn_store_writer *writer, const ernn_model *model, const char *prefix,
                    const float *block)
{
    const ernn_tensor *tensors = ernn_model_tensors(model);
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        char name[80];
        size_t shape[3];
        const int n_dims = tensor_shape(&tensors[i], shape);
        snprintf(name, sizeof name, "%s%s", prefix, tensors[i].name);
        ernn_store_put(writer, name, ERNN_DTYPE_F32, n_dims, shape, block + tensors[i].offset);
    }
}

ernn_status ernn_block_read(const ernn_store *file, const ernn_model *model, const char *prefix,
                            float *block, ernn_error *err)
{
    const ernn_tensor *tensors = ernn_model_tensors(model);
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        char name[80];
        size_t shape[3];
        const int n_dims = tensor_shape(&tensors[i], shape);
        snprintf(name, sizeof name, "%s%s", prefix, tensors[i].name);
        ernn_status status = ernn_store_read(file, name, ERNN_DTYPE_F32, n_dims, shape,
                                             block + tensors[i].offset, err);
        if (status != ERNN_OK)
            return status;
    }
    return ERNN_OK;
}

ernn_status ernn_model_save(const ernn_model *model, const char *path, ernn_error *err)
{
    ernn_status status = ernn_features_validate(ernn_model_features(model), err);
    if (status != ERNN_OK)
        return status;
    ernn_store_writer *writer = NULL;
    ernn_profile *profile = ernn_mem_new(1, sizeof *profile, err);
    status = profile ? ernn_store_writer_new(&writer, err) : ERNN_NO_MEMORY;
    if (status == ERNN_OK) {
        *profile = (ernn_profile){*ernn_model_spec(model), *ernn_model_features(model),
                                  ernn_model_phone_set(model), *ernn_model_statistics_const(model)};
        ernn_profile_put(writer, "model", profile);
        ernn_block_put(writer, model, "", ernn_model_parameters_const(model));
        status = ernn_store_save(writer, path, err);
        ernn_store_writer_free(writer);
    }
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
    const char *names[ERNN_MAX_TENSORS + 2] = {"features.mean", "features.variance"};
    const size_t n = ernn_model_n_tensors(model);
    for (size_t i = 0; i < n; i++)
        names[i + 2] = ernn_model_tensors(model)[i].name;
    return ernn_store_check_names(file, names, n + 2, err);
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
    status = check_names(file, *model, err);
    if (status == ERNN_OK)
        status = ernn_block_read(file, *model, "", ernn_model_parameters(*model), err);
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
