// Checkpoints. SPDX-License-Identifier: Apache-2.0
#include "train/checkpoint.h"

#include "base/file.h"
#include "base/memory.h"
#include "store/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Columns of the tensor "history", one row for each epoch done; the residuals of its matrices
// follow.
enum { PHASE, LOSS, DEV_PER, RESIDUAL, RHO, DENSITY, RATE, NORM, FRAMES, SECONDS, N_COLUMNS };
// Entries of the tensor "state".
enum {
    BEST_EPOCH,
    BEST_PER,
    PER_PROJECTED,
    PER_ROUNDED,
    STEPS,
    // of the running epoch
    BATCH,
    SUM_LOSS,
    SUM_UNITS,
    SUM_NORM,
    SUM_FRAMES,
    SUM_SECONDS,
    N_STATE
};

static const char *const KEYS[] = {"ernn.options"};

struct ernn_checkpoint {
    ernn_store *file;
    int64_t steps; // of the optimiser
};

// ---- Saving ----

static size_t n_columns(const ernn_train_report *report)
{
    return N_COLUMNS + (size_t)report->n_residuals;
}

static void pack_history(const ernn_train_report *report, double *history)
{
    for (int i = 0; i < report->n_epochs; i++) {
        const ernn_epoch *e = &report->epochs[i];
        double *row = history + (size_t)i * n_columns(report);
        for (int p = ERNN_PHASE_TRAIN; p < ERNN_PHASES; p++)
            if (strcmp(e->phase, ernn_phase_name((ernn_phase)p)) == 0)
                row[PHASE] = p;
        row[LOSS] = e->loss;
        row[DEV_PER] = e->dev_per;
        row[RESIDUAL] = e->residual;
        row[RHO] = e->rho;
        row[DENSITY] = e->density;
        row[RATE] = e->learning_rate;
        row[NORM] = e->gradient_norm;
        row[FRAMES] = e->frames;
        row[SECONDS] = e->seconds;
        for (int r = 0; r < report->n_residuals; r++)
            row[N_COLUMNS + r] = report->epoch_residuals[i * report->n_residuals + r];
    }
}

static void put_floats(ernn_store_writer *writer, const char *name, size_t n, const float *values)
{
    if (values)
        ernn_store_put(writer, name, ERNN_DTYPE_F32, 1, &n, values);
}

static void put_all(ernn_store_writer *writer, const ernn_trainer *t, const double *history,
                    const double *state, const double *residuals)
{
    const size_t n = ernn_model_n_parameters(t->model);
    const size_t n_residuals = (size_t)t->report.n_residuals;
    char version[16];
    snprintf(version, sizeof version, "%d", ERNN_STORE_VERSION);
    ernn_store_put_text(writer, "ernn.format", version);
    ernn_store_put_text(writer, "ernn.kind", "checkpoint");
    ernn_store_put_text(writer, "ernn.options", t->identity.data);
    put_floats(writer, "parameters", n, ernn_model_parameters_const(t->model));
    put_floats(writer, "best", n, t->best);
    put_floats(writer, "optimiser.mean", n, t->optimiser.mean);
    put_floats(writer, "optimiser.square", n, t->optimiser.square);
    put_floats(writer, "admm.z", n, t->admm.z);
    put_floats(writer, "admm.u", n, t->admm.u);
    if (t->report.n_epochs > 0)
        ernn_store_put(writer, "history", ERNN_DTYPE_F64, 2,
                       (size_t[]){(size_t)t->report.n_epochs, n_columns(&t->report)}, history);
    ernn_store_put(writer, "state", ERNN_DTYPE_F64, 1, (size_t[]){N_STATE}, state);
    if (n_residuals > 0)
        ernn_store_put(writer, "residuals", ERNN_DTYPE_F64, 1, &n_residuals, residuals);
}

ernn_status ernn_checkpoint_save(const ernn_trainer *t, const char *path, ernn_error *err)
{
    const ernn_train_report *r = &t->report;
    const ernn_position *p = &t->position;
    const double state[N_STATE] = {r->best_epoch,
                                   r->best_dev_per,
                                   r->per_projected,
                                   r->per_rounded,
                                   (double)t->optimiser.steps,
                                   (double)p->batch,
                                   p->loss,
                                   p->units,
                                   p->norm,
                                   p->frames,
                                   p->seconds};
    ernn_store_writer *writer = NULL;
    double *history = ernn_mem_new((size_t)r->n_epochs * n_columns(r), sizeof(double), err);
    double *residuals = ernn_mem_new((size_t)r->n_residuals, sizeof(double), err);
    ernn_status status = history && residuals ? ERNN_OK : ERNN_NO_MEMORY;
    if (status == ERNN_OK)
        status = ernn_store_writer_new(&writer, err);
    if (status == ERNN_OK) {
        pack_history(r, history);
        for (int i = 0; i < r->n_residuals; i++)
            residuals[i] = r->residuals[i].value;
        put_all(writer, t, history, state, residuals);
        status = ernn_store_save(writer, path, err);
    }
    ernn_store_writer_free(writer);
    ernn_mem_free(history);
    ernn_mem_free(residuals);
    return status;
}

// ---- Loading ----

// Names the first line in which the identities differ.
static ernn_status compare(const char *path, const char *saved, const char *asked, ernn_error *err)
{
    while (*saved && *asked) {
        const int a = (int)strcspn(saved, "\n");
        const int b = (int)strcspn(asked, "\n");
        if (a != b || memcmp(saved, asked, (size_t)a) != 0)
            return ernn_error_set(err, ERNN_BAD_ARG,
                                  "%s: was trained with %.*s, now asked for %.*s; resume with the "
                                  "same options and data, or start anew",
                                  path, a, saved, b, asked);
        saved += a + (saved[a] != '\0');
        asked += b + (asked[b] != '\0');
    }
    if (*saved == *asked)
        return ERNN_OK;
    return ernn_error_set(err, ERNN_BAD_ARG, "%s: belongs to another kind of training", path);
}

// No history at all is that of a first epoch that is not done.
static ernn_status unpack_history(const ernn_store *file, ernn_trainer *t, ernn_error *err)
{
    const ernn_store_tensor *tensor = ernn_store_find(file, "history");
    if (!tensor)
        return ERNN_OK;
    const size_t rows = tensor->n_dims == 2 ? tensor->shape[0] : 0;
    if (rows < 1 || rows > (size_t)t->schedule.n_epochs)
        return ernn_error_set(err, ERNN_BAD_FILE, "%s: history has %zu epochs, allowed is 1 to %d",
                              ernn_store_path(file), rows, t->schedule.n_epochs);
    const size_t columns = n_columns(&t->report);
    const size_t n_residuals = (size_t)t->report.n_residuals;
    double *history = ernn_mem_new(rows * columns, sizeof(double), err);
    if (!history)
        return ERNN_NO_MEMORY;
    const ernn_status status = ernn_store_read(file, "history", ERNN_DTYPE_F64, 2,
                                               (size_t[]){rows, columns}, history, err);
    for (size_t i = 0; status == ERNN_OK && i < rows; i++) {
        const double *row = history + i * columns;
        ernn_epoch *e = &t->report.epochs[i];
        *e = (ernn_epoch){.epoch = (int)i + 1,
                          .loss = row[LOSS],
                          .dev_per = row[DEV_PER],
                          .residual = row[RESIDUAL],
                          .rho = row[RHO],
                          .density = row[DENSITY],
                          .learning_rate = row[RATE],
                          .gradient_norm = row[NORM],
                          .frames = row[FRAMES],
                          .seconds = row[SECONDS]};
        memcpy(t->report.epoch_residuals + i * n_residuals, row + N_COLUMNS,
               n_residuals * sizeof *row);
        const ernn_phase phase = ernn_schedule_at(&t->schedule, (int)i).phase;
        strcpy(e->phase, ernn_phase_name(phase));
    }
    t->report.n_epochs = status == ERNN_OK ? (int)rows : 0;
    ernn_mem_free(history);
    return status;
}

// `*saved` is the identity of the training, borrowed from the file.
static ernn_status open_file(const char *path, ernn_store **file, const char **saved,
                             ernn_error *err)
{
    if (!ernn_file_exists(path))
        return ernn_error_set(err, ERNN_IO, "%s: no checkpoint there to resume from", path);
    ernn_status status = ernn_store_load(path, file, err);
    if (status == ERNN_OK)
        status = ernn_store_check_profile(*file, "checkpoint", KEYS, 1, err);
    if (status == ERNN_OK)
        status = ernn_store_need_text(*file, "ernn.options", saved, err);
    return status;
}

ernn_status ernn_checkpoint_parts(const char *path, int *parts, ernn_error *err)
{
    ernn_store *file = NULL;
    const char *saved = NULL;
    ernn_status status = open_file(path, &file, &saved, err);
    if (status == ERNN_OK) {
        const char *line = strstr(saved, "\nparts=");
        const long value = line ? strtol(line + strlen("\nparts="), NULL, 10) : 0;
        if (value >= 1 && value <= ERNN_MAX_PARTS)
            *parts = (int)value;
        else
            status = ernn_error_set(err, ERNN_BAD_FILE, "%s: in %ld parts, allowed is 1 to %d",
                                    path, value, ERNN_MAX_PARTS);
    }
    ernn_store_free(file);
    return status;
}

// Best epoch, position and steps. What cannot be is refused.
static ernn_status read_state(ernn_checkpoint *c, ernn_trainer *t, ernn_error *err)
{
    const ernn_store *file = c->file;
    double state[N_STATE];
    ernn_status status =
        ernn_store_read(file, "state", ERNN_DTYPE_F64, 1, (size_t[]){N_STATE}, state, err);
    if (status != ERNN_OK)
        return status;
    const double n_batches = (double)t->batches.n;
    if (!(state[BEST_EPOCH] >= 0 && state[BEST_EPOCH] <= t->report.n_epochs) ||
        !(state[STEPS] >= 0 && state[STEPS] < 1e15) ||
        !(state[BATCH] >= 0 && state[BATCH] < n_batches) ||
        (t->report.n_epochs == 0 && state[BATCH] == 0) ||
        (t->report.n_epochs == t->schedule.n_epochs && state[BATCH] > 0))
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: state: best epoch %g of %d, %g steps, %g of %g updates of the "
                              "running epoch",
                              ernn_store_path(file), state[BEST_EPOCH], t->report.n_epochs,
                              state[STEPS], state[BATCH], n_batches);
    t->report.best_epoch = (int)state[BEST_EPOCH];
    t->report.best_dev_per = state[BEST_PER];
    t->report.per_projected = state[PER_PROJECTED];
    t->report.per_rounded = state[PER_ROUNDED];
    c->steps = (int64_t)state[STEPS];
    t->position = (ernn_position){.batch = (size_t)state[BATCH],
                                  .loss = state[SUM_LOSS],
                                  .units = state[SUM_UNITS],
                                  .norm = state[SUM_NORM],
                                  .frames = state[SUM_FRAMES],
                                  .seconds = state[SUM_SECONDS]};
    return ERNN_OK;
}

ernn_status ernn_checkpoint_load(const char *path, ernn_trainer *t, ernn_checkpoint **checkpoint,
                                 ernn_error *err)
{
    *checkpoint = NULL;
    ernn_checkpoint *c = ernn_mem_new(1, sizeof *c, err);
    if (!c)
        return ERNN_NO_MEMORY;
    const char *saved = NULL;
    ernn_status status = open_file(path, &c->file, &saved, err);
    if (status == ERNN_OK)
        status = compare(path, saved, t->identity.data, err);
    if (status == ERNN_OK)
        status = unpack_history(c->file, t, err);
    if (status == ERNN_OK)
        status = read_state(c, t, err);
    if (status == ERNN_OK)
        *checkpoint = c;
    else
        ernn_checkpoint_free(c);
    return status;
}

static ernn_status read_floats(const ernn_store *file, const char *name, size_t n, float *values,
                               ernn_error *err)
{
    return ernn_store_read(file, name, ERNN_DTYPE_F32, 1, &n, values, err);
}

static ernn_status read_residuals(const ernn_store *file, ernn_trainer *t, ernn_error *err)
{
    const size_t n = (size_t)t->report.n_residuals;
    double *values = ernn_mem_new(n, sizeof(double), err);
    if (!values)
        return ERNN_NO_MEMORY;
    const ernn_status status =
        ernn_store_read(file, "residuals", ERNN_DTYPE_F64, 1, &n, values, err);
    for (size_t i = 0; status == ERNN_OK && i < n; i++)
        t->report.residuals[i].value = values[i];
    ernn_mem_free(values);
    return status;
}

ernn_status ernn_checkpoint_read(const ernn_checkpoint *checkpoint, ernn_trainer *t,
                                 ernn_error *err)
{
    const ernn_store *file = checkpoint->file;
    const size_t n = ernn_model_n_parameters(t->model);
    ernn_status status = ERNN_OK;
    t->optimiser.steps = checkpoint->steps;
    if (t->report.n_residuals > 0)
        status = read_residuals(file, t, err);
    if (status == ERNN_OK)
        status = read_floats(file, "parameters", n, ernn_model_parameters(t->model), err);
    if (status == ERNN_OK && t->report.best_epoch > 0)
        status = read_floats(file, "best", n, t->best, err);
    if (status == ERNN_OK)
        status = read_floats(file, "optimiser.mean", n, t->optimiser.mean, err);
    if (status == ERNN_OK && t->optimiser.square)
        status = read_floats(file, "optimiser.square", n, t->optimiser.square, err);
    if (status == ERNN_OK && t->admm.z)
        status = read_floats(file, "admm.z", n, t->admm.z, err);
    if (status == ERNN_OK && t->admm.u)
        status = read_floats(file, "admm.u", n, t->admm.u, err);
    return status;
}

void ernn_checkpoint_free(ernn_checkpoint *checkpoint)
{
    if (!checkpoint)
        return;
    ernn_store_free(checkpoint->file);
    ernn_mem_free(checkpoint);
}
