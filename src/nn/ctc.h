// Connectionist temporal classification (Graves et al. 2006): loss and gradient of one utterance.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NN_CTC_H
#define ERNN_SRC_NN_CTC_H

#include "ernn/status.h"

// Doubles of scratch for the function below.
size_t ernn_ctc_scratch(int n_frames, int n_classes, int n_labels);

// logits[n_frames][n_classes], rows `stride` floats apart; labels[n_labels] in 1..n_classes-1,
// class 0 is blank. Returns -ln p(labels | logits) and writes its gradient with respect to the
// logits (same stride) when `gradient` is not NULL. INFINITY and a zero gradient when no path
// exists (fewer frames than labels plus repeats).
double ernn_ctc(const float *logits, size_t stride, int n_frames, int n_classes, const int *labels,
                int n_labels, float *gradient, double *scratch);

#endif
