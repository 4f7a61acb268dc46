// Training from the first epoch, or from a checkpoint, to the best model.
// SPDX-License-Identifier: Apache-2.0
#include "train/checkpoint.h"

#include "base/memory.h"
#include "train/options.h"

// Prepares the phase of the running epoch, or of the last one done, and fills it from the
// checkpoint.
static ernn_status resume(ernn_trainer *t, ernn_error *err)
{
    ernn_checkpoint *checkpoint = NULL;
    ernn_model *model = NULL;
    ernn_status status = ernn_checkpoint_load(t->options.checkpoint, t, &checkpoint, err);
    if (status != ERNN_OK)
        return status;
    const bool is_within = t->position.batch > 0;
    const ernn_schedule_epoch plan =
        ernn_schedule_at(&t->schedule, t->report.n_epochs - (is_within ? 0 : 1));
    if (ernn_schedule_is_two(t->options.method) && plan.phase != ERNN_PHASE_ADMM &&
        plan.phase != ERNN_PHASE_PRUNE)
        status = ernn_model_project(t->initial, t->structure, &model, err);
    else
        status = ernn_trainer_first_model(t, &model, err);
    if (status == ERNN_OK)
        status = ernn_trainer_open_phase(t, plan.phase, model, err);
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
    if (t->options.method == ERNN_METHOD_PRUNE)
        phase = ERNN_PHASE_PRUNE;
    const ernn_status status = ernn_trainer_first_model(t, &model, err);
    return status == ERNN_OK ? ernn_trainer_open_phase(t, phase, model, err) : status;
}

ernn_status ernn_trainer_save(ernn_trainer *t, ernn_error *err)
{
    ernn_comm *comm = t->options.comm;
    ernn_status status = ERNN_OK;
    if (comm)
        status = ernn_comm_same(comm, ernn_train_digest(t->model),
                                "parameters after an update; are their machines of one type?", err);
    if (status != ERNN_OK || !t->options.checkpoint)
        return status;
    if (ernn_comm_rank(comm) == 0)
        status = ernn_checkpoint_save(t, t->options.checkpoint, err);
    t->saved = ernn_trainer_seconds();
    return ernn_comm_agree(comm, status, err);
}

// What lies between the epoch before and this one, which begins.
static ernn_status change_phase(ernn_trainer *t, int epoch, ernn_error *err)
{
    ernn_status status = ERNN_OK;
    if (ernn_schedule_is_two(t->options.method) &&
        epoch == t->schedule.n_admm + t->schedule.n_prune)
        status = ernn_trainer_project(t, err);
    if (status == ERNN_OK && t->schedule.n_quantize > 0 &&
        epoch == t->schedule.n_epochs - t->schedule.n_quantize)
        status = ernn_trainer_quantize(t, err);
    return status;
}

static ernn_status run_epochs(ernn_trainer *t, ernn_error *err)
{
    for (int epoch = t->report.n_epochs; epoch < t->schedule.n_epochs; epoch++) {
        ernn_status status = t->position.batch == 0 ? change_phase(t, epoch, err) : ERNN_OK;
        if (status == ERNN_OK)
            status = ernn_trainer_epoch(t, epoch, err);
        if (status == ERNN_OK)
            status = ernn_trainer_save(t, err);
        if (status == ERNN_OK && t->options.on_epoch)
            t->options.on_epoch(t->options.on_epoch_user, &t->report);
        bool stop =
            status == ERNN_OK && !ernn_trainer_progress(t, epoch + 1, &t->report.epochs[epoch]);
        if (status == ERNN_OK)
            status = ernn_comm_any(t->options.comm, &stop, err);
        if (status == ERNN_OK && stop && epoch + 1 < t->schedule.n_epochs)
            status = ERNN_STOPPED;
        if (status == ERNN_STOPPED)
            return ernn_error_set(err, ERNN_STOPPED, "training: stopped in epoch %d of %d",
                                  epoch + 1, t->schedule.n_epochs);
        if (status != ERNN_OK)
            return status;
    }
    return ERNN_OK;
}

// All ranks are ready, for the same training with the same parameters.
static ernn_status check_ranks(const ernn_trainer *t, ernn_status status, ernn_error *err)
{
    ernn_comm *comm = t->options.comm;
    status = ernn_comm_agree(comm, status, err);
    if (!comm || status != ERNN_OK)
        return status;
    const uint64_t digest = ernn_train_digest_text(t->identity.data) ^ ernn_train_digest(t->model);
    return ernn_comm_same(comm, digest, "options, models, data or checkpoints; give all the same",
                          err);
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
                            .dev = dev,
                            .saved = ernn_trainer_seconds()};
    *trained = NULL;
    ernn_status status = ernn_trainer_open(&trainer, err);
    if (status == ERNN_OK)
        status = options->resume ? resume(&trainer, err) : start(&trainer, err);
    status = check_ranks(&trainer, status, err);
    if (status == ERNN_OK)
        status = run_epochs(&trainer, err);
    if (status == ERNN_OK || status == ERNN_NO_FIT)
        *trained = ernn_trainer_take_best(&trainer);
    if (*trained)
        ernn_model_set_label_counts(*trained, &trainer.label_counts);
    *report = trainer.report;
    ernn_trainer_close(&trainer);
    return status;
}

void ernn_train_report_free(ernn_train_report *report)
{
    ernn_mem_free(report->epochs);
    ernn_mem_free(report->residuals);
    ernn_mem_free(report->epoch_residuals);
    *report = (ernn_train_report){0};
}
