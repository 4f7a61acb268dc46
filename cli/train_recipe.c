// ernn train --timit DIR --recipe table1|table2: the grids of the papers' accuracy tables for who
// owns TIMIT. Every network is trained dense once, then brought to each row's block sizes by ADMM;
// what is done is found again in the folder. SPDX-License-Identifier: Apache-2.0
#include "train.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- The grids, with the figures that we recollect from Li et al. 2019; none was verified ----

enum { MAX_BLOCKS = 8, MAX_NAME = 64 };

typedef struct row {
    const char *blocks; // of each layer, "4-8"; NULL ends
    double per;         // percent
} row;

typedef struct network {
    int n_cells;
    int n_layers;
    int n_projected; // with peepholes when not 0
    double per;      // dense
    row rows[MAX_BLOCKS];
} network;

typedef struct recipe {
    const char *name;
    const char *cell;
    int n_networks;
    network networks[3];
} recipe;

static const recipe RECIPES[] = {
    {"table1",
     "lstm",
     3,
     {{256, 3, 0, 20.83, {{"2-2-2", 20.75}, {"4-4-4", 20.85}}},
      {512, 2, 0, 20.53, {{"4-4", 20.57}, {"4-8", 20.85}, {"8-4", 20.98}, {"8-8", 21.01}}},
      {1024,
       2,
       512,
       20.01,
       {{"4-4", 20.01},
        {"4-8", 20.05},
        {"8-4", 20.10},
        {"8-8", 20.14},
        {"8-16", 20.22},
        {"16-8", 20.29},
        {"16-16", 20.32}}}}},
    {"table2",
     "gru",
     3,
     {{256, 3, 0, 20.72, {{"4-4-4", 20.81}, {"8-8-8", 20.88}}},
      {512, 2, 0, 20.51, {{"4-4", 20.55}, {"4-8", 20.73}, {"8-4", 20.89}, {"8-8", 20.95}}},
      {1024,
       2,
       0,
       20.02,
       {{"4-4", 20.03},
        {"4-8", 20.08},
        {"8-4", 20.13},
        {"8-8", 20.20},
        {"8-16", 20.25},
        {"16-8", 20.31},
        {"16-16", 20.36}}}}},
};

// ---- Names and shapes ----

typedef struct running {
    ernn_cli_training *training;
    const recipe *recipe;
    ernn_cli_sets sets;
    ernn_sequences *test;
    ernn_feature_statistics statistics;
    json_t *rows; // results so far
    double dense; // PER of the present network's dense form
} running;

// "lstm:1024p512,1024p512+peephole", every size divided for a trial run.
static void spec_text(const running *r, const network *n, char *text, size_t size)
{
    const int scale = r->training->recipe_scale;
    int length = snprintf(text, size, "%s:", r->recipe->cell);
    for (int l = 0; l < n->n_layers; l++) {
        length += snprintf(text + length, size - (size_t)length, "%s%d", l ? "," : "",
                           n->n_cells / scale);
        if (n->n_projected)
            length += snprintf(text + length, size - (size_t)length, "p%d", n->n_projected / scale);
    }
    if (n->n_projected)
        snprintf(text + length, size - (size_t)length, "+peephole");
}

// "4-8" -> "layer0.input=4,layer0.recurrent=4,layer1.input=8,layer1.recurrent=8". The papers do not
// say what their two numbers stand for; here they are the layers.
static void blocks_text(const network *n, const char *blocks, char *text, size_t size)
{
    int length = 0;
    for (int l = 0; l < n->n_layers; l++) {
        const int k = atoi(blocks);
        length += snprintf(text + length, size - (size_t)length,
                           "%slayer%d.input=%d,layer%d.recurrent=%d", l ? "," : "", l, k, l, k);
        if (n->n_projected)
            length +=
                snprintf(text + length, size - (size_t)length, ",layer%d.projection=%d", l, k);
        blocks = strchr(blocks, '-') ? strchr(blocks, '-') + 1 : blocks;
    }
}

static void model_path(const running *r, const network *n, const char *blocks, char *path,
                       size_t size)
{
    snprintf(path, size, "%.900s/%s-%dx%d-%s.safetensors", r->training->output, r->recipe->cell,
             n->n_cells, n->n_layers, blocks ? blocks : "dense");
}

// ---- One training ----

// Trains `initial`, or goes on from a checkpoint, and saves the model; finds it when it is there.
static ernn_status train_or_find(running *r, const ernn_model *initial, const ernn_spec *structure,
                                 const char *path, ernn_model **trained, ernn_error *err)
{
    char checkpoint[1100];
    if (access(path, F_OK) == 0)
        return ernn_model_load(path, trained, err);
    snprintf(checkpoint, sizeof checkpoint, "%.1000s.checkpoint", path);
    fprintf(stderr, "ernn: %s\n", path);
    ernn_cli_training_progress progress = {0};
    ernn_train_options options = r->training->options;
    options.method = structure ? ERNN_METHOD_ADMM : ERNN_METHOD_DENSE;
    options.checkpoint = checkpoint;
    options.resume = access(checkpoint, F_OK) == 0;
    options.variants = (const ernn_sequences *const *)r->sets.variants;
    options.n_variants = r->sets.n_variants;
    options.progress = ernn_cli_training_progress_line;
    options.progress_user = &progress;
    ernn_train_report report = {0};
    ernn_status status =
        ernn_train(initial, structure, r->sets.train, r->sets.dev, &options, trained, &report, err);
    ernn_train_report_free(&report);
    if (status == ERNN_OK)
        status = ernn_model_save(*trained, path, err);
    if (status == ERNN_OK)
        unlink(checkpoint);
    return status;
}

// The PER on the core test as a line of the result. `blocks` NULL: the dense network.
static ernn_status measure(running *r, const network *n, const row *paper, const ernn_model *model,
                           ernn_error *err)
{
    ernn_evaluation e;
    const ernn_status status =
        ernn_evaluate(model, r->test, NULL, r->training->options.threads, &e, err);
    if (status != ERNN_OK)
        return status;
    const double per = ernn_evaluation_per(&e, r->test);
    r->dense = paper ? r->dense : per;
    char spec[ERNN_SPEC_TEXT];
    ernn_spec_print(ernn_model_spec(model), spec, sizeof spec);
    const int silence = r->test->has_silence ? ERNN_SILENCE_SCORED : ERNN_SILENCE_REMOVED;
    json_array_append_new(
        r->rows, json_pack("{s:s,s:i,s:i,s:s,s:f,s:f,s:I,s:f,s:f,s:I}", "spec", spec, "cells",
                           n->n_cells, "layers", n->n_layers, "blocks",
                           paper ? paper->blocks : "none", "per", per, "degradation",
                           per - r->dense, "references", (json_int_t)e.scores[silence].references,
                           "paper_per_unverified", paper ? paper->per : n->per,
                           "paper_degradation_unverified", paper ? paper->per - n->per : 0.0,
                           "parameters", (json_int_t)ernn_model_n_parameters(model)));
    ernn_evaluation_free(&e);
    return ERNN_OK;
}

static ernn_status run_row(running *r, const network *n, const row *line, const ernn_model *dense,
                           ernn_error *err)
{
    char blocks[400];
    char path[1100];
    ernn_model *model = NULL;
    ernn_spec structure = *ernn_model_spec(dense);
    blocks_text(n, line->blocks, blocks, sizeof blocks);
    model_path(r, n, line->blocks, path, sizeof path);
    ernn_status status = ernn_spec_parse_blocks(&structure, blocks, err);
    if (status == ERNN_OK)
        status = train_or_find(r, dense, &structure, path, &model, err);
    if (status == ERNN_OK)
        status = measure(r, n, line, model, err);
    ernn_model_free(model);
    return status;
}

static ernn_status run_network(running *r, const network *n, ernn_error *err)
{
    char text[ERNN_SPEC_TEXT];
    char path[1100];
    const ernn_cli_training *a = r->training;
    ernn_spec spec = ernn_spec_defaults();
    ernn_model *initial = NULL;
    ernn_model *dense = NULL;
    spec_text(r, n, text, sizeof text);
    ernn_status status = ernn_spec_parse(&spec, text, err);
    spec.n_inputs = ernn_features_width(&a->features);
    spec.n_labels = ernn_phones_count(a->labels) + 1;
    if (status == ERNN_OK)
        status = ernn_model_new(&spec, &a->features, a->labels, a->options.seed, &initial, err);
    if (status == ERNN_OK) {
        *ernn_model_statistics(initial) = r->statistics;
        model_path(r, n, NULL, path, sizeof path);
        status = train_or_find(r, initial, NULL, path, &dense, err);
    }
    if (status == ERNN_OK)
        status = measure(r, n, NULL, dense, err);
    for (const row *line = n->rows; status == ERNN_OK && line->blocks; line++)
        status = run_row(r, n, line, dense, err);
    ernn_model_free(initial);
    ernn_model_free(dense);
    return status;
}

// ---- Data ----

static ernn_status load_part(const running *r, ernn_timit_part part, ernn_corpus **corpus,
                             ernn_error *err)
{
    const ernn_status status = ernn_timit_load(r->training->timit, part, corpus, err);
    // A trial run takes whatever is there.
    if (status != ERNN_OK || r->training->recipe_scale > 1)
        return status;
    return ernn_timit_check(*corpus, part, err);
}

static ernn_status load_data(running *r, ernn_error *err)
{
    ernn_corpus *corpora[3] = {NULL};
    ernn_model *model = NULL;
    const ernn_cli_training *a = r->training;
    ernn_spec spec = ernn_spec_defaults();
    spec.n_inputs = ernn_features_width(&a->features);
    spec.n_labels = ernn_phones_count(a->labels) + 1;
    ernn_status status = ernn_model_new(&spec, &a->features, a->labels, 0, &model, err);
    for (int part = 0; part < 3 && status == ERNN_OK; part++)
        status = load_part(r, (ernn_timit_part)part, &corpora[part], err);
    if (status == ERNN_OK)
        status = ernn_cli_training_sets(a, corpora[ERNN_TIMIT_TRAIN], corpora[ERNN_TIMIT_DEV],
                                        model, true, &r->sets, err);
    if (status == ERNN_OK) {
        r->statistics = *ernn_model_statistics(model);
        status = ernn_sequences_new(corpora[ERNN_TIMIT_CORE_TEST], &a->features, &r->statistics,
                                    false, a->labels, &r->test, err);
    }
    for (int part = 0; part < 3; part++)
        ernn_corpus_free(corpora[part]);
    ernn_model_free(model);
    return status;
}

// ---- Results ----

static void print_table(const running *r)
{
    size_t i;
    json_t *line;
    printf("%-32s %-8s %8s %12s %11s   paper, recollected and unverified\n", "network", "blocks",
           "PER %", "degradation", "references");
    json_array_foreach(r->rows, i, line)
    {
        printf("%-32s %-8s %8.2f %+12.2f %11lld   %.2f (%+.2f)\n",
               json_string_value(json_object_get(line, "spec")),
               json_string_value(json_object_get(line, "blocks")),
               json_real_value(json_object_get(line, "per")),
               json_real_value(json_object_get(line, "degradation")),
               (long long)json_integer_value(json_object_get(line, "references")),
               json_real_value(json_object_get(line, "paper_per_unverified")),
               json_real_value(json_object_get(line, "paper_degradation_unverified")));
    }
    if (r->training->recipe_scale > 1)
        printf("a trial run: every layer is %d times smaller than in the paper\n",
               r->training->recipe_scale);
}

// Also what is done so far of a recipe that was stopped.
static int show(const running *r)
{
    char path[1100];
    json_t *json = json_pack("{s:s,s:i,s:O}", "recipe", r->recipe->name, "scale",
                             r->training->recipe_scale, "rows", r->rows);
    char *text = json ? json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(json);
    if (!text)
        return ERNN_EXIT_FAILURE;
    snprintf(path, sizeof path, "%.1000s/%s.json", r->training->output, r->recipe->name);
    const int code = ernn_cli_write(path, text);
    if (r->training->is_json)
        puts(text);
    else
        print_table(r);
    free(text);
    return code;
}

// A folder belongs to one set of options: results of others are never mixed in.
static ernn_status claim_folder(const running *r, ernn_error *err)
{
    const ernn_cli_training *a = r->training;
    char path[1100];
    char saved[8192] = "";
    err->status = ERNN_OK;
    snprintf(path, sizeof path, "%.1000s/options.txt", a->output);
    if (mkdir(a->output, 0777) != 0 && errno != EEXIST) {
        err->status = ERNN_IO;
        snprintf(err->text, sizeof err->text, "%.150s: cannot make the folder: %s", a->output,
                 strerror(errno));
        return err->status;
    }
    FILE *file = fopen(path, "r");
    if (file) {
        saved[fread(saved, 1, sizeof saved - 1, file)] = '\0';
        fclose(file);
    }
    if (file && strcmp(saved, a->recipe_options) != 0) {
        err->status = ERNN_BAD_ARG;
        snprintf(err->text, sizeof err->text,
                 "%.150s: was begun with other options; give them again, or another folder", path);
    } else if (!file && ernn_cli_write(path, a->recipe_options) != ERNN_EXIT_OK) {
        err->status = ERNN_IO;
        snprintf(err->text, sizeof err->text, "%.150s: cannot write", path);
    }
    return err->status;
}

int ernn_cli_train_recipe(ernn_cli_training *training)
{
    ernn_error err = {0};
    running r = {.training = training, .recipe = &RECIPES[training->recipe]};
    r.rows = json_array();
    ernn_cli_catch_interrupt();
    ernn_status status = claim_folder(&r, &err);
    if (status == ERNN_OK)
        status = load_data(&r, &err);
    for (int i = 0; i < r.recipe->n_networks && status == ERNN_OK; i++)
        status = run_network(&r, &r.recipe->networks[i], &err);
    int code = ERNN_EXIT_OK;
    if (json_array_size(r.rows) > 0)
        code = show(&r);
    if (status != ERNN_OK)
        code = ernn_cli_fail(&err);
    if (status == ERNN_STOPPED)
        fprintf(stderr, "ernn: run the same command again to go on in %s\n", training->output);
    json_decref(r.rows);
    ernn_cli_sets_free(&r.sets);
    ernn_sequences_free(r.test);
    return code;
}
