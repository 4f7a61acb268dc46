// TIMIT trees: DRn/SPEAKER/NAME.WAV with NAME.PHN beside it and NAME.TXT if there is one, any case.
// A list file names utterances or folders below its own folder, one a line: DR1/FELC0/SI1386.
// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "base/memory.h"
#include "speech/audio.h"
#include "speech/corpus.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// The last label of some releases passes the end of the audio by a few samples: up to this much is
// cut off instead of refused.
enum { END_SLACK_MS = 20 };

static bool is_region(const char *name)
{
    return strncasecmp(name, "dr", 2) == 0 && isdigit((unsigned char)name[2]) &&
           strspn(name + 2, "0123456789") == strlen(name + 2);
}

bool ernn_corpus_is_timit(const char *path)
{
    DIR *folder = opendir(path);
    bool is_found = false;
    if (!folder)
        return false;
    for (struct dirent *entry; !is_found && (entry = readdir(folder));)
        is_found = is_region(entry->d_name);
    closedir(folder);
    return is_found;
}

static bool has_extension(const char *name, const char *extension)
{
    const char *dot = strrchr(name, '.');
    return dot && strcasecmp(dot + 1, extension) == 0;
}

// found[ERNN_CORPUS_MAX_PATH] = the file "stem.extension" of `folder` in any case; false: none.
static bool find_beside(const char *folder, const char *stem, const char *extension, char *found)
{
    DIR *list = opendir(folder);
    bool is_found = false;
    if (!list)
        return false;
    const size_t n = strlen(stem);
    for (struct dirent *entry; !is_found && (entry = readdir(list));)
        is_found = strncasecmp(entry->d_name, stem, n) == 0 && entry->d_name[n] == '.' &&
                   strcasecmp(entry->d_name + n + 1, extension) == 0 &&
                   ernn_corpus_join(found, folder, entry->d_name, NULL) == ERNN_OK;
    closedir(list);
    return is_found;
}

// One "begin end label" line. Times in samples.
static ernn_status parse_segment(const char *path, int line, const char *text, int64_t previous,
                                 ernn_segment *segment, ernn_error *err)
{
    long long begin;
    long long end;
    char label[32];
    char rest;
    if (sscanf(text, "%lld %lld %31s %c", &begin, &end, label, &rest) != 3)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s:%d: '%.60s', first sample, last sample and phone are wanted",
                              path, line, text);
    if (begin < previous || end <= begin)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s:%d: samples %lld to %lld after %lld; times must rise", path, line,
                              begin, end, (long long)previous);
    const int phone = ernn_phones_find(ERNN_PHONES_61, label);
    if (phone < 0)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s:%d: unknown phone '%s', one of TIMIT's 61 is wanted", path, line,
                              label);
    *segment = (ernn_segment){begin, end, phone};
    return ERNN_OK;
}

// segments[at most max] from the text of a .PHN file.
static ernn_status parse_segments(const char *path, char *text, ernn_segment *segments, int max,
                                  int *n, ernn_error *err)
{
    int line_number = 0;
    *n = 0;
    for (char *line; (line = ernn_corpus_line(&text));) {
        line_number++;
        if (*line == 0)
            continue;
        if (*n == max)
            return ernn_error_set(err, ERNN_TOO_BIG, "%s:%d: more than %d labels", path,
                                  line_number, max);
        const int64_t previous = *n ? segments[*n - 1].end : 0;
        ernn_status status = parse_segment(path, line_number, line, previous, &segments[*n], err);
        if (status != ERNN_OK)
            return status;
        ++*n;
    }
    if (*n == 0)
        return ernn_error_set(err, ERNN_BAD_FILE, "%s: the file holds no labels", path);
    return ERNN_OK;
}

static int count_lines(const char *text)
{
    int n = 1;
    for (; *text && n < ERNN_CORPUS_MAX_PHONES; text++)
        n += *text == '\n';
    return n;
}

static ernn_status load_labels(const char *path, const ernn_audio_info *audio,
                               ernn_utterance *utterance, ernn_error *err)
{
    char *text = NULL;
    size_t size;
    ernn_status status = ernn_file_load(path, ERNN_CORPUS_MAX_TEXT_BYTES, &text, &size, err);
    if (status != ERNN_OK)
        return status;
    const int max = count_lines(text);
    utterance->segments = ernn_mem_new((size_t)max, sizeof *utterance->segments, err);
    utterance->phones = ernn_mem_new((size_t)max, sizeof *utterance->phones, err);
    if (!utterance->segments || !utterance->phones) {
        status = ERNN_NO_MEMORY;
        goto done;
    }
    status = parse_segments(path, text, utterance->segments, max, &utterance->n_phones, err);
    if (status != ERNN_OK)
        goto done;
    ernn_segment *last = &utterance->segments[utterance->n_phones - 1];
    const int64_t slack = (int64_t)audio->rate_hz * END_SLACK_MS / 1000;
    if (last->end > audio->n_samples + slack || last->begin >= audio->n_samples) {
        status =
            ernn_error_set(err, ERNN_BAD_FILE,
                           "%s: the last label covers samples %lld to %lld, the audio %s has "
                           "%lld",
                           path, (long long)last->begin, (long long)last->end,
                           strrchr(utterance->audio_path, '/') + 1, (long long)audio->n_samples);
        goto done;
    }
    last->end = last->end < audio->n_samples ? last->end : audio->n_samples;
    for (int i = 0; i < utterance->n_phones; i++)
        utterance->phones[i] = utterance->segments[i].phone;
done:
    ernn_mem_free(text);
    return status;
}

// A .TXT file is "first-sample last-sample sentence".
static ernn_status load_sentence(const char *path, ernn_utterance *utterance, ernn_error *err)
{
    char *text = NULL;
    size_t size;
    ernn_status status = ernn_file_load(path, ERNN_CORPUS_MAX_TEXT_BYTES, &text, &size, err);
    if (status != ERNN_OK)
        return status;
    char *cursor = text;
    char *line = ernn_corpus_line(&cursor);
    int begin = 0;
    if (line)
        sscanf(line, "%*d %*d %n", &begin);
    utterance->text = ernn_mem_string(line ? line + begin : "", err);
    ernn_mem_free(text);
    return utterance->text ? ERNN_OK : ERNN_NO_MEMORY;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

// "dr1-fvmh0-si836" and "fvmh0" from the region, the speaker and the name without extension.
static ernn_status name_utterance(const char *region, const char *speaker, const char *stem,
                                  ernn_utterance *utterance, ernn_error *err)
{
    char id[ERNN_CORPUS_MAX_PATH];
    if (snprintf(id, sizeof id, "%s-%s-%s", region, speaker, stem) >= (int)sizeof id)
        return ernn_error_set(err, ERNN_TOO_BIG, "%.200s: name is too long", stem);
    for (char *c = id; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    utterance->id = ernn_mem_string(id, err);
    utterance->speaker = ernn_mem_string_n(id + strlen(region) + 1, strlen(speaker), err);
    return utterance->id && utterance->speaker ? ERNN_OK : ERNN_NO_MEMORY;
}

// A lenient corpus takes an audio file that cannot be read for an endless one.
static ernn_status inspect(const ernn_corpus *corpus, const char *path, ernn_audio_info *audio,
                           ernn_error *err)
{
    const ernn_status status = ernn_audio_inspect(path, audio, err);
    if (!corpus->is_lenient || (status != ERNN_BAD_FILE && status != ERNN_IO))
        return status;
    *audio = (ernn_audio_info){.n_samples = INT64_MAX};
    return ERNN_OK;
}

// The utterance `name` of the folder `speaker_path`, which ends in /DRn/SPEAKER.
static ernn_status load_utterance(ernn_corpus *corpus, size_t *capacity, const char *speaker_path,
                                  const char *name, ernn_error *err)
{
    char region_path[ERNN_CORPUS_MAX_PATH];
    char stem[ERNN_CORPUS_MAX_PATH];
    char path[ERNN_CORPUS_MAX_PATH];
    char labels[ERNN_CORPUS_MAX_PATH];
    ernn_audio_info audio;
    snprintf(region_path, sizeof region_path, "%s", speaker_path);
    snprintf(stem, sizeof stem, "%s", name);
    *strrchr(stem, '.') = 0;
    *strrchr(region_path, '/') = 0;
    ernn_utterance *utterance = NULL;
    ernn_status status = ernn_corpus_append(corpus, capacity, &utterance, err);
    if (status == ERNN_OK)
        status =
            name_utterance(last_part(region_path), last_part(speaker_path), stem, utterance, err);
    if (status == ERNN_OK)
        status = ernn_corpus_join(path, speaker_path, name, err);
    if (status == ERNN_OK && !(utterance->audio_path = ernn_mem_string(path, err)))
        status = ERNN_NO_MEMORY;
    if (status == ERNN_OK && !find_beside(speaker_path, stem, "phn", labels))
        status =
            ernn_error_set(err, ERNN_BAD_FILE,
                           "%s/%s.PHN: missing; every TIMIT audio file needs its labels beside "
                           "it",
                           speaker_path, stem);
    if (status == ERNN_OK)
        status = inspect(corpus, path, &audio, err);
    if (status == ERNN_OK)
        status = load_labels(labels, &audio, utterance, err);
    if (status == ERNN_OK && find_beside(speaker_path, stem, "txt", labels))
        status = load_sentence(labels, utterance, err);
    return status;
}

// SA1 and SA2 are the same two sentences from every speaker. A converted copy NAME.WAV.wav beside
// NAME.WAV is the same utterance again.
static bool is_wanted(const char *name)
{
    char stem[ERNN_CORPUS_MAX_PATH];
    if (!has_extension(name, "wav"))
        return false;
    snprintf(stem, sizeof stem, "%.*s", (int)strlen(name) - 4, name);
    return strcasecmp(stem, "sa1") != 0 && strcasecmp(stem, "sa2") != 0 &&
           !has_extension(stem, "wav");
}

// Is the folder a speaker's that is asked for? All are when `speakers` is NULL.
static bool is_speaker(const char *const *speakers, const char *name)
{
    for (; speakers && *speakers; speakers++)
        if (strcasecmp(*speakers, name) == 0)
            return true;
    return speakers == NULL;
}

// Everything below path/DRn/SPEAKER: `depth` folders remain above the audio files. `speakers` ends
// in NULL; NULL: all of them.
static ernn_status load_folder(ernn_corpus *corpus, size_t *capacity, const char *path, int depth,
                               const char *const *speakers, ernn_error *err)
{
    DIR *folder = opendir(path);
    char below[ERNN_CORPUS_MAX_PATH];
    ernn_status status = ERNN_OK;
    if (!folder)
        return ernn_error_set(err, ERNN_IO, "%s: cannot open: %s", path, strerror(errno));
    for (struct dirent *entry; status == ERNN_OK && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.' || (depth == 2 && !is_region(entry->d_name)) ||
            (depth == 1 && !is_speaker(speakers, entry->d_name)))
            continue;
        status = ernn_corpus_join(below, path, entry->d_name, err);
        if (status == ERNN_OK && depth > 0 && ernn_file_is_folder(below))
            status = load_folder(corpus, capacity, below, depth - 1, speakers, err);
        else if (status == ERNN_OK && depth == 0 && is_wanted(entry->d_name))
            status = load_utterance(corpus, capacity, path, entry->d_name, err);
    }
    closedir(folder);
    return status;
}

// One line of a list: an utterance (extension or none), or a folder of the tree.
static ernn_status load_listed(ernn_corpus *corpus, size_t *capacity, const char *folder,
                               const char *entry, int line, ernn_error *err)
{
    char path[ERNN_CORPUS_MAX_PATH];
    char found[ERNN_CORPUS_MAX_PATH];
    ernn_status status = ernn_corpus_join(path, folder, entry, err);
    if (status != ERNN_OK)
        return status;
    for (size_t n = strlen(path); path[n - 1] == '/'; n--)
        path[n - 1] = 0;
    if (ernn_file_is_folder(path)) {
        char above[ERNN_CORPUS_MAX_PATH];
        snprintf(above, sizeof above, "%s", path);
        *strrchr(above, '/') = 0;
        if (is_region(last_part(path)))
            return load_folder(corpus, capacity, path, 1, NULL, err);
        if (is_region(last_part(above)))
            return load_folder(corpus, capacity, path, 0, NULL, err);
    } else {
        char *slash = strrchr(path, '/');
        char *dot = strrchr(path, '.');
        if (dot && dot > slash)
            *dot = 0;
        *slash = 0;
        if (find_beside(path, slash + 1, "wav", found) && is_wanted(last_part(found)) &&
            strchr(path, '/'))
            return load_utterance(corpus, capacity, path, last_part(found), err);
    }
    return ernn_error_set(err, ERNN_BAD_FILE,
                          "%s:%d: '%s' is no utterance, speaker or region below %.200s; "
                          "DR1/FELC0/SI1386 is the form",
                          corpus->path, line, entry, folder);
}

static ernn_status load_list(ernn_corpus *corpus, size_t *capacity, ernn_error *err)
{
    char folder[ERNN_CORPUS_MAX_PATH];
    char *text = NULL;
    size_t size;
    ernn_status status =
        ernn_file_load(corpus->path, ERNN_CORPUS_MAX_TEXT_BYTES, &text, &size, err);
    if (status != ERNN_OK)
        return status;
    snprintf(folder, sizeof folder, "%s%s", strchr(corpus->path, '/') ? "" : "./", corpus->path);
    *strrchr(folder, '/') = 0;
    char *cursor = text;
    int line_number = 0;
    for (char *line; status == ERNN_OK && (line = ernn_corpus_line(&cursor));) {
        line_number++;
        if (*line && *line != '#')
            status = load_listed(corpus, capacity, folder, line, line_number, err);
    }
    ernn_mem_free(text);
    return status;
}

ernn_status ernn_corpus_load_speakers(ernn_corpus *corpus, const char *const *speakers,
                                      ernn_error *err)
{
    size_t capacity = 0;
    corpus->phone_set = ERNN_PHONES_61;
    corpus->has_silence = true;
    if (ernn_file_is_folder(corpus->path))
        return load_folder(corpus, &capacity, corpus->path, 2, speakers, err);
    return load_list(corpus, &capacity, err);
}

ernn_status ernn_corpus_load_timit(ernn_corpus *corpus, ernn_error *err)
{
    return ernn_corpus_load_speakers(corpus, NULL, err);
}
