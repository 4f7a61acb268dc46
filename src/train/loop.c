// The training loop: phases, epochs, batches; the best epoch; checkpoints.
// SPDX-License-Identifier: Apache-2.0
#include "train/checkpoint.h"
#include "train/evaluate.h"
#include "train/options.h"

#include "base/memory.h"
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

// ---- Opening: checks and everything that does not depend on the phase ----

static ernn_status check_structure(const ernn_model *initial, const ernn_spec *structure,
                                   ernn_method method, ernn_error *err)
{
    const ernn_spec *spec = ernn_model_spec(initial);
    if (method == ERNN_METHOD_CIRCULANT)
        return ERNN_OK;
    for (int i = 0; i < spec->n_layers; i++)
        for (int m = 0; m < ERNN_MATRIX_OUTPUT; m++)
            if (spec->layers[i].block[m] > 1)
                return ernn_error_set(
                    err, ERNN_BAD_ARG,
                    "training: layer %d has blocks of %d, a dense model is wanted "
                    "to start from; to go on with circulant blocks use method "
                    "circulant",
                    i, spec->layers[i].block[m]);
    if (method == ERNN_METHOD_ADMM && !structure)
        return ernn_error_set(err, ERNN_BAD_ARG, "training: ADMM needs block sizes to reach");
    return structure ? ernn_spec_validate(structure, err) : ERNN_OK;
}

static ernn_status check_data(const ernn_trainer *t, ernn_error *err)
{
    ernn_status status = ernn_evaluate_check(t->initial, t->train, "training set", err);
    if (status == ERNN_OK && t->dev)
        status = ernn_evaluate_check(t->initial, t->dev, "development set", err);
    if (status != ERNN_OK || t->options.loss == ERNN_LOSS_CTC)
        return status;
    for (size_t i = 0; i < t->train->n; i++)
        if (!t->train->alignment || !t->train->alignment[i])
            return ernn_error_set(
                err, ERNN_BAD_ARG,
                "training set: %s has no alignment; frame loss needs phone times, "
                "CTC does not",
                t->train->ids[i]);
    return ERNN_OK;
}

// Labels as the network counts them: 0 is blank, phone p is p + 1. A frame of a deleted phone (-1)
// becomes blank.
static ernn_status make_targets(ernn_trainer *t, ernn_error *err)
{
    const ernn_sequences *s = t->train;
    const bool is_ctc = t->options.loss == ERNN_LOSS_CTC;
    t->targets = ernn_mem_new(s->n, sizeof *t->targets, err);
    if (!t->targets)
        return ERNN_NO_MEMORY;
    for (size_t i = 0; i < s->n; i++) {
        const int n = is_ctc ? s->n_phones[i] : s->n_frames[i];
        const int *from = is_ctc ? s->phones[i] : s->alignment[i];
        if (!(t->targets[i] = ernn_mem_new((size_t)n, sizeof(int), err)))
            return ERNN_NO_MEMORY;
        for (int j = 0; j < n; j++)
            t->targets[i][j] = from[j] + 1;
    }
    return ERNN_OK;
}

static ernn_status allocate_report(ernn_trainer *t, ernn_error *err)
{
    ernn_train_report *r = &t->report;
    const ernn_tensor *tensors = ernn_model_tensors(t->initial);
    const size_t n_tensors = ernn_model_n_tensors(t->initial);
    r->epochs = ernn_mem_new((size_t)t->schedule.n_epochs, sizeof *r->epochs, err);
    r->residuals = ernn_mem_new(n_tensors, sizeof *r->residuals, err);
    if (!r->epochs || !r->residuals)
        return ERNN_NO_MEMORY;
    r->best_dev_per = r->per_projected = -1;
    for (size_t i = 0; t->options.method == ERNN_METHOD_ADMM && i < n_tensors; i++)
        if (tensors[i].is_matrix && tensors[i].layer >= 0 &&
            t->structure->layers[tensors[i].layer].block[tensors[i].matrix] > 1)
            snprintf(r->residuals[r->n_residuals++].name, sizeof r->residuals->name, "%s",
                     tensors[i].name);
    return ERNN_OK;
}

static ernn_status open_batches(ernn_trainer *t, ernn_error *err)
{
    const size_t batch = (size_t)t->options.batch;
    t->frames = ernn_mem_new(batch, sizeof *t->frames, err);
    t->n_frames = ernn_mem_new(batch, sizeof *t->n_frames, err);
    t->labels = ernn_mem_new(batch, sizeof *t->labels, err);
    t->n_labels = ernn_mem_new(batch, sizeof *t->n_labels, err);
    t->seeds = ernn_mem_new(batch, sizeof *t->seeds, err);
    if (!t->frames || !t->n_frames || !t->labels || !t->n_labels || !t->seeds)
        return ERNN_NO_MEMORY;
    const ernn_status status = ernn_batches_init(&t->batches, t->train, t->options.batch,
                                                 t->options.loss == ERNN_LOSS_CTC, err);
    if (status == ERNN_OK && t->batches.n_unfit > 0) {
        t->report.n_unfit = t->batches.n_unfit;
        snprintf(t->report.first_unfit, sizeof t->report.first_unfit, "%s",
                 t->train->ids ? t->train->ids[t->batches.first_unfit] : "");
    }
    return status;
}

static ernn_status open_trainer(ernn_trainer *t, ernn_error *err)
{
    ernn_status status = ernn_train_validate(&t->options, err);
    if (status == ERNN_OK)
        status = check_structure(t->initial, t->structure, t->options.method, err);
    if (status == ERNN_OK)
        status = check_data(t, err);
    if (status != ERNN_OK)
        return status;
    if (t->options.learning_rate == 0)
        t->options.learning_rate = t->options.method == ERNN_METHOD_ADMM ? 1e-3 : 2e-3;
    t->schedule = ernn_schedule_new(&t->options, t->structure);
    ernn_train_identity(&t->identity, &t->options, t->initial, t->structure, t->train, t->dev);
    status = ernn_buffer_status(&t->identity, err);
    if (status == ERNN_OK)
        status = allocate_report(t, err);
    if (status == ERNN_OK)
        status = make_targets(t, err);
    if (status == ERNN_OK)
        status = open_batches(t, err);
    return status;
}

static void close_phase(ernn_trainer *t)
{
    ernn_model_free(t->model);
    t->model = NULL;
    ernn_mem_free(t->best);
    t->best = NULL;
    ernn_mem_free(t->gradient);
    t->gradient = NULL;
    ernn_adam_clear(&t->adam);
    ernn_admm_clear(&t->admm);
    ernn_shards_free(t->shards);
    t->shards = NULL;
}

static void close_trainer(ernn_trainer *t)
{
    close_phase(t);
    ernn_batches_clear(&t->batches);
    ernn_buffer_free(&t->identity);
    for (size_t i = 0; t->targets && i < t->train->n; i++)
        ernn_mem_free(t->targets[i]);
    ernn_mem_free(t->targets);
    ernn_mem_free(t->frames);
    ernn_mem_free(t->n_frames);
    ernn_mem_free(t->labels);
    ernn_mem_free(t->n_labels);
    ernn_mem_free(t->seeds);
}

// ---- Phases ----

// Takes `model` over, also on failure, and makes what training it needs.
static ernn_status open_phase(ernn_trainer *t, ernn_phase phase, ernn_model *model, ernn_error *err)
{
    const size_t n = ernn_model_n_parameters(model);
    int longest = ernn_sequences_longest(t->train);
    if (t->dev && ernn_sequences_longest(t->dev) > longest)
        longest = ernn_sequences_longest(t->dev);
    close_phase(t);
    t->model = model;
    t->best = ernn_mem_new(n, sizeof(float), err);
    t->gradient = ernn_mem_new(n, sizeof(float), err);
    if (!t->best || !t->gradient)
        return ERNN_NO_MEMORY;
    ernn_status status = ernn_adam_init(&t->adam, n, err);
    if (status == ERNN_OK && phase == ERNN_PHASE_ADMM)
        status = ernn_admm_init(&t->admm, model, t->structure, err);
    if (status == ERNN_OK)
        status =
            ernn_shards_new(model, t->options.batch, longest, t->options.threads, &t->shards, err);
    return status;
}

// What the first phase starts from.
static ernn_status first_model(const ernn_trainer *t, ernn_model **model, ernn_error *err)
{
    if (t->options.method != ERNN_METHOD_CIRCULANT || !t->structure)
        return ernn_model_copy(t->initial, model, err);
    ernn_status status =
        ernn_model_new(t->structure, ernn_model_features(t->initial),
                       ernn_model_phone_set(t->initial), t->options.seed, model, err);
    if (status != ERNN_OK)
        return status;
    ernn_model *copy = NULL; // the statistics of a const model are reached through a copy
    status = ernn_model_copy(t->initial, &copy, err);
    if (status == ERNN_OK)
        *ernn_model_statistics(*model) = *ernn_model_statistics(copy);
    ernn_model_free(copy);
    if (status != ERNN_OK) {
        ernn_model_free(*model);
        *model = NULL;
    }
    return status;
}

// PER of the present parameters on the development set, -1 without one.
static ernn_status evaluate_dev(ernn_trainer *t, double *per, ernn_error *err)
{
    *per = -1;
    if (!t->dev)
        return ERNN_OK;
    ernn_evaluation evaluation;
    const ernn_shards *s = t->shards;
    ernn_weights_update(s->weights, ernn_model_parameters(t->model));
    const ernn_status status =
        ernn_evaluate_on(t->model, s->weights, s->nets, s->threads < s->n ? s->threads : s->n,
                         t->dev, &evaluation, err);
    if (status != ERNN_OK)
        return status;
    const double measured = ernn_evaluation_per(&evaluation, t->dev);
    *per = isfinite(measured) ? measured : -1;
    ernn_evaluation_free(&evaluation);
    return ERNN_OK;
}

static void note_residuals(ernn_trainer *t)
{
    const ernn_tensor *tensors = ernn_model_tensors(t->model);
    const float *parameters = ernn_model_parameters(t->model);
    for (size_t i = 0; i < ernn_model_n_tensors(t->model); i++)
        for (int r = 0; r < t->report.n_residuals; r++)
            if (strcmp(t->report.residuals[r].name, tensors[i].name) == 0)
                t->report.residuals[r].value = ernn_admm_residual(&t->admm, parameters, i);
}

// Hard projection: W = P(W), and on with the k-vectors.
static ernn_status start_finetuning(ernn_trainer *t, ernn_error *err)
{
    ernn_model *projected = NULL;
    if (t->schedule.n_admm == 0) // no rounds: how far the dense model is
        ernn_admm_start(&t->admm, ernn_model_parameters(t->model), ERNN_MAX_BLOCK);
    note_residuals(t);
    ernn_status status = ernn_model_project(t->model, t->structure, &projected, err);
    if (status == ERNN_OK)
        status = open_phase(t, ERNN_PHASE_FINETUNE, projected, err);
    if (status == ERNN_OK)
        status = evaluate_dev(t, &t->report.per_projected, err);
    return status;
}

// ---- One epoch ----

// Points the batch at its utterances; returns the number of labels (frames) that its loss is over.
static int gather(ernn_trainer *t, int epoch, size_t index, ernn_batch *batch)
{
    const size_t *items;
    int units = 0;
    const int n = ernn_batches_items(&t->batches, index, &items);
    const bool is_ctc = t->options.loss == ERNN_LOSS_CTC;
    for (int i = 0; i < n; i++) {
        const size_t item = items[i];
        ernn_rng rng =
            ernn_rng_new(t->options.seed, ERNN_STREAM_NOISE + ((uint64_t)epoch << 16), item);
        t->frames[i] = t->train->frames[item];
        t->n_frames[i] = t->train->n_frames[item];
        t->labels[i] = t->targets[item];
        t->n_labels[i] = t->train->n_phones[item];
        t->seeds[i] = ernn_rng_bits(&rng);
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
                          .seeds = t->seeds};
    return units > 0 ? units : 1;
}

// One update; returns the summed loss, not finite when it has diverged (nothing is updated then).
static double train_batch(ernn_trainer *t, const ernn_batch *batch, int units, double rate)
{
    float *parameters = ernn_model_parameters(t->model);
    const size_t n = ernn_model_n_parameters(t->model);
    const double loss = ernn_shards_gradient(t->shards, parameters, batch, t->gradient);
    // The objective is the mean over the labels of the batch: rho is relative to one label's loss.
    const float scale = (float)(1.0 / units);
    for (size_t i = 0; i < n; i++)
        t->gradient[i] *= scale;
    const double norm = ernn_gradient_clip(t->gradient, n, t->options.clip_norm);
    if (!isfinite(loss) || !isfinite(norm))
        return NAN;
    if (t->admm.z)
        ernn_admm_gradient(&t->admm, parameters, t->gradient);
    ernn_adam_step(&t->adam, t->gradient, rate, parameters);
    return loss;
}

static bool report_progress(const ernn_trainer *t, double done, const ernn_epoch *line)
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
        loss += train_batch(t, &batch, batch_units, line->learning_rate);
        units += batch_units;
        line->loss = loss / units;
        if (!isfinite(loss))
            return diverged(t, line, err);
        // The end of the epoch is reported when it is on disk.
        if (i + 1 < t->batches.n && !report_progress(t, epoch + within, line))
            return ERNN_STOPPED;
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

static ernn_status run_epoch(ernn_trainer *t, int epoch, ernn_error *err)
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
        status = evaluate_dev(t, &line->dev_per, err);
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

// ---- The whole ----

// Prepares the phase of the last epoch done and fills it from the checkpoint.
static ernn_status resume(ernn_trainer *t, ernn_error *err)
{
    ernn_checkpoint *checkpoint = NULL;
    ernn_model *model = NULL;
    ernn_status status = ernn_checkpoint_load(t->options.checkpoint, t, &checkpoint, err);
    if (status != ERNN_OK)
        return status;
    const ernn_schedule_epoch plan = ernn_schedule_at(&t->schedule, t->report.n_epochs - 1);
    if (plan.phase == ERNN_PHASE_FINETUNE)
        status = ernn_model_project(t->initial, t->structure, &model, err);
    else
        status = first_model(t, &model, err);
    if (status == ERNN_OK)
        status = open_phase(t, plan.phase, model, err);
    if (status == ERNN_OK)
        status = ernn_checkpoint_read(checkpoint, t, err);
    if (plan.phase == ERNN_PHASE_ADMM) {
        t->admm.rho = plan.rho;
        t->admm.block = plan.block;
    }
    ernn_checkpoint_free(checkpoint);
    return status;
}

static ernn_status start(ernn_trainer *t, ernn_error *err)
{
    ernn_model *model = NULL;
    ernn_phase phase = ERNN_PHASE_TRAIN;
    if (t->options.method == ERNN_METHOD_ADMM)
        phase = ERNN_PHASE_ADMM;
    const ernn_status status = first_model(t, &model, err);
    return status == ERNN_OK ? open_phase(t, phase, model, err) : status;
}

static ernn_status run_epochs(ernn_trainer *t, ernn_error *err)
{
    for (int epoch = t->report.n_epochs; epoch < t->schedule.n_epochs; epoch++) {
        ernn_status status = ERNN_OK;
        if (t->options.method == ERNN_METHOD_ADMM && epoch == t->schedule.n_admm)
            status = start_finetuning(t, err);
        if (status == ERNN_OK)
            status = run_epoch(t, epoch, err);
        if (status == ERNN_OK && t->options.checkpoint)
            status = ernn_checkpoint_save(t, t->options.checkpoint, err);
        if (status == ERNN_OK && !report_progress(t, epoch + 1, &t->report.epochs[epoch]) &&
            epoch + 1 < t->schedule.n_epochs)
            status = ERNN_STOPPED;
        if (status == ERNN_STOPPED)
            return ernn_error_set(err, ERNN_STOPPED, "training: stopped in epoch %d of %d",
                                  epoch + 1, t->schedule.n_epochs);
        if (status != ERNN_OK)
            return status;
    }
    return ERNN_OK;
}

// The best epoch's parameters in the present model; handed over.
static ernn_model *take_best(ernn_trainer *t)
{
    if (!t->model || !t->best || t->report.best_epoch == 0)
        return NULL;
    ernn_model *model = t->model;
    memcpy(ernn_model_parameters(model), t->best, ernn_model_n_parameters(model) * sizeof(float));
    t->model = NULL;
    return model;
}

ernn_status ernn_train(const ernn_model *initial, const ernn_spec *structure,
                       const ernn_sequences *train, const ernn_sequences *dev,
                       const ernn_train_options *options, ernn_model **trained,
                       ernn_train_report *report, ernn_error *err)
{
    ernn_trainer trainer = {.options = *options,
                            .initial = initial,
                            .structure = structure,
                            .train = train,
                            .dev = dev};
    *trained = NULL;
    ernn_status status = open_trainer(&trainer, err);
    if (status == ERNN_OK)
        status = options->resume ? resume(&trainer, err) : start(&trainer, err);
    if (status == ERNN_OK)
        status = run_epochs(&trainer, err);
    if (status == ERNN_OK || status == ERNN_NO_FIT)
        *trained = take_best(&trainer);
    *report = trainer.report;
    close_trainer(&trainer);
    return status;
}

void ernn_train_report_free(ernn_train_report *report)
{
    ernn_mem_free(report->epochs);
    ernn_mem_free(report->residuals);
    *report = (ernn_train_report){0};
}
