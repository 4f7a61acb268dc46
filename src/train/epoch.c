// One epoch: batches, updates, progress, the residual and the best parameters so far.
// SPDX-License-Identifier: Apache-2.0
#include "train/trainer.h"

#include "base/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// Points the batch at its utterances; returns the number of labels (frames) that its loss is over.
static int gather(ernn_trainer *t, int epoch, size_t index, ernn_batch *batch)
{
    const size_t *items;
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
        t->frames[i] = t->train->frames[item];
        t->n_frames[i] = t->train->n_frames[item];
        t->labels[i] = t->targets[item];
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
                          .dropout = t->options.dropout,
                          .seeds = t->seeds,
                          .teachers = t->posteriors ? t->teachers : NULL,
                          .imitation = t->options.distillation};
    return units > 0 ? units : 1;
}

// One update; *loss is the summed loss, not finite when it has diverged (nothing is updated then).
static ernn_status train_batch(ernn_trainer *t, const ernn_batch *batch, int units, double rate,
                               double *loss, ernn_error *err)
{
    float *parameters = ernn_model_parameters(t->model);
    const size_t n = ernn_model_n_parameters(t->model);
    const ernn_status status =
        ernn_parts_gradient(&t->parts, t->shards, parameters, batch, t->gradient, loss, err);
    if (status != ERNN_OK)
        return status;
    // The objective is the mean over the labels of the batch: rho is relative to one label's loss.
    const float scale = (float)(1.0 / units);
    for (size_t i = 0; i < n; i++)
        t->gradient[i] *= scale;
    const double norm = ernn_gradient_clip(t->gradient, n, t->options.clip_norm);
    if (!isfinite(*loss) || !isfinite(norm)) {
        *loss = NAN;
        return ERNN_OK;
    }
    if (t->admm.z)
        ernn_admm_gradient(&t->admm, parameters, t->gradient);
    ernn_adam_step(&t->adam, t->gradient, rate, parameters);
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
    if (line->rho > 0)
        snprintf(text + n, sizeof text - (size_t)n, ", rho %.3g, residual %.4f", line->rho,
                 line->residual);
    return t->options.progress(t->options.progress_user, done, t->schedule.n_epochs, text);
}

static ernn_status diverged(const ernn_trainer *t, const ernn_epoch *line, ernn_error *err)
{
    return ernn_error_set(err, ERNN_NO_FIT,
                          "training: the loss is not finite in epoch %d at learning rate %g; try a "
                          "lower learning rate, a smaller clip norm (now %g) or another seed",
                          line->epoch, line->learning_rate, t->options.clip_norm);
}

static ernn_status train_batches(ernn_trainer *t, const ernn_schedule_epoch *plan, int epoch,
                                 ernn_epoch *line, ernn_error *err)
{
    double loss = 0;
    double units = 0;
    ernn_batches_shuffle(&t->batches, t->options.seed, epoch);
    for (size_t i = 0; i < t->batches.n; i++) {
        ernn_batch batch;
        const double within = (double)(i + 1) / (double)t->batches.n;
        const int batch_units = gather(t, epoch, i, &batch);
        line->learning_rate = ernn_schedule_rate(&t->schedule, plan, within);
        double batch_loss = 0;
        ernn_status status =
            train_batch(t, &batch, batch_units, line->learning_rate, &batch_loss, err);
        if (status != ERNN_OK)
            return status;
        loss += batch_loss;
        units += batch_units;
        line->loss = loss / units;
        if (!isfinite(loss))
            return diverged(t, line, err);
        // The end of the epoch is reported when it is on disk.
        if (i + 1 == t->batches.n)
            break;
        bool stop = !ernn_trainer_progress(t, epoch + within, line);
        status = ernn_comm_any(t->options.comm, &stop, err);
        if (status != ERNN_OK || stop)
            return status != ERNN_OK ? status : ERNN_STOPPED;
    }
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
    memcpy(t->best, ernn_model_parameters(t->model),
           ernn_model_n_parameters(t->model) * sizeof(float));
}

ernn_status ernn_trainer_epoch(ernn_trainer *t, int epoch, ernn_error *err)
{
    const double started = seconds_now();
    const ernn_schedule_epoch plan = ernn_schedule_at(&t->schedule, epoch);
    ernn_epoch *line = &t->report.epochs[epoch];
    *line = (ernn_epoch){.epoch = epoch + 1, .rho = plan.rho, .dev_per = -1};
    strcpy(line->phase, ernn_phase_name(plan.phase));
    if (epoch > 0) { // shown until this epoch has its own
        line->dev_per = t->report.epochs[epoch - 1].dev_per;
        line->residual = t->report.epochs[epoch - 1].residual;
    }
    if (plan.phase == ERNN_PHASE_ADMM)
        start_admm_epoch(t, &plan);
    ernn_status status = train_batches(t, &plan, epoch, line, err);
    if (status == ERNN_OK)
        status = ernn_trainer_dev_per(t, &line->dev_per, err);
    if (status != ERNN_OK)
        return status;
    line->residual = 0;
    if (plan.phase == ERNN_PHASE_ADMM) {
        if (plan.is_round_end)
            ernn_admm_update(&t->admm, ernn_model_parameters(t->model));
        line->residual = ernn_admm_max_residual(&t->admm, ernn_model_parameters(t->model));
    } else
        keep_best(t, line);
    line->seconds = seconds_now() - started;
    t->report.n_epochs = epoch + 1;
    return ERNN_OK;
}
