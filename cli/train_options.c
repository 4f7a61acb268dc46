// The options of training. SPDX-License-Identifier: Apache-2.0
#include "train_options.h"

#include <stdio.h>
#include <string.h>

// What a value looks like. PAIR is LOW:HIGH in two fields, the second not below the first;
// COUNTS is N:WIDTH in two ints, the width from 1 to `high`.
typedef enum kind { FLAG, INTEGER, NUMBER, PAIR, COUNTS, CHOICE, SEED } kind;

typedef struct entry {
    const char *name;
    kind kind;
    size_t field; // int for FLAG, INTEGER, CHOICE; double for NUMBER, PAIR; uint64_t for SEED
    double low;
    double high;
    const char *help;
    size_t second;            // PAIR, COUNTS
    double high_second;       // COUNTS
    const char *const *words; // CHOICE: a list that ends with NULL, in the order of the enum
    bool is_admm;             // of the compression: ernn explore keeps it from its dense networks
    const char *preset;       // the default in words, when the number does not say it
} entry;

static const char *const METHODS[] = {"dense", "circulant", "admm", "prune", NULL};
static const char *const LOSSES[] = {"ctc", "frame", NULL};

static const char *const OPTIMISERS[] = {"adam", "adamw", "sgd", NULL};
static const char *const SCHEDULES[] = {"one_cycle", "cosine", "plateau", "constant", NULL};

#define FIELD(name) offsetof(ernn_train_options, name)

static const entry TABLE[] = {
    {"method", CHOICE, FIELD(method), .words = METHODS,
     .help = "circulant: k-vectors from the start; admm, prune: from a dense model"},
    {"loss", CHOICE, FIELD(loss), .words = LOSSES, .help = "frame needs phone times (TIMIT)"},
    {"epochs", INTEGER, FIELD(n_epochs), 0, 10000,
     .help = "of training; admm: of the fine-tuning; 0 needs --quantize-aware"},
    {"batch", INTEGER, FIELD(batch), 1, 256, .help = "utterances in a part of an update"},
    {"parts", INTEGER, FIELD(parts), 0, ERNN_MAX_PARTS,
     .help = "batches added up for one update; 0: as many as ranks of mpirun, else 1"},
    {"lr", NUMBER, FIELD(learning_rate), 1e-7, 1, .help = "peak of the learning rate"},
    {"clip", NUMBER, FIELD(clip_norm), 0, 1e9, .help = "largest gradient norm, 0 = off"},
    {"noise", NUMBER, FIELD(noise), 0, 10, .help = "deviation of the noise added to features"},
    {"dropout", NUMBER, FIELD(dropout), 0, 0.95, .help = "on the inputs of layers but the first",
     .preset = "0.3; 0.1 for circulant, admm and prune"},
    {"distillation", NUMBER, FIELD(distillation), 0, 1,
     .help = "share of the teacher in the loss, with --teacher"},
    {"time-masks", COUNTS, FIELD(time_masks), 0, 20, .second = FIELD(time_width),
     .high_second = 1000, .help = "stretches of up to WIDTH frames set to the mean"},
    {"frequency-masks", COUNTS, FIELD(frequency_masks), 0, 20, .second = FIELD(frequency_width),
     .high_second = 128, .help = "bands of up to WIDTH filters set to the mean"},
    {"optimiser", CHOICE, FIELD(optimiser), .words = OPTIMISERS,
     .help = "adamw: weight decay beside the moments; sgd: with momentum"},
    {"momentum", NUMBER, FIELD(momentum), 0, 0.9999, .help = "of sgd"},
    {"nesterov", FLAG, FIELD(nesterov), .help = "sgd looks ahead"},
    {"weight-decay", NUMBER, FIELD(weight_decay), 0, 1, .help = "of matrices"},
    {"schedule", CHOICE, FIELD(schedule), .words = SCHEDULES,
     .help = "of the learning rate; plateau halves it when the dev PER stops improving"},
    {"warmup", NUMBER, FIELD(warmup), 0, 10000, .help = "epochs of rising learning rate",
     .preset = "one_cycle 0.3 of all, else none"},
    {"patience", INTEGER, FIELD(patience), 1, 10000,
     .help = "plateau: epochs without a better dev PER"},
    {"init-scale", NUMBER, FIELD(init_scale), 0.01, 100, .help = "factor on the first matrices"},
    {"finetune-lr", NUMBER, FIELD(finetune_rate), 1e-7, 1, .help = "peak after ADMM",
     .is_admm = true, .preset = "that of --lr"},
    {"finetune-dropout", NUMBER, FIELD(finetune_dropout), 0, 0.95, .help = "after ADMM",
     .is_admm = true, .preset = "that of --dropout"},
    {"checkpoint-minutes", NUMBER, FIELD(checkpoint_minutes), 0, 1e6,
     .help = "between checkpoints within an epoch, 0 = at its end only"},
    {"checkpoint-updates", INTEGER, FIELD(checkpoint_updates), 0, 1e9,
     .help = "the same in updates, 0 = none"},
    {"seed", SEED, FIELD(seed), 0, 2147483647, .help = "of everything random"},
    {"threads", INTEGER, FIELD(threads), 0, 1024,
     .help = "0 = all cores; results do not depend on them"},
    {"prune-epochs", INTEGER, FIELD(prune_epochs), 0, 10000,
     .help = "prune: until the density is reached", .is_admm = true},
    {"quantize-aware", INTEGER, FIELD(quantize_epochs), 0, 10000,
     .help = "epochs with rounded weights after all others", .is_admm = true},
    {"weight-bits", INTEGER, FIELD(weight_bits), 4, 16, .help = "to which they round",
     .is_admm = true},
    {"quantize-lr", NUMBER, FIELD(quantize_rate), 1e-9, 1,
     .help = "peak of the learning rate of these epochs", .is_admm = true},
    {"rounds", INTEGER, FIELD(admm_rounds), 0, 1000, .help = "of ADMM", .is_admm = true},
    {"round-epochs", INTEGER, FIELD(admm_epochs), 1, 1000, .help = "in every round",
     .is_admm = true},
    {"rho", PAIR, FIELD(admm_rho_first), 1e-9, 1e9,
     .help = "penalty of the first and the last round", .second = FIELD(admm_rho_last),
     .is_admm = true},
    {"growth", FLAG, FIELD(admm_block_growth), .is_admm = true,
     .help = "blocks of 2, 4 ... up to the wanted sizes"},
};

enum { N_TABLE = sizeof TABLE / sizeof TABLE[0] };

static const entry *find(int option)
{
    const int index = option - ERNN_CLI_TRAINING;
    return index >= 0 && index < N_TABLE ? &TABLE[index] : NULL;
}

static bool has_name(const struct option *options, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(options[i].name, name) == 0)
            return true;
    return false;
}

void ernn_cli_training_join(const struct option *own, const char *without, struct option *joined)
{
    size_t n = 0;
    for (; own[n].name; n++)
        joined[n] = own[n];
    const size_t n_own = n;
    for (int i = 0; i < N_TABLE && n + 1 < ERNN_CLI_MAX_OPTIONS; i++)
        if (!has_name(own, n_own, TABLE[i].name) &&
            (!without || strcmp(without, TABLE[i].name) != 0))
            joined[n++] = (struct option){TABLE[i].name,
                                          TABLE[i].kind == FLAG ? no_argument : required_argument,
                                          NULL, ERNN_CLI_TRAINING + i};
    joined[n] = (struct option){0};
}

bool ernn_cli_training_is_admm(int option)
{
    const entry *e = find(option);
    return e && e->is_admm;
}

// ---- Values ----

// Splits at the colon: part[40] has what is before it, the result is what is after. NULL after a
// usage line.
static const char *split(const char *verb, const char *name, const char *form, const char *text,
                         char *part)
{
    const char *colon = strchr(text, ':');
    if (!colon || colon - text >= 40) {
        ernn_cli_usage(verb, "--%s: '%s', two numbers %s are wanted", name, text, form);
        return NULL;
    }
    memcpy(part, text, (size_t)(colon - text));
    part[colon - text] = '\0';
    return colon + 1;
}

bool ernn_cli_range(const char *verb, const char *option, const char *text, double low, double high,
                    double *first, double *second)
{
    char part[40];
    const char *rest = split(verb, option, "FIRST:LAST", text, part);
    return rest && ernn_cli_number(verb, option, part, low, high, first) &&
           ernn_cli_number(verb, option, rest, *first, high, second);
}

static bool set_counts(const char *verb, const entry *e, const char *text, int *count, int *width)
{
    char part[40];
    const char *rest = split(verb, e->name, "N:WIDTH", text, part);
    return rest && ernn_cli_integer(verb, e->name, part, (long)e->low, (long)e->high, count) &&
           ernn_cli_integer(verb, e->name, rest, 1, (long)e->high_second, width);
}

static bool set_choice(const char *verb, const entry *e, const char *text, int *value)
{
    int n = 0;
    while (e->words[n])
        n++;
    return ernn_cli_choice(verb, e->name, text, e->words, n, value);
}

bool ernn_cli_training_set(const char *verb, int option, const char *text, ernn_train_options *o)
{
    const entry *e = find(option);
    if (!e)
        return false;
    void *field = (char *)o + e->field;
    int value = 0;
    switch (e->kind) {
    case FLAG:
        *(int *)field = 1;
        return true;
    case INTEGER:
        return ernn_cli_integer(verb, e->name, text, (long)e->low, (long)e->high, field);
    case NUMBER:
        return ernn_cli_number(verb, e->name, text, e->low, e->high, field);
    case PAIR:
        return ernn_cli_range(verb, e->name, text, e->low, e->high, field,
                              (double *)((char *)o + e->second));
    case COUNTS:
        return set_counts(verb, e, text, field, (int *)((char *)o + e->second));
    case CHOICE:
        return set_choice(verb, e, text, field);
    case SEED:
        if (!ernn_cli_integer(verb, e->name, text, (long)e->low, (long)e->high, &value))
            return false;
        *(uint64_t *)field = (uint64_t)value;
        return true;
    }
    return false;
}

// ---- Help ----

static void print_range(const entry *e, const ernn_train_options *defaults)
{
    const char *field = (const char *)defaults + e->field;
    if (e->preset) {
        printf("%g to %g, default %s", e->low, e->high, e->preset);
        return;
    }
    switch (e->kind) {
    case FLAG:
        printf("default off");
        break;
    case INTEGER:
        printf("%.0f to %.0f, default %d", e->low, e->high, *(const int *)field);
        break;
    case NUMBER:
        printf("%g to %g, default %g", e->low, e->high, *(const double *)field);
        break;
    case PAIR:
        printf("FIRST:LAST, %g to %g, default %g:%g", e->low, e->high, *(const double *)field,
               *(const double *)((const char *)defaults + e->second));
        break;
    case COUNTS:
        printf("N:WIDTH, up to %g of 1 to %g, default %d:%d", e->high, e->high_second,
               *(const int *)field, *(const int *)((const char *)defaults + e->second));
        break;
    case CHOICE:
        for (int i = 0; e->words[i]; i++)
            printf("%s%s", i ? "|" : "", e->words[i]);
        printf(", default %s", e->words[*(const int *)field]);
        break;
    case SEED:
        printf("%.0f to %.0f, default %llu", e->low, e->high,
               (unsigned long long)*(const uint64_t *)field);
        break;
    }
}

int ernn_cli_training_help(void)
{
    const ernn_train_options defaults = ernn_train_defaults();
    printf("Options of training (ernn train, ernn explore); equations in docs/math.md\n\n");
    for (int i = 0; i < N_TABLE; i++) {
        printf("  --%-18s %s (", TABLE[i].name, TABLE[i].help);
        print_range(&TABLE[i], &defaults);
        printf(")\n");
    }
    return fflush(stdout) != 0;
}
