// ernn features: what the front end makes of a corpus or an audio file. SPDX-License-Identifier:
// Apache-2.0
#include "options.h"
#include "verbs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char HELP[] =
    "ernn features: width, frames, mean and deviation of the features of a corpus or a file\n\n"
    "  ernn features CORPUS|FILE [options]\n\n"
    "  CORPUS             a TIMIT tree or list, or a Kaldi data folder; FILE: any audio\n"
    "  -o, --output FILE  write the stacked frames of one audio file as .npy\n"
    "      --mfcc         cepstra and two deltas instead of log mel energies\n"
    "      --rate HZ      8000 to 48000 (16000)     --window MS   10 to 64 (25)\n"
    "      --shift MS     5 to 32 (10)              --filters N   8 to 128 (40)\n"
    "      --cepstra N    4 to filters (13)         --deltas N    0 to 2 (0, mfcc 2)\n"
    "      --stack N      frames in one vector, 1 to 8 (2)\n"
    "      --utterance    each file to zero mean and unit variance; raw otherwise\n"
    "      --json         one JSON object instead of the table\n\n"
    "Example: ernn features speech.flac -o frames.npy\n";

typedef struct arguments {
    ernn_features features;
    const char *input;
    const char *output;
    bool is_json;
} arguments;

// What is printed: statistics of each unstacked dimension.
typedef struct summary {
    size_t n_utterances;
    size_t n_frames; // stacked
    ernn_feature_statistics statistics;
} summary;

#define FIELD(name) OPTION_FIELD(arguments, name)

static const ernn_option OPTIONS[] = {
    {"output", OPTION_TEXT, FIELD(output), .letter = 'o'},
    {"rate", OPTION_INTEGER, FIELD(features.rate_hz), 8000, 48000},
    {"window", OPTION_INTEGER, FIELD(features.window_ms), 10, 64},
    {"shift", OPTION_INTEGER, FIELD(features.shift_ms), 5, 32},
    {"filters", OPTION_INTEGER, FIELD(features.n_filters), 8, 128},
    {"cepstra", OPTION_INTEGER, FIELD(features.n_cepstra), 4, 128},
    {"deltas", OPTION_INTEGER, FIELD(features.n_deltas), 0, 2},
    {"stack", OPTION_INTEGER, FIELD(features.n_stacked), 1, 8},
    {"mfcc", OPTION_CONSTANT, FIELD(features.kind), ERNN_FEATURES_MFCC},
    {"utterance", OPTION_CONSTANT, FIELD(features.normalisation), ERNN_NORMALISE_UTTERANCE},
    {"json", OPTION_FLAG, FIELD(is_json)},
    {0}};

// Returns an exit code when the command ends here, -1 to go on.
static int parse(int argc, char **argv, arguments *a)
{
    const ernn_command command = {"features", .help = HELP, .options = OPTIONS, .fields = a};
    a->features = ernn_features_defaults();
    a->features.normalisation = ERNN_NORMALISE_GLOBAL; // without statistics: raw
    a->features.n_deltas = -1;                         // not given
    const int ended = ernn_command_read(&command, argc, argv);
    if (ended >= 0)
        return ended;
    if (a->features.n_deltas < 0)
        a->features.n_deltas = a->features.kind == ERNN_FEATURES_MFCC ? 2 : 0;
    if (argc - optind != 1)
        return ernn_cli_usage("features", "one corpus or audio file is wanted");
    a->input = argv[optind];
    return -1;
}

// statistics of vectors[n][statistics->n].
static void summarise(const float *vectors, size_t n, ernn_feature_statistics *statistics)
{
    const size_t width = (size_t)statistics->n;
    for (size_t d = 0; d < width; d++) {
        double sum = 0;
        double square = 0;
        for (size_t t = 0; t < n; t++)
            sum += vectors[t * width + d];
        for (size_t t = 0; t < n; t++)
            square += (vectors[t * width + d] - sum / (double)n) *
                      (vectors[t * width + d] - sum / (double)n);
        statistics->mean[d] = (float)(sum / (double)n);
        statistics->variance[d] = (float)(square / (double)n);
    }
}

// frames[n_frames][width] as .npy, version 1.0: magic, header of a multiple of 64 bytes, little
// endian float32. Written beside and renamed.
static int write_npy(const char *path, const float *frames, size_t n_frames, size_t width)
{
    char beside[1100];
    char header[129];
    // 10 bytes come before the text; it ends in a newline at byte 128.
    int n = snprintf(header, sizeof header,
                     "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, %zu), }", n_frames,
                     width);
    memset(header + n, ' ', sizeof header - (size_t)n);
    header[117] = '\n';
    snprintf(beside, sizeof beside, "%.1000s.tmp%ld", path, (long)getpid());
    FILE *file = fopen(beside, "wb");
    bool good = file && fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, file) == 10 &&
                fwrite(header, 1, 118, file) == 118;
    for (size_t i = 0; good && i < n_frames * width; i++) {
        uint32_t bits;
        memcpy(&bits, &frames[i], sizeof bits);
        const unsigned char bytes[4] = {(unsigned char)bits, (unsigned char)(bits >> 8),
                                        (unsigned char)(bits >> 16), (unsigned char)(bits >> 24)};
        good = fwrite(bytes, 1, 4, file) == 4;
    }
    if (file)
        good = fclose(file) == 0 && good;
    if (good && rename(beside, path) == 0)
        return ERNN_EXIT_OK;
    fprintf(stderr, "ernn: %s: cannot write; is the folder there and writable?\n", path);
    unlink(beside);
    return ERNN_EXIT_FAILURE;
}

static ernn_status run_file(const arguments *a, float **frames, summary *s, ernn_error *err)
{
    float *samples = NULL;
    size_t n_samples;
    ernn_frontend *frontend = NULL;
    ernn_status status = ernn_audio_load(a->input, a->features.rate_hz, &samples, &n_samples, err);
    if (status == ERNN_OK)
        status = ernn_frontend_new(&a->features, NULL, &frontend, err);
    if (status == ERNN_OK)
        status = ernn_frontend_run(frontend, samples, n_samples, frames, &s->n_frames, err);
    ernn_frontend_free(frontend);
    ernn_audio_free(samples);
    if (status == ERNN_OK && s->n_frames == 0) {
        snprintf(err->text, sizeof err->text, "%s: %zu samples are too short for one frame",
                 a->input, n_samples);
        return err->status = ERNN_BAD_FILE;
    }
    if (status == ERNN_OK)
        summarise(*frames, s->n_frames * (size_t)a->features.n_stacked, &s->statistics);
    s->n_utterances = 1;
    return status;
}

// Adds up utterance after utterance; the raw statistics come with the sequences.
static ernn_status run_corpus(const arguments *a, summary *s, ernn_error *err)
{
    ernn_corpus *corpus = NULL;
    ernn_sequences *sequences = NULL;
    ernn_status status = ernn_corpus_load(a->input, &corpus, err);
    if (status == ERNN_OK)
        status = ernn_sequences_new(corpus, &a->features, &s->statistics, true, corpus->phone_set,
                                    &sequences, err);
    for (size_t i = 0; status == ERNN_OK && i < sequences->n; i++)
        s->n_frames += (size_t)sequences->n_frames[i];
    s->n_utterances = status == ERNN_OK ? sequences->n : 0;
    ernn_sequences_free(sequences);
    ernn_corpus_free(corpus);
    return status;
}

static void print_table(const arguments *a, const summary *s)
{
    const double per_second = ernn_features_frames_per_second(&a->features);
    printf("%s: %zu utterance%s, %zu frames (%.1f s at %g per second)\n", a->input, s->n_utterances,
           s->n_utterances == 1 ? "" : "s", s->n_frames, (double)s->n_frames / per_second,
           per_second);
    printf("width %d: %d stacked vectors of %d\n\n dimension      mean deviation\n",
           ernn_features_width(&a->features), a->features.n_stacked, s->statistics.n);
    for (int d = 0; d < s->statistics.n; d++)
        printf("%10d %9.3f %9.3f\n", d, (double)s->statistics.mean[d],
               sqrt((double)s->statistics.variance[d]));
}

static void print_list(const char *name, const float *values, int n, bool is_variance)
{
    printf(",\"%s\":[", name);
    for (int d = 0; d < n; d++)
        printf("%s%.6g", d ? "," : "", is_variance ? sqrt((double)values[d]) : (double)values[d]);
    printf("]");
}

static void print_json(const arguments *a, const summary *s)
{
    printf("{\"utterances\":%zu,\"frames\":%zu,\"frames_per_second\":%g,\"width\":%d,"
           "\"stacked\":%d",
           s->n_utterances, s->n_frames, ernn_features_frames_per_second(&a->features),
           ernn_features_width(&a->features), a->features.n_stacked);
    print_list("mean", s->statistics.mean, s->statistics.n, false);
    print_list("deviation", s->statistics.variance, s->statistics.n, true);
    printf("}\n");
}

// A folder is a corpus, and so is a TIMIT list: a file that ends in .txt.
static bool is_corpus(const char *path)
{
    struct stat about;
    const size_t n = strlen(path);
    return (stat(path, &about) == 0 && S_ISDIR(about.st_mode)) ||
           (n > 4 && strcmp(path + n - 4, ".txt") == 0);
}

int ernn_cli_features(int argc, char **argv)
{
    arguments a = {0};
    summary s = {0};
    ernn_error err = {0};
    float *frames = NULL;
    const int parsed = parse(argc, argv, &a);
    if (parsed >= 0)
        return parsed;
    if (ernn_features_validate(&a.features, &err) != ERNN_OK)
        return ernn_cli_fail(&err);
    s.statistics.n = ernn_features_width(&a.features) / a.features.n_stacked;
    if (a.output && is_corpus(a.input))
        return ernn_cli_usage("features",
                              "--output writes the frames of one audio file; '%s' is a "
                              "corpus",
                              a.input);
    const ernn_status status =
        is_corpus(a.input) ? run_corpus(&a, &s, &err) : run_file(&a, &frames, &s, &err);
    int code = status == ERNN_OK ? ERNN_EXIT_OK : ernn_cli_fail(&err);
    if (code == ERNN_EXIT_OK && a.output)
        code = write_npy(a.output, frames, s.n_frames, (size_t)ernn_features_width(&a.features));
    if (code == ERNN_EXIT_OK)
        (a.is_json ? print_json : print_table)(&a, &s);
    ernn_audio_free(frames);
    return code;
}
