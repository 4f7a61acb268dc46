// A synthesised utterance on its way from a synthesiser's phones to TIMIT's labels.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_SPEECH_SPOKEN_H
#define ERNN_SRC_SPEECH_SPOKEN_H

#include "base/error.h"
#include "ernn/synthesis.h"

enum { ERNN_SPOKEN_MAX_PHONES = 512 };

// One label. Times in samples at ERNN_SYNTHESIS_RATE_HZ.
typedef struct ernn_spoken_phone {
    int64_t begin;
    int64_t end;
    const char *label; // one of TIMIT's 61, static; "pau" for any silence until it is written
    int word;          // number of the word it belongs to, -1 for silence or not yet known
} ernn_spoken_phone;

typedef struct ernn_spoken {
    float *samples; // [n]
    size_t n;
    int n_phones;
    ernn_spoken_phone phones[ERNN_SPOKEN_MAX_PHONES];
} ernn_spoken;

typedef enum ernn_engine { ERNN_ENGINE_FLITE, ERNN_ENGINE_ESPEAK } ernn_engine;

// ---- Labels ----

// TIMIT labels of one phone of `engine`: fills labels[2] and returns how many, 0 when the phone has
// no sound of its own, -1 when it is unknown. Stops come without their closures.
int ernn_labels_find(ernn_engine engine, const char *phone, const char *labels[2]);
bool ernn_label_is_silence(const char *label);
// The closure of a stop or affricate, NULL for every other label.
const char *ernn_label_closure(const char *label);

// ---- Times ----

// Gives each stop its closure, from the waveform. flite's stops hold closure and burst and are cut
// at the burst; espeak-ng's begin at the burst and take the silence before it from their neighbour.
// After a pause the closure stays part of the pause, as TIMIT's transcribers had it.
ernn_status ernn_spoken_close(ernn_spoken *spoken, ernn_engine engine, ernn_error *err);
// Makes the labels rise strictly from 0 to the last sample: empty ones dropped, neighbouring
// silences and doubled sounds (this_sister) joined. ERNN_BAD_FILE when nothing is left.
ernn_status ernn_spoken_tidy(ernn_spoken *spoken, ernn_error *err);

// ---- Words ----

// The labels that each of some words has when spoken alone.
typedef struct ernn_pronunciation {
    int n;
    const char *labels[40];
} ernn_pronunciation;

// Numbers the words of the phones: the cheapest alignment of what was said with words[n_words] said
// one by one. Call before closures exist.
ernn_status ernn_spoken_number_words(ernn_spoken *spoken, const ernn_pronunciation *const *words,
                                     int n_words, ernn_error *err);

#endif
