// The state of one stream of the integer network. docs/fixed-point.md section 7.
// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"
#include "fixed/qmodel.h"

// The struct is followed by all vectors in one block.
ernn_status ernn_qstate_new(const ernn_rt_network *network, ernn_rt_state **state, ernn_error *err)
{
    *state = NULL;
    size_t words = ernn_rt_scratch_words(network);
    for (uint32_t l = 0; l < network->n_layers; l++)
        words += network->layers[l].n_outputs + network->layers[l].n_cells;
    ernn_rt_state *made = ernn_mem_new(1, sizeof *made + words * sizeof(int32_t), err);
    if (!made)
        return ERNN_NO_MEMORY;
    int32_t *next = (int32_t *)(made + 1);
    for (uint32_t l = 0; l < network->n_layers; l++) {
        made->y[l] = next;
        next += network->layers[l].n_outputs;
        made->c[l] = network->layers[l].cell == ERNN_RT_LSTM ? next : NULL;
        next += network->layers[l].n_cells;
    }
    made->scratch = next;
    *state = made;
    return ERNN_OK;
}

void ernn_qstate_free(ernn_rt_state *state)
{
    ernn_mem_free(state);
}
