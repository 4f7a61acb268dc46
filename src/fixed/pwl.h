// The tables of the piecewise-linear activations. docs/fixed-point.md section 5.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_FIXED_PWL_H
#define ERNN_SRC_FIXED_PWL_H

#include "ernn/status.h"
#include "rt/arithmetic.h"

// log2 of the number of segments per unit of x.
enum { ERNN_PWL_SIGMOID_STEP = 2, ERNN_PWL_TANH_STEP = 3 };

// Minimax chords of sigmoid over [0, 8) and tanh over [0, 4), rounded to `gate_frac` (6 to 16).
void ernn_pwl_sigmoid(ernn_rt_pwl *pwl, unsigned gate_frac);
void ernn_pwl_tanh(ernn_rt_pwl *pwl, unsigned gate_frac);

// True when values stay in [0, 1] for every argument with at least `step_log2` and at most
// `max_x_frac` fractional bits: what the widths of src/rt rest on.
bool ernn_pwl_is_valid(const ernn_rt_pwl *pwl, unsigned step_log2, unsigned max_x_frac,
                       unsigned gate_frac);

#endif
