// The ernn command: finds the verb and hands over. SPDX-License-Identifier: Apache-2.0
#include "cli.h"
#include "verbs.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { N_VERBS = sizeof ERNN_VERBS / sizeof *ERNN_VERBS };

int ernn_cli_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("ernn %s\n", ernn_version());
    return ERNN_EXIT_OK;
}

static void print_help(FILE *to)
{
    fprintf(to, "ernn: recurrent speech networks from audio to silicon\n\n"
                "  ernn <verb> [options]      ernn <verb> --help\n\n");
    for (int i = 0; i < N_VERBS; i++)
        fprintf(to, "  %-10s %s\n", ERNN_VERBS[i].name, ERNN_VERBS[i].purpose);
}

int main(int argc, char **argv)
{
    signal(SIGXFSZ, SIG_IGN); // a file that may not grow is an error of write, with its line
    if (argc < 2) {
        print_help(stderr);
        return ERNN_EXIT_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        print_help(stdout);
        return ERNN_EXIT_OK;
    }
    if (!strcmp(argv[1], "--version"))
        return ernn_cli_version(argc - 1, argv + 1);
    for (int i = 0; i < N_VERBS; i++)
        if (!strcmp(argv[1], ERNN_VERBS[i].name))
            return ERNN_VERBS[i].run(argc - 1, argv + 1);
    fprintf(stderr, "ernn: '%s' is not a verb; see ernn --help\n", argv[1]);
    return ERNN_EXIT_USAGE;
}
