// ernn corpus: makes a labelled speech corpus where none is at hand. SPDX-License-Identifier:
// Apache-2.0
#include "options.h"
#include "verbs.h"

#include "ernn/synthesis.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char HELP[] =
    "ernn corpus make: a synthetic corpus in TIMIT's layout, with phone and word times\n\n"
    "  ernn corpus make -o FOLDER [options]\n\n"
    "  -o, --output FOLDER  gets TRAIN/ and TEST/, complete or not at all\n"
    "  --sentences N        utterances in TRAIN, each another sentence (default 300)\n"
    "  --test-sentences N   utterances in TEST, none of TRAIN's sentences (default 100)\n"
    "  --speakers N         in TRAIN: voices with own rate, pitch and tract (default 24)\n"
    "  --test-speakers N    in TEST, none of TRAIN's (default 8)\n"
    "  --voices V           flite, espeak or all (default all); both run as programs\n"
    "  --snr DB             noise at least so far below the speech, 10 to 100 (default 30)\n"
    "  --seed N             equal seeds give equal bytes (default 1)\n"
    "  --threads N          utterances in work at once (default: one per core)\n"
    "  --force              replace FOLDER\n"
    "  --json               print the summary as JSON\n\n"
    "Example: ernn corpus make -o corpus --sentences 400 --seed 7\n";

typedef struct corpus_arguments {
    const char *output;
    ernn_synthesis_options options;
    bool is_json;
} corpus_arguments;

#define FIELD(name) OPTION_FIELD(corpus_arguments, name)

static const char *const VOICES[] = {"flite", "espeak", "all", NULL}; // ernn_voices

static const ernn_option OPTIONS[] = {
    {"output", OPTION_TEXT, FIELD(output), .letter = 'o'},
    {"sentences", OPTION_INTEGER, FIELD(options.n_train), 1, 100000},
    {"test-sentences", OPTION_INTEGER, FIELD(options.n_test), 1, 100000},
    {"speakers", OPTION_INTEGER, FIELD(options.n_speakers), 1, 1000},
    {"test-speakers", OPTION_INTEGER, FIELD(options.n_test_speakers), 1, 1000},
    {"voices", OPTION_CHOICE, FIELD(options.voices), .words = VOICES,
     .wanted = "flite, espeak or all"},
    {"snr", OPTION_NUMBER, FIELD(options.snr_db), 10, 100},
    {"seed", OPTION_SEED, FIELD(options.seed), 0, 2147483647},
    {"threads", OPTION_INTEGER, FIELD(options.n_threads), 1, 256},
    {"force", OPTION_FLAG, FIELD(options.force)},
    {"json", OPTION_FLAG, FIELD(is_json)},
    {0}};

// Our espeak-ng program lies beside this one when installed, in the next folder when just built;
// elsewhere PATH finds it.
static void find_espeak_program(char path[4400])
{
    static const char *const PLACES[] = {"", "../voices/"};
    char own[4096];
    const ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    char *slash = NULL;
    if (n > 0) {
        own[n] = 0;
        slash = strrchr(own, '/');
    }
    for (size_t i = 0; slash && i < sizeof PLACES / sizeof *PLACES; i++) {
        snprintf(path, 4400, "%.*s%sernn-espeak-voice", (int)(slash + 1 - own), own, PLACES[i]);
        if (access(path, X_OK) == 0)
            return;
    }
    snprintf(path, 4400, "ernn-espeak-voice");
}

static void print_summary(const corpus_arguments *arguments, const ernn_synthesis_summary *summary,
                          double seconds)
{
    const char *const text_names[2] = {"TRAIN", "TEST"};
    const char *const json_names[2] = {"train", "test"};
    double minutes[2];
    for (int set = 0; set < 2; set++)
        minutes[set] = (double)summary->n_samples[set] / ERNN_SYNTHESIS_RATE_HZ / 60;
    if (!arguments->is_json) {
        for (int set = 0; set < 2; set++)
            printf("%-5s  %d utterances, %d speakers, %.1f minutes, %" PRId64 " phones\n",
                   text_names[set], summary->n_utterances[set], summary->n_speakers[set],
                   minutes[set], summary->n_phones[set]);
        printf("%s made in %.1f s\n", arguments->output, seconds);
        return;
    }
    printf("{\n");
    for (int set = 0; set < 2; set++)
        printf("  \"%s_utterances\": %d,\n  \"%s_speakers\": %d,\n  \"%s_minutes\": %.3f,\n"
               "  \"%s_phones\": %" PRId64 ",\n",
               json_names[set], summary->n_utterances[set], json_names[set],
               summary->n_speakers[set], json_names[set], minutes[set], json_names[set],
               summary->n_phones[set]);
    printf("  \"snr_db\": %g,\n  \"seed\": %" PRIu64 ",\n  \"seconds\": %.2f\n}\n",
           arguments->options.snr_db, arguments->options.seed, seconds);
}

static int make(const corpus_arguments *arguments)
{
    ernn_error err = {0};
    ernn_cli_progress progress = {0};
    ernn_synthesis_summary summary;
    ernn_synthesis_options options = arguments->options;
    char espeak_program[4400];
    find_espeak_program(espeak_program);
    options.espeak_program = espeak_program;
    options.progress = ernn_cli_progress_line;
    options.progress_user = &progress;
    ernn_cli_catch_interrupt();
    const double started = ernn_cli_seconds();
    const ernn_status status = ernn_synthesis_run(arguments->output, &options, &summary, &err);
    ernn_cli_progress_end(&progress);
    if (status != ERNN_OK)
        return ernn_cli_fail(&err);
    print_summary(arguments, &summary, ernn_cli_seconds() - started);
    return ERNN_EXIT_OK;
}

int ernn_cli_corpus(int argc, char **argv)
{
    corpus_arguments arguments = {.options = ernn_synthesis_defaults()};
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(HELP, stdout);
        return ERNN_EXIT_OK;
    }
    if (argc < 2 || strcmp(argv[1], "make") != 0)
        return ernn_cli_usage("corpus", "'%s', 'make' is wanted", argc > 1 ? argv[1] : "");
    argc--;
    argv++;
    const ernn_command command = {"corpus make", .help = HELP, .options = OPTIONS,
                                  .fields = &arguments};
    const int ended = ernn_command_read(&command, argc, argv);
    if (ended >= 0)
        return ended;
    if (optind < argc)
        return ernn_cli_usage("corpus make", "'%s' is one argument too many", argv[optind]);
    if (!arguments.output)
        return ernn_cli_usage("corpus make", "-o FOLDER is missing");
    return make(&arguments);
}
