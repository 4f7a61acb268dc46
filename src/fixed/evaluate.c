// Recognition with the integer network over a set of sequences. Sequences are decoded in parallel,
// each from a fresh state, and scored in order, so results do not depend on the threads.
// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "base/memory.h"
#include "fixed/qmodel.h"

#include <omp.h>
#include <string.h>
#include <time.h>

_Static_assert((int)ERNN_SATURATION_CLASSES == (int)ERNN_RT_CLASSES, "one name for each class");

const char *ernn_saturation_name(int saturation_class)
{
    static const char *const names[ERNN_RT_CLASSES] = {"input",   "spectrum",      "accumulator",
                                                       "product", "preactivation", "cell"};
    return saturation_class >= 0 && saturation_class < ERNN_RT_CLASSES ? names[saturation_class]
                                                                       : NULL;
}

// What one sequence needs while it runs and leaves behind.
typedef struct decoded {
    int *phones;
    int n_phones;
    uint64_t saturations[ERNN_RT_CLASSES];
    ernn_status status;
    ernn_error error;
} decoded;

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static ernn_status check(const ernn_qmodel *qmodel, const ernn_sequences *sequences,
                         ernn_error *err)
{
    if (sequences->n == 0)
        return ernn_error_set(err, ERNN_BAD_ARG, "evaluation: no utterances");
    if (sequences->width != qmodel->spec.n_inputs)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "evaluation: %d features per frame, the model takes %d; compute them "
                              "with the model's own feature settings",
                              sequences->width, qmodel->spec.n_inputs);
    if (sequences->phone_set != qmodel->phone_set ||
        qmodel->spec.n_labels != ernn_phones_count(qmodel->phone_set) + 1)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "evaluation: labels of %d phones, the model has %d labels (blank "
                              "included) of %d phones; fold the labels to the model's set",
                              ernn_phones_count(sequences->phone_set), qmodel->spec.n_labels,
                              ernn_phones_count(qmodel->phone_set));
    return ERNN_OK;
}

// Runs and decodes sequence `index` from zero state.
static void decode(const ernn_qmodel *qmodel, const ernn_sequences *sequences, size_t index,
                   decoded *to)
{
    const int n_frames = sequences->n_frames[index];
    const size_t n_labels = (size_t)qmodel->spec.n_labels;
    const size_t frames = n_frames > 0 ? (size_t)n_frames : 0;
    ernn_qrun *run = NULL;
    float *logits = ernn_mem_new(frames * n_labels, sizeof *logits, &to->error);
    ernn_hypothesis *found = ernn_mem_new(frames, sizeof *found, &to->error);
    to->phones = ernn_mem_new(frames, sizeof *to->phones, &to->error);
    to->status = ERNN_NO_MEMORY;
    if (logits && found && to->phones)
        to->status = ernn_qrun_new(qmodel, &run, &to->error);
    if (to->status == ERNN_OK) {
        for (size_t t = 0; t < frames; t++)
            ernn_qrun_step(run, sequences->frames[index] + t * (size_t)sequences->width,
                           logits + t * n_labels);
        to->n_phones = ernn_decode_greedy(logits, n_frames, (int)n_labels, found, n_frames);
        for (int i = 0; i < to->n_phones; i++)
            to->phones[i] = found[i].phone - 1;
        ernn_qrun_saturations(run, to->saturations);
    }
    ernn_qrun_free(run);
    ernn_mem_free(logits);
    ernn_mem_free(found);
}

// Moves sequence `index` into the evaluation and scores it under each silence convention.
static ernn_status score(const ernn_sequences *sequences, size_t index, decoded *from,
                         ernn_evaluation *evaluation, ernn_error *err)
{
    evaluation->phones[index] = from->phones;
    evaluation->n_phones[index] = from->n_phones;
    evaluation->n_frames += sequences->n_frames[index];
    from->phones = NULL;
    ernn_status status = from->status;
    if (status != ERNN_OK && err)
        *err = from->error;
    for (int silence = 0; silence < 3 && status == ERNN_OK; silence++)
        status = ernn_score_add(&evaluation->scores[silence], sequences->phone_set,
                                sequences->phones[index], sequences->n_phones[index],
                                evaluation->phones[index], evaluation->n_phones[index],
                                (ernn_silence)silence, err);
    return status;
}

ernn_status ernn_qmodel_evaluate(const ernn_qmodel *qmodel, const ernn_sequences *sequences,
                                 int threads, ernn_evaluation *evaluation, uint64_t *saturations,
                                 ernn_error *err)
{
    const double started = seconds_now();
    *evaluation = (ernn_evaluation){0};
    ernn_status status = check(qmodel, sequences, err);
    if (status != ERNN_OK)
        return status;
    const size_t n = sequences->n;
    decoded *all = ernn_mem_new(n, sizeof *all, err);
    evaluation->phones = ernn_mem_new(n, sizeof *evaluation->phones, err);
    evaluation->n_phones = ernn_mem_new(n, sizeof *evaluation->n_phones, err);
    evaluation->n = n;
    status = all && evaluation->phones && evaluation->n_phones ? ERNN_OK : ERNN_NO_MEMORY;
    if (saturations)
        memset(saturations, 0, ERNN_RT_CLASSES * sizeof *saturations);
    const int n_threads = threads > 0 ? threads : omp_get_max_threads();
    if (status == ERNN_OK) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
        for (size_t i = 0; i < n; i++)
            decode(qmodel, sequences, i, &all[i]);
    }
    for (size_t i = 0; status == ERNN_OK && i < n; i++) {
        status = score(sequences, i, &all[i], evaluation, err);
        for (int c = 0; saturations && c < ERNN_RT_CLASSES; c++)
            saturations[c] += all[i].saturations[c];
    }
    for (size_t i = 0; all && i < n; i++)
        ernn_mem_free(all[i].phones);
    ernn_mem_free(all);
    evaluation->seconds = seconds_now() - started;
    if (status != ERNN_OK)
        ernn_evaluation_free(evaluation);
    return status;
}
