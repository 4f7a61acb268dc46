// Audio files inside the library: what the corpora need beyond ernn_audio_load.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_SPEECH_AUDIO_H
#define ERNN_SRC_SPEECH_AUDIO_H

#include "base/error.h"
#include "ernn/speech.h"

// Longest audio that is read: 2^27 samples, 2.3 hours at 16 kHz, 512 MiB.
#define ERNN_AUDIO_MAX_SAMPLES ((int64_t)1 << 27)

typedef struct ernn_audio_info {
    int rate_hz; // of the file
    int n_channels;
    int64_t n_samples; // per channel, at the file's rate
} ernn_audio_info;

// Opens `path` and reads its header alone, with all checks that need no decoding.
ernn_status ernn_audio_inspect(const char *path, ernn_audio_info *info, ernn_error *err);

// As ernn_audio_load; `info` (NULL allowed) gets what the header says.
ernn_status ernn_audio_read(const char *path, int rate_hz, float **samples, size_t *n,
                            ernn_audio_info *info, ernn_error *err);

// *samples[*n] (owned, at rate_hz) become those of the same audio played `speed` times as fast.
ernn_status ernn_audio_speed(const char *path, int rate_hz, double speed, float **samples,
                             size_t *n, ernn_error *err);

// Checks what libsndfile forgives: a RIFF or NIST SPHERE header that promises more than the file
// holds, or that cannot be read at all. Other containers pass.
ernn_status ernn_container_check(const char *path, ernn_error *err);

#endif
