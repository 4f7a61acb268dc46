// A corpus as training data: features of every utterance, folded labels, frame alignments.
// Utterances are independent and run in parallel; statistics are summed in their order, so the
// bytes do not depend on the number of threads. SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "base/memory.h"
#include "base/rng.h"
#include "ernn/speech.h"
#include "speech/audio.h"
#include "speech/corpus.h"
#include "speech/normaliser.h"

#include <math.h>
#include <omp.h>
#include <string.h>

// What every thread reads, and where each utterance's results go.
typedef struct job {
    const ernn_corpus *corpus;
    ernn_features features;
    ernn_sequence_options options;
    ernn_sequences *sequences;
    const ernn_feature_statistics *statistics;
    double *sums;     // [n][2][n_dims]: sum and sum of squares, NULL unless collected
    int n_dims;       // per unstacked frame
    char **faults;    // [n] what was wrong with an utterance that is left out, else NULL
    size_t known_bad; // an utterance that failed, SIZE_MAX: none is known
} job;

// The first failure that one thread met.
typedef struct failure {
    size_t index; // of the utterance, SIZE_MAX: none
    ernn_error error;
} failure;

// phones[i] = folded labels of utterance i.
static ernn_status fold_labels(job *work, size_t i, ernn_error *err)
{
    const ernn_utterance *utterance = &work->corpus->utterances[i];
    ernn_sequences *sequences = work->sequences;
    int *phones = ernn_mem_new((size_t)utterance->n_phones, sizeof *phones, err);
    if (!phones)
        return ERNN_NO_MEMORY;
    const int n =
        ernn_corpus_fold(utterance, work->corpus->phone_set, sequences->phone_set, phones);
    sequences->phones[i] = phones;
    sequences->n_phones[i] = n;
    if (n == 0)
        return ernn_error_set(err, ERNN_BAD_FILE, "%s: no phones are left after folding",
                              utterance->audio_path);
    return ERNN_OK;
}

// alignment[t] = phone at the centre of stacked frame t; times of the file's rate and speed are
// scaled. A
// deleted phone (q) and what lies outside the labels count to the phone before, or to the first.
static ernn_status align_frames(job *work, size_t i, int file_hz, ernn_error *err)
{
    const ernn_utterance *utterance = &work->corpus->utterances[i];
    const ernn_features *features = &work->features;
    ernn_sequences *sequences = work->sequences;
    const int n_frames = sequences->n_frames[i];
    int *alignment = ernn_mem_new((size_t)n_frames, sizeof *alignment, err);
    if (!alignment)
        return ERNN_NO_MEMORY;
    const double shift = features->rate_hz * features->shift_ms / 1000;
    const double window = features->rate_hz * features->window_ms / 1000;
    int segment = 0;
    int phone = sequences->phones[i][0];
    for (int t = 0; t < n_frames; t++) {
        // centre = (first window's start + last window's end) / 2
        const double centre =
            t * features->n_stacked * shift + ((features->n_stacked - 1) * shift + window) / 2;
        const double sample = centre * work->options.speed * file_hz / features->rate_hz;
        for (;
             segment < utterance->n_phones && (double)utterance->segments[segment].begin <= sample;
             segment++) {
            const int folded = ernn_phones_fold(
                work->corpus->phone_set, utterance->segments[segment].phone, sequences->phone_set);
            phone = folded < 0 ? phone : folded;
        }
        alignment[t] = phone;
    }
    sequences->alignment[i] = alignment;
    return ERNN_OK;
}

static void sum_vectors(job *work, size_t i)
{
    const size_t n_dims = (size_t)work->n_dims;
    const size_t n = (size_t)work->sequences->n_frames[i] * (size_t)work->features.n_stacked;
    double *sum = work->sums + i * 2 * n_dims;
    double *square = sum + n_dims;
    for (size_t t = 0; t < n; t++)
        for (size_t d = 0; d < n_dims; d++) {
            const double x = work->sequences->frames[i][t * n_dims + d];
            sum[d] += x;
            square[d] += x * x;
        }
}

// ---- Changed audio ----

ernn_sequence_options ernn_sequence_defaults(void)
{
    return (ernn_sequence_options){.speed = 1, .snr_low = 10, .snr_high = 30};
}

static ernn_status check_options(const ernn_sequence_options *o, ernn_error *err)
{
    if (!(o->speed >= 0.5 && o->speed <= 2))
        return ernn_error_set(err, ERNN_BAD_ARG, "sequences: speed %g, allowed is 0.5 to 2",
                              o->speed);
    if (!(o->snr_low >= -20 && o->snr_low <= o->snr_high && o->snr_high <= 100))
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "sequences: noise at %g to %g dB, allowed is -20 to 100 dB, the "
                              "lower first",
                              o->snr_low, o->snr_high);
    return ERNN_OK;
}

// x + e, e normal with the variance mean(x^2) / 10^(snr / 10)
static void add_noise(const ernn_sequence_options *o, size_t utterance, float *samples, size_t n)
{
    enum { STREAM_WAVEFORM = 0x400 };
    ernn_rng rng = ernn_rng_new(o->seed, STREAM_WAVEFORM, utterance);
    const double snr = o->snr_low + (o->snr_high - o->snr_low) * ernn_rng_uniform(&rng);
    double energy = 0;
    for (size_t i = 0; i < n; i++)
        energy += (double)samples[i] * samples[i];
    const double deviation = sqrt(energy / (double)n * pow(10, -snr / 10));
    for (size_t i = 0; i < n; i++)
        samples[i] += (float)(deviation * ernn_rng_normal(&rng));
}

// Everything of utterance i but the normalisation; `frontend` gives raw features.
static ernn_status load_utterance(job *work, size_t i, ernn_frontend *frontend, ernn_error *err)
{
    const ernn_utterance *utterance = &work->corpus->utterances[i];
    ernn_sequences *sequences = work->sequences;
    float *samples = NULL;
    size_t n_samples;
    size_t n_frames;
    ernn_audio_info audio;
    ernn_status status = ernn_audio_read(utterance->audio_path, work->features.rate_hz, &samples,
                                         &n_samples, &audio, err);
    if (status == ERNN_OK)
        status = ernn_audio_speed(utterance->audio_path, work->features.rate_hz,
                                  work->options.speed, &samples, &n_samples, err);
    if (status != ERNN_OK) {
        ernn_audio_free(samples);
        return status;
    }
    if (work->options.has_noise)
        add_noise(&work->options, i, samples, n_samples);
    status = ernn_frontend_run(frontend, samples, n_samples, &sequences->frames[i], &n_frames, err);
    ernn_audio_free(samples);
    if (status != ERNN_OK)
        return status;
    sequences->n_frames[i] = (int)n_frames;
    if (n_frames == 0 && work->options.speed == 1)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: %zu samples at %d Hz are too short for one feature frame of %d "
                              "ms",
                              utterance->audio_path, n_samples, work->features.rate_hz,
                              work->features.window_ms +
                                  (work->features.n_stacked - 1) * work->features.shift_ms);
    status = fold_labels(work, i, err);
    if (status == ERNN_OK && sequences->alignment)
        status = align_frames(work, i, audio.rate_hz, err);
    sequences->ids[i] = ernn_mem_string(utterance->id, err);
    sequences->speakers[i] = ernn_mem_string(utterance->speaker, err);
    if (!sequences->ids[i] || !sequences->speakers[i])
        return ERNN_NO_MEMORY;
    if (status == ERNN_OK && work->sums)
        sum_vectors(work, i);
    return status;
}

// Works through utterances i, i + 1, ... in whatever order a thread gets them: after a failure the
// thread skips its later ones, and all threads those behind the failures known so far, which never
// are before the earliest.
static void load_share(job *work, ernn_frontend *frontend, size_t i, failure *own)
{
    size_t known;
#pragma omp atomic read
    known = work->known_bad;
    if (i > known || i > own->index)
        return;
    ernn_error error = {0};
    const ernn_status status = load_utterance(work, i, frontend, &error);
    if (status == ERNN_OK)
        return;
    if (work->options.skip_bad && (status == ERNN_BAD_FILE || status == ERNN_IO)) {
        work->faults[i] = ernn_mem_string(error.text, NULL);
        work->sequences->n_frames[i] = 0;
        if (work->faults[i])
            return;
    }
    *own = (failure){i, error};
#pragma omp atomic write
    work->known_bad = i;
}

// The failure of the earliest utterance, whichever thread met one first.
static ernn_status report(const failure *failures, int n_threads, ernn_error *err)
{
    const failure *first = &failures[0];
    for (int i = 1; i < n_threads; i++)
        if (failures[i].index < first->index)
            first = &failures[i];
    if (first->index == SIZE_MAX)
        return ERNN_OK;
    return ernn_error_set(err, first->error.status, "%s", first->error.text);
}

static ernn_status load_utterances(job *work, ernn_error *err)
{
    ernn_features raw = work->features;
    raw.normalisation = ERNN_NORMALISE_GLOBAL;
    const int n_threads = omp_get_max_threads();
    failure *failures = ernn_mem_new((size_t)n_threads, sizeof *failures, err);
    if (!failures)
        return ERNN_NO_MEMORY;
    for (int i = 0; i < n_threads; i++)
        failures[i].index = SIZE_MAX;
#pragma omp parallel num_threads(n_threads)
    {
        failure own = {.index = SIZE_MAX};
        ernn_frontend *frontend = NULL;
        const ernn_status status = ernn_frontend_new(&raw, NULL, &frontend, &own.error);
        if (status != ERNN_OK)
            own.index = 0;
#pragma omp for schedule(dynamic, 4)
        for (size_t i = 0; i < work->sequences->n; i++)
            if (frontend)
                load_share(work, frontend, i, &own);
        ernn_frontend_free(frontend);
        failures[omp_get_thread_num()] = own;
    }
    const ernn_status status = report(failures, n_threads, err);
    ernn_mem_free(failures);
    return status;
}

static void finish_statistics(const job *work, ernn_feature_statistics *statistics)
{
    const size_t n_dims = (size_t)work->n_dims;
    *statistics = (ernn_feature_statistics){.n = work->n_dims};
    for (size_t d = 0; d < n_dims; d++) {
        double n = 0;
        double sum = 0;
        double square = 0;
        for (size_t i = 0; i < work->sequences->n; i++) {
            n += (double)work->sequences->n_frames[i] * work->features.n_stacked;
            sum += work->sums[i * 2 * n_dims + d];
            square += work->sums[(i * 2 + 1) * n_dims + d];
        }
        const double mean = sum / n;
        const double variance = square / n - mean * mean;
        statistics->mean[d] = (float)mean;
        statistics->variance[d] = (float)(variance > 0 ? variance : 0);
    }
}

static ernn_status normalise(job *work, ernn_error *err)
{
    ernn_normaliser *normaliser = NULL;
    ernn_status status = ernn_normaliser_new(work->features.normalisation, work->n_dims,
                                             work->statistics, &normaliser, err);
    for (size_t i = 0; status == ERNN_OK && i < work->sequences->n; i++)
        ernn_normaliser_run(normaliser, work->sequences->frames[i],
                            (size_t)work->sequences->n_frames[i] *
                                (size_t)work->features.n_stacked);
    ernn_normaliser_free(normaliser);
    return status;
}

// Closes the gaps that utterances with faults leave, which are counted; the first one's is kept.
static void drop_faulty(job *work)
{
    ernn_sequences *s = work->sequences;
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (work->faults[i]) {
            ernn_mem_free(s->frames[i]);
            ernn_mem_free(s->phones[i]);
            if (s->alignment)
                ernn_mem_free(s->alignment[i]);
            ernn_mem_free(s->ids[i]);
            ernn_mem_free(s->speakers[i]);
            if (s->n_bad++ == 0) {
                s->first_bad = work->faults[i];
                work->faults[i] = NULL;
            }
            continue;
        }
        s->frames[kept] = s->frames[i];
        s->n_frames[kept] = s->n_frames[i];
        s->phones[kept] = s->phones[i];
        s->n_phones[kept] = s->n_phones[i];
        if (s->alignment)
            s->alignment[kept] = s->alignment[i];
        s->ids[kept] = s->ids[i];
        s->speakers[kept++] = s->speakers[i];
    }
    s->n = kept;
}

// Do all utterances have times?
static bool has_segments(const ernn_corpus *corpus)
{
    for (size_t i = 0; i < corpus->n_utterances; i++)
        if (!corpus->utterances[i].segments)
            return false;
    return true;
}

static ernn_status allocate(job *work, ernn_phone_set labels, ernn_error *err)
{
    const ernn_corpus *corpus = work->corpus;
    const size_t n = corpus->n_utterances;
    ernn_sequences *made = ernn_mem_new(1, sizeof *made, err);
    if (!made)
        return ERNN_NO_MEMORY;
    work->sequences = made;
    made->n = n;
    made->width = ernn_features_width(&work->features);
    made->phone_set = labels;
    made->has_silence = corpus->has_silence;
    made->frames = ernn_mem_new(n, sizeof *made->frames, err);
    made->n_frames = ernn_mem_new(n, sizeof *made->n_frames, err);
    made->phones = ernn_mem_new(n, sizeof *made->phones, err);
    made->n_phones = ernn_mem_new(n, sizeof *made->n_phones, err);
    made->ids = ernn_mem_new(n, sizeof *made->ids, err);
    made->speakers = ernn_mem_new(n, sizeof *made->speakers, err);
    if (!made->frames || !made->n_frames || !made->phones || !made->n_phones || !made->ids ||
        !made->speakers)
        return ERNN_NO_MEMORY;
    if (!(work->faults = ernn_mem_new(n, sizeof *work->faults, err)))
        return ERNN_NO_MEMORY;
    if (has_segments(corpus) && !(made->alignment = ernn_mem_new(n, sizeof *made->alignment, err)))
        return ERNN_NO_MEMORY;
    return ERNN_OK;
}

ernn_status ernn_sequences_new(const ernn_corpus *corpus, const ernn_features *features,
                               ernn_feature_statistics *statistics, bool collect,
                               ernn_phone_set labels, ernn_sequences **sequences, ernn_error *err)
{
    return ernn_sequences_load(corpus, features, statistics, collect, labels, NULL, sequences, err);
}

ernn_status ernn_sequences_load(const ernn_corpus *corpus, const ernn_features *features,
                                ernn_feature_statistics *statistics, bool collect,
                                ernn_phone_set labels, const ernn_sequence_options *options,
                                ernn_sequences **sequences, ernn_error *err)
{
    *sequences = NULL;
    job work = {.corpus = corpus,
                .features = *features,
                .options = options ? *options : ernn_sequence_defaults(),
                .known_bad = SIZE_MAX};
    ernn_status status = ernn_features_validate(features, err);
    if (status == ERNN_OK)
        status = check_options(&work.options, err);
    if (status != ERNN_OK)
        return status;
    if (labels < corpus->phone_set)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "%s: its labels are %d classes and cannot become %d; ask for %d or "
                              "fewer",
                              corpus->path, ernn_phones_count(corpus->phone_set),
                              ernn_phones_count(labels), ernn_phones_count(corpus->phone_set));
    if (collect && !statistics)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "sequences: statistics are to be collected, but "
                              "there is no place for them");
    work.n_dims = ernn_features_width(features) / features->n_stacked;
    work.statistics = statistics;
    status = allocate(&work, labels, err);
    if (status == ERNN_OK && collect) {
        work.sums = ernn_mem_new(work.sequences->n * 2, (size_t)work.n_dims * sizeof(double), err);
        status = work.sums ? ERNN_OK : ERNN_NO_MEMORY;
    }
    if (status == ERNN_OK)
        status = load_utterances(&work, err);
    if (status == ERNN_OK && collect)
        finish_statistics(&work, statistics);
    if (status == ERNN_OK)
        status = normalise(&work, err);
    ernn_mem_free(work.sums);
    if (work.faults && status == ERNN_OK)
        drop_faulty(&work);
    for (size_t i = 0; work.faults && i < corpus->n_utterances; i++)
        ernn_mem_free(work.faults[i]);
    ernn_mem_free(work.faults);
    if (status != ERNN_OK) {
        ernn_sequences_free(work.sequences);
        return status;
    }
    *sequences = work.sequences;
    return ERNN_OK;
}

void ernn_sequences_free(ernn_sequences *sequences)
{
    if (!sequences)
        return;
    for (size_t i = 0; i < sequences->n; i++) {
        if (sequences->frames)
            ernn_mem_free(sequences->frames[i]);
        if (sequences->phones)
            ernn_mem_free(sequences->phones[i]);
        if (sequences->alignment)
            ernn_mem_free(sequences->alignment[i]);
        if (sequences->ids)
            ernn_mem_free(sequences->ids[i]);
        if (sequences->speakers)
            ernn_mem_free(sequences->speakers[i]);
    }
    ernn_mem_free(sequences->frames);
    ernn_mem_free(sequences->n_frames);
    ernn_mem_free(sequences->phones);
    ernn_mem_free(sequences->n_phones);
    ernn_mem_free(sequences->alignment);
    ernn_mem_free(sequences->ids);
    ernn_mem_free(sequences->speakers);
    ernn_mem_free(sequences->first_bad);
    ernn_mem_free(sequences);
}
