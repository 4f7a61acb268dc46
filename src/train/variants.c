// Other forms of the training set. SPDX-License-Identifier: Apache-2.0
#include "train/variants.h"

#include "base/error.h"
#include "base/rng.h"
#include "train/batches.h"
#include "train/evaluate.h"

#include <string.h>

ernn_status ernn_variants_check(const ernn_train_options *options, const ernn_sequences *train,
                                ernn_error *err)
{
    if (options->n_variants > 0 && options->teacher)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "training: a teacher knows the frames of the training set alone; "
                              "leave out the teacher, or speeds and waveform noise");
    for (int v = 0; v < options->n_variants; v++) {
        const ernn_sequences *s = options->variants[v];
        bool is_same = s->n == train->n && s->width == train->width &&
                       s->phone_set == train->phone_set && !s->alignment == !train->alignment;
        for (size_t i = 0; is_same && i < s->n; i++)
            is_same = s->n_phones[i] == train->n_phones[i] && strcmp(s->ids[i], train->ids[i]) == 0;
        if (!is_same)
            return ernn_error_set(err, ERNN_BAD_ARG,
                                  "training: variant %d does not have the %zu utterances of the "
                                  "training set",
                                  v + 1, train->n);
    }
    return ERNN_OK;
}

int ernn_variants_choose(const ernn_train_options *options, int epoch, size_t item)
{
    if (options->n_variants == 0)
        return 0;
    ernn_rng rng = ernn_rng_new(options->seed, ERNN_STREAM_VARIANT + ((uint64_t)epoch << 16), item);
    const int chosen = (int)ernn_rng_below(&rng, (uint64_t)options->n_variants + 1);
    const bool is_ctc = options->loss == ERNN_LOSS_CTC;
    if (chosen > 0 && !ernn_batches_is_fit(options->variants[chosen - 1], item, is_ctc))
        return 0;
    return chosen;
}

int ernn_variants_longest(const ernn_train_options *options, const ernn_sequences *train)
{
    int longest = ernn_sequences_longest(train);
    for (int v = 0; v < options->n_variants; v++) {
        const int own = ernn_sequences_longest(options->variants[v]);
        longest = own > longest ? own : longest;
    }
    return longest;
}
