// Learning rates, ADMM rounds, block growth. SPDX-License-Identifier: Apache-2.0
#include "train/schedule.h"

#include "train/options.h"

#include <math.h>

// Share of the one-cycle curve that warms up unless told, and the rates at the ends of all curves
// relative to the peak.
static const double WARM_UP = 0.3;
static const double FIRST_RATE = 0.04;
static const double LAST_RATE = 1e-4;
// An ADMM round restarts at the peak and ends here, so that W settles before Z and U move.
static const double ROUND_LAST_RATE = 0.1;

static double cosine(double from, double to, double position)
{
    return to + (from - to) * 0.5 * (1 + cos(3.141592653589793 * position));
}

// a(s), s = 0 ... 1 over the epochs of a phase, relative to the peak (math.md T.4). `warm` is the
// share that warms up.
static double curve(ernn_rate_schedule kind, double warm, double s)
{
    if (s < warm) {
        if (kind == ERNN_SCHEDULE_ONE_CYCLE)
            return cosine(FIRST_RATE, 1, s / warm);
        return FIRST_RATE + (1 - FIRST_RATE) * s / warm;
    }
    if (kind == ERNN_SCHEDULE_PLATEAU || kind == ERNN_SCHEDULE_CONSTANT || warm >= 1)
        return 1;
    return cosine(1, LAST_RATE, (s - warm) / (1 - warm));
}

static double warm_share(const ernn_train_options *o)
{
    if (o->warmup == 0)
        return o->schedule == ERNN_SCHEDULE_ONE_CYCLE ? WARM_UP : 0;
    return fmin(o->warmup / o->n_epochs, 1);
}

bool ernn_schedule_is_two(ernn_method method)
{
    return method == ERNN_METHOD_ADMM || method == ERNN_METHOD_PRUNE;
}

ernn_schedule ernn_schedule_new(const ernn_train_options *options, const ernn_spec *structure)
{
    ernn_schedule schedule = {.options = *options, .block_limit = 1};
    if (options->method == ERNN_METHOD_ADMM) {
        schedule.n_admm = options->admm_rounds * options->admm_epochs;
        schedule.block_limit = ernn_spec_largest_block(structure);
    }
    schedule.n_quantize = options->quantize_epochs;
    if (options->method == ERNN_METHOD_PRUNE)
        schedule.n_prune = options->prune_epochs;
    schedule.n_epochs =
        schedule.n_admm + schedule.n_prune + options->n_epochs + schedule.n_quantize;
    return schedule;
}

// A stage is the rounds towards one circulant set: one for blocks of k, or with growth one each for
// blocks of at most 2, 4, ... k, which share the rounds equally.
typedef struct stage {
    int block;
    int first; // round
    int n;     // rounds
} stage;

static stage stage_of(const ernn_schedule *schedule, int round)
{
    const int rounds = schedule->options.admm_rounds;
    if (!schedule->options.admm_block_growth || schedule->block_limit < 2)
        return (stage){.block = schedule->block_limit, .n = rounds};
    int stages = 0;
    while (1 << stages < schedule->block_limit)
        stages++;
    const int index = round * stages / rounds;
    // Stage i begins at the first round r with r stages / rounds >= i.
    const int first = (index * rounds + stages - 1) / stages;
    const int next = ((index + 1) * rounds + stages - 1) / stages;
    return (stage){.block = 2 << index, .first = first, .n = next - first};
}

// rho_r = first (last / first)^(r / (R - 1)), r = 0 ... R - 1 within the stage (math.md T.8)
static double round_rho(const ernn_train_options *o, const stage *s, int round)
{
    const double share = s->n > 1 ? (round - s->first) / (double)(s->n - 1) : 1;
    return o->admm_rho_first * pow(o->admm_rho_last / o->admm_rho_first, share);
}

static ernn_schedule_epoch admm_epoch(const ernn_schedule *schedule, int epoch)
{
    const ernn_train_options *o = &schedule->options;
    const int round = epoch / o->admm_epochs;
    const int within = epoch % o->admm_epochs;
    const stage now = stage_of(schedule, round);
    return (ernn_schedule_epoch){
        .phase = ERNN_PHASE_ADMM,
        .rho = round_rho(o, &now, round),
        .block = now.block,
        .is_stage_start = within == 0 && round == now.first,
        .is_round_start = within == 0,
        .is_round_end = within == o->admm_epochs - 1,
        .rate_position = within / (double)o->admm_epochs,
        .rate_length = 1.0 / o->admm_epochs,
    };
}

ernn_schedule_epoch ernn_schedule_at(const ernn_schedule *schedule, int epoch)
{
    if (epoch < schedule->n_admm)
        return admm_epoch(schedule, epoch);
    const ernn_train_options *o = &schedule->options;
    if (epoch < schedule->n_prune)
        return (ernn_schedule_epoch){
            .phase = ERNN_PHASE_PRUNE,
            .rate_position = epoch / (double)schedule->n_prune,
            .rate_length = 1.0 / schedule->n_prune,
        };
    const int before = schedule->n_admm + schedule->n_prune;
    const int quantize_from = schedule->n_epochs - schedule->n_quantize;
    if (epoch >= quantize_from)
        return (ernn_schedule_epoch){
            .phase = ERNN_PHASE_QUANTIZE,
            .rate_position = (epoch - quantize_from) / (double)schedule->n_quantize,
            .rate_length = 1.0 / schedule->n_quantize,
        };
    return (ernn_schedule_epoch){
        .phase = ernn_schedule_is_two(o->method) ? ERNN_PHASE_FINETUNE : ERNN_PHASE_TRAIN,
        .rate_position = (epoch - before) / (double)o->n_epochs,
        .rate_length = 1.0 / o->n_epochs,
    };
}

double ernn_schedule_rate(const ernn_schedule *schedule, const ernn_schedule_epoch *epoch,
                          double within)
{
    const ernn_train_options *o = &schedule->options;
    const double position = epoch->rate_position + within * epoch->rate_length;
    if (epoch->phase == ERNN_PHASE_ADMM)
        return o->learning_rate * cosine(1, ROUND_LAST_RATE, position);
    if (epoch->phase == ERNN_PHASE_PRUNE)
        return o->learning_rate;
    if (epoch->phase == ERNN_PHASE_QUANTIZE)
        return o->quantize_rate * curve(ERNN_SCHEDULE_ONE_CYCLE, WARM_UP, position);
    const bool is_own = epoch->phase == ERNN_PHASE_FINETUNE && o->finetune_rate > 0;
    const double peak = is_own ? o->finetune_rate : o->learning_rate;
    return peak * ldexp(1, -epoch->halvings) * curve(o->schedule, warm_share(o), position);
}

// An epoch that recognises nothing (PER of 100 and more: the blank plateau of CTC) does not count.
int ernn_schedule_halvings(const ernn_schedule *schedule, const ernn_epoch *epochs, int epoch)
{
    if (schedule->options.schedule != ERNN_SCHEDULE_PLATEAU)
        return 0;
    double best = INFINITY;
    int waited = 0;
    int halvings = 0;
    for (int i = schedule->n_admm + schedule->n_prune; i < epoch; i++) {
        const double value = epochs[i].dev_per >= 0 ? epochs[i].dev_per : epochs[i].loss;
        if (epochs[i].dev_per >= 100)
            continue;
        waited = value < best ? 0 : waited + 1;
        best = fmin(best, value);
        if (waited == schedule->options.patience) {
            halvings++;
            waited = 0;
        }
    }
    return halvings;
}

double ernn_schedule_dropout(const ernn_schedule *schedule, ernn_phase phase)
{
    const ernn_train_options *o = &schedule->options;
    const bool is_after =
        ernn_schedule_is_two(o->method) && phase != ERNN_PHASE_ADMM && phase != ERNN_PHASE_PRUNE;
    const bool is_own = is_after && o->finetune_dropout >= 0;
    return is_own ? o->finetune_dropout : ernn_train_dropout(o);
}

const char *ernn_phase_name(ernn_phase phase)
{
    static const char *const names[] = {"train", "admm", "finetune", "prune", "quantize"};
    return names[phase];
}
