// Trials of the exploration: trained once, kept in the folder, found again. A trial's file name
// holds a digest of everything that shapes its result, so that changed options never reuse an old
// one. SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "base/file.h"
#include "explore/explore.h"
#include "train/options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static uint64_t digest_bytes(uint64_t digest, const void *data, size_t n)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < n; i++) // FNV-1a
        digest = (digest ^ bytes[i]) * 0x100000001b3u;
    return digest;
}

static uint64_t digest_train_options(uint64_t digest, const ernn_train_options *o)
{
    ernn_buffer text = {0};
    ernn_train_options_print(&text, o);
    if (text.data)
        digest = digest_bytes(digest, text.data, text.size);
    ernn_buffer_free(&text);
    return digest;
}

static uint64_t digest_sequences(uint64_t digest, const ernn_sequences *sequences)
{
    digest = digest_bytes(digest, &sequences->n, sizeof sequences->n);
    for (size_t i = 0; i < sequences->n; i++) {
        digest = digest_bytes(digest, sequences->ids[i], strlen(sequences->ids[i]));
        digest =
            digest_bytes(digest, sequences->frames[i],
                         sizeof(float) * (size_t)sequences->n_frames[i] * (size_t)sequences->width);
    }
    return digest;
}

static void trial_path(const ernn_search *search, const ernn_spec *spec, bool is_dense, char *path,
                       size_t size)
{
    char text[160];
    char blocks[64];
    ernn_spec_print(spec, text, sizeof text);
    ernn_spec_print_blocks(spec, blocks, sizeof blocks);
    uint64_t digest = 0xcbf29ce484222325u;
    digest = digest_bytes(digest, text, strlen(text));
    digest = digest_bytes(digest, blocks, strlen(blocks));
    digest = digest_train_options(digest, &search->options->dense);
    if (!is_dense)
        digest = digest_train_options(digest, &search->options->compress);
    digest = digest_sequences(digest, search->train);
    digest = digest_sequences(digest, search->dev);
    const int k = spec->layers[0].block[ERNN_MATRIX_RECURRENT];
    const int k_input = spec->layers[0].block[ERNN_MATRIX_INPUT];
    const char *cell = spec->layers[0].cell == ERNN_CELL_LSTM ? "lstm" : "gru";
    if (is_dense)
        snprintf(path, size, "%s/%s-dense-%016llx.safetensors", search->options->folder, cell,
                 (unsigned long long)digest);
    else
        snprintf(path, size, "%s/%s-k%d-k%d-%016llx.safetensors", search->options->folder, cell,
                 k_input, k, (unsigned long long)digest);
}

static ernn_status dev_per(const ernn_search *search, const ernn_model *model, double *per,
                           ernn_error *err)
{
    ernn_evaluation evaluation;
    ernn_status status =
        ernn_evaluate(model, search->dev, NULL, search->options->dense.threads, &evaluation, err);
    if (status != ERNN_OK)
        return status;
    *per = ernn_evaluation_per(&evaluation, search->dev);
    ernn_evaluation_free(&evaluation);
    return ERNN_OK;
}

// Trains, saves the model at `path` and removes the checkpoint that an interruption would resume.
static ernn_status train_into(const ernn_search *search, const ernn_model *initial,
                              const ernn_spec *structure, const ernn_train_options *options,
                              const char *path, ernn_model **trained, ernn_error *err)
{
    char checkpoint[600];
    snprintf(checkpoint, sizeof checkpoint, "%s.checkpoint", path);
    ernn_train_options own = *options;
    own.checkpoint = checkpoint;
    own.resume = ernn_file_exists(checkpoint);
    own.progress = search->options->progress;
    own.progress_user = search->options->progress_user;
    ernn_train_report report = {0};
    ernn_status status =
        ernn_train(initial, structure, search->train, search->dev, &own, trained, &report, err);
    ernn_train_report_free(&report);
    if (status == ERNN_OK)
        status = ernn_model_save(*trained, path, err);
    if (status == ERNN_OK) {
        unlink(checkpoint);
        return ERNN_OK;
    }
    // After a divergence the best network so far comes back; no trial is made of it.
    ernn_model_free(*trained);
    *trained = NULL;
    return status;
}

ernn_status ernn_explore_dense(const ernn_search *search, const ernn_spec *spec, char *path,
                               size_t path_size, ernn_model **dense, double *per, ernn_error *err)
{
    const ernn_spec plain = ernn_spec_dense(spec);
    trial_path(search, &plain, true, path, path_size);
    ernn_status status;
    if (ernn_file_exists(path)) {
        status = ernn_model_load(path, dense, err);
    } else {
        ernn_model *initial = NULL;
        status = ernn_model_new(&plain, search->features, search->train->phone_set,
                                search->options->dense.seed, &initial, err);
        if (status == ERNN_OK) {
            *ernn_model_statistics(initial) = *search->statistics;
            status = train_into(search, initial, NULL, &search->options->dense, path, dense, err);
        }
        ernn_model_free(initial);
    }
    if (status == ERNN_OK)
        status = dev_per(search, *dense, per, err);
    return status;
}

ernn_status ernn_explore_trial(const ernn_search *search, const ernn_spec *spec, ernn_trial *trial,
                               ernn_error *err)
{
    ernn_model *dense = NULL;
    ernn_model *trained = NULL;
    ernn_status status =
        ernn_explore_dense(search, spec, trial->dense_model, sizeof trial->dense_model, &dense,
                           &trial->per_dense, err);
    if (status != ERNN_OK)
        return status;
    ernn_spec_print(spec, trial->spec, sizeof trial->spec);
    ernn_spec_print_blocks(spec, trial->blocks, sizeof trial->blocks);
    trial_path(search, spec, false, trial->model, sizeof trial->model);
    trial->is_resumed = ernn_file_exists(trial->model);
    if (trial->is_resumed)
        status = ernn_model_load(trial->model, &trained, err);
    else
        status = train_into(search, dense, spec, &search->options->compress, trial->model, &trained,
                            err);
    if (status == ERNN_OK)
        status = dev_per(search, trained, &trial->per, err);
    if (status == ERNN_OK)
        trial->parameters = ernn_model_n_parameters(trained);
    ernn_model_free(trained);
    ernn_model_free(dense);
    return status;
}
