// Recognition with the integer network over a set of sequences. Sequences run in parallel, each
// from a fresh state, and are scored in order, so results do not depend on the threads.
// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "base/memory.h"
#include "fixed/qmodel.h"
#include "speech/evaluation.h"

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

// What one sequence leaves behind.
typedef struct run_result {
    uint64_t saturations[ERNN_RT_CLASSES];
    ernn_status status;
    ernn_error error;
} run_result;

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

// Runs sequence `i` from zero state and decodes it.
static void run(const ernn_qmodel *qmodel, const ernn_sequences *sequences, size_t i,
                ernn_decoding *decoding, run_result *to)
{
    const size_t n_labels = (size_t)qmodel->spec.n_labels;
    const size_t frames = sequences->n_frames[i] > 0 ? (size_t)sequences->n_frames[i] : 0;
    ernn_qrun *stream = NULL;
    float *logits = ernn_mem_new(frames * n_labels, sizeof *logits, &to->error);
    to->status = logits ? ernn_qrun_new(qmodel, &stream, &to->error) : ERNN_NO_MEMORY;
    if (to->status == ERNN_OK) {
        for (size_t t = 0; t < frames; t++)
            ernn_qrun_step(stream, sequences->frames[i] + t * (size_t)sequences->width,
                           logits + t * n_labels);
        ernn_decoding_run(decoding, omp_get_thread_num(), i, logits);
        ernn_qrun_saturations(stream, to->saturations);
    }
    ernn_qrun_free(stream);
    ernn_mem_free(logits);
}

// The first failure, and the sum of saturations.
static ernn_status collect(const run_result *results, size_t n, uint64_t *saturations,
                           ernn_error *err)
{
    if (saturations)
        memset(saturations, 0, ERNN_RT_CLASSES * sizeof *saturations);
    for (size_t i = 0; i < n; i++) {
        if (results[i].status != ERNN_OK) {
            if (err)
                *err = results[i].error;
            return results[i].status;
        }
        for (int c = 0; saturations && c < ERNN_RT_CLASSES; c++)
            saturations[c] += results[i].saturations[c];
    }
    return ERNN_OK;
}

ernn_status ernn_qmodel_evaluate(const ernn_qmodel *qmodel, const ernn_sequences *sequences,
                                 const ernn_decode_options *options, int threads,
                                 ernn_evaluation *evaluation, uint64_t *saturations,
                                 ernn_error *err)
{
    const double started = seconds_now();
    *evaluation = (ernn_evaluation){0};
    ernn_status status = check(qmodel, sequences, err);
    if (status != ERNN_OK)
        return status;
    const int n_threads = threads > 0 ? threads : omp_get_max_threads();
    ernn_decoding *decoding = NULL;
    run_result *results = ernn_mem_new(sequences->n, sizeof *results, err);
    status = !results ? ERNN_NO_MEMORY
                      : ernn_decoding_new(options, sequences, qmodel->spec.n_labels, n_threads,
                                          evaluation, &decoding, err);
    if (status == ERNN_OK) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
        for (size_t i = 0; i < sequences->n; i++)
            run(qmodel, sequences, i, decoding, &results[i]);
        status = collect(results, sequences->n, saturations, err);
    }
    if (status == ERNN_OK)
        status = ernn_decoding_score(decoding, err);
    ernn_decoding_free(decoding);
    ernn_mem_free(results);
    evaluation->seconds = seconds_now() - started;
    if (status != ERNN_OK)
        ernn_evaluation_free(evaluation);
    return status;
}
