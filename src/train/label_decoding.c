// Frame training: the counts of its labels, and the decoder that the development set goes through,
// the one that `ernn eval` will use. SPDX-License-Identifier: Apache-2.0
#include "train/trainer.h"

static void count(ernn_trainer *t)
{
    ernn_label_counts *counts = &t->label_counts;
    const ernn_sequences *s = t->train;
    counts->n_phones = ernn_phones_count(s->phone_set);
    const int side = counts->n_phones + 1;
    for (size_t i = 0; i < s->n; i++) {
        int last = counts->n_phones;
        for (int j = 0; j < s->n_frames[i]; j++)
            if (s->alignment[i][j] >= 0)
                counts->frames[s->alignment[i][j]]++;
        for (int j = 0; j < s->n_phones[i]; j++) {
            counts->pairs[last * side + s->phones[i][j]]++;
            last = s->phones[i][j];
        }
        counts->pairs[last * side + counts->n_phones]++;
    }
}

ernn_status ernn_trainer_open_decoding(ernn_trainer *t, ernn_error *err)
{
    t->decoding = ernn_decode_defaults();
    if (t->options.loss != ERNN_LOSS_FRAME)
        return ERNN_OK;
    count(t);
    ernn_label_priors(&t->label_counts, t->log_priors);
    t->decoding.decoder = ERNN_DECODER_VITERBI;
    t->decoding.log_priors = t->log_priors;
    const ernn_status status =
        ernn_bigram_from_labels(&t->label_counts, t->train->phone_set, &t->bigram, err);
    t->decoding.bigram = t->bigram;
    return status;
}
