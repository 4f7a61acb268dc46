// Rounded parameters. SPDX-License-Identifier: Apache-2.0
#include "train/rounding.h"

#include "base/memory.h"
#include "circ/rounding.h"

#include <assert.h>
#include <string.h>

// W_hr is a matrix of its own where the reset comes before the product (fixed-point.md 6.3).
static bool is_apart(const ernn_model *model, const ernn_tensor *tensor)
{
    const char *dot = strrchr(tensor->name, '.');
    return tensor->layer >= 0 && !strcmp(dot, ".W_hr") &&
           !ernn_model_spec(model)->layers[tensor->layer].is_reset_after;
}

// Whether `tensor` shares the format of the matrix before it.
static bool is_joined(const ernn_model *model, const ernn_tensor *before, const ernn_tensor *tensor)
{
    return before && before->is_matrix && before->layer == tensor->layer &&
           before->matrix == tensor->matrix && before->block == tensor->block &&
           !is_apart(model, tensor);
}

ernn_status ernn_rounding_init(ernn_rounding *rounding, const ernn_model *model, int bits,
                               ernn_error *err)
{
    const ernn_tensor *tensors = ernn_model_tensors(model);
    *rounding = (ernn_rounding){.bits = bits, .n = ernn_model_n_parameters(model)};
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        const ernn_tensor *t = &tensors[i];
        if (!t->is_matrix)
            continue;
        if (!is_joined(model, i > 0 ? t - 1 : NULL, t)) {
            assert(rounding->n_groups < ERNN_MAX_WEIGHT_GROUPS);
            rounding->groups[rounding->n_groups++] =
                (ernn_weight_group){.offset = t->offset, .block = t->block};
        }
        rounding->groups[rounding->n_groups - 1].n_blocks += t->count / (size_t)t->block;
    }
    rounding->values = ernn_mem_new(rounding->n, sizeof(float), err);
    return rounding->values ? ERNN_OK : ERNN_NO_MEMORY;
}

void ernn_rounding_clear(ernn_rounding *rounding)
{
    ernn_mem_free(rounding->values);
    *rounding = (ernn_rounding){0};
}

const float *ernn_rounding_update(ernn_rounding *rounding, const float *parameters)
{
    memcpy(rounding->values, parameters, rounding->n * sizeof *parameters);
    for (size_t i = 0; i < rounding->n_groups; i++) {
        const ernn_weight_group *g = &rounding->groups[i];
        const float *w = parameters + g->offset;
        const int frac = ernn_weights_frac(w, g->n_blocks, g->block, rounding->bits);
        ernn_weights_round(w, g->n_blocks, g->block, frac, rounding->bits,
                           rounding->values + g->offset);
    }
    return rounding->values;
}
