// Audio files to mono samples at a wanted rate: libsndfile decodes, libsamplerate resamples.
// SPDX-License-Identifier: Apache-2.0
#include "speech/audio.h"
#include "base/memory.h"

#include <errno.h>
#include <math.h>
#include <samplerate.h>
#include <sndfile.h>
#include <string.h>

// Samples per channel that are decoded at a time, channels and rates that are read.
enum { BLOCK = 4096, MAX_CHANNELS = 64, MIN_RATE_HZ = 1000, MAX_RATE_HZ = 768000 };

// Opens `path` and fills `info`; the caller closes.
static ernn_status open_audio(const char *path, SNDFILE **file, ernn_audio_info *info,
                              ernn_error *err)
{
    ernn_status status = ernn_container_check(path, err);
    if (status != ERNN_OK)
        return status;
    SF_INFO about = {0};
    *file = sf_open(path, SFM_READ, &about);
    if (!*file)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: not audio that can be read: %s; WAV, FLAC and NIST SPHERE are "
                              "good choices",
                              path, sf_strerror(NULL));
    if (about.frames <= 0)
        status = ernn_error_set(err, ERNN_BAD_FILE, "%s: the audio is empty, 0 samples", path);
    else if (about.frames > ERNN_AUDIO_MAX_SAMPLES)
        status = ernn_error_set(err, ERNN_TOO_BIG,
                                "%s: %lld samples, at most %lld are read; cut the file", path,
                                (long long)about.frames, (long long)ERNN_AUDIO_MAX_SAMPLES);
    else if (about.channels < 1 || about.channels > MAX_CHANNELS)
        status = ernn_error_set(err, ERNN_BAD_FILE, "%s: %d channels, 1 to %d allowed", path,
                                about.channels, (int)MAX_CHANNELS);
    else if (about.samplerate < MIN_RATE_HZ || about.samplerate > MAX_RATE_HZ)
        status = ernn_error_set(err, ERNN_BAD_FILE, "%s: sample rate %d Hz, %d to %d Hz allowed",
                                path, about.samplerate, (int)MIN_RATE_HZ, (int)MAX_RATE_HZ);
    if (status != ERNN_OK) {
        sf_close(*file);
        *file = NULL;
        return status;
    }
    *info = (ernn_audio_info){about.samplerate, about.channels, about.frames};
    return ERNN_OK;
}

ernn_status ernn_audio_inspect(const char *path, ernn_audio_info *info, ernn_error *err)
{
    SNDFILE *file = NULL;
    ernn_status status = open_audio(path, &file, info, err);
    if (file)
        sf_close(file);
    return status;
}

// samples[n_samples] = mean over the channels.
static ernn_status decode(SNDFILE *file, const char *path, const ernn_audio_info *info,
                          float *samples, ernn_error *err)
{
    const int n_channels = info->n_channels;
    float *block = ernn_mem_new((size_t)BLOCK * (size_t)n_channels, sizeof *block, err);
    if (!block)
        return ERNN_NO_MEMORY;
    ernn_status status = ERNN_OK;
    int64_t at = 0;
    while (status == ERNN_OK && at < info->n_samples) {
        const int64_t left = info->n_samples - at;
        const sf_count_t n = sf_readf_float(file, block, left < BLOCK ? left : BLOCK);
        if (n <= 0)
            status = ernn_error_set(err, ERNN_BAD_FILE,
                                    "%s: sample %lld of %lld cannot be decoded (%s); the file is "
                                    "truncated or damaged",
                                    path, (long long)at, (long long)info->n_samples,
                                    sf_error(file) ? sf_strerror(file) : "end of data");
        for (sf_count_t i = 0; i < n; i++) {
            float sum = 0;
            for (int c = 0; c < n_channels; c++)
                sum += block[i * n_channels + c];
            samples[at + i] = sum / (float)n_channels;
            if (!isfinite(sum) && status == ERNN_OK)
                status = ernn_error_set(err, ERNN_BAD_FILE,
                                        "%s: sample %lld is %g, a finite number is wanted", path,
                                        (long long)(at + i), (double)sum);
        }
        at += n > 0 ? n : 0;
    }
    ernn_mem_free(block);
    return status;
}

// *samples is replaced by itself at rate_hz. The medium sinc: 121 dB, 90 % of the band.
static ernn_status resample(const char *path, double from_hz, int rate_hz, float **samples,
                            size_t *n, ernn_error *err)
{
    const double ratio = (double)rate_hz / from_hz;
    const double wanted = ceil((double)*n * ratio) + 16;
    if (wanted > (double)ERNN_AUDIO_MAX_SAMPLES)
        return ernn_error_set(err, ERNN_TOO_BIG,
                              "%s: %.0f samples at %d Hz, at most %lld; cut the file", path, wanted,
                              rate_hz, (long long)ERNN_AUDIO_MAX_SAMPLES);
    float *resampled = ernn_mem_new((size_t)wanted, sizeof *resampled, err);
    if (!resampled)
        return ERNN_NO_MEMORY;
    SRC_DATA job = {.data_in = *samples,
                    .data_out = resampled,
                    .input_frames = (long)*n,
                    .output_frames = (long)wanted,
                    .src_ratio = ratio};
    const int failure = src_simple(&job, SRC_SINC_MEDIUM_QUALITY, 1);
    if (failure || job.output_frames_gen < 1) {
        ernn_mem_free(resampled);
        return ernn_error_set(err, ERNN_BAD_FILE, "%s: cannot resample %.0f Hz to %d Hz: %s", path,
                              from_hz, rate_hz, failure ? src_strerror(failure) : "too short");
    }
    ernn_mem_free(*samples);
    *samples = resampled;
    *n = (size_t)job.output_frames_gen;
    return ERNN_OK;
}

ernn_status ernn_audio_speed(const char *path, int rate_hz, double speed, float **samples,
                             size_t *n, ernn_error *err)
{
    return speed == 1 ? ERNN_OK : resample(path, rate_hz * speed, rate_hz, samples, n, err);
}

ernn_status ernn_audio_read(const char *path, int rate_hz, float **samples, size_t *n,
                            ernn_audio_info *info, ernn_error *err)
{
    *samples = NULL;
    *n = 0;
    SNDFILE *file = NULL;
    float *decoded = NULL;
    ernn_audio_info about;
    ernn_status status = ERNN_OK;
    if (rate_hz < MIN_RATE_HZ || rate_hz > MAX_RATE_HZ)
        return ernn_error_set(err, ERNN_BAD_ARG, "sample rate: %d Hz, %d to %d Hz allowed", rate_hz,
                              (int)MIN_RATE_HZ, (int)MAX_RATE_HZ);
    status = open_audio(path, &file, &about, err);
    if (status != ERNN_OK)
        return status;
    size_t count = (size_t)about.n_samples;
    decoded = ernn_mem_new(count, sizeof *decoded, err);
    status = decoded ? decode(file, path, &about, decoded, err) : ERNN_NO_MEMORY;
    sf_close(file);
    if (status == ERNN_OK && about.rate_hz != rate_hz)
        status = resample(path, about.rate_hz, rate_hz, &decoded, &count, err);
    if (status != ERNN_OK) {
        ernn_mem_free(decoded);
        return status;
    }
    // Float files and the resampler may overshoot full scale.
    for (size_t i = 0; i < count; i++)
        decoded[i] = fmaxf(-1, fminf(1, decoded[i]));
    *samples = decoded;
    *n = count;
    if (info)
        *info = about;
    return ERNN_OK;
}

ernn_status ernn_audio_load(const char *path, int rate_hz, float **samples, size_t *n,
                            ernn_error *err)
{
    return ernn_audio_read(path, rate_hz, samples, n, NULL, err);
}

void ernn_audio_free(float *samples)
{
    ernn_mem_free(samples);
}
