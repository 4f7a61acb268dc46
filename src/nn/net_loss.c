// Losses of one utterance on its logits: CTC, and cross-entropy frame by frame. docs/math.md
// L.3 and L.4. SPDX-License-Identifier: Apache-2.0
#include "nn/net_layer.h"

#include "nn/ctc.h"
#include "num/activation.h"

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
    const double normaliser = ernn_log_sum_exp(x, n);
    for (int c = 0; c < n; c++)
        gradient[c] = (float)(exp(x[c] - normaliser) - (c == label));
    return normaliser - x[label];
}

// (L.10) -sum_c q(c) ln softmax(x)(c), q the teacher's posteriors: gradient = softmax(x) - q, mixed
// into the gradient that is there.
static double imitate(const float *x, int n, const float *q, double share, float *gradient)
{
    const double normaliser = ernn_log_sum_exp(x, n);
    double loss = 0;
    for (int c = 0; c < n; c++) {
        const double log_p = x[c] - normaliser;
        loss -= (double)q[c] * log_p;
        gradient[c] = (float)((1 - share) * gradient[c] + share * (exp(log_p) - (double)q[c]));
    }
    return loss;
}

// Loss and gradient of utterance i with its labels alone.
static double label_loss(const ernn_batch *batch, int i, int n_labels, const float *logits,
                         float *gradient, double *scratch, bool *is_skipped)
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

double ernn_loss(const ernn_batch *batch, int i, int n_labels, const float *logits, float *gradient,
                 double *scratch, bool *is_skipped)
{
    const double loss = label_loss(batch, i, n_labels, logits, gradient, scratch, is_skipped);
    if (*is_skipped || !batch->teachers)
        return loss;
    double distance = 0;
    for (int t = 0; t < batch->n_frames[i]; t++) {
        const size_t at = (size_t)t * (size_t)n_labels;
        distance += imitate(logits + at, n_labels, batch->teachers[i] + at, batch->imitation,
                            gradient + at);
    }
    return (1 - batch->imitation) * loss + batch->imitation * distance;
}
