// The options of training, once: a table from which ernn train and ernn explore take their command
// lines and help. A new field of ernn_train_options is one line in train_options.c.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_CLI_TRAIN_OPTIONS_H
#define ERNN_CLI_TRAIN_OPTIONS_H

#include "options.h"

// Marks of an option.
enum {
    ERNN_TRAINING_ADMM = 1,    // shapes the compression alone
    ERNN_TRAINING_FREE = 2,    // no result depends on it
    ERNN_TRAINING_NETWORK = 4, // of ernn train: describes the network, as --from does
};

// They set an ernn_train_options; --help-training lists them.
extern const ernn_option ernn_training_options[];

#endif
