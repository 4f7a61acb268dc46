// ADMM over the set of block-circulant matrices (Li et al. 2019): the copies Z, the scaled duals U,
// the penalty's gradient and the residuals. docs/math.md, ADMM. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_TRAIN_ADMM_H
#define ERNN_SRC_TRAIN_ADMM_H

#include "ernn/train.h"

typedef struct ernn_admm {
    const ernn_model *model; // dense; gives the tensor table, borrowed
    ernn_spec structure;     // block sizes to reach
    bool keeps_norm;         // ERNN_ADMM_TARGET_NORM
    int block;               // no larger blocks than this for now
    double rho;              // 0 before the first round
    size_t n;                // parameters
    float *z;                // [n] laid out as the model; only matrices with a block size are used
    float *u;                // [n]
    float *dense;            // [largest matrix] scratch
    float *vectors;          // [largest matrix, padded]
} ernn_admm;

ernn_status ernn_admm_init(ernn_admm *admm, const ernn_model *model, const ernn_spec *structure,
                           ernn_admm_target target, ernn_error *err);
void ernn_admm_clear(ernn_admm *admm);

// A new circulant set, blocks of at most `block`: Z = P(W), U = 0.
void ernn_admm_start(ernn_admm *admm, const float *parameters, int block);
// Another penalty: the scaled dual U follows, so that rho U stays.
void ernn_admm_set_rho(ernn_admm *admm, double rho);
// Z = P(W + U); gradient += rho (W - s Z + U), s = 1 or what keeps the norm of W. With Z following
// every update and s = 1 the penalty holds back what leaves the set alone, never what moves within
// it; s > 1 gives back within the set the norm that is taken outside.
void ernn_admm_gradient(ernn_admm *admm, const float *parameters, float *gradient);
// Z = P(W + U), U += W - Z
void ernn_admm_update(ernn_admm *admm, const float *parameters);
// |W - Z| / |W| of tensor `index`, 0 when it has no block size.
double ernn_admm_residual(const ernn_admm *admm, const float *parameters, size_t index);

#endif
