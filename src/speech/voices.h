// Speakers (a voice with its own rate, pitch and vocal tract) and the two synthesisers behind them.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_SPEECH_VOICES_H
#define ERNN_SRC_SPEECH_VOICES_H

#include "speech/spoken.h"

typedef struct ernn_speaker {
    char name[8]; // as TIMIT's: sex, three letters, one more: FSLT3
    int region;   // the n of DRn, 1 to 8
    ernn_engine engine;
    const char *voice; // of the engine; static
    double pitch_hz;   // the voice's own mean, 0 when the engine takes no pitch for it
    double rate;       // tempo against the voice's own, 0.84 to 1.19
    double pitch;      // against the voice's own, 0.86 to 1.17
    double tract;      // all frequencies are scaled by it, 0.94 to 1.06: a shorter vocal tract
} ernn_speaker;

enum { ERNN_SPEAKERS_PER_VOICE = 25 };

// Number of voices of a choice.
int ernn_voices_count(ernn_voices voices);
// speakers[n_train + n_test], all different, TRAIN first. TEST speakers use voices of TRAIN with
// other settings. ERNN_BAD_ARG when there are not as many.
ernn_status ernn_speakers_fill(const ernn_synthesis_options *options, ernn_speaker *speakers,
                               ernn_error *err);

// Lets `speaker` say `text`. `wave_path` names a file that may be written; it is left behind.
// Labels come without closures; samples are at ERNN_SYNTHESIS_RATE_HZ, freed by ernn_audio_free.
ernn_status ernn_speaker_say(const ernn_speaker *speaker, const char *espeak_program,
                             const char *text, const char *wave_path, ernn_spoken *spoken,
                             ernn_error *err);

// pronunciations[n] of words[n] (letters and apostrophes) said alone by `engine`. Also how a
// missing synthesiser is noticed early.
ernn_status ernn_words_pronounce(ernn_engine engine, const char *espeak_program,
                                 const char *const *words, int n,
                                 ernn_pronunciation *pronunciations, ernn_error *err);

#endif
