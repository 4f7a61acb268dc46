// Phone error rate: Levenshtein alignment with unit costs after folding to 39 classes.
//
// Silence: SCORED treats it as a phone, OPTIONAL aligns it with silence or, free of charge, with
// nothing, REMOVED takes it out first. Silence counts among the references under the first two, as
// in the published TIMIT figures. SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "base/memory.h"
#include "ernn/speech.h"

#include <math.h>
#include <string.h>

// Edits of the best alignment of two prefixes.
typedef struct edits {
    int substitutions;
    int deletions;
    int insertions;
} edits;

// What folding needs to know.
typedef struct folding {
    ernn_phone_set set;
    ernn_silence silence;
    int sil;
    int dx;
    int t;
} folding;

// Folds labels[n] to 39 classes in folded[n] and returns how many remain: q goes, silence goes or
// repeats of it do.
static ernn_status fold(const folding *how, const int *labels, int n, int *folded, int *n_folded,
                        const char *what, ernn_error *err)
{
    int count = 0;
    for (int i = 0; i < n; i++) {
        if (labels[i] < 0 || labels[i] >= ernn_phones_count(how->set))
            return ernn_error_set(err, ERNN_BAD_ARG, "score: %s %d: label %d, 0 to %d allowed",
                                  what, i, labels[i], ernn_phones_count(how->set) - 1);
        int phone = ernn_phones_fold(how->set, labels[i], ERNN_PHONES_39);
        if (how->silence == ERNN_SILENCE_REMOVED && phone == how->dx)
            phone = how->t;
        const bool is_repeat = count > 0 && folded[count - 1] == how->sil;
        if (phone < 0 || (phone == how->sil && (how->silence == ERNN_SILENCE_REMOVED || is_repeat)))
            continue;
        folded[count++] = phone;
    }
    *n_folded = count;
    return ERNN_OK;
}

static int total(edits e)
{
    return e.substitutions + e.deletions + e.insertions;
}

// One row of the alignment: above[j] aligns i reference phones with j of the hypothesis, row[j]
// gets i + 1. `free_phone` may be deleted and inserted at no cost and is never substituted (which
// would cost what the free edit and the paid one cost together). Of equals: diagonal, deletion,
// insertion.
static void align_row(int phone, const int *hypothesis, int n, int free_phone, const edits *above,
                      edits *row)
{
    const int deletion = phone != free_phone;
    row[0] = above[0];
    row[0].deletions += deletion;
    for (int j = 0; j < n; j++) {
        edits best = above[j + 1];
        best.deletions += deletion;
        edits insertion = row[j];
        insertion.insertions += hypothesis[j] != free_phone;
        if (total(insertion) < total(best))
            best = insertion;
        edits diagonal = above[j];
        diagonal.substitutions += phone != hypothesis[j];
        const bool is_allowed =
            phone == hypothesis[j] || (phone != free_phone && hypothesis[j] != free_phone);
        if (is_allowed && total(diagonal) <= total(best))
            best = diagonal;
        row[j + 1] = best;
    }
}

// rows[2][n_hypothesis + 1] is scratch.
static edits align(const int *reference, int n_reference, const int *hypothesis, int n_hypothesis,
                   int free_phone, edits *rows)
{
    edits *above = rows;
    edits *row = rows + n_hypothesis + 1;
    above[0] = (edits){0};
    for (int j = 0; j < n_hypothesis; j++) {
        above[j + 1] = above[j];
        above[j + 1].insertions += hypothesis[j] != free_phone;
    }
    for (int i = 0; i < n_reference; i++) {
        align_row(reference[i], hypothesis, n_hypothesis, free_phone, above, row);
        edits *swap = above;
        above = row;
        row = swap;
    }
    return above[n_hypothesis];
}

ernn_status ernn_score_add(ernn_score *score, ernn_phone_set set, const int *reference,
                           int n_reference, const int *hypothesis, int n_hypothesis,
                           ernn_silence silence, ernn_error *err)
{
    const folding how = {set, silence, ernn_phones_find(ERNN_PHONES_39, "sil"),
                         ernn_phones_find(ERNN_PHONES_39, "dx"),
                         ernn_phones_find(ERNN_PHONES_39, "t")};
    if (n_reference < 0 || n_hypothesis < 0)
        return ernn_error_set(err, ERNN_BAD_ARG, "score: %d reference and %d hypothesis labels",
                              n_reference, n_hypothesis);
    int *folded_reference = ernn_mem_new((size_t)n_reference, sizeof(int), err);
    int *folded_hypothesis = ernn_mem_new((size_t)n_hypothesis, sizeof(int), err);
    edits *rows = ernn_mem_new(2 * ((size_t)n_hypothesis + 1), sizeof *rows, err);
    ernn_status status = ERNN_NO_MEMORY;
    if (!folded_reference || !folded_hypothesis || !rows)
        goto done;
    status = fold(&how, reference, n_reference, folded_reference, &n_reference, "reference", err);
    if (status == ERNN_OK)
        status = fold(&how, hypothesis, n_hypothesis, folded_hypothesis, &n_hypothesis,
                      "hypothesis", err);
    if (status != ERNN_OK)
        goto done;
    const int free_phone = silence == ERNN_SILENCE_OPTIONAL ? how.sil : -1;
    const edits best =
        align(folded_reference, n_reference, folded_hypothesis, n_hypothesis, free_phone, rows);
    score->substitutions += best.substitutions;
    score->deletions += best.deletions;
    score->insertions += best.insertions;
    score->references += n_reference;
done:
    ernn_mem_free(folded_reference);
    ernn_mem_free(folded_hypothesis);
    ernn_mem_free(rows);
    return status;
}

double ernn_score_per(const ernn_score *score)
{
    if (score->references == 0)
        return NAN;
    return 100.0 * (double)(score->substitutions + score->deletions + score->insertions) /
           (double)score->references;
}
