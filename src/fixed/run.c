// One stream of the integer network, from float features to scores. docs/fixed-point.md section 7.
// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"
#include "fixed/qmodel.h"

#include <math.h>

struct ernn_qrun {
    const ernn_qmodel *qmodel;
    ernn_rt_state *state;
    int32_t *x;
    int32_t *scores;
};

void ernn_quantise_frame(const ernn_rt_network *network, const float *x, int32_t *q, uint32_t *hits)
{
    const double top = ldexp(1, (int)network->signal_bits - 1) - 1;
    for (uint32_t i = 0; i < network->layers[0].n_inputs; i++) {
        const double scaled = floor(ldexp(x[i], (int)network->layers[0].input_frac) + 0.5);
        const double limited = fmin(fmax(scaled, -top - 1), top);
        *hits += scaled != limited;
        q[i] = (int32_t)limited;
    }
}

ernn_status ernn_qrun_new(const ernn_qmodel *qmodel, ernn_qrun **run, ernn_error *err)
{
    *run = NULL;
    ernn_qrun *made = ernn_mem_new(1, sizeof *made, err);
    if (!made)
        return ERNN_NO_MEMORY;
    made->qmodel = qmodel;
    made->x = ernn_mem_new((size_t)qmodel->spec.n_inputs, sizeof *made->x, err);
    made->scores = ernn_mem_new((size_t)qmodel->spec.n_labels, sizeof *made->scores, err);
    if (!made->x || !made->scores ||
        ernn_qstate_new(&qmodel->network, &made->state, err) != ERNN_OK) {
        ernn_qrun_free(made);
        return ERNN_NO_MEMORY;
    }
    *run = made;
    return ERNN_OK;
}

void ernn_qrun_free(ernn_qrun *run)
{
    if (!run)
        return;
    ernn_mem_free(run->x);
    ernn_mem_free(run->scores);
    ernn_qstate_free(run->state);
    ernn_mem_free(run);
}

void ernn_qrun_reset(ernn_qrun *run)
{
    ernn_rt_reset(&run->qmodel->network, run->state);
}

void ernn_qrun_step(ernn_qrun *run, const float *x, float *logits)
{
    const ernn_rt_network *network = &run->qmodel->network;
    ernn_quantise_frame(network, x, run->x, &run->state->saturations[ERNN_RT_INPUT]);
    ernn_rt_step(network, run->x, run->scores, run->state, NULL, NULL);
    for (uint32_t r = 0; r < network->output.rows; r++)
        logits[r] = (float)ldexp(run->scores[r], -(int)network->output_frac);
}

void ernn_qrun_saturations(ernn_qrun *run, uint64_t *totals)
{
    for (int c = 0; c < ERNN_RT_CLASSES; c++) {
        totals[c] += run->state->saturations[c];
        run->state->saturations[c] = 0;
    }
}
