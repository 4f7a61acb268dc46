// Files that the speech tests write, and the folder of real speech. SPDX-License-Identifier:
// Apache-2.0
#ifndef ERNN_TESTS_SPEECH_FILES_H
#define ERNN_TESTS_SPEECH_FILES_H

#include "base/file.h"
#include "base/memory.h"
#include "check.h"
#include "ernn/speech.h"

#include <unistd.h>

// Skips the test, loudly, when the real speech is not there.
static inline void need_speech(void)
{
    if (access(SPEECH_FOLDER "/an4/test/wav.scp", R_OK) == 0)
        return;
    print_error("SKIPPED: no real speech in %s\n", SPEECH_FOLDER);
    skip();
}

// A new folder, removed with drop_folder.
static inline char *new_folder(void)
{
    char *folder = strdup("/tmp/ernn-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return folder;
}

static inline void drop_folder(char *folder)
{
    ernn_error err = {0};
    check_ok(ernn_folder_remove(folder, &err), err);
    free(folder);
}

// folder/name, valid for the next seven calls.
static inline const char *in(const char *folder, const char *name)
{
    static char path[8][1200];
    static int turn;
    char joined[1200];
    snprintf(joined, sizeof joined, "%s/%s", folder, name);
    turn = (turn + 1) % 8;
    return strcpy(path[turn], joined);
}

// Writes a file and the folders above it.
static inline void write_file(const char *path, const void *data, size_t size)
{
    ernn_error err = {0};
    char above[1200];
    snprintf(above, sizeof above, "%s", path);
    *strrchr(above, '/') = 0;
    check_ok(ernn_folder_new(above, &err), err);
    check_ok(ernn_file_save(path, data, size, &err), err);
}

static inline void write_text(const char *path, const char *text)
{
    write_file(path, text, strlen(text));
}

static inline void put_little(unsigned char *to, uint32_t value, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}

// 16-bit RIFF WAVE of samples[n][n_channels] in [-1, 1]; `missing` bytes are cut off its end.
static inline void write_wav(const char *path, const float *samples, size_t n, int n_channels,
                             int rate_hz, size_t missing)
{
    const size_t bytes = n * (size_t)n_channels * 2;
    unsigned char *file = calloc(1, 44 + bytes);
    memcpy(file, "RIFF....WAVEfmt ", 16);
    put_little(file + 4, (uint32_t)(36 + bytes), 4);
    put_little(file + 16, 16, 4);
    put_little(file + 20, 1, 2);
    put_little(file + 22, (uint32_t)n_channels, 2);
    put_little(file + 24, (uint32_t)rate_hz, 4);
    put_little(file + 28, (uint32_t)(rate_hz * n_channels * 2), 4);
    put_little(file + 32, (uint32_t)n_channels * 2, 2);
    put_little(file + 34, 16, 2);
    memcpy(file + 36, "data", 4);
    put_little(file + 40, (uint32_t)bytes, 4);
    for (size_t i = 0; i < n * (size_t)n_channels; i++)
        put_little(file + 44 + 2 * i, (uint32_t)(int32_t)lrintf(samples[i] * 32767), 2);
    write_file(path, file, 44 + bytes - missing);
    free(file);
}

// 16-bit NIST SPHERE with a given header text (padded to 1024 bytes).
static inline void write_sphere(const char *path, const char *header, const float *samples,
                                size_t n)
{
    unsigned char *file = calloc(1, 1024 + 2 * n);
    memset(file, ' ', 1024);
    memcpy(file, header, strlen(header));
    for (size_t i = 0; i < n; i++)
        put_little(file + 1024 + 2 * i, (uint32_t)(int32_t)lrintf(samples[i] * 32767), 2);
    write_file(path, file, 1024 + 2 * n);
    free(file);
}

// samples[n] of a sine.
static inline float *new_sine(size_t n, double hz, int rate_hz, double level)
{
    float *samples = malloc(n * sizeof *samples);
    for (size_t i = 0; i < n; i++)
        samples[i] = (float)(level * sin(2 * M_PI * hz * (double)i / rate_hz));
    return samples;
}

static inline void check_fails(ernn_status status, ernn_status want, const ernn_error *err,
                               const char *part)
{
    if (status == want && strstr(err->text, part) && !strchr(err->text, '\n'))
        return;
    print_error("status %d, '%s'; wanted %d with '%s'\n", (int)status, err->text, (int)want, part);
    fail();
}

#endif
