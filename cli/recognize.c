// ernn recognize: phones with times from an audio file, or from raw PCM as it comes.
// SPDX-License-Identifier: Apache-2.0
#include "options.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char HELP[] =
    "ernn recognize: phones with times from speech\n\n"
    "  ernn recognize MODEL FILE [--json]\n\n"
    "  MODEL     a trained or a quantised model (the latter runs in integers)\n"
    "  FILE      any audio file that libsndfile reads, or - for raw PCM on standard input:\n"
    "            16-bit signed little-endian, one channel, at the model's rate; phones are "
    "printed\n"
    "            as soon as they end (not for bidirectional networks)\n"
    "  --json    one JSON object per phone\n\n"
    "Prints begin and end in seconds, the phone and the mean posterior of its frames.\n\n"
    "Example: arecord -q -t raw -f S16_LE -r 16000 | ernn recognize an4.q.safetensors -\n";

// Either network behind one step.
typedef struct recogniser {
    ernn_model *model;
    ernn_run *run;
    ernn_qmodel *qmodel;
    ernn_qrun *qrun;
    ernn_frontend *frontend;
    const ernn_features *features;
    const ernn_spec *spec;
    ernn_phone_set phones;
    ernn_greedy greedy;
    float *frame;  // [spec->n_inputs]
    float *logits; // [spec->n_labels]
    bool is_json;
} recogniser;

static const ernn_option OPTIONS[] = {{"json", OPTION_FLAG, OPTION_FIELD(recogniser, is_json)},
                                      {0}};

static void recogniser_free(recogniser *r)
{
    ernn_frontend_free(r->frontend);
    ernn_run_free(r->run);
    ernn_model_free(r->model);
    ernn_qrun_free(r->qrun);
    ernn_qmodel_free(r->qmodel);
    free(r->frame);
    free(r->logits);
}

static ernn_status load_float(recogniser *r, const char *path, ernn_error *err)
{
    ernn_status status = ernn_model_load(path, &r->model, err);
    if (status != ERNN_OK)
        return status;
    r->features = ernn_model_features(r->model);
    r->spec = ernn_model_spec(r->model);
    r->phones = ernn_model_phone_set(r->model);
    // Without a run the whole utterance goes through at once.
    if (ernn_spec_check_streaming(r->spec, "recognize", NULL) == ERNN_OK)
        status = ernn_run_new(r->model, &r->run, err);
    if (status != ERNN_OK)
        return status;
    return ernn_frontend_new(r->features, ernn_model_statistics(r->model), &r->frontend, err);
}

static ernn_status load_quantised(recogniser *r, const char *path, ernn_error *err)
{
    ernn_status status = ernn_qmodel_load(path, &r->qmodel, err);
    if (status != ERNN_OK)
        return status;
    r->features = ernn_qmodel_features(r->qmodel);
    r->spec = ernn_qmodel_spec(r->qmodel);
    r->phones = ernn_qmodel_phone_set(r->qmodel);
    status = ernn_qrun_new(r->qmodel, &r->qrun, err);
    if (status != ERNN_OK)
        return status;
    return ernn_frontend_new(r->features, ernn_qmodel_statistics(r->qmodel), &r->frontend, err);
}

static ernn_status load(recogniser *r, const char *path, ernn_error *err)
{
    const char *kind = NULL;
    ernn_status status = ernn_model_kind(path, &kind, err);
    if (status != ERNN_OK)
        return status;
    status = strcmp(kind, "qmodel") == 0 ? load_quantised(r, path, err) : load_float(r, path, err);
    if (status != ERNN_OK)
        return status;
    if (ernn_features_width(r->features) != r->spec->n_inputs) {
        err->status = ERNN_BAD_FILE;
        snprintf(err->text, sizeof err->text,
                 "%.200s: its features are %d wide, its network takes %d inputs", path,
                 ernn_features_width(r->features), r->spec->n_inputs);
        return ERNN_BAD_FILE;
    }
    r->frame = calloc((size_t)r->spec->n_inputs, sizeof *r->frame);
    r->logits = calloc((size_t)r->spec->n_labels, sizeof *r->logits);
    if (r->frame && r->logits)
        return ERNN_OK;
    err->status = ERNN_NO_MEMORY;
    snprintf(err->text, sizeof err->text, "recognize: out of memory");
    return ERNN_NO_MEMORY;
}

static void print_phone(const recogniser *r, const ernn_hypothesis *h)
{
    const double rate = ernn_features_frames_per_second(r->features);
    const char *name = ernn_phones_name(r->phones, h->phone - 1);
    const char *format = r->is_json
                             ? "{\"begin\":%.3f,\"end\":%.3f,\"phone\":\"%s\",\"posterior\":%.3f}\n"
                             : "%8.3f %8.3f  %-4s %5.3f\n";
    printf(format, h->first_frame / rate, (h->last_frame + 1) / rate, name, h->posterior);
    fflush(stdout);
}

// frames[n][n_inputs] through the network and the decoder; n = 0 flushes.
static void recognise_frames(recogniser *r, const float *frames, size_t n)
{
    ernn_hypothesis done;
    for (size_t t = 0; t < n; t++) {
        const float *x = frames + t * (size_t)r->spec->n_inputs;
        if (r->run)
            ernn_run_step(r->run, x, r->logits);
        else
            ernn_qrun_step(r->qrun, x, r->logits);
        if (ernn_greedy_step(&r->greedy, r->logits, r->spec->n_labels, &done))
            print_phone(r, &done);
    }
    if (n == 0 && ernn_greedy_step(&r->greedy, NULL, r->spec->n_labels, &done))
        print_phone(r, &done);
}

// All frames of an utterance at once, for a network that does not take one at a time.
static ernn_status recognise_whole(recogniser *r, const float *frames, size_t n, ernn_error *err)
{
    const size_t n_labels = (size_t)r->spec->n_labels;
    float *logits = calloc(n * n_labels + 1, sizeof *logits);
    if (!logits) {
        err->status = ERNN_NO_MEMORY;
        snprintf(err->text, sizeof err->text, "recognize: out of memory");
        return ERNN_NO_MEMORY;
    }
    ernn_hypothesis done;
    const ernn_status status = ernn_model_logits(r->model, frames, (int)n, logits, err);
    for (size_t t = 0; status == ERNN_OK && t <= n; t++)
        if (ernn_greedy_step(&r->greedy, t < n ? logits + t * n_labels : NULL, r->spec->n_labels,
                             &done))
            print_phone(r, &done);
    free(logits);
    return status;
}

static ernn_status recognise_file(recogniser *r, const char *path, ernn_error *err)
{
    float *samples = NULL;
    float *frames = NULL;
    size_t n = 0;
    size_t n_frames = 0;
    ernn_status status = ernn_audio_load(path, r->features->rate_hz, &samples, &n, err);
    if (status == ERNN_OK)
        status = ernn_frontend_run(r->frontend, samples, n, &frames, &n_frames, err);
    if (status == ERNN_OK && !r->run && !r->qrun) {
        status = recognise_whole(r, frames, n_frames, err);
    } else if (status == ERNN_OK) {
        if (n_frames)
            recognise_frames(r, frames, n_frames);
        recognise_frames(r, NULL, 0);
    }
    ernn_audio_free(frames);
    ernn_audio_free(samples);
    return status;
}

// Little-endian 16-bit PCM as it comes: whatever read() returns is transformed and recognised at
// once; an odd byte waits for its partner.
static ernn_status recognise_stream(recogniser *r, ernn_error *err)
{
    unsigned char bytes[4096];
    float samples[sizeof bytes / 2];
    size_t kept = 0;
    const ernn_status status = ernn_spec_check_streaming(r->spec, "recognize", err);
    if (status != ERNN_OK)
        return status;
    if (r->features->normalisation == ERNN_NORMALISE_UTTERANCE) {
        err->status = ERNN_BAD_ARG;
        snprintf(err->text, sizeof err->text,
                 "recognize: the model normalises over whole utterances and cannot stream; train "
                 "it with --normalise running or global");
        return ERNN_BAD_ARG;
    }
    for (;;) {
        ssize_t got = read(STDIN_FILENO, bytes + kept, sizeof bytes - kept);
        if (got <= 0)
            break;
        const size_t n_bytes = kept + (size_t)got;
        const size_t n = n_bytes / 2;
        for (size_t i = 0; i < n; i++)
            samples[i] = (float)(int16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8) / 32768.0f;
        kept = n_bytes % 2;
        bytes[0] = bytes[n_bytes - 1];
        int pushed = ernn_frontend_push(r->frontend, samples, n, r->frame, 1);
        while (pushed == 1) {
            recognise_frames(r, r->frame, 1);
            pushed = ernn_frontend_push(r->frontend, NULL, 0, r->frame, 1);
        }
    }
    // The last frames of features with deltas waited for frames that will not come.
    while (ernn_frontend_flush(r->frontend, r->frame, 1) == 1)
        recognise_frames(r, r->frame, 1);
    recognise_frames(r, NULL, 0);
    return ERNN_OK;
}

int ernn_cli_recognize(int argc, char **argv)
{
    recogniser r = {0};
    const ernn_command command = {"recognize", .help = HELP, .options = OPTIONS, .fields = &r};
    const int ended = ernn_command_read(&command, argc, argv);
    if (ended >= 0)
        return ended;
    if (argc - optind != 2)
        return ernn_cli_usage("recognize", "a model and an audio file (or -) are wanted");
    ernn_error err = {0};
    ernn_status status = load(&r, argv[optind], &err);
    if (status == ERNN_OK)
        status = strcmp(argv[optind + 1], "-") == 0 ? recognise_stream(&r, &err)
                                                    : recognise_file(&r, argv[optind + 1], &err);
    recogniser_free(&r);
    return status == ERNN_OK ? ERNN_EXIT_OK : ernn_cli_fail(&err);
}
