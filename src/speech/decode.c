// Greedy CTC decoding, frame by frame; whole utterances go through the same step.
// SPDX-License-Identifier: Apache-2.0
#include "ernn/speech.h"

#include <math.h>

// The likeliest label (the lowest of equals) and its softmax posterior.
static int best_label(const float *logits, int n_labels, float *posterior)
{
    int best = 0;
    for (int i = 1; i < n_labels; i++)
        if (logits[i] > logits[best])
            best = i;
    // p = 1 / sum_i exp(a_i - a_best)
    float sum = 0;
    for (int i = 0; i < n_labels; i++)
        sum += expf(logits[i] - logits[best]);
    *posterior = 1 / sum;
    return best;
}

// While a phone is open its `posterior` holds the sum over its frames.
static bool close_phone(ernn_greedy *greedy, ernn_hypothesis *done)
{
    if (greedy->last_label == 0)
        return false;
    *done = greedy->open;
    done->posterior /= (float)(done->last_frame - done->first_frame + 1);
    return true;
}

bool ernn_greedy_step(ernn_greedy *greedy, const float *logits, int n_labels, ernn_hypothesis *done)
{
    if (!logits) {
        const bool is_done = close_phone(greedy, done);
        *greedy = (ernn_greedy){0};
        return is_done;
    }
    float posterior;
    const int label = best_label(logits, n_labels, &posterior);
    const int frame = greedy->frame++;
    if (label == greedy->last_label) {
        greedy->open.last_frame = frame;
        greedy->open.posterior += posterior;
        return false;
    }
    const bool is_done = close_phone(greedy, done);
    greedy->open = (ernn_hypothesis){label, frame, frame, posterior};
    greedy->last_label = label;
    return is_done;
}

int ernn_decode_greedy(const float *logits, int n_frames, int n_labels, ernn_hypothesis *hypotheses,
                       int max)
{
    ernn_greedy greedy = {0};
    ernn_hypothesis done;
    int n = 0;
    for (int t = 0; t <= n_frames && n < max; t++) {
        const float *frame = t < n_frames ? logits + (size_t)t * (size_t)n_labels : NULL;
        if (ernn_greedy_step(&greedy, frame, n_labels, &done))
            hypotheses[n++] = done;
    }
    return n;
}
