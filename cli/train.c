// ernn train: dense, circulant from the start (C-LSTM), or by ADMM from a dense model (E-RNN).
// SPDX-License-Identifier: Apache-2.0
#include "ranks.h"
#include "train.h"
#include "train_options.h"
#include "verbs.h"

#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

// What the table of training (train_options.c) does not have.
enum {
    OPTION_DATA = 256,
    OPTION_DEV,
    OPTION_SPEC,
    OPTION_FROM,
    OPTION_BLOCKS,
    OPTION_TEACHER,
    OPTION_FEATURES,
    OPTION_STACK,
    OPTION_NORMALISE,
    OPTION_LABELS,
    OPTION_CHECKPOINT,
    OPTION_RESUME,
    OPTION_SPEED,
    OPTION_NOISE_SNR,
    OPTION_SKIP_BAD,
    OPTION_TIMIT,
    OPTION_RECIPE,
    OPTION_RECIPE_SCALE,
    OPTION_PLOT,
    OPTION_JSON,
    OPTION_HELP_TRAINING,
};

static const struct option OPTIONS[] = {
    {"data", required_argument, NULL, OPTION_DATA},
    {"dev", required_argument, NULL, OPTION_DEV},
    {"output", required_argument, NULL, 'o'},
    {"spec", required_argument, NULL, OPTION_SPEC},
    {"from", required_argument, NULL, OPTION_FROM},
    {"blocks", required_argument, NULL, OPTION_BLOCKS},
    {"teacher", required_argument, NULL, OPTION_TEACHER},
    {"features", required_argument, NULL, OPTION_FEATURES},
    {"stack", required_argument, NULL, OPTION_STACK},
    {"normalise", required_argument, NULL, OPTION_NORMALISE},
    {"labels", required_argument, NULL, OPTION_LABELS},
    {"checkpoint", required_argument, NULL, OPTION_CHECKPOINT},
    {"resume", no_argument, NULL, OPTION_RESUME},
    {"speed", required_argument, NULL, OPTION_SPEED},
    {"noise-snr", required_argument, NULL, OPTION_NOISE_SNR},
    {"skip-bad", no_argument, NULL, OPTION_SKIP_BAD},
    {"timit", required_argument, NULL, OPTION_TIMIT},
    {"recipe", required_argument, NULL, OPTION_RECIPE},
    {"recipe-scale", required_argument, NULL, OPTION_RECIPE_SCALE},
    {"plot", required_argument, NULL, OPTION_PLOT},
    {"json", no_argument, NULL, OPTION_JSON},
    {"help", no_argument, NULL, 'h'},
    {"help-training", no_argument, NULL, OPTION_HELP_TRAINING},
    {NULL, 0, NULL, 0},
};

static const char *const RECIPES[] = {"table1", "table2"};

// ---- Options ----

// Options that describe the network and its input: --from brings its own.
static bool set_network(ernn_cli_training *a, int option, const char *text)
{
    static const char *const features[] = {"logmel", "mfcc"};
    static const char *const normalisations[] = {"running", "utterance", "global"};
    ernn_error err = {0};
    int value = 0;
    a->has_network = true;
    switch (option) {
    case OPTION_SPEC:
        if (ernn_spec_parse(&a->spec, text, &err) == ERNN_OK)
            return true;
        ernn_cli_usage("train", "--spec: %s", err.text);
        return false;
    case OPTION_FEATURES:
        if (!ernn_cli_choice("train", "features", text, features, 2, &value))
            return false;
        a->features.kind = (ernn_feature_kind)value;
        a->features.n_deltas = a->features.kind == ERNN_FEATURES_MFCC ? 2 : 0;
        return true;
    case OPTION_STACK:
        return ernn_cli_integer("train", "stack", text, 1, 8, &a->features.n_stacked);
    case OPTION_NORMALISE:
        if (!ernn_cli_choice("train", "normalise", text, normalisations, 3, &value))
            return false;
        a->features.normalisation = (ernn_normalisation)value;
        return true;
    default:
        return ernn_cli_labels("train", text, &a->labels);
    }
}

// A list of speeds; 1 is always among them.
static bool set_speeds(ernn_cli_training *a, const char *text)
{
    char part[20];
    a->n_speeds = 0;
    for (;;) {
        const size_t n = strcspn(text, ",");
        snprintf(part, sizeof part, "%.*s", (int)n, text);
        if (n >= sizeof part || a->n_speeds == ERNN_CLI_MAX_SPEEDS) {
            ernn_cli_usage("train", "--speed: at most %d speeds, like 0.9,1.1",
                           ERNN_CLI_MAX_SPEEDS);
            return false;
        }
        if (!ernn_cli_number("train", "speed", part, 0.5, 2, &a->speeds[a->n_speeds++]))
            return false;
        if (text[n] == '\0')
            return true;
        text += n + 1;
    }
}

static bool set_option(ernn_cli_training *a, int option, const char *text)
{
    switch (option) {
    case OPTION_DATA:
        a->data = text;
        return true;
    case OPTION_DEV:
        a->dev = text;
        return true;
    case 'o':
        a->output = text;
        return true;
    case OPTION_FROM:
        a->from = text;
        return true;
    case OPTION_BLOCKS:
        a->blocks = text;
        return true;
    case OPTION_TEACHER:
        a->teacher = text;
        return true;
    case OPTION_CHECKPOINT:
        snprintf(a->checkpoint, sizeof a->checkpoint, "%s", text);
        return true;
    case OPTION_RESUME:
        a->options.resume = true;
        return true;
    case OPTION_SPEED:
        return set_speeds(a, text);
    case OPTION_NOISE_SNR:
        a->has_noise = true;
        return ernn_cli_range("train", "noise-snr", text, -20, 100, &a->snr_low, &a->snr_high);
    case OPTION_SKIP_BAD:
        a->skip_bad = true;
        return true;
    case OPTION_TIMIT:
        a->timit = text;
        return true;
    case OPTION_RECIPE:
        return ernn_cli_choice("train", "recipe", text, RECIPES, 2, &a->recipe);
    case OPTION_RECIPE_SCALE:
        return ernn_cli_integer("train", "recipe-scale", text, 1, 64, &a->recipe_scale);
    case OPTION_PLOT:
        a->plot = text;
        return true;
    case OPTION_JSON:
        a->is_json = true;
        return true;
    case OPTION_SPEC:
    case OPTION_FEATURES:
    case OPTION_STACK:
    case OPTION_NORMALISE:
    case OPTION_LABELS:
        return set_network(a, option, text);
    default:
        return ernn_cli_training_set("train", option, text, &a->options);
    }
}

static int check_recipe(const ernn_cli_training *a, bool has_spec)
{
    if (!a->timit || a->recipe < 0 || !a->output)
        return ernn_cli_usage("train", "a recipe wants --timit DIR, --recipe and -o FOLDER");
    if (a->data || a->dev || a->from || a->blocks || a->teacher || a->plot || has_spec ||
        a->checkpoint[0] || a->options.method != ERNN_METHOD_DENSE)
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
    if (a->checkpoint[0] == '\0')
        snprintf(a->checkpoint, sizeof a->checkpoint, "%.1000s.checkpoint", a->output);
    a->options.checkpoint = a->checkpoint;
    return ERNN_EXIT_OK;
}

// ---- The model to start from ----

static ernn_status new_model(const ernn_cli_training *a, ernn_model **model, ernn_error *err)
{
    ernn_spec spec = a->spec;
    spec.n_inputs = ernn_features_width(&a->features);
    spec.n_labels = ernn_phones_count(a->labels) + 1;
    return ernn_model_new(&spec, &a->features, a->labels, a->options.seed, model, err);
}

// *structure is what the method has to reach; false in *has_structure when the model has it.
static ernn_status prepare(const ernn_cli_training *a, ernn_model **model, ernn_spec *structure,
                           bool *has_structure, ernn_error *err)
{
    ernn_status status = a->from ? ernn_model_load(a->from, model, err) : new_model(a, model, err);
    if (status != ERNN_OK)
        return status;
    *structure = *ernn_model_spec(*model);
    *has_structure = a->blocks != NULL;
    if (a->blocks)
        status = ernn_spec_parse_blocks(structure, a->blocks, err);
    if (status != ERNN_OK || !a->from || !a->blocks || a->options.method == ERNN_METHOD_ADMM ||
        a->options.method == ERNN_METHOD_PRUNE)
        return status;
    // Circulant from a trained model: its projection, then the k-vectors.
    ernn_model *projected = NULL;
    status = ernn_model_project(*model, structure, &projected, err);
    if (status == ERNN_OK) {
        ernn_model_free(*model);
        *model = projected;
        *has_structure = false;
    }
    return status;
}

// ---- Running ----

// Whole numbers of `done` are epochs that are complete: their lines stay.
bool ernn_cli_training_progress_line(void *user, double done, double total, const char *text)
{
    ernn_cli_training_progress *p = user;
    const bool is_terminal = isatty(STDERR_FILENO);
    const bool is_whole = done == floor(done);
    if (p->line.started == 0) {
        p->line.started = ernn_cli_seconds();
        p->first = is_whole ? done - 1 : floor(done);
    }
    // Without a terminal epochs alone are worth a line, with one each of them keeps its line.
    p->line.is_quiet = !is_whole && !is_terminal;
    p->line.last = is_whole ? -1e9 : p->line.last;
    const bool go_on = ernn_cli_progress_line(&p->line, done - p->first, total - p->first, text);
    if (is_whole && is_terminal)
        fputc('\n', stderr);
    return go_on;
}

static void print_summary(const ernn_cli_training *a, const ernn_train_report *r)
{
    printf("%s: best epoch %d of %d", a->output, r->best_epoch, r->n_epochs);
    if (r->best_dev_per >= 0)
        printf(", dev PER %.2f %%", r->best_dev_per);
    printf("\n");
    if (r->n_residuals > 0 && r->per_projected >= 0)
        printf("dev PER right after the projection, before fine-tuning: %.2f %%\n",
               r->per_projected);
    if (r->per_rounded >= 0)
        printf("dev PER with the weights rounded to %d bits, before quantization-aware training: "
               "%.2f %%\n",
               a->options.weight_bits, r->per_rounded);
    for (int i = 0; i < r->n_residuals; i++)
        printf("residual %-16s %.5f\n", r->residuals[i].name, r->residuals[i].value);
}

static int write_log(const ernn_cli_training *a, const ernn_train_report *report, bool is_done)
{
    char path[1100];
    char *log = ernn_cli_training_log(report, is_done);
    snprintf(path, sizeof path, "%.1000s.log.json", a->output);
    const int code = log ? ernn_cli_write(path, log) : ERNN_EXIT_FAILURE;
    free(log);
    return code;
}

// A log that cannot be written has said so; training goes on.
static void log_epoch(void *user, const ernn_train_report *report)
{
    write_log(user, report, false);
}

// Model, log and result of a training that ended well, or of one that diverged after some epochs.
static int save_results(const ernn_cli_training *a, const ernn_model *trained,
                        const ernn_train_report *report, ernn_error *err)
{
    if (ernn_model_save(trained, a->output, err) != ERNN_OK)
        return ernn_cli_fail(err);
    const int code = write_log(a, report, true);
    if (code != ERNN_EXIT_OK || !a->is_json) {
        print_summary(a, report);
        return code;
    }
    json_t *json = ernn_cli_training_json(report);
    const int failed = json_dumpf(json, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    json_decref(json);
    return failed ? ERNN_EXIT_FAILURE : puts("") < 0;
}

// What a killed process left of a checkpoint that it was writing.
static void remove_half_written(const char *checkpoint)
{
    char pattern[1200];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s.tmp[0-9]*", checkpoint);
    if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        unlink(found.gl_pathv[i]);
    globfree(&found);
}

static int finish(const ernn_cli_training *a, ernn_status status, const ernn_model *trained,
                  const ernn_train_report *report, ernn_error *err)
{
    if (report->n_unfit > 0)
        fprintf(stderr,
                "ernn: %d utterances have fewer frames than their labels need and were left out, "
                "the first is %s\n",
                report->n_unfit, report->first_unfit);
    if (status == ERNN_STOPPED)
        fprintf(stderr, "ernn: the work so far is in %s; the same command with --resume goes on\n",
                a->checkpoint);
    if (status != ERNN_OK) {
        ernn_cli_fail(err);
        if (trained && save_results(a, trained, report, err) == ERNN_EXIT_OK)
            fprintf(stderr, "ernn: the best epoch so far is in %s\n", a->output);
        return ERNN_EXIT_FAILURE;
    }
    const int code = save_results(a, trained, report, err);
    if (code == ERNN_EXIT_OK) {
        unlink(a->checkpoint);
        remove_half_written(a->checkpoint);
    }
    return code;
}

// The plot of a training that ended in `code`, well or not; a missing gnuplot costs the plot alone.
static int draw(const ernn_cli_training *a, ernn_status status, const ernn_train_report *report,
                int code)
{
    ernn_error err = {0};
    if (!a->plot || report->n_epochs == 0 || status == ERNN_STOPPED)
        return code;
    return ernn_cli_training_plot(report, a->plot, &err) == ERNN_OK ? code : ernn_cli_fail(&err);
}

static int run(ernn_cli_training *a)
{
    ernn_error err = {0};
    ernn_model *model = NULL;
    ernn_model *teacher = NULL;
    ernn_model *trained = NULL;
    ernn_cli_sets sets = {0};
    ernn_spec structure;
    bool has_structure = false;
    ernn_train_report report = {0};
    ernn_cli_training_progress progress = {0};
    int code;
    ernn_status status = prepare(a, &model, &structure, &has_structure, &err);
    if (status == ERNN_OK && a->teacher)
        status = ernn_model_load(a->teacher, &teacher, &err);
    a->options.teacher = teacher;
    if (status == ERNN_OK)
        status = ernn_cli_training_data(a, model, !a->from, &sets, &err);
    a->options.variants = (const ernn_sequences *const *)sets.variants;
    a->options.n_variants = sets.n_variants;
    status = ernn_comm_agree(a->options.comm, status, &err);
    if (status == ERNN_OK) {
        a->options.progress = ernn_cli_training_progress_line;
        a->options.progress_user = &progress;
        if (ernn_comm_rank(a->options.comm) == 0) {
            ernn_cli_training_start(&structure);
            a->options.on_epoch = log_epoch;
            a->options.on_epoch_user = a;
        }
        ernn_cli_catch_interrupt();
        ernn_cli_ranks_catch_end(a->options.comm, a->checkpoint);
        status = ernn_train(model, has_structure ? &structure : NULL, sets.train, sets.dev,
                            &a->options, &trained, &report, &err);
        code = status == ERNN_OK ? ERNN_EXIT_OK : ERNN_EXIT_FAILURE;
        if (ernn_comm_rank(a->options.comm) == 0)
            code = draw(a, status, &report, finish(a, status, trained, &report, &err));
    } else
        code = ernn_cli_fail(&err);
    ernn_train_report_free(&report);
    ernn_cli_sets_free(&sets);
    ernn_model_free(model);
    ernn_model_free(teacher);
    ernn_model_free(trained);
    return code;
}

// Every option that shapes a recipe's results, one a line, in the order given.
static void note_option(ernn_cli_training *a, const struct option *options, int option,
                        const char *text)
{
    static const char *const free_ones[] = {"output",
                                            "json",
                                            "threads",
                                            "resume",

                                            "checkpoint-minutes",
                                            "checkpoint-updates"};
    const size_t used = strlen(a->recipe_options);
    while (options->name && options->val != option)
        options++;
    for (size_t i = 0; options->name && i < sizeof free_ones / sizeof *free_ones; i++)
        if (strcmp(options->name, free_ones[i]) == 0)
            return;
    if (options->name)
        snprintf(a->recipe_options + used, sizeof a->recipe_options - used, "%s %s\n",
                 options->name, text ? text : "");
}

static int parse_and_run(ernn_cli_training *a, int argc, char **argv)
{
    struct option options[ERNN_CLI_MAX_OPTIONS];
    bool has_spec = false;
    ernn_cli_training_join(OPTIONS, NULL, options);
    int option;
    while ((option = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
        if (option == 'h')
            return fputs(HELP, stdout) < 0;
        if (option == OPTION_HELP_TRAINING)
            return ernn_cli_training_help();
        if (!set_option(a, option, optarg))
            return ERNN_EXIT_USAGE;
        has_spec = has_spec || option == OPTION_SPEC;
        note_option(a, options, option, optarg);
    }
    if (optind < argc)
        return ernn_cli_usage("train", "'%s' is one argument too many", argv[optind]);
    if (a->timit || a->recipe >= 0) {
        const int wrong = check_recipe(a, has_spec);
        return wrong != ERNN_EXIT_OK ? wrong : ernn_cli_train_recipe(a);
    }
    const int code = check(a);
    return code == ERNN_EXIT_OK ? run(a) : code;
}

int ernn_cli_train(int argc, char **argv)
{
    ernn_cli_training a = {.spec = ernn_spec_defaults(),
                           .features = ernn_features_defaults(),
                           .labels = ERNN_PHONES_39,
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
