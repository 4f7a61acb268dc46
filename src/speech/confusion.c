// Which phones are taken for which: the alignment of score.c traced back.
// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"
#include "speech/score.h"

enum { NOTHING = ERNN_CONFUSION_SIDE - 1 };

// cells[n_reference + 1][n_hypothesis + 1]: edits of every pair of prefixes.
static void fill(const int *reference, int n_reference, const int *hypothesis, int n_hypothesis,
                 int free_phone, ernn_edits *cells)
{
    const size_t width = (size_t)n_hypothesis + 1;
    cells[0] = (ernn_edits){0};
    for (int j = 0; j < n_hypothesis; j++) {
        cells[j + 1] = cells[j];
        cells[j + 1].insertions += hypothesis[j] != free_phone;
    }
    for (int i = 0; i < n_reference; i++)
        ernn_align_row(reference[i], hypothesis, n_hypothesis, free_phone,
                       cells + (size_t)i * width, cells + (size_t)(i + 1) * width);
}

static bool is_equal(ernn_edits a, ernn_edits b)
{
    return a.substitutions == b.substitutions && a.deletions == b.deletions &&
           a.insertions == b.insertions;
}

// Adds the edits of one alignment, back from the ends; a free phone beside nothing is no edit.
static void trace(const int *reference, int i, const int *hypothesis, int j, int free_phone,
                  const ernn_edits *cells, ernn_confusion *confusion)
{
    const size_t width = (size_t)j + 1;
    while (i > 0 || j > 0) {
        const ernn_edits *at = cells + (size_t)i * width + (size_t)j;
        const int r = i > 0 ? reference[i - 1] : -2;
        const int h = j > 0 ? hypothesis[j - 1] : -2;
        if (i > 0 && j > 0 && (r == h || (r != free_phone && h != free_phone))) {
            ernn_edits diagonal = at[-(ptrdiff_t)width - 1];
            diagonal.substitutions += r != h;
            if (is_equal(diagonal, *at)) {
                confusion->counts[r][h]++;
                i--;
                j--;
                continue;
            }
        }
        ernn_edits deletion = i > 0 ? at[-(ptrdiff_t)width] : *at;
        deletion.deletions += r != free_phone;
        if (i > 0 && is_equal(deletion, *at)) {
            confusion->counts[r][NOTHING] += r != free_phone;
            i--;
            continue;
        }
        confusion->counts[NOTHING][h] += h != free_phone;
        j--;
    }
}

ernn_status ernn_confusion_add(ernn_confusion *confusion, ernn_phone_set set, const int *reference,
                               int n_reference, const int *hypothesis, int n_hypothesis,
                               ernn_silence silence, ernn_error *err)
{
    const ernn_folding how = ernn_folding_new(set, silence);
    if (n_reference < 0 || n_hypothesis < 0)
        return ernn_error_set(err, ERNN_BAD_ARG, "confusion: %d reference and %d hypothesis labels",
                              n_reference, n_hypothesis);
    int *r = ernn_mem_new((size_t)n_reference, sizeof *r, err);
    int *h = ernn_mem_new((size_t)n_hypothesis, sizeof *h, err);
    ernn_edits *cells = NULL;
    ernn_status status = r && h ? ERNN_OK : ERNN_NO_MEMORY;
    if (status == ERNN_OK)
        status = ernn_fold(&how, reference, n_reference, r, &n_reference, "reference", err);
    if (status == ERNN_OK)
        status = ernn_fold(&how, hypothesis, n_hypothesis, h, &n_hypothesis, "hypothesis", err);
    if (status == ERNN_OK) {
        const size_t n = ((size_t)n_reference + 1) * ((size_t)n_hypothesis + 1);
        cells = ernn_mem_new(n, sizeof *cells, err);
        status = cells ? ERNN_OK : ERNN_NO_MEMORY;
    }
    if (status == ERNN_OK) {
        const int free_phone = silence == ERNN_SILENCE_OPTIONAL ? how.sil : -1;
        fill(r, n_reference, h, n_hypothesis, free_phone, cells);
        trace(r, n_reference, h, n_hypothesis, free_phone, cells, confusion);
    }
    ernn_mem_free(r);
    ernn_mem_free(h);
    ernn_mem_free(cells);
    return status;
}
