// ernn explore: Phase I and Phase II for given data, accuracy requirement and device.
// SPDX-License-Identifier: Apache-2.0
#include "train.h"
#include "train_options.h"
#include "verbs.h"

#include "ernn/explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char HELP[] =
    "ernn explore: choose cell, block sizes, word lengths and parallelism\n\n"
    "  ernn explore --data CORPUS [--dev CORPUS] --device NAME [options]\n\n"
    "  --spec TEXT        layers and sizes to start from, as an LSTM (default lstm:64,64)\n"
    "  --max-loss POINTS  PER points that compression may cost (default 1)\n"
    "  --max-word-loss POINTS   that shorter words may cost on top (default 0.5)\n"
    "  --max-per PERCENT  absolute requirement on the development set (default: none)\n"
    "  --share S          of each device resource that may be used (default 0.8)\n"
    "  --trainings N      at most this many candidates (default 5)\n"
    "  -o, --folder DIR   trials are kept here; run again to resume (default explore)\n"
    "  --epochs N         of the dense phase (default 24)\n"
    "  --rounds N --finetune N   ADMM rounds and fine-tuning epochs\n"
    "  --lr R --admm-lr R --labels 39|48|61, and what ernn train --help-training lists\n"
    "  --json             print the result as JSON instead of the table\n\n"
    "Without --dev every tenth speaker is held out. Ends with the commands\n"
    "that build the winner; explore.json stays in DIR.\n\n"
    "Example: ernn explore --data corpus/TRAIN --device xc7a100t --max-loss 2\n";

typedef struct explore_arguments {
    const char *data;
    const char *dev;
    const ernn_device *device;
    ernn_spec spec;
    ernn_features features;
    ernn_phone_set labels;
    ernn_explore_options options;
    bool is_json;
} explore_arguments;

static bool set_device(const char *verb, const char *name, void *field)
{
    const ernn_device *device = ernn_device_find(name);
    *(const ernn_device **)field = device;
    if (device)
        return true;
    size_t n;
    const ernn_device *devices = ernn_devices(&n);
    char known[300] = "";
    for (size_t i = 0; i < n; i++)
        snprintf(known + strlen(known), sizeof known - strlen(known), " %s", devices[i].name);
    ernn_cli_usage(verb, "--device: '%s' is not known; known are%s", name, known);
    return false;
}

#define FIELD(name) OPTION_FIELD(explore_arguments, name)

static const ernn_option OPTIONS[] = {
    {"data", OPTION_TEXT, FIELD(data)},
    {"dev", OPTION_TEXT, FIELD(dev)},
    {"device", OPTION_CALL, FIELD(device), .take = set_device},
    {"spec", OPTION_CALL, FIELD(spec), .take = ernn_option_spec},
    {"max-loss", OPTION_NUMBER, FIELD(options.max_loss), 0, 100},
    {"max-per", OPTION_NUMBER, FIELD(options.max_per), 0, 100},
    {"max-word-loss", OPTION_NUMBER, FIELD(options.max_word_loss), 0, 100},
    {"share", OPTION_NUMBER, FIELD(options.share), 0.01, 1},
    {"trainings", OPTION_INTEGER, FIELD(options.max_trainings), 1, 10},
    {"folder", OPTION_TEXT, FIELD(options.folder), .letter = 'o'},
    {"epochs", OPTION_INTEGER, FIELD(options.dense.n_epochs), 1, 10000},
    {"finetune", OPTION_INTEGER, FIELD(options.compress.n_epochs), 1, 10000},
    {"lr", OPTION_NUMBER, FIELD(options.dense.learning_rate), 1e-7, 1},
    {"admm-lr", OPTION_NUMBER, FIELD(options.compress.learning_rate), 1e-7, 1},
    {"labels", OPTION_CHOICE, FIELD(labels), .words = ernn_option_labels},
    {"json", OPTION_FLAG, FIELD(is_json)},
    {0}};

// An option of training, set for the compression, counts for the dense phase too.
static bool set_dense(void *fields, const void *set, const ernn_option *o, const char *text)
{
    explore_arguments *a = fields;
    return set == fields || o->marks & ERNN_TRAINING_ADMM ||
           ernn_option_set("explore", o, text, &a->options.dense);
}

static json_t *result_json(const ernn_explore_result *r)
{
    json_t *trials = json_array();
    for (int i = 0; i < r->n_trials; i++) {
        const ernn_trial *t = &r->trials[i];
        json_array_append_new(trials, json_pack("{s:s,s:s,s:s,s:f,s:f,s:I,s:b,s:b,s:b,s:s}", "spec",
                                                t->spec, "blocks", t->blocks, "model", t->model,
                                                "per_dense", t->per_dense, "per", t->per,
                                                "parameters", (json_int_t)t->parameters, "accepted",
                                                t->is_accepted, "resumed", t->is_resumed, "trained",
                                                t->is_trained, "reason", t->reason));
    }
    json_t *words = json_array();
    for (int i = 0; i < r->n_words; i++)
        json_array_append_new(words,
                              json_pack("{s:i,s:i,s:f,s:b}", "signal_bits", r->words[i].signal_bits,
                                        "weight_bits", r->words[i].weight_bits, "per",
                                        r->words[i].per, "accepted", r->words[i].is_accepted));
    const ernn_trial *winner = &r->trials[r->winner < 0 ? 0 : r->winner];
    return json_pack(
        "{s:f,s:i,s:i,s:o,s:i,s:o,s:s,s:s,s:s,s:s,s:s,s:i,s:i,s:i,s:{s:i,s:i,s:i,s:i,s:i}}",
        "requirement", r->requirement, "block_low", r->block_low, "block_high", r->block_high,
        "trials", trials, "winner", r->winner, "words", words, "model", winner->model, "dense",
        winner->dense_model, "spec", winner->spec, "blocks", winner->blocks, "device",
        r->design.device ? r->design.device->name : "", "signal_bits", r->design.signal_bits,
        "weight_bits", r->design.weight_bits, "pes", r->design.pes, "modelled", "lut", r->cost.lut,
        "ff", r->cost.ff, "dsp", r->cost.dsp, "bram", r->cost.bram, "cycles_per_frame",
        r->cost.cycles_per_frame);
}

static void print_table(const explore_arguments *a, const ernn_explore_result *r)
{
    printf("Phase I: PER on the development set must stay at or below %.2f %%\n", r->requirement);
    printf("  block sizes from %d (memory of %s) to %d (computation)\n\n", r->block_low,
           a->device->name, r->block_high);
    printf("  %-24s %-36s %9s %11s  %s\n", "network", "blocks", "PER", "parameters", "decision");
    for (int i = 0; i < r->n_trials; i++) {
        const ernn_trial *t = &r->trials[i];
        if (t->is_trained)
            printf("  %-24s %-36s %7.2f %% %11zu  %s%s\n", t->spec, t->blocks, t->per,
                   t->parameters, t->reason, t->is_resumed ? " (found in the folder)" : "");
        else
            printf("  %-24s %-36s %9s %11s  %s\n", t->spec, t->blocks, "-", "-", t->reason);
    }
    if (r->winner < 0 || !r->design.device)
        return;
    printf("\nPhase II: word lengths that cost at most %g points\n", a->options.max_word_loss);
    for (int i = 0; i < r->n_words; i++)
        printf("  %2d-bit weights, %2d-bit signals  %7.2f %%  %s\n", r->words[i].weight_bits,
               r->words[i].signal_bits, r->words[i].per,
               r->words[i].is_accepted ? "kept" : "rejected");
    printf("  %d processing elements on %s (modelled: %d DSP, %d BRAM, %d LUT, %d cycles per "
           "frame)\n",
           r->design.pes, a->device->name, r->cost.dsp, r->cost.bram, r->cost.lut,
           r->cost.cycles_per_frame);
    printf("\nBuild it:\n  ernn quantize %s --data %s --signal-bits %d --weight-bits %d -o "
           "winner.q.safetensors\n  ernn generate winner.q.safetensors --device %s --pes %d -o "
           "accelerator\n  ernn simulate accelerator\n  ernn synth accelerator\n",
           r->trials[r->winner].model, a->data, r->design.signal_bits, r->design.weight_bits,
           a->device->name, r->design.pes);
}

// The table or JSON on stdout and explore.json in the folder. Also after a search without a winner.
static int show(const explore_arguments *a, const ernn_explore_result *r)
{
    json_t *json = result_json(r);
    char *text = json ? json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(json);
    if (!text) {
        fprintf(stderr, "ernn: explore: out of memory\n");
        return ERNN_EXIT_FAILURE;
    }
    char path[1100];
    snprintf(path, sizeof path, "%.1000s/explore.json", a->options.folder);
    const int code = ernn_cli_write(path, text);
    if (a->is_json)
        puts(text);
    else
        print_table(a, r);
    free(text);
    return code;
}

// Both sets with their features; the statistics come from the training set.
static ernn_status load_data(explore_arguments *a, ernn_feature_statistics *statistics,
                             ernn_cli_sets *sets, ernn_error *err)
{
    const ernn_cli_training training = {.data = a->data, .dev = a->dev};
    ernn_model *model = NULL;
    ernn_status status = ernn_model_new(&a->spec, &a->features, a->labels, 0, &model, err);
    if (status == ERNN_OK)
        status = ernn_cli_training_data(&training, model, true, sets, err);
    if (status == ERNN_OK)
        *statistics = *ernn_model_statistics(model);
    ernn_model_free(model);
    return status;
}

static int explore(explore_arguments *a)
{
    ernn_error err = {0};
    ernn_feature_statistics statistics = {0};
    ernn_cli_sets sets = {0};
    ernn_explore_result result = {.winner = -1};
    ernn_cli_progress progress = {0};
    ernn_cli_catch_interrupt();
    a->options.progress = ernn_cli_progress_line;
    a->options.progress_user = &progress;
    a->spec.n_inputs = ernn_features_width(&a->features);
    a->spec.n_labels = ernn_phones_count(a->labels) + 1;
    ernn_status status = load_data(a, &statistics, &sets, &err);
    if (status == ERNN_OK)
        status = ernn_explore(&a->spec, &a->features, &statistics, sets.train, sets.dev, a->device,
                              &a->options, &result, &err);
    ernn_cli_progress_end(&progress);
    ernn_cli_sets_free(&sets);
    int code = ERNN_EXIT_OK;
    if (status == ERNN_OK || (status == ERNN_NO_FIT && result.n_trials))
        code = show(a, &result);
    if (status != ERNN_OK)
        code = ernn_cli_fail(&err);
    if (status == ERNN_STOPPED)
        fprintf(stderr, "ernn: run the same command again to go on from %s\n", a->options.folder);
    return code;
}

int ernn_cli_explore(int argc, char **argv)
{
    explore_arguments a = {.spec = ernn_spec_defaults(),
                           .features = ernn_features_defaults(),
                           .labels = ERNN_PHONES_39,
                           .options = ernn_explore_defaults()};
    const ernn_command command = {"explore",
                                  .help = HELP,
                                  .options = OPTIONS,
                                  .fields = &a,
                                  .more = ernn_training_options,
                                  .more_fields = &a.options.compress,
                                  .without = "method",
                                  .then = set_dense};
    ernn_spec_parse(&a.spec, "lstm:64,64", NULL);
    const int ended = ernn_command_read(&command, argc, argv);
    if (ended >= 0)
        return ended;
    if (optind != argc)
        return ernn_cli_usage("explore", "'%s' is not an option", argv[optind]);
    if (!a.data || !a.device)
        return ernn_cli_usage("explore", "--data and --device are wanted");
    return explore(&a);
}
