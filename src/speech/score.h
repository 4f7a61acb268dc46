// What scoring and the confusion table share: folding, and one row of the alignment.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_SPEECH_SCORE_H
#define ERNN_SRC_SPEECH_SCORE_H

#include "base/error.h"
#include "ernn/decode.h"

// Edits of the best alignment of two prefixes.
typedef struct ernn_edits {
    int substitutions;
    int deletions;
    int insertions;
} ernn_edits;

int ernn_edits_total(ernn_edits e);

// What folding needs to know.
typedef struct ernn_folding {
    ernn_phone_set set;
    ernn_silence silence;
    int sil;
    int dx;
    int t;
} ernn_folding;

ernn_folding ernn_folding_new(ernn_phone_set set, ernn_silence silence);

// labels[n] in 39 classes in folded[n], n_folded of them; `what` names them in messages.
ernn_status ernn_fold(const ernn_folding *how, const int *labels, int n, int *folded, int *n_folded,
                      const char *what, ernn_error *err);

// above[n + 1] aligns i reference symbols with the prefixes of hypothesis[n]; row[n + 1] gets i
// + 1.
void ernn_align_row(int symbol, const int *hypothesis, int n, int free_symbol,
                    const ernn_edits *above, ernn_edits *row);

#endif
