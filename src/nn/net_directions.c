// Bidirectional layers: the order of time turned round in a packed batch, and the outputs of both
// cells as one. docs/math.md, bidirectional layers. SPDX-License-Identifier: Apache-2.0
#include "nn/net_layer.h"

#include "num/activation.h"

#include <string.h>

// The row of rank i at step t, and at the step that is as far from the end as t from the beginning.
static size_t row_at(const ernn_packing *p, int t, int i)
{
    return p->start[t] + (size_t)i;
}

static size_t mirrored(const ernn_packing *p, int t, int i)
{
    return row_at(p, p->length[i] - 1 - t, i);
}

void ernn_packing_reverse(const ernn_packing *packing, int n, const float *x, float *y)
{
    const size_t width = (size_t)n;
    for (int t = 0; t < packing->n_steps; t++)
        for (int i = 0; i < packing->active[t]; i++)
            memcpy(y + row_at(packing, t, i) * width, x + mirrored(packing, t, i) * width,
                   width * sizeof *y);
}

void ernn_directions_join(ernn_direction direction, const ernn_packing *packing, int n,
                          const float *forward, const float *backward, float *output)
{
    const size_t width = (size_t)n;
    const bool is_sum = direction == ERNN_BIDIRECTIONAL_SUM;
    for (int t = 0; t < packing->n_steps; t++)
        for (int i = 0; i < packing->active[t]; i++) {
            const size_t row = row_at(packing, t, i);
            const float *late = backward + mirrored(packing, t, i) * width;
            float *y = output + row * (is_sum ? width : 2 * width);
            memcpy(y, forward + row * width, width * sizeof *y);
            if (is_sum)
                ernn_add_many(y, late, width);
            else
                memcpy(y + width, late, width * sizeof *y);
        }
}

void ernn_directions_split(ernn_direction direction, const ernn_packing *packing, int n,
                           const float *d_output, float *d_forward, float *d_backward)
{
    const size_t width = (size_t)n;
    const bool is_sum = direction == ERNN_BIDIRECTIONAL_SUM;
    for (int t = 0; t < packing->n_steps; t++)
        for (int i = 0; i < packing->active[t]; i++) {
            const size_t row = row_at(packing, t, i);
            const float *d = d_output + row * (is_sum ? width : 2 * width);
            memcpy(d_forward + row * width, d, width * sizeof *d);
            memcpy(d_backward + mirrored(packing, t, i) * width, d + (is_sum ? 0 : width),
                   width * sizeof *d);
        }
}

void ernn_directions_add_input(const ernn_packing *packing, int n, const float *d_backward,
                               float *d_input)
{
    const size_t width = (size_t)n;
    for (int t = 0; t < packing->n_steps; t++)
        for (int i = 0; i < packing->active[t]; i++)
            ernn_add_many(d_input + row_at(packing, t, i) * width,
                          d_backward + mirrored(packing, t, i) * width, width);
}
