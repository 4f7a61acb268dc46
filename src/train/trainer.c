// The state of a training: checks, what does not depend on the phase, and the change of phases.
// SPDX-License-Identifier: Apache-2.0
#include "train/trainer.h"

#include "base/memory.h"
#include "nn/model.h"
#include "nn/table.h"
#include "train/checkpoint.h"
#include "train/evaluate.h"
#include "train/options.h"
#include "train/variants.h"
#include "train/teacher.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

// ---- Opening: checks and everything that does not depend on the phase ----

static ernn_status check_structure(const ernn_model *initial, const ernn_spec *structure,
                                   ernn_method method, ernn_error *err)
{
    const ernn_spec *spec = ernn_model_spec(initial);
    if (method == ERNN_METHOD_CIRCULANT)
        return ERNN_OK;
    if (!ernn_spec_is_dense(spec)) {
        char blocks[160];
        ernn_spec_print_blocks(spec, blocks, sizeof blocks);
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "training: the model has blocks of %s, a dense model is wanted to "
                              "start from; to go on with circulant blocks use method circulant",
                              blocks);
    }
    const bool has_sparse = structure && ernn_spec_has_sparse(structure);
    const bool has_blocks = structure && ernn_spec_largest_block(structure) > 1;
    if (method == ERNN_METHOD_ADMM && (!structure || has_sparse))
        return ernn_error_set(err, ERNN_BAD_ARG, "training: ADMM needs block sizes to reach%s",
                              has_sparse ? "; sparse matrices take method prune" : "");
    if (method == ERNN_METHOD_PRUNE && (!has_sparse || has_blocks))
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "training: pruning needs sparse matrices to reach, like "
                              "sparse:16:0.1, and beside them dense ones only");
    return structure ? ernn_spec_validate(structure, err) : ERNN_OK;
}

// A teacher hears what the network hears: the same features, normalised by the same statistics.
static ernn_status check_teacher(const ernn_trainer *t, ernn_error *err)
{
    const ernn_model *teacher = t->options.teacher;
    const ernn_features *a = ernn_model_features(teacher);
    const ernn_features *b = ernn_model_features(t->initial);
    const bool is_same = a->kind == b->kind && a->rate_hz == b->rate_hz &&
                         a->window_ms == b->window_ms && a->shift_ms == b->shift_ms &&
                         a->n_filters == b->n_filters && a->n_cepstra == b->n_cepstra &&
                         a->n_deltas == b->n_deltas && a->n_stacked == b->n_stacked &&
                         a->normalisation == b->normalisation;
    const ernn_feature_statistics *x = ernn_model_statistics_const(teacher);
    const ernn_feature_statistics *y = ernn_model_statistics_const(t->initial);
    const size_t bytes = (size_t)x->n * sizeof *x->mean;
    if (is_same && x->n == y->n && memcmp(x->mean, y->mean, bytes) == 0 &&
        memcmp(x->variance, y->variance, bytes) == 0)
        return ERNN_OK;
    return ernn_error_set(err, ERNN_BAD_ARG,
                          "teacher: its features or their statistics are not the network's; train "
                          "both on the same corpus with the same settings, or start from it");
}

static ernn_status check_data(const ernn_trainer *t, ernn_error *err)
{
    if (t->options.frequency_masks > 0 &&
        ernn_model_features(t->initial)->kind != ERNN_FEATURES_LOG_MEL)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "training: frequency masks need log-mel features, cepstra have no "
                              "bands; leave the masks out");
    ernn_status status = ernn_evaluate_check(t->initial, t->train, "training set", err);
    if (status == ERNN_OK && t->dev)
        status = ernn_evaluate_check(t->initial, t->dev, "development set", err);
    if (status == ERNN_OK)
        status = ernn_variants_check(&t->options, t->train, err);
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
static ernn_status make_set_targets(const ernn_sequences *s, bool is_ctc, int ***targets,
                                    ernn_error *err)
{
    int **made = *targets = ernn_mem_new(s->n, sizeof *made, err);
    if (!made)
        return ERNN_NO_MEMORY;
    for (size_t i = 0; i < s->n; i++) {
        const int n = is_ctc ? s->n_phones[i] : s->n_frames[i];
        const int *from = is_ctc ? s->phones[i] : s->alignment[i];
        if (!(made[i] = ernn_mem_new((size_t)n, sizeof(int), err)))
            return ERNN_NO_MEMORY;
        for (int j = 0; j < n; j++)
            made[i][j] = from[j] + 1;
    }
    return ERNN_OK;
}

static ernn_status make_targets(ernn_trainer *t, ernn_error *err)
{
    const ernn_train_options *o = &t->options;
    const bool is_ctc = o->loss == ERNN_LOSS_CTC;
    t->targets = ernn_mem_new((size_t)o->n_variants + 1, sizeof *t->targets, err);
    ernn_status status =
        t->targets ? make_set_targets(t->train, is_ctc, &t->targets[0], err) : ERNN_NO_MEMORY;
    for (int v = 0; v < o->n_variants && status == ERNN_OK; v++)
        status = make_set_targets(o->variants[v], is_ctc, &t->targets[v + 1], err);
    return status;
}

static void free_targets(ernn_trainer *t)
{
    for (int v = 0; t->targets && v <= t->options.n_variants; v++) {
        for (size_t i = 0; t->targets[v] && i < t->train->n; i++)
            ernn_mem_free(t->targets[v][i]);
        ernn_mem_free(t->targets[v]);
    }
    ernn_mem_free(t->targets);
}

static ernn_status allocate_report(ernn_trainer *t, ernn_error *err)
{
    ernn_train_report *r = &t->report;
    const ernn_tensor *tensors = ernn_model_tensors(t->initial);
    const size_t n_tensors = ernn_model_n_tensors(t->initial);
    r->epochs = ernn_mem_new((size_t)t->schedule.n_epochs, sizeof *r->epochs, err);
    r->residuals = ernn_mem_new(n_tensors, sizeof *r->residuals, err);
    r->epoch_residuals =
        ernn_mem_new((size_t)t->schedule.n_epochs * n_tensors, sizeof *r->epoch_residuals, err);
    if (!r->epochs || !r->residuals || !r->epoch_residuals)
        return ERNN_NO_MEMORY;
    r->n_planned = t->schedule.n_epochs;
    r->n_bad = t->train->n_bad;
    r->best_dev_per = r->per_projected = r->per_rounded = -1;
    for (size_t i = 0; t->options.method == ERNN_METHOD_ADMM && i < n_tensors; i++)
        if (ernn_table_structure(t->structure, &tensors[i]).block > 1)
            snprintf(r->residuals[r->n_residuals++].name, sizeof r->residuals->name, "%s",
                     tensors[i].name);
    return ERNN_OK;
}

static ernn_status open_batches(ernn_trainer *t, ernn_error *err)
{
    const size_t batch = (size_t)t->options.batch * (size_t)t->options.parts;
    t->frames = ernn_mem_new(batch, sizeof *t->frames, err);
    t->n_frames = ernn_mem_new(batch, sizeof *t->n_frames, err);
    t->labels = ernn_mem_new(batch, sizeof *t->labels, err);
    t->n_labels = ernn_mem_new(batch, sizeof *t->n_labels, err);
    t->seeds = ernn_mem_new(batch, sizeof *t->seeds, err);
    t->teachers = ernn_mem_new(batch, sizeof *t->teachers, err);
    if (!t->frames || !t->n_frames || !t->labels || !t->n_labels || !t->seeds || !t->teachers)
        return ERNN_NO_MEMORY;
    const ernn_status status =
        ernn_batches_init(&t->batches, t->train, (int)batch, t->options.loss == ERNN_LOSS_CTC, err);
    if (status == ERNN_OK && t->batches.n_unfit > 0) {
        t->report.n_unfit = t->batches.n_unfit;
        snprintf(t->report.first_unfit, sizeof t->report.first_unfit, "%s",
                 t->train->ids ? t->train->ids[t->batches.first_unfit] : "");
    }
    return status;
}

// What depends on the ranks, before anything else is made of the options.
static ernn_status resolve_ranks(ernn_trainer *t, ernn_error *err)
{
    ernn_train_options *o = &t->options;
    ernn_status status = ERNN_OK;
    if (o->threads == 0)
        o->threads = ernn_comm_threads(o->comm);
    if (o->parts == 0 && o->resume)
        status = ernn_checkpoint_parts(o->checkpoint, &o->parts, err);
    else if (o->parts == 0)
        o->parts = ernn_comm_size(o->comm);
    return status;
}

ernn_status ernn_trainer_open(ernn_trainer *t, ernn_error *err)
{
    ernn_status status = ernn_train_validate(&t->options, err);
    if (status == ERNN_OK)
        status = resolve_ranks(t, err);
    if (status == ERNN_OK)
        status = check_structure(t->initial, t->structure, t->options.method, err);
    if (status == ERNN_OK)
        status = check_data(t, err);
    if (status != ERNN_OK)
        return status;
    t->schedule = ernn_schedule_new(&t->options, t->structure);
    ernn_train_identity(&t->identity, &t->options, t->initial, t->structure, t->train, t->dev);
    status = ernn_buffer_status(&t->identity, err);
    if (status == ERNN_OK)
        status = allocate_report(t, err);
    if (status == ERNN_OK)
        status = make_targets(t, err);
    if (status == ERNN_OK)
        status = ernn_trainer_open_decoding(t, err);
    if (status == ERNN_OK)
        status = open_batches(t, err);
    if (status == ERNN_OK && t->options.teacher)
        status = check_teacher(t, err);
    if (status == ERNN_OK && t->options.teacher)
        status =
            ernn_teacher_new(t->options.teacher, t->train, t->options.threads, &t->posteriors, err);
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
    ernn_optimiser_clear(&t->optimiser);
    ernn_admm_clear(&t->admm);
    ernn_rounding_clear(&t->rounding);
    ernn_shards_free(t->shards);
    t->shards = NULL;
    ernn_parts_clear(&t->parts);
}

void ernn_trainer_close(ernn_trainer *t)
{
    close_phase(t);
    ernn_batches_clear(&t->batches);
    ernn_bigram_free(t->bigram);
    ernn_buffer_free(&t->identity);
    free_targets(t);
    ernn_mem_free(t->frames);
    ernn_mem_free(t->n_frames);
    ernn_mem_free(t->labels);
    ernn_mem_free(t->n_labels);
    ernn_mem_free(t->seeds);
    ernn_mem_free(t->teachers);
    ernn_teacher_free(t->posteriors, t->train->n);
}

// ---- Phases ----

// Takes `model` over, also on failure, and makes what training it needs.
ernn_status ernn_trainer_open_phase(ernn_trainer *t, ernn_phase phase, ernn_model *model,
                                    ernn_error *err)
{
    const size_t n = ernn_model_n_parameters(model);
    int longest = ernn_variants_longest(&t->options, t->train);
    if (t->dev && ernn_sequences_longest(t->dev) > longest)
        longest = ernn_sequences_longest(t->dev);
    close_phase(t);
    t->model = model;
    t->phase = phase;
    t->best = ernn_mem_new(n, sizeof(float), err);
    t->gradient = ernn_mem_new(n, sizeof(float), err);
    if (!t->best || !t->gradient)
        return ERNN_NO_MEMORY;
    ernn_status status = ernn_optimiser_init(&t->optimiser, &t->options, model, err);
    if (status == ERNN_OK && phase == ERNN_PHASE_ADMM)
        status = ernn_admm_init(&t->admm, model, t->structure, t->options.admm_target, err);
    if (status == ERNN_OK && phase == ERNN_PHASE_QUANTIZE)
        status = ernn_rounding_init(&t->rounding, model, t->options.weight_bits, err);
    if (status == ERNN_OK)
        status =
            ernn_shards_new(model, t->options.batch, longest, t->options.threads, &t->shards, err);
    if (status == ERNN_OK)
        status = ernn_parts_init(&t->parts, t->options.comm, t->options.parts, n, err);
    return status;
}

// A new network of the wanted structure, with the statistics of the initial one.
static ernn_status structured_model(const ernn_trainer *t, ernn_model **model, ernn_error *err)
{
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

// The factor on the first matrices. Biases and peepholes stay: a forget bias has its meaning.
static void scale_matrices(ernn_model *model, double factor)
{
    const ernn_tensor *tensors = ernn_model_tensors(model);
    float *parameters = ernn_model_parameters(model);
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++)
        for (size_t j = 0; tensors[i].is_matrix && j < tensors[i].count; j++)
            parameters[tensors[i].offset + j] *= (float)factor;
}

// What the first phase starts from.
ernn_status ernn_trainer_first_model(const ernn_trainer *t, ernn_model **model, ernn_error *err)
{
    const bool is_structured = t->options.method == ERNN_METHOD_CIRCULANT && t->structure;
    const ernn_status status =
        is_structured ? structured_model(t, model, err) : ernn_model_copy(t->initial, model, err);
    if (status == ERNN_OK && !ernn_schedule_is_two(t->options.method) && t->options.init_scale != 1)
        scale_matrices(*model, t->options.init_scale);
    return status;
}

const ernn_spec *ernn_trainer_structure(const ernn_trainer *t)
{
    return t->phase == ERNN_PHASE_PRUNE ? t->structure : ernn_model_spec(t->model);
}

const float *ernn_trainer_forward(ernn_trainer *t)
{
    const float *parameters = ernn_model_parameters(t->model);
    return t->rounding.values ? ernn_rounding_update(&t->rounding, parameters) : parameters;
}

// PER of the present parameters on the development set, -1 without one.
ernn_status ernn_trainer_dev_per(ernn_trainer *t, double *per, ernn_error *err)
{
    *per = -1;
    if (!t->dev)
        return ERNN_OK;
    ernn_evaluation evaluation;
    const ernn_shards *s = t->shards;
    ernn_weights_update(s->weights, ernn_trainer_forward(t), ernn_net_workers(s->net));
    const ernn_status status = ernn_evaluate_on(t->model, s->weights, &s->net, 1, t->options.comm,
                                                t->dev, &t->decoding, &evaluation, err);
    if (status != ERNN_OK)
        return status;
    const double measured = ernn_evaluation_per(&evaluation, t->dev);
    *per = isfinite(measured) ? measured : -1;
    ernn_evaluation_free(&evaluation);
    return ERNN_OK;
}

void ernn_trainer_residuals(const ernn_trainer *t, double *values)
{
    const ernn_tensor *tensors = ernn_model_tensors(t->model);
    const float *parameters = ernn_model_parameters_const(t->model);
    for (size_t i = 0; i < ernn_model_n_tensors(t->model); i++)
        for (int r = 0; r < t->report.n_residuals; r++)
            if (strcmp(t->report.residuals[r].name, tensors[i].name) == 0)
                values[r] = ernn_admm_residual(&t->admm, parameters, i);
}

static ernn_status note_residuals(ernn_trainer *t, ernn_error *err)
{
    const int n = t->report.n_residuals;
    double *values = ernn_mem_new((size_t)n, sizeof *values, err);
    if (!values)
        return ERNN_NO_MEMORY;
    ernn_trainer_residuals(t, values);
    for (int r = 0; r < n; r++)
        t->report.residuals[r].value = values[r];
    ernn_mem_free(values);
    return ERNN_OK;
}

ernn_status ernn_train_project(const ernn_model *model, const ernn_spec *structure,
                               ernn_admm_target target, ernn_model **projected, ernn_error *err)
{
    ernn_status status = ernn_model_project(model, structure, projected, err);
    if (status == ERNN_OK && target == ERNN_ADMM_TARGET_NORM)
        status = ernn_model_restore_norms(model, *projected, err);
    if (status != ERNN_OK) {
        ernn_model_free(*projected);
        *projected = NULL;
    }
    return status;
}

// Hard projection: W = s P(W), and on with the k-vectors.
ernn_status ernn_trainer_project(ernn_trainer *t, ernn_error *err)
{
    ernn_model *projected = NULL;
    if (t->admm.z && t->schedule.n_admm == 0) // no rounds: how far the dense model is
        ernn_admm_start(&t->admm, ernn_model_parameters(t->model), ERNN_MAX_BLOCK);
    ernn_status status = note_residuals(t, err);
    if (status == ERNN_OK)
        status =
            ernn_train_project(t->model, t->structure, t->options.admm_target, &projected, err);
    if (status == ERNN_OK)
        status = ernn_trainer_open_phase(t, ERNN_PHASE_FINETUNE, projected, err);
    status = ernn_comm_agree(t->options.comm, status, err);
    if (status == ERNN_OK)
        status = ernn_trainer_dev_per(t, &t->report.per_projected, err);
    return status;
}

ernn_model *ernn_trainer_take_best(ernn_trainer *t)
{
    if (!t->model || !t->best || t->report.best_epoch == 0)
        return NULL;
    ernn_model *model = t->model;
    memcpy(ernn_model_parameters(model), t->best, ernn_model_n_parameters(model) * sizeof(float));
    t->model = NULL;
    return model;
}

ernn_status ernn_trainer_quantize(ernn_trainer *t, ernn_error *err)
{
    ernn_model *model = ernn_trainer_take_best(t);
    if (!model) { // no epoch before: what the training starts from, or its projection
        model = t->model;
        t->model = NULL;
    }
    t->report.best_epoch = 0;
    t->report.best_dev_per = -1;
    ernn_status status = ernn_trainer_open_phase(t, ERNN_PHASE_QUANTIZE, model, err);
    status = ernn_comm_agree(t->options.comm, status, err);
    return status == ERNN_OK ? ernn_trainer_dev_per(t, &t->report.per_rounded, err) : status;
}
