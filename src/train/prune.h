// Balanced magnitude pruning (ESE, Han et al. 2017; schedule of Zhu and Gupta 2017): the zeros of a
// sparse matrix are its mask, so parameters alone carry it from update to update and from
// checkpoint to training. docs/math.md, pruning. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_TRAIN_PRUNE_H
#define ERNN_SRC_TRAIN_PRUNE_H

#include "ernn/model.h"

// Share of the weights that is kept at `position` 0 to 1 of the pruning, in 1/10000: from all at 0
// down to `density` at 1.
int ernn_prune_density(int density, double position);

// gradient = 0 wherever `parameters`, laid out as `model`, are 0 in a matrix that `structure` wants
// sparse.
void ernn_prune_gradient(const ernn_model *model, const ernn_spec *structure,
                         const float *parameters, float *gradient);

// Projects those matrices onto their balanced sets at `position` and zeroes the moments (square may
// be NULL) of what is pruned: mean, square laid out as parameters.
void ernn_prune_update(const ernn_model *model, const ernn_spec *structure, double position,
                       float *parameters, float *mean, float *square);

// Share, 0 to 1, of the weights of those matrices that are not 0; 1 when there is none.
double ernn_prune_kept(const ernn_model *model, const ernn_spec *structure,
                       const float *parameters);

#endif
