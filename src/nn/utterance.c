// Logits of one whole utterance: a batch of one through the passes of training.
// SPDX-License-Identifier: Apache-2.0
#include "nn/net.h"

#include <string.h>

ernn_status ernn_model_logits(const ernn_model *model, const float *frames, int n_frames,
                              float *logits, ernn_error *err)
{
    ernn_weights *weights = NULL;
    ernn_net *net = NULL;
    if (n_frames <= 0)
        return ERNN_OK;
    ernn_status status = ernn_weights_new(model, &weights, err);
    if (status == ERNN_OK)
        status = ernn_net_new(weights, 1, n_frames, 1, &net, err);
    if (status == ERNN_OK) {
        const ernn_batch batch = {.n = 1, .frames = &frames, .n_frames = &n_frames};
        ernn_net_forward(net, weights, &batch);
        size_t stride;
        const float *from = ernn_net_logits(net, 0, &stride);
        memcpy(logits, from, (size_t)n_frames * stride * sizeof *logits);
    }
    ernn_net_free(net);
    ernn_weights_free(weights);
    return status;
}
