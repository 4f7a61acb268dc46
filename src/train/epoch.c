// One epoch: batches, updates, progress, the residual and the best parameters so far.
// SPDX-License-Identifier: Apache-2.0
#include "train/checkpoint.h"

#include "base/rng.h"
#include "train/prune.h"
#include "train/variants.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

double ernn_trainer_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// Points the batch at its utterances; returns the number of labels (frames) that its loss is over.
static int gather(ernn_trainer *t, int epoch, ernn_phase phase, size_t index, ernn_batch *batch)
{
    const size_t *items;
    const ernn_train_options *o = &t->options;
    int units = 0;
    const int n = ernn_batches_items(&t->batches, index, &items);
    const bool is_ctc = t->options.loss == ERNN_LOSS_CTC;
    const int parts = t->options.parts;
    int from = 0; // dealt out like cards: every part gets long and short utterances alike
    int part = 0;
    for (int i = 0; i < n; i++, from += parts) {
        if (from >= n)
            from = ++part;
        const size_t item = items[from];
        ernn_rng rng =
            ernn_rng_new(t->options.seed, ERNN_STREAM_NOISE + ((uint64_t)epoch << 16), item);
        const int form = ernn_variants_choose(o, epoch, item);
        const ernn_sequences *set = form > 0 ? o->variants[form - 1] : t->train;
        t->frames[i] = set->frames[item];
        t->n_frames[i] = set->n_frames[item];
        t->labels[i] = t->targets[form][item];
        t->n_labels[i] = t->train->n_phones[item];
        t->seeds[i] = ernn_rng_bits(&rng);
        t->teachers[i] = t->posteriors ? t->posteriors[item] : NULL;
        units += is_ctc ? t->n_labels[i] : t->n_frames[i];
    }
    *batch = (ernn_batch){.n = n,
                          .frames = t->frames,
                          .n_frames = t->n_frames,
                          .labels = t->labels,
                          .n_labels = t->n_labels,
                          .target = is_ctc ? ERNN_TARGET_CTC : ERNN_TARGET_FRAME,
                          .noise = t->options.noise,
                          .dropout = ernn_schedule_dropout(&t->schedule, phase),
                          .masks = {o->time_masks, o->time_width, o->frequency_masks,
                                    o->frequency_width, ernn_model_features(t->initial)->n_stacked},
                          .seeds = t->seeds,
                          .teachers = t->posteriors ? t->teachers : NULL,
                          .imitation = t->options.distillation};
    return units > 0 ? units : 1;
}

// One update; *loss is the summed loss, not finite when it has diverged (nothing is updated then).
// *norm is that of the gradient as it came.
static ernn_status train_batch(ernn_trainer *t, const ernn_batch *batch, int units, double rate,
                               double *loss, double *norm, ernn_error *err)
{
    float *parameters = ernn_model_parameters(t->model);
    const size_t n = ernn_model_n_parameters(t->model);
    ernn_workers *workers = ernn_net_workers(t->shards->net);
    const ernn_status status = ernn_parts_gradient(&t->parts, t->shards, ernn_trainer_forward(t),
                                                   batch, t->gradient, loss, err);
    if (status != ERNN_OK)
        return status;
    // The objective is the mean over the labels of the batch: rho is relative to one label's loss.
    ernn_gradient_scale(t->gradient, n, (float)(1.0 / units), workers);
    ernn_prune_gradient(t->model, ernn_trainer_structure(t), parameters, t->gradient);
    *norm = ernn_gradient_clip(t->gradient, n, t->options.clip_norm, workers);
    if (!isfinite(*loss) || !isfinite(*norm)) {
        *loss = NAN;
        return ERNN_OK;
    }
    if (t->admm.z)
        ernn_admm_gradient(&t->admm, parameters, t->gradient);
    ernn_optimiser_step(&t->optimiser, t->gradient, rate, parameters, workers);
    return ERNN_OK;
}

bool ernn_trainer_progress(const ernn_trainer *t, double done, const ernn_epoch *line)
{
    char text[200];
    if (!t->options.progress)
        return true;
    int n = snprintf(text, sizeof text, "epoch %d of %d (%s), loss %.4f", line->epoch,
                     t->schedule.n_epochs, line->phase, line->loss);
    if (line->dev_per >= 0)
        n += snprintf(text + n, sizeof text - (size_t)n, ", dev PER %.2f %%", line->dev_per);
    if (line->density < 1)
        n += snprintf(text + n, sizeof text - (size_t)n, ", density %.4f", line->density);
    if (line->rho > 0)
        snprintf(text + n, sizeof text - (size_t)n, ", rho %.3g, residual %.4f", line->rho,
                 line->residual);
    return t->options.progress(t->options.progress_user, done, t->schedule.n_epochs, text);
}

// A network that gives every label the same probability has a loss of at most ln C per frame, CTC
// or not; one that is this many times worse than that will not come back.
static const double HOPELESS = 3;

static bool is_hopeless(const ernn_trainer *t, const ernn_position *p)
{
    const double uniform = p->frames * log(ernn_model_spec(t->model)->n_labels);
    return !isfinite(p->loss) || p->loss > HOPELESS * uniform;
}

static ernn_status diverged(const ernn_trainer *t, const ernn_epoch *line, ernn_error *err)
{
    return ernn_error_set(err, ERNN_NO_FIT,
                          "training: the loss %s in epoch %d at learning rate %g; try a lower "
                          "learning rate, a longer warm-up, a smaller clip norm (now %g) or "
                          "another seed",
                          isfinite(line->loss) ? "grew far above its start" : "is not finite",
                          line->epoch, line->learning_rate, t->options.clip_norm);
}

// After an update that is not the epoch's last: shows it, saves when it is time or when progress
// asks to stop. All ranks decide together.
static ernn_status pause(ernn_trainer *t, int epoch, const ernn_epoch *line, ernn_error *err)
{
    const ernn_train_options *o = &t->options;
    const double minutes = (ernn_trainer_seconds() - t->saved) / 60;
    const double within = (double)t->position.batch / (double)t->batches.n;
    bool stop = !ernn_trainer_progress(t, epoch + within, line);
    bool is_due =
        stop || (o->checkpoint_minutes > 0 && minutes >= o->checkpoint_minutes) ||
        (o->checkpoint_updates > 0 && t->position.batch % (size_t)o->checkpoint_updates == 0);
    ernn_status status = ernn_comm_any(o->comm, &is_due, err);
    if (status != ERNN_OK || !is_due)
        return status;
    status = ernn_comm_any(o->comm, &stop, err);
    if (status == ERNN_OK)
        status = ernn_trainer_save(t, err);
    return status == ERNN_OK && stop ? ERNN_STOPPED : status;
}

// One batch and its update, noted in the position and in the line.
static ernn_status train_next(ernn_trainer *t, const ernn_schedule_epoch *plan, int epoch,
                              ernn_epoch *line, ernn_error *err)
{
    ernn_position *p = &t->position;
    ernn_batch batch;
    double loss = 0;
    double norm = 0;
    const double within = (double)(p->batch + 1) / (double)t->batches.n;
    const int units = gather(t, epoch, plan->phase, p->batch, &batch);
    line->learning_rate = ernn_schedule_rate(&t->schedule, plan, within);
    const ernn_status status =
        train_batch(t, &batch, units, line->learning_rate, &loss, &norm, err);
    if (plan->phase == ERNN_PHASE_PRUNE && status == ERNN_OK)
        ernn_prune_update(t->model, t->structure, plan->rate_position + within * plan->rate_length,
                          ernn_model_parameters(t->model), t->optimiser.mean, t->optimiser.square);
    p->loss += loss;
    p->norm += norm;
    p->units += units;
    for (int i = 0; i < batch.n; i++)
        p->frames += batch.n_frames[i];
    p->batch++;
    line->loss = p->loss / p->units;
    line->gradient_norm = p->norm / (double)p->batch;
    line->frames = p->frames;
    if (status == ERNN_OK && is_hopeless(t, p))
        return diverged(t, line, err);
    return status;
}

static ernn_status train_batches(ernn_trainer *t, const ernn_schedule_epoch *plan, int epoch,
                                 double started, ernn_epoch *line, ernn_error *err)
{
    const double before = t->position.seconds;
    ernn_batches_shuffle(&t->batches, t->options.seed, epoch);
    while (t->position.batch < t->batches.n) {
        ernn_status status = train_next(t, plan, epoch, line, err);
        if (status != ERNN_OK)
            return status;
        if (t->position.batch == t->batches.n)
            break; // the end of the epoch is saved and reported when it has its line
        t->position.seconds = before + ernn_trainer_seconds() - started;
        status = pause(t, epoch, line, err);
        if (status != ERNN_OK)
            return status;
    }
    t->position.seconds = before;
    return ERNN_OK;
}

static void start_admm_epoch(ernn_trainer *t, const ernn_schedule_epoch *plan)
{
    if (plan->is_stage_start)
        ernn_admm_start(&t->admm, ernn_model_parameters(t->model), plan->block);
    if (plan->is_round_start)
        ernn_admm_set_rho(&t->admm, plan->rho);
}

static void keep_best(ernn_trainer *t, const ernn_epoch *line)
{
    ernn_train_report *r = &t->report;
    if (r->best_epoch > 0 && line->dev_per >= 0 && line->dev_per >= r->best_dev_per)
        return;
    r->best_epoch = line->epoch;
    r->best_dev_per = line->dev_per;
    memcpy(t->best, ernn_trainer_forward(t), ernn_model_n_parameters(t->model) * sizeof(float));
}

// The line of an epoch that begins or goes on.
static void begin_line(const ernn_trainer *t, const ernn_schedule_epoch *plan, int epoch,
                       ernn_epoch *line)
{
    *line = (ernn_epoch){.epoch = epoch + 1, .rho = plan->rho, .dev_per = -1, .density = 1};
    strcpy(line->phase, ernn_phase_name(plan->phase));
    if (epoch > 0) { // shown until this epoch has its own
        line->dev_per = t->report.epochs[epoch - 1].dev_per;
        line->residual = t->report.epochs[epoch - 1].residual;
        line->density = t->report.epochs[epoch - 1].density;
    }
}

ernn_status ernn_trainer_epoch(ernn_trainer *t, int epoch, ernn_error *err)
{
    const double started = ernn_trainer_seconds();
    ernn_schedule_epoch plan = ernn_schedule_at(&t->schedule, epoch);
    plan.halvings = ernn_schedule_halvings(&t->schedule, t->report.epochs, epoch);
    ernn_epoch *line = &t->report.epochs[epoch];
    begin_line(t, &plan, epoch, line);
    if (plan.phase == ERNN_PHASE_ADMM && t->position.batch == 0)
        start_admm_epoch(t, &plan);
    ernn_status status = train_batches(t, &plan, epoch, started, line, err);
    if (status == ERNN_OK)
        status = ernn_trainer_dev_per(t, &line->dev_per, err);
    if (status != ERNN_OK)
        return status;
    line->density = ernn_prune_kept(t->model, ernn_trainer_structure(t), ernn_trainer_forward(t));
    line->residual = 0;
    if (plan.phase == ERNN_PHASE_ADMM) {
        if (plan.is_round_end)
            ernn_admm_update(&t->admm, ernn_model_parameters(t->model));
        double *values = t->report.epoch_residuals + epoch * t->report.n_residuals;
        ernn_trainer_residuals(t, values);
        for (int i = 0; i < t->report.n_residuals; i++)
            line->residual = fmax(line->residual, values[i]);
    } else if (plan.phase != ERNN_PHASE_PRUNE)
        keep_best(t, line);
    line->seconds = t->position.seconds + ernn_trainer_seconds() - started;
    t->position = (ernn_position){0};
    t->report.n_epochs = epoch + 1;
    return ERNN_OK;
}
