// Who speaks: voices times a grid of rate, pitch and tract. SPDX-License-Identifier: Apache-2.0
#include "speech/voices.h"
#include "base/rng.h"

#include <math.h>
#include <stdio.h>

enum { STREAM_VOICES = 0x564f4943, STREAM_SETTINGS, N_STEPS = 5, N_REGIONS = 8 };

typedef struct voice_row {
    ernn_engine engine;
    const char name[20];
    const char tag[5]; // sex and three letters
    double pitch_hz;
} voice_row;

// flite's 16 kHz voices (kal is the 8 kHz twin of kal16; rms ignores a wanted pitch) and
// espeak-ng's American English in the variants that have no echo, whose tails would blur every
// label: m2, f2 to f5 and many of the named ones have. Mean pitches were measured on flite 2.2.
static const voice_row VOICES[] = {
    {ERNN_ENGINE_FLITE, "kal16", "MKAL", 95},
    {ERNN_ENGINE_FLITE, "slt", "FSLT", 172},
    {ERNN_ENGINE_FLITE, "rms", "MRMS", 0},
    {ERNN_ENGINE_FLITE, "awb", "MAWB", 132},
    {ERNN_ENGINE_ESPEAK, "en-us+m1", "MEMA", 0},
    {ERNN_ENGINE_ESPEAK, "en-us+m3", "MEMC", 0},
    {ERNN_ENGINE_ESPEAK, "en-us+m4", "MEMD", 0},
    {ERNN_ENGINE_ESPEAK, "en-us+m5", "MEME", 0},
    {ERNN_ENGINE_ESPEAK, "en-us+m6", "MEMF", 0},
    {ERNN_ENGINE_ESPEAK, "en-us+m7", "MEMG", 0},
    {ERNN_ENGINE_ESPEAK, "en-us+f1", "FEFA", 0},
    {ERNN_ENGINE_ESPEAK, "en-us+Andrea", "FAND", 0},
    {ERNN_ENGINE_ESPEAK, "en-us+Annie", "FANN", 0},
    {ERNN_ENGINE_ESPEAK, "en-us+belinda", "FBEL", 0},
    {ERNN_ENGINE_ESPEAK, "en-us+steph", "FSTE", 0},
};
enum { N_VOICES = sizeof VOICES / sizeof *VOICES };

static bool is_chosen(const voice_row *voice, ernn_voices voices)
{
    return voices == ERNN_VOICES_ALL ||
           (voices == ERNN_VOICES_FLITE) == (voice->engine == ERNN_ENGINE_FLITE);
}

int ernn_voices_count(ernn_voices voices)
{
    int n = 0;
    for (int i = 0; i < N_VOICES; i++)
        n += is_chosen(&VOICES[i], voices);
    return n;
}

// The `taken`-th speaker of a voice: cell `cell` of its grid of settings.
static ernn_speaker speaker_of(const voice_row *voice, int taken, int cell, int region)
{
    const int rate_step = cell / N_STEPS - N_STEPS / 2;
    const int pitch_step = cell % N_STEPS - N_STEPS / 2;
    // A Latin square: tract differs along every row and column, so that two speakers of a voice
    // without pitch control (rms) still differ.
    const int tract_step = (cell / N_STEPS + 2 * (cell % N_STEPS)) % N_STEPS - N_STEPS / 2;
    ernn_speaker speaker = {.region = region,
                            .engine = voice->engine,
                            .voice = voice->name,
                            .pitch_hz = voice->pitch_hz,
                            .rate = pow(1.09, rate_step),
                            .pitch = pow(1.08, pitch_step),
                            .tract = pow(1.03, tract_step)};
    snprintf(speaker.name, sizeof speaker.name, "%.4s%c", voice->tag,
             taken < 10 ? '0' + taken : 'A' + taken - 10);
    return speaker;
}

ernn_status ernn_speakers_fill(const ernn_synthesis_options *options, ernn_speaker *speakers,
                               ernn_error *err)
{
    size_t chosen[N_VOICES];
    size_t settings[N_VOICES][ERNN_SPEAKERS_PER_VOICE];
    int n_taken[N_VOICES] = {0};
    size_t n_voices = 0;
    for (size_t i = 0; i < N_VOICES; i++)
        if (is_chosen(&VOICES[i], options->voices))
            chosen[n_voices++] = i;
    ernn_rng rng = ernn_rng_new(options->seed, STREAM_VOICES, 0);
    ernn_rng_shuffle(&rng, chosen, n_voices);
    for (size_t v = 0; v < N_VOICES; v++) {
        for (size_t i = 0; i < ERNN_SPEAKERS_PER_VOICE; i++)
            settings[v][i] = i;
        rng = ernn_rng_new(options->seed, STREAM_SETTINGS, v);
        ernn_rng_shuffle(&rng, settings[v], ERNN_SPEAKERS_PER_VOICE);
    }
    const int n_train = options->n_speakers;
    const int n_used = n_train < (int)n_voices ? n_train : (int)n_voices;
    for (int s = 0; s < n_train + options->n_test_speakers; s++) {
        // In turn, from the first voice again for TEST; a voice that is used up is passed over.
        int turn = s < n_train ? s % n_used : (s - n_train) % n_used;
        for (int i = 0; i < n_used && n_taken[chosen[turn]] == ERNN_SPEAKERS_PER_VOICE; i++)
            turn = (turn + 1) % n_used;
        const size_t v = chosen[turn];
        if (n_taken[v] == ERNN_SPEAKERS_PER_VOICE)
            return ernn_error_set(err, ERNN_BAD_ARG,
                                  "speakers: %d to train and %d to test from %d voices, each has "
                                  "%d; ask for fewer or for all voices",
                                  n_train, options->n_test_speakers, n_used,
                                  ERNN_SPEAKERS_PER_VOICE);
        speakers[s] =
            speaker_of(&VOICES[v], n_taken[v], (int)settings[v][n_taken[v]], 1 + s % N_REGIONS);
        n_taken[v]++;
    }
    return ERNN_OK;
}
