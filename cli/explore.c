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

enum {
    OPTION_DATA = 256,
    OPTION_DEV,
    OPTION_DEVICE,
    OPTION_SPEC,
    OPTION_MAX_LOSS,
    OPTION_MAX_PER,
    OPTION_MAX_WORD_LOSS,
    OPTION_SHARE,
    OPTION_TRAININGS,
    OPTION_EPOCHS,
    OPTION_FINETUNE,
    OPTION_LR,
    OPTION_ADMM_LR,
    OPTION_LABELS,
    OPTION_JSON,
    OPTION_HELP_TRAINING,
};

static const struct option OPTIONS[] = {
    {"data", required_argument, NULL, OPTION_DATA},
    {"dev", required_argument, NULL, OPTION_DEV},
    {"device", required_argument, NULL, OPTION_DEVICE},
    {"spec", required_argument, NULL, OPTION_SPEC},
    {"max-loss", required_argument, NULL, OPTION_MAX_LOSS},
    {"max-per", required_argument, NULL, OPTION_MAX_PER},
    {"max-word-loss", required_argument, NULL, OPTION_MAX_WORD_LOSS},
    {"share", required_argument, NULL, OPTION_SHARE},
    {"trainings", required_argument, NULL, OPTION_TRAININGS},
    {"folder", required_argument, NULL, 'o'},
    {"epochs", required_argument, NULL, OPTION_EPOCHS},
    {"finetune", required_argument, NULL, OPTION_FINETUNE},
    {"lr", required_argument, NULL, OPTION_LR},
    {"admm-lr", required_argument, NULL, OPTION_ADMM_LR},
    {"labels", required_argument, NULL, OPTION_LABELS},
    {"json", no_argument, NULL, OPTION_JSON},
    {"help", no_argument, NULL, 'h'},
    {"help-training", no_argument, NULL, OPTION_HELP_TRAINING},
    {NULL, 0, NULL, 0}};

static bool set_device(explore_arguments *a, const char *name)
{
    a->device = ernn_device_find(name);
    if (a->device)
        return true;
    size_t n;
    const ernn_device *devices = ernn_devices(&n);
    char known[300] = "";
    for (size_t i = 0; i < n; i++)
        snprintf(known + strlen(known), sizeof known - strlen(known), " %s", devices[i].name);
    ernn_cli_usage("explore", "--device: '%s' is not known; known are%s", name, known);
    return false;
}

static bool set_spec(explore_arguments *a, const char *text)
{
    ernn_error err = {0};
    if (ernn_spec_parse(&a->spec, text, &err) == ERNN_OK)
        return true;
    ernn_cli_usage("explore", "--spec: %s", err.text);
    return false;
}

// An option of the table of training counts for the dense phase and for the compression.
static bool set_training(explore_arguments *a, int option, const char *text)
{
    return ernn_cli_training_set("explore", option, text, &a->options.compress) &&
           (ernn_cli_training_is_admm(option) ||
            ernn_cli_training_set("explore", option, text, &a->options.dense));
}

static bool set_option(explore_arguments *a, int option, const char *text)
{
    ernn_explore_options *o = &a->options;
    switch (option) {
    case OPTION_DATA:
        a->data = text;
        return true;
    case OPTION_DEV:
        a->dev = text;
        return true;
    case OPTION_DEVICE:
        return set_device(a, text);
    case OPTION_SPEC:
        return set_spec(a, text);
    case OPTION_LABELS:
        return ernn_cli_labels("explore", text, &a->labels);
    case 'o':
        o->folder = text;
        return true;
    case OPTION_JSON:
        a->is_json = true;
        return true;
    case OPTION_MAX_LOSS:
        return ernn_cli_number("explore", "max-loss", text, 0, 100, &o->max_loss);
    case OPTION_MAX_PER:
        return ernn_cli_number("explore", "max-per", text, 0, 100, &o->max_per);
    case OPTION_MAX_WORD_LOSS:
        return ernn_cli_number("explore", "max-word-loss", text, 0, 100, &o->max_word_loss);
    case OPTION_SHARE:
        return ernn_cli_number("explore", "share", text, 0.01, 1, &o->share);
    case OPTION_TRAININGS:
        return ernn_cli_integer("explore", "trainings", text, 1, 10, &o->max_trainings);
    case OPTION_EPOCHS:
        return ernn_cli_integer("explore", "epochs", text, 1, 10000, &o->dense.n_epochs);
    case OPTION_FINETUNE:
        return ernn_cli_integer("explore", "finetune", text, 1, 10000, &o->compress.n_epochs);
    case OPTION_LR:
        return ernn_cli_number("explore", "lr", text, 1e-7, 1, &o->dense.learning_rate);
    case OPTION_ADMM_LR:
        return ernn_cli_number("explore", "admm-lr", text, 1e-7, 1, &o->compress.learning_rate);
    default:
        return set_training(a, option, text);
    }
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
    if (!set_spec(&a, "lstm:64,64"))
        return ERNN_EXIT_USAGE;
    struct option options[ERNN_CLI_MAX_OPTIONS];
    ernn_cli_training_join(OPTIONS, "method", options);
    int option;
    while ((option = getopt_long(argc, argv, "ho:", options, NULL)) != -1) {
        if (option == 'h')
            return fputs(HELP, stdout) < 0;
        if (option == OPTION_HELP_TRAINING)
            return ernn_cli_training_help();
        if (!set_option(&a, option, optarg))
            return ERNN_EXIT_USAGE;
    }
    if (optind != argc)
        return ernn_cli_usage("explore", "'%s' is not an option", argv[optind]);
    if (!a.data || !a.device)
        return ernn_cli_usage("explore", "--data and --device are wanted");
    return explore(&a);
}
