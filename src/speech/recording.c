// Silence, level and noise of a synthetic recording, and its files. SPDX-License-Identifier:
// Apache-2.0
#include "speech/recording.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "ernn/speech.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RATE = ERNN_SYNTHESIS_RATE_HZ, MS = RATE / 1000 };

static double between(ernn_rng *rng, double low, double high)
{
    return low + (high - low) * ernn_rng_uniform(rng);
}

// Cuts or pads the silence around the speech to `lead` and `tail` samples. Afterwards the first and
// the last label are silence.
static ernn_status frame_speech(ernn_spoken *spoken, int64_t lead, int64_t tail, ernn_error *err)
{
    int first = 0;
    int last = spoken->n_phones - 1;
    while (first < last && ernn_label_is_silence(spoken->phones[first].label))
        first++;
    while (last > first && ernn_label_is_silence(spoken->phones[last].label))
        last--;
    const int n_sounds = last - first + 1;
    if (n_sounds < 1 || n_sounds + 2 > ERNN_SPOKEN_MAX_PHONES)
        return ernn_error_set(err, ERNN_TOO_BIG, "synthesised utterance: %d labels, 1 to %d",
                              n_sounds, ERNN_SPOKEN_MAX_PHONES - 2);
    const int64_t begin = spoken->phones[first].begin - lead; // may be negative: padding
    const int64_t end = spoken->phones[last].end + tail;
    float *framed = ernn_mem_new((size_t)(end - begin), sizeof *framed, err);
    if (!framed)
        return ERNN_NO_MEMORY;
    const int64_t from = begin > 0 ? begin : 0;
    const int64_t to = end < (int64_t)spoken->n ? end : (int64_t)spoken->n;
    memcpy(framed + (from - begin), spoken->samples + from, (size_t)(to - from) * sizeof *framed);
    ernn_audio_free(spoken->samples);
    spoken->samples = framed;
    spoken->n = (size_t)(end - begin);
    memmove(spoken->phones + 1, spoken->phones + first, (size_t)n_sounds * sizeof *spoken->phones);
    for (int i = 1; i <= n_sounds; i++) {
        spoken->phones[i].begin -= begin;
        spoken->phones[i].end -= begin;
    }
    spoken->n_phones = n_sounds + 2;
    spoken->phones[0] = (ernn_spoken_phone){0, lead, "pau", -1};
    spoken->phones[n_sounds + 1] = (ernn_spoken_phone){end - begin - tail, end - begin, "pau", -1};
    return ERNN_OK;
}

// Mean power of everything that is not silence.
static double speech_power(const ernn_spoken *spoken)
{
    double sum = 0;
    int64_t n = 0;
    for (int p = 0; p < spoken->n_phones; p++) {
        const ernn_spoken_phone *phone = &spoken->phones[p];
        if (ernn_label_is_silence(phone->label))
            continue;
        for (int64_t i = phone->begin; i < phone->end; i++)
            sum += (double)spoken->samples[i] * spoken->samples[i];
        n += phone->end - phone->begin;
    }
    return n ? sum / (double)n : 0;
}

ernn_status ernn_spoken_record(ernn_spoken *spoken, double snr_db, ernn_rng *rng, ernn_error *err)
{
    const int64_t lead = (int64_t)between(rng, 80 * MS, 220 * MS);
    const int64_t tail = (int64_t)between(rng, 80 * MS, 220 * MS);
    const double peak_db = between(rng, -12, -3);
    const double noise_db = between(rng, snr_db, snr_db + 10);
    ernn_status status = frame_speech(spoken, lead, tail, err);
    if (status != ERNN_OK)
        return status;
    double peak = 0;
    for (size_t i = 0; i < spoken->n; i++)
        peak = fmax(peak, fabs((double)spoken->samples[i]));
    if (peak < 1e-3)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "synthesised utterance: peak %g of full scale, it is silent", peak);
    const double gain = pow(10, peak_db / 20) / peak;
    // v_t = a v_{t-1} + w_t has the variance of w over 1 - a^2: a room's noise, stronger at the
    // bottom.
    const double a = 0.8;
    const double deviation =
        gain * sqrt(speech_power(spoken) * pow(10, -noise_db / 10) * (1 - a * a));
    double noise = 0;
    for (size_t i = 0; i < spoken->n; i++) {
        noise = a * noise + deviation * ernn_rng_normal(rng);
        spoken->samples[i] = (float)(gain * spoken->samples[i] + noise);
    }
    return ERNN_OK;
}

static ernn_status save(const char *stem, const char *extension, const ernn_buffer *buffer,
                        ernn_error *err)
{
    char path[1200];
    ernn_status status = ernn_buffer_status(buffer, err);
    if (status != ERNN_OK)
        return status;
    snprintf(path, sizeof path, "%.1100s.%s", stem, extension);
    // Without the sync of ernn_file_save: the whole corpus appears by one rename.
    FILE *file = fopen(path, "wb");
    bool good = file && fwrite(buffer->data, 1, buffer->size, file) == buffer->size;
    if (file)
        good = fclose(file) == 0 && good;
    return good ? ERNN_OK
                : ernn_error_set(err, ERNN_IO, "%s: cannot write: %s", path, strerror(errno));
}

static void append_little(ernn_buffer *buffer, uint32_t value, int n_bytes)
{
    unsigned char bytes[4];
    for (int i = 0; i < n_bytes; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    ernn_buffer_append(buffer, bytes, (size_t)n_bytes);
}

static void append_wave(ernn_buffer *wave, const ernn_spoken *spoken)
{
    const uint32_t data_bytes = (uint32_t)(2 * spoken->n);
    ernn_buffer_append(wave, "RIFF", 4);
    append_little(wave, 36 + data_bytes, 4);
    ernn_buffer_append(wave, "WAVEfmt ", 8);
    append_little(wave, 16, 4);
    append_little(wave, 1, 2); // PCM
    append_little(wave, 1, 2); // one channel
    append_little(wave, RATE, 4);
    append_little(wave, RATE * 2, 4); // bytes per second
    append_little(wave, 2, 2);        // bytes per frame
    append_little(wave, 16, 2);       // bits per sample
    ernn_buffer_append(wave, "data", 4);
    append_little(wave, data_bytes, 4);
    for (size_t i = 0; i < spoken->n; i++) {
        const double scaled = nearbyint(32768 * (double)spoken->samples[i]);
        const double clipped = fmin(fmax(scaled, -32768), 32767);
        append_little(wave, (uint32_t)(int32_t)clipped, 2);
    }
}

static void print_phones(ernn_buffer *text, const ernn_spoken *spoken)
{
    for (int i = 0; i < spoken->n_phones; i++) {
        const ernn_spoken_phone *phone = &spoken->phones[i];
        const bool is_edge = i == 0 || i == spoken->n_phones - 1;
        ernn_buffer_print(text, "%" PRId64 " %" PRId64 " %s\n", phone->begin, phone->end,
                          is_edge ? "h#" : phone->label);
    }
}

static void print_words(ernn_buffer *text, const ernn_spoken *spoken, const char *const *words,
                        int n_words)
{
    for (int w = 0; w < n_words; w++) {
        int64_t begin = -1;
        int64_t end = -1;
        for (int i = 0; i < spoken->n_phones; i++) {
            if (spoken->phones[i].word != w)
                continue;
            begin = begin < 0 ? spoken->phones[i].begin : begin;
            end = spoken->phones[i].end;
        }
        if (begin >= 0)
            ernn_buffer_print(text, "%" PRId64 " %" PRId64 " %s\n", begin, end, words[w]);
    }
}

ernn_status ernn_spoken_save(const ernn_spoken *spoken, const char *stem, const char *sentence,
                             const char *const *words, int n_words, ernn_error *err)
{
    ernn_buffer wave = {0};
    ernn_buffer phones = {0};
    ernn_buffer list = {0};
    ernn_buffer text = {0};
    append_wave(&wave, spoken);
    print_phones(&phones, spoken);
    print_words(&list, spoken, words, n_words);
    ernn_buffer_print(&text, "0 %zu %s\n", spoken->n, sentence);
    ernn_status status = save(stem, "WAV", &wave, err);
    if (status == ERNN_OK)
        status = save(stem, "PHN", &phones, err);
    if (status == ERNN_OK)
        status = save(stem, "WRD", &list, err);
    if (status == ERNN_OK)
        status = save(stem, "TXT", &text, err);
    ernn_buffer_free(&wave);
    ernn_buffer_free(&phones);
    ernn_buffer_free(&list);
    ernn_buffer_free(&text);
    return status;
}
