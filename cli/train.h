// Parts of ernn train: what the command line asked for, the data and the log.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_CLI_TRAIN_H
#define ERNN_CLI_TRAIN_H

#include "cli.h"

#include <jansson.h>

enum { ERNN_CLI_MAX_SPEEDS = 6, ERNN_CLI_MAX_VARIANTS = 2 * ERNN_CLI_MAX_SPEEDS + 1 };

typedef struct ernn_cli_training {
    const char *data;
    const char *dev; // NULL: held out from `data`
    const char *output;
    const char *from;      // NULL: random parameters
    const char *blocks;    // NULL: all 1
    const char *teacher;   // NULL: none
    char checkpoint[1100]; // its name when none was given
    ernn_spec spec;
    ernn_features features;
    ernn_phone_set labels;
    ernn_train_options options;
    // More forms of the training set: speeds beside 1, and noise in the waveform of each.
    double speeds[ERNN_CLI_MAX_SPEEDS];
    int n_speeds;
    bool has_noise;
    double snr_low; // dB
    double snr_high;
    bool skip_bad;
    bool has_network; // an option that --from would contradict was given
    bool has_spec;    // --spec was
    const char *plot; // SVG, NULL: none
    // The papers' grids: `output` is a folder then.
    const char *timit; // NULL: no recipe
    int recipe;        // 0 table1, 1 table2, -1 none
    int recipe_scale;  // divides every layer's size, for trial runs
    char recipe_options[8192];
    bool is_json;
} ernn_cli_training;

typedef struct ernn_cli_sets {
    ernn_sequences *train;
    ernn_sequences *dev;
    ernn_sequences *variants[ERNN_CLI_MAX_VARIANTS]; // other forms of `train`
    int n_variants;
} ernn_cli_sets;

// Features of all sets with the model's settings, labels folded to its set. `collect`: the model's
// feature statistics are computed from the training set first. Without `dev` every tenth speaker
// (with fewer than twenty: every tenth utterance) of `data` is held out. Says on stderr what
// --skip-bad left out. To be freed also after a failure.
ernn_status ernn_cli_training_data(const ernn_cli_training *training, ernn_model *model,
                                   bool collect, ernn_cli_sets *sets, ernn_error *err);
// The same from corpora that are open.
ernn_status ernn_cli_training_sets(const ernn_cli_training *training, const ernn_corpus *train,
                                   const ernn_corpus *dev, ernn_model *model, bool collect,
                                   ernn_cli_sets *sets, ernn_error *err);
void ernn_cli_sets_free(ernn_cli_sets *sets);

// One line to stderr: the network to be trained, its parameters and what of them is padding.
void ernn_cli_training_start(const ernn_spec *spec);
// Another: the PER on `dev` of the dense model that ADMM or pruning starts from, and a word when it
// has hardly learned.
void ernn_cli_training_note_start(const ernn_model *dense, const ernn_sequences *dev, int threads);

// The log: a line of JSON for each epoch and, when the training `is_done`, one for the result. NULL
// when memory is short; freed by free().
char *ernn_cli_training_log(const ernn_train_report *report, bool is_done);
// The report as one object.
json_t *ernn_cli_training_json(const ernn_train_report *report);

// The progress line of one training; `user` is an ernn_cli_training_progress.
typedef struct ernn_cli_training_progress {
    ernn_cli_progress line;
    double first; // a resumed training starts here, and its time left is counted from there
} ernn_cli_training_progress;
bool ernn_cli_training_progress_line(void *user, double done, double total, const char *text);

// One training, with everything checked; an exit code.
int ernn_cli_train_run(ernn_cli_training *training);

// All trainings of a recipe; an exit code.
int ernn_cli_train_recipe(ernn_cli_training *training);

// Draws loss, learning rate, PER and residuals of the epochs so far into `path` (SVG) with gnuplot.
ernn_status ernn_cli_training_plot(const ernn_train_report *report, const char *path,
                                   ernn_error *err);

#endif
