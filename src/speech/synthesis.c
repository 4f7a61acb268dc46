// The corpus: who says what, many utterances at once, one folder in the end.
// SPDX-License-Identifier: Apache-2.0
#include "ernn/synthesis.h"
#include "base/file.h"
#include "base/memory.h"
#include "ernn/speech.h"
#include "speech/recording.h"
#include "speech/sentences.h"
#include "speech/vocabulary.h"

#include <limits.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>

enum { STREAM_RECORDING = 0x5245434f, MAX_UTTERANCES = 100000, MAX_THREADS = 256 };

static const char *const SET_NAMES[2] = {"TRAIN", "TEST"};

ernn_synthesis_options ernn_synthesis_defaults(void)
{
    return (ernn_synthesis_options){.n_train = 300,
                                    .n_test = 100,
                                    .n_speakers = 24,
                                    .n_test_speakers = 8,
                                    .voices = ERNN_VOICES_ALL,
                                    .snr_db = 30,
                                    .seed = 1,
                                    .espeak_program = "ernn-espeak-voice"};
}

static ernn_status check_range(const char *name, int value, int low, int high, ernn_error *err)
{
    if (value >= low && value <= high)
        return ERNN_OK;
    return ernn_error_set(err, ERNN_BAD_ARG, "%s: %d, %d to %d are possible", name, value, low,
                          high);
}

static ernn_status check_options(const ernn_synthesis_options *options, ernn_error *err)
{
    const int max_speakers = ERNN_SPEAKERS_PER_VOICE * ernn_voices_count(options->voices);
    ernn_status status =
        check_range("training utterances", options->n_train, 1, MAX_UTTERANCES, err);
    if (status == ERNN_OK)
        status = check_range("test utterances", options->n_test, 1, MAX_UTTERANCES, err);
    if (status == ERNN_OK)
        status = check_range("training speakers", options->n_speakers, 1, max_speakers - 1, err);
    if (status == ERNN_OK)
        status = check_range("test speakers", options->n_test_speakers, 1, max_speakers - 1, err);
    if (status == ERNN_OK)
        status = check_range("threads", options->n_threads, 0, MAX_THREADS, err);
    if (status == ERNN_OK && !(options->snr_db >= 10 && options->snr_db <= 100))
        status = ernn_error_set(err, ERNN_BAD_ARG,
                                "signal-to-noise ratio: %g dB, 10 to 100 dB are possible",
                                options->snr_db);
    return status;
}

// Everything that is decided before the first word is said; read-only while utterances are made.
typedef struct corpus_plan {
    const ernn_synthesis_options *options;
    const char *folder;
    int n_utterances; // TRAIN first
    char **sentences; // [n_utterances]
    ernn_speaker *speakers;
    ernn_vocabulary vocabulary;
} corpus_plan;

static void plan_free(corpus_plan *plan)
{
    ernn_sentences_free(plan->sentences, (size_t)plan->n_utterances);
    ernn_mem_free(plan->speakers);
    ernn_vocabulary_free(&plan->vocabulary);
}

static ernn_status plan_new(const ernn_synthesis_options *options, corpus_plan *plan,
                            ernn_error *err)
{
    plan->options = options;
    plan->n_utterances = options->n_train + options->n_test;
    plan->speakers = ernn_mem_new((size_t)(options->n_speakers + options->n_test_speakers),
                                  sizeof *plan->speakers, err);
    if (!plan->speakers)
        return ERNN_NO_MEMORY;
    ernn_status status = ernn_speakers_fill(options, plan->speakers, err);
    if (status == ERNN_OK)
        status =
            ernn_sentences_new(options->seed, (size_t)plan->n_utterances, &plan->sentences, err);
    if (status == ERNN_OK)
        status = ernn_vocabulary_new(plan->sentences, (size_t)plan->n_utterances, options->voices,
                                     options->espeak_program, &plan->vocabulary, err);
    return status;
}

// Who says utterance i: the speakers of its set in turn.
static const ernn_speaker *speaker_of(const corpus_plan *plan, int i)
{
    const ernn_synthesis_options *options = plan->options;
    return i < options->n_train
               ? &plan->speakers[i % options->n_speakers]
               : &plan->speakers[options->n_speakers +
                                 (i - options->n_train) % options->n_test_speakers];
}

static ernn_status speaker_folder(const corpus_plan *plan, int i, char *path, size_t size,
                                  ernn_error *err)
{
    const ernn_speaker *speaker = speaker_of(plan, i);
    const int n = snprintf(path, size, "%s/%s/DR%d/%s", plan->folder,
                           SET_NAMES[i >= plan->options->n_train], speaker->region, speaker->name);
    if (n < (int)size)
        return ERNN_OK;
    return ernn_error_set(err, ERNN_TOO_BIG, "%.200s...: path is too long", path);
}

static ernn_status make_utterance(const corpus_plan *plan, int i, ernn_synthesis_summary *summary,
                                  ernn_error *err)
{
    const ernn_speaker *speaker = speaker_of(plan, i);
    const char *sentence = plan->sentences[i];
    char folder[1100];
    char stem[1130];
    char wave[1140];
    int indices[ERNN_SENTENCE_MAX_WORDS];
    const ernn_pronunciation *said[ERNN_SENTENCE_MAX_WORDS];
    const char *words[ERNN_SENTENCE_MAX_WORDS];
    ernn_status status = speaker_folder(plan, i, folder, sizeof folder, err);
    if (status != ERNN_OK)
        return status;
    snprintf(stem, sizeof stem, "%s/SX%d", folder, i + 1);
    snprintf(wave, sizeof wave, "%s.WAV", stem);
    const int n_words = ernn_vocabulary_find(&plan->vocabulary, sentence, indices);
    for (int w = 0; w < n_words; w++) {
        said[w] = &plan->vocabulary.pronunciations[speaker->engine][indices[w]];
        words[w] = plan->vocabulary.words[indices[w]];
    }
    // The synthesiser writes where the recording will be, which then replaces it.
    ernn_spoken spoken;
    status = ernn_speaker_say(speaker, plan->options->espeak_program, sentence, wave, &spoken, err);
    if (status != ERNN_OK)
        return status;
    ernn_rng rng = ernn_rng_new(plan->options->seed, STREAM_RECORDING, (uint64_t)i);
    status = ernn_spoken_number_words(&spoken, said, n_words, err);
    if (status == ERNN_OK)
        status = ernn_spoken_close(&spoken, speaker->engine, err);
    if (status == ERNN_OK)
        status = ernn_spoken_tidy(&spoken, err);
    if (status == ERNN_OK)
        status = ernn_spoken_record(&spoken, plan->options->snr_db, &rng, err);
    if (status == ERNN_OK)
        status = ernn_spoken_save(&spoken, stem, sentence, words, n_words, err);
    const int set = i >= plan->options->n_train;
    summary->n_utterances[set] = 1;
    summary->n_samples[set] = (int64_t)spoken.n;
    summary->n_phones[set] = spoken.n_phones;
    ernn_audio_free(spoken.samples);
    return status;
}

// The state that the utterances in work share, touched under one lock.
typedef struct corpus_work {
    omp_lock_t lock; // a named critical section would be a global symbol
    int n_done;
    int failed; // lowest utterance that failed so far, INT_MAX for none
    ernn_status status;
    ernn_error *err;
    ernn_synthesis_summary summary;
} corpus_work;

static void account(corpus_work *work, const corpus_plan *plan, int i, ernn_status status,
                    const ernn_synthesis_summary *one, const ernn_error *failure)
{
    const ernn_synthesis_options *options = plan->options;
    char text[80];
    if (status == ERNN_OK) {
        for (int set = 0; set < 2; set++) {
            work->summary.n_utterances[set] += one->n_utterances[set];
            work->summary.n_samples[set] += one->n_samples[set];
            work->summary.n_phones[set] += one->n_phones[set];
        }
        work->n_done++;
    }
    snprintf(text, sizeof text, "%d of %d utterances", work->n_done, plan->n_utterances);
    const bool is_going =
        !options->progress ||
        options->progress(options->progress_user, work->n_done, plan->n_utterances, text);
    if (!is_going) {
        // Also when Ctrl-C has already ended the synthesiser itself.
        work->status = ERNN_STOPPED;
        work->failed = -1;
        if (work->err)
            *work->err = (ernn_error){ERNN_STOPPED, "stopped: no corpus was written"};
    } else if (status != ERNN_OK && i < work->failed) {
        work->status = status;
        work->failed = i;
        if (work->err)
            *work->err = *failure;
    }
}

static ernn_status make_all(const corpus_plan *plan, ernn_synthesis_summary *summary,
                            ernn_error *err)
{
    corpus_work work = {.failed = INT_MAX, .err = err};
    const int n_threads =
        plan->options->n_threads > 0 ? plan->options->n_threads : omp_get_num_procs();
    bool is_over = false;
    omp_init_lock(&work.lock);
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
    for (int i = 0; i < plan->n_utterances; i++) {
        bool skip;
#pragma omp atomic read
        skip = is_over;
        if (skip)
            continue;
        ernn_synthesis_summary one = {0};
        ernn_error failure = {0};
        const ernn_status status = make_utterance(plan, i, &one, &failure);
        omp_set_lock(&work.lock);
        account(&work, plan, i, status, &one, &failure);
        if (work.status != ERNN_OK) {
#pragma omp atomic write
            is_over = true;
        }
        omp_unset_lock(&work.lock);
    }
    omp_destroy_lock(&work.lock);
    *summary = work.summary;
    return work.status;
}

static ernn_status make_folders(const corpus_plan *plan, ernn_error *err)
{
    ernn_status status = ERNN_OK;
    const ernn_synthesis_options *options = plan->options;
    for (int i = 0; i < plan->n_utterances && status == ERNN_OK; i++) {
        char folder[1100];
        if (i >= options->n_speakers && i < options->n_train)
            i = options->n_train;
        if (i >= options->n_train + options->n_test_speakers)
            break;
        status = speaker_folder(plan, i, folder, sizeof folder, err);
        if (status == ERNN_OK)
            status = ernn_folder_new(folder, err);
    }
    return status;
}

ernn_status ernn_synthesis_run(const char *path, const ernn_synthesis_options *options,
                               ernn_synthesis_summary *summary, ernn_error *err)
{
    ernn_status status = check_options(options, err);
    if (status != ERNN_OK)
        return status;
    ernn_synthesis_options effective = *options;
    // No speaker without an utterance.
    if (effective.n_speakers > effective.n_train)
        effective.n_speakers = effective.n_train;
    if (effective.n_test_speakers > effective.n_test)
        effective.n_test_speakers = effective.n_test;
    if (options->progress &&
        !options->progress(options->progress_user, 0, effective.n_train + effective.n_test,
                           "pronouncing the words"))
        return ernn_error_set(err, ERNN_STOPPED, "stopped: no corpus was written");
    corpus_plan plan = {0};
    ernn_output_folder folder;
    ernn_synthesis_summary made = {0};
    bool is_begun = false;
    status = plan_new(&effective, &plan, err);
    if (status == ERNN_OK)
        status = ernn_output_folder_begin(&folder, path, options->force, err);
    if (status != ERNN_OK)
        goto done;
    is_begun = true;
    plan.folder = folder.temporary;
    status = make_folders(&plan, err);
    if (status == ERNN_OK)
        status = make_all(&plan, &made, err);
    if (status == ERNN_OK)
        status = ernn_output_folder_commit(&folder, err);
done:
    if (status != ERNN_OK && is_begun)
        ernn_output_folder_abort(&folder);
    made.n_speakers[0] = effective.n_speakers;
    made.n_speakers[1] = effective.n_test_speakers;
    if (status == ERNN_OK && summary)
        *summary = made;
    plan_free(&plan);
    return status;
}
