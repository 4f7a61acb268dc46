// The options of training. SPDX-License-Identifier: Apache-2.0
#include "train_options.h"

#include <stdio.h>

static int print_help(void);

static const char *const METHODS[] = {"dense", "circulant", "admm", "prune", NULL};
static const char *const LOSSES[] = {"ctc", "frame", NULL};
static const char *const OPTIMISERS[] = {"adam", "adamw", "sgd", NULL};
static const char *const SCHEDULES[] = {"one_cycle", "cosine", "plateau", "constant", NULL};
static const char *const TARGETS[] = {"norm", "nearest", NULL};

#define FIELD(name) OPTION_FIELD(ernn_train_options, name)

const ernn_option ernn_training_options[] = {
    {"help-training", OPTION_SHOW, .show = print_help},
    {"method", OPTION_CHOICE, FIELD(method), .words = METHODS,
     .help = "circulant: k-vectors from the start; admm, prune: from a dense model"},
    {"loss", OPTION_CHOICE, FIELD(loss), .words = LOSSES,
     .help = "frame needs phone times (TIMIT)"},
    {"epochs", OPTION_INTEGER, FIELD(n_epochs), 0, 10000,
     .help = "of training; admm: of the fine-tuning; 0 needs --quantize-aware"},
    {"batch", OPTION_INTEGER, FIELD(batch), 1, 256, .help = "utterances in a part of an update"},
    {"parts", OPTION_INTEGER, FIELD(parts), 0, ERNN_MAX_PARTS,
     .help = "batches added up for one update; 0: as many as ranks of mpirun, else 1"},
    {"lr", OPTION_NUMBER, FIELD(learning_rate), 1e-7, 1, .help = "peak of the learning rate"},
    {"clip", OPTION_NUMBER, FIELD(clip_norm), 0, 1e9, .help = "largest gradient norm, 0 = off"},
    {"noise", OPTION_NUMBER, FIELD(noise), 0, 10,
     .help = "deviation of the noise added to features"},
    {"dropout", OPTION_NUMBER, FIELD(dropout), 0, 0.95,
     .help = "on the inputs of layers but the first",
     .preset = "0.3; 0.1 for circulant, admm and prune"},
    {"distillation", OPTION_NUMBER, FIELD(distillation), 0, 1,
     .help = "share of the teacher in the loss, with --teacher"},
    {"time-masks", OPTION_COUNTS, FIELD(time_masks), 0, 20,
     .second = offsetof(ernn_train_options, time_width), .high_second = 1000,
     .help = "stretches of up to WIDTH frames set to the mean"},
    {"frequency-masks", OPTION_COUNTS, FIELD(frequency_masks), 0, 20,
     .second = offsetof(ernn_train_options, frequency_width), .high_second = 128,
     .help = "bands of up to WIDTH filters set to the mean"},
    {"optimiser", OPTION_CHOICE, FIELD(optimiser), .words = OPTIMISERS,
     .help = "adamw: weight decay beside the moments; sgd: with momentum"},
    {"momentum", OPTION_NUMBER, FIELD(momentum), 0, 0.9999, .help = "of sgd"},
    {"nesterov", OPTION_CONSTANT, FIELD(nesterov), 1, .help = "sgd looks ahead"},
    {"weight-decay", OPTION_NUMBER, FIELD(weight_decay), 0, 1, .help = "of matrices"},
    {"schedule", OPTION_CHOICE, FIELD(schedule), .words = SCHEDULES,
     .help = "of the learning rate; plateau halves it when the dev PER stops improving"},
    {"warmup", OPTION_NUMBER, FIELD(warmup), 0, 10000, .help = "epochs of rising learning rate",
     .preset = "one_cycle 0.3 of all, else none"},
    {"patience", OPTION_INTEGER, FIELD(patience), 1, 10000,
     .help = "plateau: epochs without a better dev PER"},
    {"init-scale", OPTION_NUMBER, FIELD(init_scale), 0.01, 100,
     .help = "factor on the first matrices"},
    {"finetune-lr", OPTION_NUMBER, FIELD(finetune_rate), 1e-7, 1, .help = "peak after ADMM",
     .marks = ERNN_TRAINING_ADMM, .preset = "that of --lr"},
    {"finetune-dropout", OPTION_NUMBER, FIELD(finetune_dropout), 0, 0.95, .help = "after ADMM",
     .marks = ERNN_TRAINING_ADMM, .preset = "that of --dropout"},
    {"checkpoint-minutes", OPTION_NUMBER, FIELD(checkpoint_minutes), 0, 1e6,
     .marks = ERNN_TRAINING_FREE,
     .help = "between checkpoints within an epoch, 0 = at its end only"},
    {"checkpoint-updates", OPTION_INTEGER, FIELD(checkpoint_updates), 0, 1e9,
     .marks = ERNN_TRAINING_FREE, .help = "the same in updates, 0 = none"},
    {"seed", OPTION_SEED, FIELD(seed), 0, 2147483647, .help = "of everything random"},
    {"threads", OPTION_INTEGER, FIELD(threads), 0, 1024, .marks = ERNN_TRAINING_FREE,
     .help = "0 = all cores; results do not depend on them"},
    {"prune-epochs", OPTION_INTEGER, FIELD(prune_epochs), 0, 10000,
     .help = "prune: until the density is reached", .marks = ERNN_TRAINING_ADMM},
    {"quantize-aware", OPTION_INTEGER, FIELD(quantize_epochs), 0, 10000,
     .help = "epochs with rounded weights after all others", .marks = ERNN_TRAINING_ADMM},
    {"weight-bits", OPTION_INTEGER, FIELD(weight_bits), 4, 16, .help = "to which they round",
     .marks = ERNN_TRAINING_ADMM},
    {"quantize-lr", OPTION_NUMBER, FIELD(quantize_rate), 1e-9, 1,
     .help = "peak of the learning rate of these epochs", .marks = ERNN_TRAINING_ADMM},
    {"rounds", OPTION_INTEGER, FIELD(admm_rounds), 0, 1000, .help = "of ADMM",
     .marks = ERNN_TRAINING_ADMM},
    {"round-epochs", OPTION_INTEGER, FIELD(admm_epochs), 1, 1000, .help = "in every round",
     .marks = ERNN_TRAINING_ADMM},
    {"rho", OPTION_PAIR, FIELD(admm_rho_first), 1e-9, 1e9,
     .help = "penalty of the first and the last round",
     .second = offsetof(ernn_train_options, admm_rho_last), .marks = ERNN_TRAINING_ADMM},
    {"growth", OPTION_CONSTANT, FIELD(admm_block_growth), 1, .marks = ERNN_TRAINING_ADMM,
     .help = "blocks of 2, 4 ... up to the wanted sizes"},
    {"admm-target", OPTION_CHOICE, FIELD(admm_target), .words = TARGETS,
     .marks = ERNN_TRAINING_ADMM,
     .help = "norm: to circulant matrices of the same norm; nearest: the paper's, smaller ones"},
    {0}};

static int print_help(void)
{
    const ernn_train_options defaults = ernn_train_defaults();
    printf("Options of training (ernn train, ernn explore); equations in docs/math.md\n\n");
    ernn_option_list(ernn_training_options, &defaults);
    return fflush(stdout) != 0;
}
