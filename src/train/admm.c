// ADMM over the set of block-circulant matrices. SPDX-License-Identifier: Apache-2.0
#include "train/admm.h"

#include "base/memory.h"
#include "ernn/circ.h"
#include "nn/table.h"

#include <math.h>
#include <string.h>

// Block size of a tensor in the present round, 1 = free.
static int block_of(const ernn_admm *admm, const ernn_tensor *tensor)
{
    const int block = ernn_table_structure(&admm->structure, tensor).block;
    return block < admm->block ? block : admm->block;
}

static ernn_status allocate(ernn_admm *admm, ernn_error *err)
{
    const ernn_tensor *tensors = ernn_model_tensors(admm->model);
    size_t largest = 1;
    size_t padded = 1;
    for (size_t i = 0; i < ernn_model_n_tensors(admm->model); i++) {
        if (tensors[i].count > largest)
            largest = tensors[i].count;
        // Growth passes through every smaller block, whose padding differs.
        for (int k = block_of(admm, &tensors[i]); k > 1; k /= 2) {
            const size_t vectors = ernn_circ_count(tensors[i].rows, tensors[i].cols, k);
            if (vectors > padded)
                padded = vectors;
        }
    }
    admm->z = ernn_mem_new(admm->n, sizeof(float), err);
    admm->u = ernn_mem_new(admm->n, sizeof(float), err);
    admm->dense = ernn_mem_new(largest, sizeof(float), err);
    admm->vectors = ernn_mem_new(padded, sizeof(float), err);
    return admm->z && admm->u && admm->dense && admm->vectors ? ERNN_OK : ERNN_NO_MEMORY;
}

ernn_status ernn_admm_init(ernn_admm *admm, const ernn_model *model, const ernn_spec *structure,
                           ernn_admm_target target, ernn_error *err)
{
    *admm = (ernn_admm){.model = model,
                        .structure = *structure,
                        .keeps_norm = target == ERNN_ADMM_TARGET_NORM,
                        .block = ERNN_MAX_BLOCK,
                        .n = ernn_model_n_parameters(model)};
    const ernn_status status = allocate(admm, err);
    if (status != ERNN_OK)
        ernn_admm_clear(admm);
    return status;
}

void ernn_admm_clear(ernn_admm *admm)
{
    ernn_mem_free(admm->z);
    ernn_mem_free(admm->u);
    ernn_mem_free(admm->dense);
    ernn_mem_free(admm->vectors);
    *admm = (ernn_admm){0};
}

// z = P(w + u) for one tensor, u NULL = 0
static void project(ernn_admm *admm, const ernn_tensor *t, int k, const float *w, const float *u)
{
    for (size_t i = 0; i < t->count; i++)
        admm->dense[i] = w[t->offset + i] + (u ? u[t->offset + i] : 0);
    ernn_circ_project(admm->dense, t->rows, t->cols, k, admm->vectors);
    ernn_circ_expand(admm->vectors, t->rows, t->cols, k, admm->z + t->offset);
}

void ernn_admm_start(ernn_admm *admm, const float *parameters, int block)
{
    const ernn_tensor *tensors = ernn_model_tensors(admm->model);
    admm->block = block;
    memset(admm->u, 0, admm->n * sizeof(float));
    memset(admm->z, 0, admm->n * sizeof(float));
    for (size_t i = 0; i < ernn_model_n_tensors(admm->model); i++) {
        const int k = block_of(admm, &tensors[i]);
        if (k > 1)
            project(admm, &tensors[i], k, parameters, NULL);
    }
}

void ernn_admm_set_rho(ernn_admm *admm, double rho)
{
    const float scale = (float)(admm->rho / rho);
    for (size_t i = 0; i < admm->n; i++)
        admm->u[i] *= scale;
    admm->rho = rho;
}

void ernn_admm_gradient(ernn_admm *admm, const float *w, float *gradient)
{
    const ernn_tensor *tensors = ernn_model_tensors(admm->model);
    const float rho = (float)admm->rho;
    for (size_t i = 0; i < ernn_model_n_tensors(admm->model); i++) {
        const int k = block_of(admm, &tensors[i]);
        if (k == 1)
            continue;
        const size_t begin = tensors[i].offset;
        const size_t end = begin + tensors[i].count;
        project(admm, &tensors[i], k, w, admm->u);
        float s = 1;
        if (admm->keeps_norm)
            s = (float)ernn_circ_norm_factor(w + begin, admm->z + begin, tensors[i].count, k);
        // rho (W - s Z + U) (math.md T.5, T.6a)
        for (size_t j = begin; j < end; j++)
            gradient[j] += rho * (w[j] - s * admm->z[j] + admm->u[j]);
    }
}

void ernn_admm_update(ernn_admm *admm, const float *w)
{
    const ernn_tensor *tensors = ernn_model_tensors(admm->model);
    for (size_t i = 0; i < ernn_model_n_tensors(admm->model); i++) {
        const int k = block_of(admm, &tensors[i]);
        if (k == 1)
            continue;
        project(admm, &tensors[i], k, w, admm->u);
        const size_t end = tensors[i].offset + tensors[i].count;
        for (size_t j = tensors[i].offset; j < end; j++)
            admm->u[j] += w[j] - admm->z[j];
    }
}

double ernn_admm_residual(const ernn_admm *admm, const float *w, size_t index)
{
    const ernn_tensor *t = &ernn_model_tensors(admm->model)[index];
    if (block_of(admm, t) == 1)
        return 0;
    double difference = 0;
    double energy = 0;
    for (size_t j = t->offset; j < t->offset + t->count; j++) {
        const double d = (double)w[j] - admm->z[j];
        difference += d * d;
        energy += (double)w[j] * w[j];
    }
    return energy > 0 ? sqrt(difference / energy) : 0;
}
