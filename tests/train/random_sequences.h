// Sequences of random frames with a random label each, for tests that do not care what is learnt.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_TESTS_TRAIN_RANDOM_SEQUENCES_H
#define ERNN_TESTS_TRAIN_RANDOM_SEQUENCES_H

#include "base/rng.h"
#include "check.h"
#include "ernn/speech.h"

enum { WIDTH = 10, MAX_SEQUENCES = 8, MAX_SEQUENCE_FRAMES = 32 };

// Sequence i has n_frames - i frames and as many labels. The same memory at every call.
static inline ernn_sequences *random_sequences(uint64_t seed, int n, int n_frames)
{
    static float frames[MAX_SEQUENCES][MAX_SEQUENCE_FRAMES * WIDTH];
    static int labels[MAX_SEQUENCES][MAX_SEQUENCE_FRAMES];
    static float *frame_rows[MAX_SEQUENCES];
    static int *label_rows[MAX_SEQUENCES];
    static int counts[MAX_SEQUENCES];
    static ernn_sequences s;
    assert_true(n <= MAX_SEQUENCES && n_frames <= MAX_SEQUENCE_FRAMES);
    ernn_rng rng = ernn_rng_new(seed, 0, 0);
    for (int i = 0; i < n; i++) {
        check_random(&rng, frames[i], (size_t)(n_frames * WIDTH), 1);
        for (int t = 0; t < n_frames; t++)
            labels[i][t] = (int)ernn_rng_below(&rng, 39);
        frame_rows[i] = frames[i];
        label_rows[i] = labels[i];
        counts[i] = n_frames - i;
    }
    s = (ernn_sequences){.n = (size_t)n,
                         .width = WIDTH,
                         .phone_set = ERNN_PHONES_39,
                         .frames = frame_rows,
                         .n_frames = counts,
                         .phones = label_rows,
                         .n_phones = counts,
                         .alignment = label_rows};
    return &s;
}

#endif
