// The promises of RIFF and NIST SPHERE headers, checked against the size of the file: libsndfile
// reads a truncated file as a shorter one and says nothing.
// Found by content, never by the name (TIMIT's .WAV files are SPHERE). SPDX-License-Identifier:
// Apache-2.0
#include "speech/audio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SPHERE_HEADER_MAX = 65536, SPHERE_FIELD_MAX = 64 };

static uint32_t little32(const unsigned char *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

// Walks the chunks until "data". A data size of 2^32 - 1 is how writers into a pipe say "until the
// end", and is accepted.
static ernn_status check_riff(FILE *file, const char *path, int64_t file_bytes, ernn_error *err)
{
    unsigned char header[8];
    int64_t at = 12;
    while (fseeko(file, (off_t)at, SEEK_SET) == 0 && fread(header, 1, 8, file) == 8) {
        const int64_t chunk_bytes = little32(header + 4);
        if (memcmp(header, "data", 4) == 0) {
            if (chunk_bytes == UINT32_MAX || at + 8 + chunk_bytes <= file_bytes)
                return ERNN_OK;
            return ernn_error_set(err, ERNN_BAD_FILE,
                                  "%s: byte %lld: the RIFF data chunk promises %lld bytes, %lld "
                                  "follow; the file is truncated, copy it again",
                                  path, (long long)at, (long long)chunk_bytes,
                                  (long long)(file_bytes - at - 8));
        }
        at += 8 + chunk_bytes + (chunk_bytes & 1); // chunks are padded to even sizes
    }
    return ernn_error_set(err, ERNN_BAD_FILE,
                          "%s: byte %lld of %lld: no RIFF data chunk; the file is truncated or no "
                          "WAVE file",
                          path, (long long)(at < file_bytes ? at : file_bytes),
                          (long long)file_bytes);
}

// The value of "name -type value" in a SPHERE header, false when the field is absent.
static bool sphere_field(const char *header, const char *name, char *value)
{
    const size_t n = strlen(name);
    for (const char *line = header; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, n) != 0 || line[n] != ' ')
            continue;
        return sscanf(line + n, " -%*s %63s", value) == 1;
    }
    return false;
}

static ernn_status sphere_integer(const char *path, const char *header, const char *name,
                                  int64_t low, int64_t high, int64_t *value, ernn_error *err)
{
    char text[SPHERE_FIELD_MAX];
    if (!sphere_field(header, name, text))
        return ernn_error_set(err, ERNN_BAD_FILE, "%s: SPHERE header: field %s is missing", path,
                              name);
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    if (errno || *end || *value < low || *value > high)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: SPHERE header: %s is '%s', %lld to %lld allowed", path, name,
                              text, (long long)low, (long long)high);
    return ERNN_OK;
}

// Reads the header text, whose size stands in its second line, into header[SPHERE_HEADER_MAX + 1].
static ernn_status load_sphere_header(FILE *file, const char *path, int64_t file_bytes,
                                      char *header, int64_t *header_bytes, ernn_error *err)
{
    char start[17] = {0};
    long long size = 0;
    rewind(file);
    if (fread(start, 1, 16, file) != 16 || sscanf(start + 8, "%lld", &size) != 1 || size < 32 ||
        size > SPHERE_HEADER_MAX)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: SPHERE header: line 2 is '%.*s', a size of 32 to %d bytes is "
                              "wanted; the file is damaged",
                              path, (int)strcspn(start + 8, "\n"), start + 8,
                              (int)SPHERE_HEADER_MAX);
    if (size > file_bytes)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: SPHERE header: %lld bytes promised, the file has %lld; it is "
                              "truncated, copy it again",
                              path, size, (long long)file_bytes);
    rewind(file);
    if (fread(header, 1, (size_t)size, file) != (size_t)size)
        return ernn_error_set(err, ERNN_IO, "%s: cannot read the SPHERE header", path);
    header[size] = 0;
    *header_bytes = size;
    if (!strstr(header, "\nend_head"))
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: SPHERE header: no end_head in its %lld bytes", path, size);
    return ERNN_OK;
}

static ernn_status check_sphere(FILE *file, const char *path, int64_t file_bytes, ernn_error *err)
{
    static const int64_t MAX_RATE_HZ = 768000;
    char header[SPHERE_HEADER_MAX + 1];
    char coding[SPHERE_FIELD_MAX] = "pcm";
    int64_t header_bytes = 0;
    int64_t rate_hz;
    int64_t n_channels;
    int64_t n_samples;
    int64_t sample_bytes;
    ernn_status status = load_sphere_header(file, path, file_bytes, header, &header_bytes, err);
    if (status == ERNN_OK)
        status = sphere_integer(path, header, "sample_rate", 1, MAX_RATE_HZ, &rate_hz, err);
    if (status == ERNN_OK)
        status = sphere_integer(path, header, "channel_count", 1, 64, &n_channels, err);
    if (status == ERNN_OK)
        status = sphere_integer(path, header, "sample_n_bytes", 1, 4, &sample_bytes, err);
    if (status == ERNN_OK)
        status = sphere_integer(path, header, "sample_count", 0, ERNN_AUDIO_MAX_SAMPLES, &n_samples,
                                err);
    if (status != ERNN_OK)
        return status;
    sphere_field(header, "sample_coding", coding);
    if (strstr(coding, "embedded"))
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: SPHERE header: sample_coding is '%s', pcm, ulaw and alaw are "
                              "read; unpack it first, with sph2pipe for example",
                              path, coding);
    const int64_t promised = n_samples * n_channels * sample_bytes;
    if (header_bytes + promised > file_bytes)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: byte %lld: the SPHERE header promises %lld bytes of samples, "
                              "%lld follow; the file is truncated, copy it again",
                              path, (long long)header_bytes, (long long)promised,
                              (long long)(file_bytes - header_bytes));
    return ERNN_OK;
}

ernn_status ernn_container_check(const char *path, ernn_error *err)
{
    struct stat about;
    unsigned char magic[12] = {0};
    FILE *file = fopen(path, "rb");
    if (!file)
        return ernn_error_set(err, ERNN_IO, "%s: cannot open: %s", path, strerror(errno));
    ernn_status status = ERNN_OK;
    if (fstat(fileno(file), &about) != 0 || !S_ISREG(about.st_mode)) {
        status = ernn_error_set(err, ERNN_IO, "%s: not a regular file", path);
    } else {
        const size_t n = fread(magic, 1, sizeof magic, file);
        if (n == 0)
            status = ernn_error_set(err, ERNN_BAD_FILE, "%s: the file is empty, 0 bytes", path);
        else if (memcmp(magic, "RIFF", 4) == 0)
            status = check_riff(file, path, about.st_size, err);
        else if (memcmp(magic, "NIST_1A", 7) == 0)
            status = check_sphere(file, path, about.st_size, err);
    }
    fclose(file);
    return status;
}
