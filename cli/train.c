// ernn train: dense, circulant from the start (C-LSTM), or by ADMM from a dense model (E-RNN).
// SPDX-License-Identifier: Apache-2.0
#include "ranks.h"
#include "train.h"
#include "train_options.h"
#include "verbs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char HELP[] =
    "ernn train: a network from labelled speech\n\n"
    "  ernn train --data CORPUS [--dev CORPUS] -o MODEL [options]\n\n"
    "  --method dense|circulant|admm|prune   circulant: k-vectors from the start; admm: from a "
    "dense\n"
    "                     model to blocks; prune: from a dense model to sparse matrices\n"
    "  --spec TEXT        gru:256,256 (default), lstm:1024p512,1024p512+peephole\n"
    "  --from MODEL       start from its parameters, features and labels (admm, prune: must be "
    "dense)\n"
    "  --blocks TEXT      8, or input=16,recurrent=8,projection=8, or by matrix:\n"
    "                     layer0.input=16,layer1.W_ir=4; k or sparse:PEs:density\n"
    "                     the output layer is dense unless named: 8,output=8\n"
    "  --teacher MODEL    learn its posteriors too, as much as --distillation says\n"
    "  --epochs N --batch N --lr R --dropout R --rounds N --rho FIRST:LAST ...\n"
    "                     how to train: ernn train --help-training lists them all\n"
    "  --quantize-aware N --weight-bits N   last of all, N epochs with the weights rounded as\n"
    "                     ernn quantize rounds them; with --from and --epochs 0 only this\n"
    "  --features logmel|mfcc --stack N --normalise running|utterance|global --labels 39|48|61\n"
    "  --speed 0.9,1.1 --noise-snr LOW:HIGH   more forms of the audio; --skip-bad  what is "
    "unreadable\n"
    "  --checkpoint FILE  default MODEL.checkpoint; --resume continues from it, bit for bit\n"
    "  --seed N --threads N    the result does not depend on the threads\n"
    "  --plot FILE.svg    draw loss, PER and residuals (gnuplot); --json  the log as one object\n\n"
    "--timit DIR --recipe table1|table2 -o FOLDER   the papers' grids; resumes; --recipe-scale N\n"
    "divides the layers and takes an incomplete TIMIT, for trial runs.\n"
    "mpirun -np N ernn train ... shares every update of N parts out over N processes.\n"
    "CORPUS is a TIMIT tree or a Kaldi folder; without --dev every tenth speaker is held out. The\n"
    "log goes to MODEL.log.json, a line per epoch.\n\n"
    "Example: ernn train --data an4/train --dev an4/dev -o dense.safetensors\n"
    "         ernn train --method admm --from dense.safetensors --blocks 8 --data an4/train \\\n"
    "             --dev an4/dev -o circulant.safetensors\n";

// A list of speeds; 1 is always among them.
static bool set_speeds(const char *verb, const char *text, void *training)
{
    ernn_cli_training *a = training;
    char part[20];
    a->n_speeds = 0;
    for (;;) {
        const size_t n = strcspn(text, ",");
        snprintf(part, sizeof part, "%.*s", (int)n, text);
        if (n >= sizeof part || a->n_speeds == ERNN_CLI_MAX_SPEEDS) {
            ernn_cli_usage(verb, "--speed: at most %d speeds, like 0.9,1.1", ERNN_CLI_MAX_SPEEDS);
            return false;
        }
        if (!ernn_cli_number(verb, "speed", part, 0.5, 2, &a->speeds[a->n_speeds++]))
            return false;
        if (text[n] == '\0')
            return true;
        text += n + 1;
    }
}

static const char *const FEATURES[] = {"logmel", "mfcc", NULL};
static const char *const NORMALISATIONS[] = {"running", "utterance", "global", NULL};
static const char *const RECIPES[] = {"table1", "table2", NULL};

#define FIELD(name) OPTION_FIELD(ernn_cli_training, name)

// What the table of training (train_options.c) does not have.
static const ernn_option OPTIONS[] = {
    {"data", OPTION_TEXT, FIELD(data)},
    {"dev", OPTION_TEXT, FIELD(dev)},
    {"output", OPTION_TEXT, FIELD(output), .letter = 'o', .marks = ERNN_TRAINING_FREE},
    {"spec", OPTION_CALL, FIELD(spec), .take = ernn_option_spec, .marks = ERNN_TRAINING_NETWORK},
    {"from", OPTION_TEXT, FIELD(from)},
    {"blocks", OPTION_TEXT, FIELD(blocks)},
    {"teacher", OPTION_TEXT, FIELD(teacher)},
    {"features", OPTION_CHOICE, FIELD(features.kind), .words = FEATURES,
     .marks = ERNN_TRAINING_NETWORK},
    {"stack", OPTION_INTEGER, FIELD(features.n_stacked), 1, 8, .marks = ERNN_TRAINING_NETWORK},
    {"normalise", OPTION_CHOICE, FIELD(features.normalisation), .words = NORMALISATIONS,
     .marks = ERNN_TRAINING_NETWORK},
    {"labels", OPTION_CHOICE, FIELD(labels), .words = ernn_option_labels,
     .marks = ERNN_TRAINING_NETWORK},
    {"checkpoint", OPTION_TEXT, FIELD(options.checkpoint)},
    {"resume", OPTION_FLAG, FIELD(options.resume), .marks = ERNN_TRAINING_FREE},
    {"speed", OPTION_CALL, .take = set_speeds},
    {"noise-snr", OPTION_PAIR, FIELD(snr_low), -20, 100,
     .second = offsetof(ernn_cli_training, snr_high)},
    {"skip-bad", OPTION_FLAG, FIELD(skip_bad)},
    {"timit", OPTION_TEXT, FIELD(timit)},
    {"recipe", OPTION_CHOICE, FIELD(recipe), .words = RECIPES},
    {"recipe-scale", OPTION_INTEGER, FIELD(recipe_scale), 1, 64},
    {"plot", OPTION_TEXT, FIELD(plot)},
    {"json", OPTION_FLAG, FIELD(is_json), .marks = ERNN_TRAINING_FREE},
    {0}};

// ---- Checks ----

static int check_recipe(const ernn_cli_training *a)
{
    if (!a->timit || a->recipe < 0 || !a->output)
        return ernn_cli_usage("train", "a recipe wants --timit DIR, --recipe and -o FOLDER");
    if (a->data || a->dev || a->from || a->blocks || a->teacher || a->plot || a->has_spec ||
        a->options.checkpoint || a->options.method != ERNN_METHOD_DENSE)
        return ernn_cli_usage("train", "a recipe brings its own --data, --dev, --spec, --from, "
                                       "--blocks, --teacher, --method and --checkpoint");
    if (ernn_comm_size(a->options.comm) > 1)
        return ernn_cli_usage("train", "a recipe runs in one process");
    return ERNN_EXIT_OK;
}

// What is missing or contradicts itself; an exit code.
static int check(ernn_cli_training *a)
{
    const ernn_method method = a->options.method;
    if (!a->data || !a->output)
        return ernn_cli_usage("train", "--data and -o are wanted");
    const bool is_two = method == ERNN_METHOD_ADMM || method == ERNN_METHOD_PRUNE;
    if (is_two && !a->from)
        return ernn_cli_usage("train",
                              "--method admm and prune start from a dense model: give --from");
    if (method != ERNN_METHOD_DENSE && !a->blocks && !a->from)
        return ernn_cli_usage("train", "block sizes are wanted: give --blocks");
    if (is_two && !a->blocks)
        return ernn_cli_usage("train", "block sizes are wanted: give --blocks");
    if (method == ERNN_METHOD_DENSE && a->blocks)
        return ernn_cli_usage("train", "--blocks needs --method circulant, admm or prune");
    if (a->from && a->has_network)
        return ernn_cli_usage("train", "--spec, --features, --stack, --normalise and --labels come "
                                       "from the model given with --from");
    if (!a->options.checkpoint || !*a->options.checkpoint) {
        snprintf(a->checkpoint, sizeof a->checkpoint, "%.1000s.checkpoint", a->output);
        a->options.checkpoint = a->checkpoint;
    }
    return ERNN_EXIT_OK;
}

// ---- The verb ----

// What was given: a network, which --from contradicts, and every option that shapes a recipe's
// results, one a line, in the order given.
static bool note(void *fields, const void *set, const ernn_option *o, const char *text)
{
    (void)set;
    ernn_cli_training *a = fields;
    const size_t used = strlen(a->recipe_options);
    a->has_network = a->has_network || o->marks & ERNN_TRAINING_NETWORK;
    a->has_spec = a->has_spec || strcmp(o->name, "spec") == 0;
    if (!(o->marks & ERNN_TRAINING_FREE))
        snprintf(a->recipe_options + used, sizeof a->recipe_options - used, "%s %s\n", o->name,
                 text ? text : "");
    return true;
}

static int parse_and_run(ernn_cli_training *a, int argc, char **argv)
{
    const ernn_command command = {"train",
                                  .help = HELP,
                                  .options = OPTIONS,
                                  .fields = a,
                                  .more = ernn_training_options,
                                  .more_fields = &a->options,
                                  .then = note};
    const int ended = ernn_command_read(&command, argc, argv);
    if (ended >= 0)
        return ended;
    a->features.n_deltas = a->features.kind == ERNN_FEATURES_MFCC ? 2 : 0;
    a->has_noise = a->snr_low < INFINITY;
    if (optind < argc)
        return ernn_cli_usage("train", "'%s' is one argument too many", argv[optind]);
    if (a->timit || a->recipe >= 0) {
        const int wrong = check_recipe(a);
        return wrong != ERNN_EXIT_OK ? wrong : ernn_cli_train_recipe(a);
    }
    const int code = check(a);
    return code == ERNN_EXIT_OK ? ernn_cli_train_run(a) : code;
}

int ernn_cli_train(int argc, char **argv)
{
    ernn_cli_training a = {.spec = ernn_spec_defaults(),
                           .features = ernn_features_defaults(),
                           .labels = ERNN_PHONES_39,
                           .snr_low = INFINITY,
                           .recipe = -1,
                           .recipe_scale = 1,
                           .options = ernn_train_defaults()};
    ernn_spec_parse(&a.spec, "gru:256,256", NULL);
    int code = ernn_cli_ranks_join(&a.options.comm);
    if (code == ERNN_EXIT_OK)
        code = parse_and_run(&a, argc, argv);
    ernn_comm_free(a.options.comm);
    return code;
}
