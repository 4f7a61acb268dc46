// A teacher's posteriors on the training set, for distillation (docs/math.md L.10).
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_TRAIN_TEACHER_H
#define ERNN_SRC_TRAIN_TEACHER_H

#include "ernn/train.h"

// posteriors[n] -> [n_frames[i]][n_labels], softmax of the model's logits on the clean features;
// in parallel over groups of utterances, the same values for any number of threads. ERNN_BAD_ARG
// when the sequences are not the model's. Freed by ernn_teacher_free.
ernn_status ernn_teacher_new(const ernn_model *model, const ernn_sequences *sequences, int threads,
                             float ***posteriors, ernn_error *err);
void ernn_teacher_free(float **posteriors, size_t n);

#endif
