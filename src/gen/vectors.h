// Stimulus of the bench and what src/rt makes of it. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_GEN_VECTORS_H
#define ERNN_SRC_GEN_VECTORS_H

#include "base/buffer.h"
#include "gen/plan.h"

// Frames of all sequences lie one after the other. A sequence starts from zero, or from the loaded
// state that `state_of` numbers. With several streams a sequence is as many utterances as there are
// streams, side by side: a frame of each in turn, all as long as the shortest.
typedef struct ernn_gen_vectors {
    int n_sequences;
    int *n_frames; // [n_sequences], of all its streams together
    int *members;  // [n_sequences][streams] utterances of options->vectors
    int *state_of; // [n_sequences] row of `states`, -1 = zero state
    int n_states;
    int total_frames;
    int32_t *stimulus; // [total_frames][n_inputs]
    int32_t *expected; // [total_frames][n_outputs]
    int32_t *states;   // [n_states][state_words], words in the plan's load order
    ernn_buffer trace; // every signal inside, see docs/hardware.md
    int traced_frames;
    uint32_t saturations[ERNN_RT_CLASSES];
} ernn_gen_vectors;

// From `options->vectors`, or seeded random frames: two sequences, the first from a random state.
ernn_status ernn_gen_vectors_new(const ernn_plan *plan, const ernn_gen_options *options,
                                 ernn_gen_vectors *vectors, ernn_error *err);
void ernn_gen_vectors_free(ernn_gen_vectors *vectors);

#endif
