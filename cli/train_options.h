// The options of training, once: a table from which ernn train and ernn explore take their command
// lines and help. A new field of ernn_train_options is one line in train_options.c.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_CLI_TRAIN_OPTIONS_H
#define ERNN_CLI_TRAIN_OPTIONS_H

#include "cli.h"

#include <getopt.h>

// getopt's numbers of the table's options start here; a verb's own ones are below.
enum { ERNN_CLI_TRAINING = 0x1000, ERNN_CLI_MAX_OPTIONS = 128 };

// joined[ERNN_CLI_MAX_OPTIONS] = own[] (up to its entry without a name), then the options of
// training that have none of its names, nor the name `without` (may be NULL), then an entry without
// a name.
void ernn_cli_training_join(const struct option *own, const char *without, struct option *joined);

// Takes the value of one of them. False after a usage line.
bool ernn_cli_training_set(const char *verb, int option, const char *text, ernn_train_options *o);

// FIRST:LAST, both in [low, high], the second not below the first. False after a usage line.
bool ernn_cli_range(const char *verb, const char *option, const char *text, double low, double high,
                    double *first, double *second);

// Does the option shape ADMM alone?
bool ernn_cli_training_is_admm(int option);

// All of them with meaning, range and default, to stdout. Returns an exit code.
int ernn_cli_training_help(void);

#endif
