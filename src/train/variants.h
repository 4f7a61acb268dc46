// Other forms of the training set (another speed, noise in the waveform), one of which is taken for
// an utterance in an epoch, chosen from (seed, epoch, utterance) alone.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_TRAIN_VARIANTS_H
#define ERNN_SRC_TRAIN_VARIANTS_H

#include "ernn/train.h"

// Refuses variants that do not have the utterances of `train`, and variants beside a teacher, whose
// posteriors belong to the frames of `train`.
ernn_status ernn_variants_check(const ernn_train_options *options, const ernn_sequences *train,
                                ernn_error *err);
// Which form utterance `item` has in this epoch: 0 = that of `train`, i + 1 = options->variants[i].
// One that is too short for the labels is replaced by that of `train`.
int ernn_variants_choose(const ernn_train_options *options, int epoch, size_t item);
// Frames of the longest utterance of all forms.
int ernn_variants_longest(const ernn_train_options *options, const ernn_sequences *train);

#endif
