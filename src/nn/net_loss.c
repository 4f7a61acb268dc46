// Losses of one utterance on its logits: CTC, and cross-entropy frame by frame. docs/math.md
// L.3 and L.4. SPDX-License-Identifier: Apache-2.0
#include "nn/net_layer.h"

#include "nn/ctc.h"

#include <assert.h>
#include <math.h>
#include <string.h>

size_t ernn_loss_scratch(int max_frames, int n_labels)
{
    // A CTC target that has a path has no more labels than frames.
    return ernn_ctc_scratch(max_frames, n_labels, max_frames);
}

// (L.4) -ln softmax(x)[label]; gradient = softmax(x) - onehot(label).
static double cross_entropy(const float *x, int n, int label, float *gradient)
{
    double most = x[0];
    for (int c = 1; c < n; c++)
        most = fmax(most, x[c]);
    double sum = 0;
    for (int c = 0; c < n; c++)
        sum += exp(x[c] - most);
    const double normaliser = most + log(sum);
    for (int c = 0; c < n; c++)
        gradient[c] = (float)(exp(x[c] - normaliser) - (c == label));
    return normaliser - x[label];
}

double ernn_loss(const ernn_batch *batch, int i, int n_labels, const float *logits, float *gradient,
                 double *scratch, bool *is_skipped)
{
    const int n_frames = batch->n_frames[i];
    double loss = 0;
    *is_skipped = false;
    if (batch->target == ERNN_TARGET_FRAME) {
        for (int t = 0; t < n_frames; t++) {
            const size_t at = (size_t)t * (size_t)n_labels;
            assert(batch->labels[i][t] >= 0 && batch->labels[i][t] < n_labels);
            loss += cross_entropy(logits + at, n_labels, batch->labels[i][t], gradient + at);
        }
        return loss;
    }
    // More labels than frames would not fit into the scratch either.
    *is_skipped = batch->n_labels[i] > n_frames;
    if (!*is_skipped)
        loss = ernn_ctc(logits, (size_t)n_labels, n_frames, n_labels, batch->labels[i],
                        batch->n_labels[i], gradient, scratch);
    *is_skipped = *is_skipped || loss == INFINITY;
    if (!*is_skipped)
        return loss;
    memset(gradient, 0, (size_t)n_frames * (size_t)n_labels * sizeof *gradient);
    return 0;
}
