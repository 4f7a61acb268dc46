// The labels of frame training in files: ernn.loss, labels.frames, labels.pairs (docs/format.md
// section 5). SPDX-License-Identifier: Apache-2.0
#include "nn/model_file.h"

#include <string.h>

void ernn_label_counts_put(ernn_store_writer *writer, const ernn_label_counts *counts)
{
    if (!counts->n_phones)
        return;
    const size_t n = (size_t)counts->n_phones;
    const size_t pairs[] = {n + 1, n + 1};
    ernn_store_put_text(writer, "ernn.loss", "frame");
    ernn_store_put(writer, "labels.frames", ERNN_DTYPE_F32, 1, &n, counts->frames);
    ernn_store_put(writer, "labels.pairs", ERNN_DTYPE_F32, 2, pairs, counts->pairs);
}

static ernn_status check_counts(const ernn_store *file, const char *name, const float *counts,
                                size_t n, ernn_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (counts[i] < 0)
            return ernn_error_set(err, ERNN_BAD_FILE,
                                  "%s: tensor '%s': number %zu is %g, 0 or more is wanted",
                                  ernn_store_path(file), name, i, (double)counts[i]);
    return ERNN_OK;
}

ernn_status ernn_label_counts_read(const ernn_store *file, ernn_phone_set phone_set,
                                   ernn_label_counts *counts, ernn_error *err)
{
    *counts = (ernn_label_counts){0};
    const char *loss = ernn_store_text(file, "ernn.loss");
    const bool is_frame = loss && strcmp(loss, "frame") == 0;
    if (loss && !is_frame && strcmp(loss, "ctc") != 0)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: metadata 'ernn.loss': '%.20s', ctc or frame is wanted",
                              ernn_store_path(file), loss);
    const bool has_counts =
        ernn_store_find(file, "labels.frames") || ernn_store_find(file, "labels.pairs");
    if (!is_frame && has_counts)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: counts of labels, but metadata 'ernn.loss' is not frame",
                              ernn_store_path(file));
    if (!is_frame)
        return ERNN_OK;
    const size_t n = (size_t)ernn_phones_count(phone_set);
    const size_t pairs[] = {n + 1, n + 1};
    ernn_status status =
        ernn_store_read(file, "labels.frames", ERNN_DTYPE_F32, 1, &n, counts->frames, err);
    if (status == ERNN_OK)
        status =
            ernn_store_read(file, "labels.pairs", ERNN_DTYPE_F32, 2, pairs, counts->pairs, err);
    if (status == ERNN_OK)
        status = check_counts(file, "labels.frames", counts->frames, n, err);
    if (status == ERNN_OK)
        status = check_counts(file, "labels.pairs", counts->pairs, (n + 1) * (n + 1), err);
    counts->n_phones = (int)n;
    return status;
}
