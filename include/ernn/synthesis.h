// A synthetic corpus in TIMIT's layout: our own sentences, spoken by flite and espeak-ng, with the
// synthesisers' own phone times.
//
//     ernn_synthesis_options options = ernn_synthesis_defaults();
//     ernn_synthesis_run("corpus", &options, &summary, &err);
//
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SYNTHESIS_H
#define ERNN_SYNTHESIS_H

#include "ernn/status.h"

#ifdef __cplusplus
extern "C" {
#endif

// Both are run as programs, never linked.
typedef enum ernn_voices { ERNN_VOICES_FLITE, ERNN_VOICES_ESPEAK, ERNN_VOICES_ALL } ernn_voices;

typedef struct ernn_synthesis_options {
    int n_train;         // utterances in TRAIN, each another sentence, 1 to 100000, default 300
    int n_test;          // utterances in TEST, 1 to 100000, default 100
    int n_speakers;      // in TRAIN, 1 to 25 per voice less those of TEST, default 24
    int n_test_speakers; // in TEST, default 8. Speakers share voices but no rate, pitch and tract
    ernn_voices voices;  // default all
    double snr_db;       // noise floor below the speech, at least; 10 to 100, default 30
    uint64_t seed;       // default 1
    int n_threads;       // utterances in work at once, 0 = one per core; never changes a byte
    bool force;          // replace an existing output folder
    const char *espeak_program; // default "ernn-espeak-voice", looked up on PATH
    ernn_progress_fn progress;  // NULL for none; false stops and leaves nothing behind
    void *progress_user;
} ernn_synthesis_options;

// What was made. [0] is TRAIN, [1] TEST.
typedef struct ernn_synthesis_summary {
    int n_utterances[2];
    int n_speakers[2];
    int64_t n_samples[2]; // at ERNN_SYNTHESIS_RATE_HZ
    int64_t n_phones[2];  // segments, closures and silence included
} ernn_synthesis_summary;

enum { ERNN_SYNTHESIS_RATE_HZ = 16000 };

ERNN_API ernn_synthesis_options ernn_synthesis_defaults(void);
// Writes `path`/{TRAIN,TEST}/DRn/SPEAKER/SXi.{WAV,PHN,WRD,TXT}, complete or not at all. TRAIN and
// TEST share neither sentences nor speakers. Equal options give equal bytes for any number of
// threads. `summary` may be NULL. ERNN_BAD_ARG (range, existing folder), ERNN_IO (a missing
// synthesiser: names its Debian package), ERNN_STOPPED.
ERNN_API ernn_status ernn_synthesis_run(const char *path, const ernn_synthesis_options *options,
                                        ernn_synthesis_summary *summary, ernn_error *err);

#ifdef __cplusplus
}
#endif
#endif
