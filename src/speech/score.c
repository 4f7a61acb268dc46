// Phone error rate: Levenshtein alignment with unit costs after folding to 39 classes.
//
// Silence: SCORED treats it as a phone, OPTIONAL aligns it with silence or, free of charge, with
// nothing, REMOVED takes it out first. Silence counts among the references under the first two, as
// in the published TIMIT figures. SPDX-License-Identifier: Apache-2.0
#include "speech/score.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

// Folds labels[n] to 39 classes in folded[n] and returns how many remain: q goes, silence goes or
// repeats of it do.
ernn_status ernn_fold(const ernn_folding *how, const int *labels, int n, int *folded, int *n_folded,
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

ernn_folding ernn_folding_new(ernn_phone_set set, ernn_silence silence)
{
    return (ernn_folding){set, silence, ernn_phones_find(ERNN_PHONES_39, "sil"),
                          ernn_phones_find(ERNN_PHONES_39, "dx"),
                          ernn_phones_find(ERNN_PHONES_39, "t")};
}

int ernn_edits_total(ernn_edits e)
{
    return e.substitutions + e.deletions + e.insertions;
}

// One row of the alignment: above[j] aligns i reference phones with j of the hypothesis, row[j]
// gets i + 1. `free_phone` may be deleted and inserted at no cost and is never substituted (which
// would cost what the free edit and the paid one cost together). Of equals: diagonal, deletion,
// insertion.
void ernn_align_row(int phone, const int *hypothesis, int n, int free_phone,
                    const ernn_edits *above, ernn_edits *row)
{
    const int deletion = phone != free_phone;
    row[0] = above[0];
    row[0].deletions += deletion;
    for (int j = 0; j < n; j++) {
        ernn_edits best = above[j + 1];
        best.deletions += deletion;
        ernn_edits insertion = row[j];
        insertion.insertions += hypothesis[j] != free_phone;
        if (ernn_edits_total(insertion) < ernn_edits_total(best))
            best = insertion;
        ernn_edits diagonal = above[j];
        diagonal.substitutions += phone != hypothesis[j];
        const bool is_allowed =
            phone == hypothesis[j] || (phone != free_phone && hypothesis[j] != free_phone);
        if (is_allowed && ernn_edits_total(diagonal) <= ernn_edits_total(best))
            best = diagonal;
        row[j + 1] = best;
    }
}

// rows[2][n_hypothesis + 1] is scratch.
static ernn_edits align(const int *reference, int n_reference, const int *hypothesis,
                        int n_hypothesis, int free_phone, ernn_edits *rows)
{
    ernn_edits *above = rows;
    ernn_edits *row = rows + n_hypothesis + 1;
    above[0] = (ernn_edits){0};
    for (int j = 0; j < n_hypothesis; j++) {
        above[j + 1] = above[j];
        above[j + 1].insertions += hypothesis[j] != free_phone;
    }
    for (int i = 0; i < n_reference; i++) {
        ernn_align_row(reference[i], hypothesis, n_hypothesis, free_phone, above, row);
        ernn_edits *swap = above;
        above = row;
        row = swap;
    }
    return above[n_hypothesis];
}

ernn_status ernn_score_add(ernn_score *score, ernn_phone_set set, const int *reference,
                           int n_reference, const int *hypothesis, int n_hypothesis,
                           ernn_silence silence, ernn_error *err)
{
    const ernn_folding how = ernn_folding_new(set, silence);
    if (n_reference < 0 || n_hypothesis < 0)
        return ernn_error_set(err, ERNN_BAD_ARG, "score: %d reference and %d hypothesis labels",
                              n_reference, n_hypothesis);
    int *folded_reference = ernn_mem_new((size_t)n_reference, sizeof(int), err);
    int *folded_hypothesis = ernn_mem_new((size_t)n_hypothesis, sizeof(int), err);
    ernn_edits *rows = ernn_mem_new(2 * ((size_t)n_hypothesis + 1), sizeof *rows, err);
    ernn_status status = ERNN_NO_MEMORY;
    if (!folded_reference || !folded_hypothesis || !rows)
        goto done;
    status =
        ernn_fold(&how, reference, n_reference, folded_reference, &n_reference, "reference", err);
    if (status == ERNN_OK)
        status = ernn_fold(&how, hypothesis, n_hypothesis, folded_hypothesis, &n_hypothesis,
                           "hypothesis", err);
    if (status != ERNN_OK)
        goto done;
    const int free_phone = silence == ERNN_SILENCE_OPTIONAL ? how.sil : -1;
    const ernn_edits best =
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

ernn_status ernn_score_symbols(ernn_score *score, const int *reference, int n_reference,
                               const int *hypothesis, int n_hypothesis, ernn_error *err)
{
    if (n_reference < 0 || n_hypothesis < 0)
        return ernn_error_set(err, ERNN_BAD_ARG, "score: %d reference and %d hypothesis symbols",
                              n_reference, n_hypothesis);
    ernn_edits *rows = ernn_mem_new(2 * ((size_t)n_hypothesis + 1), sizeof *rows, err);
    if (!rows)
        return ERNN_NO_MEMORY;
    // -2: no symbol is free
    const ernn_edits best = align(reference, n_reference, hypothesis, n_hypothesis, -2, rows);
    score->substitutions += best.substitutions;
    score->deletions += best.deletions;
    score->insertions += best.insertions;
    score->references += n_reference;
    ernn_mem_free(rows);
    return ERNN_OK;
}

double ernn_score_per(const ernn_score *score)
{
    if (score->references == 0)
        return NAN;
    return 100.0 * (double)(score->substitutions + score->deletions + score->insertions) /
           (double)score->references;
}
