// Balanced magnitude pruning. SPDX-License-Identifier: Apache-2.0
#include "train/prune.h"

#include "nn/table.h"

#include <math.h>

// The sparsity that `structure` wants for a tensor, n_pes 0 = none.
static ernn_sparsity wanted(const ernn_spec *structure, const ernn_tensor *tensor)
{
    return ernn_table_structure(structure, tensor).sparse;
}

int ernn_prune_density(int density, double position)
{
    // d(s) = D + (1 - D) (1 - s)^3 (Zhu and Gupta 2017, eq. 1, in densities)
    const double left = 1 - fmin(fmax(position, 0), 1);
    return density + (int)lround((ERNN_FULL_DENSITY - density) * left * left * left);
}

void ernn_prune_gradient(const ernn_model *model, const ernn_spec *structure,
                         const float *parameters, float *gradient)
{
    const ernn_tensor *tensors = ernn_model_tensors(model);
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        if (wanted(structure, &tensors[i]).n_pes == 0)
            continue;
        const size_t end = tensors[i].offset + tensors[i].count;
        for (size_t j = tensors[i].offset; j < end; j++)
            gradient[j] = parameters[j] == 0 ? 0 : gradient[j];
    }
}

void ernn_prune_update(const ernn_model *model, const ernn_spec *structure, double position,
                       float *parameters, float *mean, float *square)
{
    const ernn_tensor *tensors = ernn_model_tensors(model);
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        const ernn_tensor *t = &tensors[i];
        ernn_sparsity sparsity = wanted(structure, t);
        if (sparsity.n_pes == 0)
            continue;
        sparsity.density = ernn_prune_density(sparsity.density, position);
        float *w = parameters + t->offset;
        ernn_sparse_project(w, t->rows, t->cols, sparsity, w);
        for (size_t j = t->offset; j < t->offset + t->count; j++)
            if (parameters[j] == 0) {
                mean[j] = 0;
                if (square)
                    square[j] = 0;
            }
    }
}

double ernn_prune_kept(const ernn_model *model, const ernn_spec *structure, const float *parameters)
{
    const ernn_tensor *tensors = ernn_model_tensors(model);
    size_t n = 0;
    size_t n_kept = 0;
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        if (wanted(structure, &tensors[i]).n_pes == 0)
            continue;
        n += tensors[i].count;
        for (size_t j = tensors[i].offset; j < tensors[i].offset + tensors[i].count; j++)
            n_kept += parameters[j] != 0;
    }
    return n > 0 ? (double)n_kept / (double)n : 1;
}
