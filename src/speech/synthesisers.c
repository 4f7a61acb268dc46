// The two synthesisers as child processes and the text they answer with.
//
// flite -psdur prints "name:end_seconds" per phone; -ps prints names. ernn-espeak-voice, our own
// program around libespeak-ng (GPL, hence a program of its own), prints "rate R", then "at SAMPLE
// NAME" per phone; with --pronounce it prints names, words divided by "_".
// SPDX-License-Identifier: Apache-2.0
#include "base/buffer.h"
#include "base/memory.h"
#include "base/process.h"
#include "speech/audio.h"
#include "speech/voices.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PRONOUNCE_BYTES = 20000 }; // of one command line

// Appends the labels of `name`, which begins at `begin` and ends at `end`.
static ernn_status add_phone(ernn_spoken *spoken, ernn_engine engine, const char *name,
                             int64_t begin, int64_t end, ernn_error *err)
{
    const char *labels[2];
    const int n = ernn_labels_find(engine, name, labels);
    if (n < 0)
        return ernn_error_set(err, ERNN_BAD_FILE, "%s: phone '%s' has no TIMIT label",
                              engine == ERNN_ENGINE_FLITE ? "flite" : "espeak-ng", name);
    if (spoken->n_phones + n > ERNN_SPOKEN_MAX_PHONES)
        return ernn_error_set(err, ERNN_TOO_BIG, "synthesised utterance: more than %d phones",
                              ERNN_SPOKEN_MAX_PHONES);
    // A phone with two labels is a vowel and its r: the vowel is the longer part.
    const int64_t cut = n == 2 ? begin + (end - begin) * 3 / 5 : end;
    if (n > 0)
        spoken->phones[spoken->n_phones++] = (ernn_spoken_phone){begin, cut, labels[0], -1};
    if (n > 1)
        spoken->phones[spoken->n_phones++] = (ernn_spoken_phone){cut, end, labels[1], -1};
    return ERNN_OK;
}

// "pau:0.220 dh:0.254 ..." with ends in seconds, `scale` samples per second of it.
static ernn_status parse_flite(char *text, double scale, ernn_spoken *spoken, ernn_error *err)
{
    int64_t begin = 0;
    char *cursor = NULL;
    for (char *item = strtok_r(text, " \n", &cursor); item; item = strtok_r(NULL, " \n", &cursor)) {
        char *colon = strchr(item, ':');
        char *rest = colon ? colon + 1 : item;
        const double seconds = colon ? strtod(colon + 1, &rest) : -1;
        if (!colon || *rest || !(seconds >= 0 && seconds < 1e4))
            return ernn_error_set(err, ERNN_BAD_FILE,
                                  "flite: printed '%.40s', PHONE:SECONDS wanted", item);
        *colon = 0;
        const int64_t end = llround(seconds * scale);
        ernn_status status = add_phone(spoken, ERNN_ENGINE_FLITE, item, begin, end, err);
        if (status != ERNN_OK)
            return status;
        begin = end;
    }
    return ERNN_OK;
}

static ernn_status say_flite(const ernn_speaker *speaker, const char *text, const char *wave_path,
                             char **output, ernn_error *err)
{
    char stretch[40];
    char pitch[40];
    const char *argv[20] = {"flite", "-voice", speaker->voice, "--setf", stretch};
    int n = 5;
    // Resampling by `tract` shortens the speech by as much: it is spoken slower first.
    snprintf(stretch, sizeof stretch, "duration_stretch=%.4f", speaker->tract / speaker->rate);
    if (speaker->pitch_hz > 0) {
        snprintf(pitch, sizeof pitch, "int_f0_target_mean=%.2f",
                 speaker->pitch_hz * speaker->pitch / speaker->tract);
        argv[n++] = "--setf";
        argv[n++] = pitch;
    }
    const char *const rest[] = {"-psdur", "-t", text, "-o", wave_path, NULL};
    memcpy(argv + n, rest, sizeof rest);
    return ernn_process_run(argv, "flite", output, err);
}

static ernn_status say_espeak(const ernn_speaker *speaker, const char *program, const char *text,
                              const char *wave_path, char **output, ernn_error *err)
{
    char rate[20];
    char pitch[20];
    // 175 words a minute and pitch 50 of 0 to 99 are espeak-ng's own; 99 is about 1.6 times 50.
    snprintf(rate, sizeof rate, "%ld", lround(175 * speaker->rate / speaker->tract));
    snprintf(pitch, sizeof pitch, "%ld", lround(50 + 80 * (speaker->pitch / speaker->tract - 1)));
    const char *const argv[] = {program, "--voice", speaker->voice, "--rate", rate, "--pitch",
                                pitch,   "-o",      wave_path,      "--",     text, NULL};
    return ernn_process_run(argv, "libespeak-ng-dev and build again", output, err);
}

// "rate 22050", then lines "at SAMPLE NAME" and a last "end SAMPLE".
static ernn_status parse_espeak(char *text, double scale, ernn_spoken *spoken, ernn_error *err)
{
    char name[16] = "";
    int64_t begin = 0;
    char *cursor = NULL;
    for (char *line = strtok_r(text, "\n", &cursor); line; line = strtok_r(NULL, "\n", &cursor)) {
        long sample;
        char next[16] = "";
        if (strncmp(line, "rate ", 5) == 0)
            continue;
        const bool is_end = sscanf(line, "end %ld", &sample) == 1;
        if (!is_end && sscanf(line, "at %ld %15s", &sample, next) != 2)
            return ernn_error_set(err, ERNN_BAD_FILE,
                                  "ernn-espeak-voice: printed '%.40s', at SAMPLE PHONE wanted",
                                  line);
        const int64_t at = llround((double)sample * scale);
        ernn_status status = ERNN_OK;
        if (*name)
            status = add_phone(spoken, ERNN_ENGINE_ESPEAK, name, begin, at, err);
        else if (at > 0)
            status = add_phone(spoken, ERNN_ENGINE_ESPEAK, "_", 0, at, err);
        if (status != ERNN_OK)
            return status;
        begin = at;
        memcpy(name, next, sizeof name);
    }
    return ERNN_OK;
}

ernn_status ernn_speaker_say(const ernn_speaker *speaker, const char *espeak_program,
                             const char *text, const char *wave_path, ernn_spoken *spoken,
                             ernn_error *err)
{
    const bool is_flite = speaker->engine == ERNN_ENGINE_FLITE;
    // Resampled to fewer samples a second and played at RATE, everything sounds higher by `tract`.
    const int rate_hz = (int)lround(ERNN_SYNTHESIS_RATE_HZ / speaker->tract);
    ernn_audio_info info;
    char *output = NULL;
    *spoken = (ernn_spoken){0};
    ernn_status status = is_flite
                             ? say_flite(speaker, text, wave_path, &output, err)
                             : say_espeak(speaker, espeak_program, text, wave_path, &output, err);
    if (status == ERNN_OK)
        status = ernn_audio_read(wave_path, rate_hz, &spoken->samples, &spoken->n, &info, err);
    if (status == ERNN_OK)
        status = is_flite ? parse_flite(output, rate_hz, spoken, err)
                          : parse_espeak(output, (double)rate_hz / info.rate_hz, spoken, err);
    ernn_mem_free(output);
    if (status != ERNN_OK) {
        ernn_audio_free(spoken->samples);
        *spoken = (ernn_spoken){0};
    }
    return status;
}

// "dh ax pau k ae t pau": each run between silences is one word of pronunciations[n].
static ernn_status parse_pronunciations(ernn_engine engine, char *text, const char *const *words,
                                        int n, ernn_pronunciation *pronunciations, ernn_error *err)
{
    int word = -1;
    bool is_open = false;
    char *cursor = NULL;
    for (char *item = strtok_r(text, " \n", &cursor); item; item = strtok_r(NULL, " \n", &cursor)) {
        const char *labels[2];
        const int n_labels = ernn_labels_find(engine, item, labels);
        if (n_labels < 0)
            return ernn_error_set(err, ERNN_BAD_FILE, "%s: phone '%s' has no TIMIT label",
                                  engine == ERNN_ENGINE_FLITE ? "flite" : "espeak-ng", item);
        if (n_labels > 0 && ernn_label_is_silence(labels[0])) {
            is_open = false;
            continue;
        }
        if (!is_open && n_labels > 0) {
            is_open = true;
            if (++word >= n)
                break;
        }
        for (int i = 0; i < n_labels && pronunciations[word].n < 40; i++)
            pronunciations[word].labels[pronunciations[word].n++] = labels[i];
    }
    if (word + 1 == n)
        return ERNN_OK;
    return ernn_error_set(err, ERNN_BAD_FILE, "pronounced %d words of %d that begin with '%.40s'",
                          word + 1, n, words[0]);
}

// words[n] in one call of the synthesiser, divided by commas, at which it pauses.
static ernn_status pronounce_some(ernn_engine engine, const char *program, const char *text,
                                  char **output, ernn_error *err)
{
    const char *const flite[] = {"flite", "-voice", "kal16", "-ps", "-t", text, "-o", "none", NULL};
    const char *const espeak[] = {program, "--voice", "en-us", "--pronounce", "--", text, NULL};
    return engine == ERNN_ENGINE_FLITE
               ? ernn_process_run(flite, "flite", output, err)
               : ernn_process_run(espeak, "libespeak-ng-dev and build again", output, err);
}

ernn_status ernn_words_pronounce(ernn_engine engine, const char *espeak_program,
                                 const char *const *words, int n,
                                 ernn_pronunciation *pronunciations, ernn_error *err)
{
    ernn_status status = ERNN_OK;
    for (int first = 0, next = 0; first < n && status == ERNN_OK; first = next) {
        ernn_buffer text = {0};
        char *output = NULL;
        for (next = first; next < n && text.size < MAX_PRONOUNCE_BYTES; next++)
            ernn_buffer_print(&text, "%s, ", words[next]);
        status = ernn_buffer_status(&text, err);
        if (status == ERNN_OK)
            status = pronounce_some(engine, espeak_program, text.data, &output, err);
        if (status == ERNN_OK)
            status = parse_pronunciations(engine, output, words + first, next - first,
                                          pronunciations + first, err);
        ernn_mem_free(output);
        ernn_buffer_free(&text);
    }
    return status;
}
