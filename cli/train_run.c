// One training of ernn train: the model to start from, progress, and what it leaves behind.
// SPDX-License-Identifier: Apache-2.0
#include "ranks.h"
#include "train.h"

#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// ---- The model to start from ----

static ernn_status new_model(const ernn_cli_training *a, ernn_model **model, ernn_error *err)
{
    ernn_spec spec = a->spec;
    spec.n_inputs = ernn_features_width(&a->features);
    spec.n_labels = ernn_phones_count(a->labels) + 1;
    return ernn_model_new(&spec, &a->features, a->labels, a->options.seed, model, err);
}

// From a dense model to a structure.
static bool compresses(const ernn_cli_training *a)
{
    return a->options.method == ERNN_METHOD_ADMM || a->options.method == ERNN_METHOD_PRUNE;
}

// *structure is what the method has to reach; false in *has_structure when the model has it.
static ernn_status prepare(const ernn_cli_training *a, ernn_model **model, ernn_spec *structure,
                           bool *has_structure, ernn_error *err)
{
    ernn_status status = a->from ? ernn_model_load(a->from, model, err) : new_model(a, model, err);
    if (status != ERNN_OK)
        return status;
    *structure = *ernn_model_spec(*model);
    *has_structure = a->blocks != NULL;
    if (a->blocks)
        status = ernn_spec_parse_blocks(structure, a->blocks, err);
    if (status != ERNN_OK || !a->from || !a->blocks || compresses(a))
        return status;
    // Circulant from a trained model: its projection, then the k-vectors.
    ernn_model *projected = NULL;
    status = ernn_train_project(*model, structure, a->options.admm_target, &projected, err);
    if (status == ERNN_OK) {
        ernn_model_free(*model);
        *model = projected;
        *has_structure = false;
    }
    return status;
}

// ---- Running ----

// Whole numbers of `done` are epochs that are complete: their lines stay.
bool ernn_cli_training_progress_line(void *user, double done, double total, const char *text)
{
    ernn_cli_training_progress *p = user;
    const bool is_terminal = isatty(STDERR_FILENO);
    const bool is_whole = done == floor(done);
    if (p->line.started == 0) {
        p->line.started = ernn_cli_seconds();
        p->first = is_whole ? done - 1 : floor(done);
    }
    // Without a terminal epochs alone are worth a line, with one each of them keeps its line.
    p->line.is_quiet = !is_whole && !is_terminal;
    p->line.last = is_whole ? -1e9 : p->line.last;
    const bool go_on = ernn_cli_progress_line(&p->line, done - p->first, total - p->first, text);
    if (is_whole && is_terminal)
        fputc('\n', stderr);
    return go_on;
}

static void print_summary(const ernn_cli_training *a, const ernn_train_report *r)
{
    printf("%s: best epoch %d of %d", a->output, r->best_epoch, r->n_epochs);
    if (r->best_dev_per >= 0)
        printf(", dev PER %.2f %%", r->best_dev_per);
    printf("\n");
    if (r->n_residuals > 0 && r->per_projected >= 0)
        printf("dev PER right after the projection, before fine-tuning: %.2f %%\n",
               r->per_projected);
    if (r->per_rounded >= 0)
        printf("dev PER with the weights rounded to %d bits, before quantization-aware training: "
               "%.2f %%\n",
               a->options.weight_bits, r->per_rounded);
    for (int i = 0; i < r->n_residuals; i++)
        printf("residual %-16s %.5f\n", r->residuals[i].name, r->residuals[i].value);
}

static int write_log(const ernn_cli_training *a, const ernn_train_report *report, bool is_done)
{
    char path[1100];
    char *log = ernn_cli_training_log(report, is_done);
    snprintf(path, sizeof path, "%.1000s.log.json", a->output);
    const int code = log ? ernn_cli_write(path, log) : ERNN_EXIT_FAILURE;
    free(log);
    return code;
}

// A log that cannot be written has said so; training goes on.
static void log_epoch(void *user, const ernn_train_report *report)
{
    write_log(user, report, false);
}

// Model, log and result of a training that ended well, or of one that diverged after some epochs.
static int save_results(const ernn_cli_training *a, const ernn_model *trained,
                        const ernn_train_report *report, ernn_error *err)
{
    if (ernn_model_save(trained, a->output, err) != ERNN_OK)
        return ernn_cli_fail(err);
    const int code = write_log(a, report, true);
    if (code != ERNN_EXIT_OK || !a->is_json) {
        print_summary(a, report);
        return code;
    }
    json_t *json = ernn_cli_training_json(report);
    const int failed = json_dumpf(json, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    json_decref(json);
    return failed ? ERNN_EXIT_FAILURE : puts("") < 0;
}

// What a killed process left of a checkpoint that it was writing.
static void remove_half_written(const char *checkpoint)
{
    char pattern[4200];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%.4100s.tmp[0-9]*", checkpoint);
    if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        unlink(found.gl_pathv[i]);
    globfree(&found);
}

static int finish(const ernn_cli_training *a, ernn_status status, const ernn_model *trained,
                  const ernn_train_report *report, ernn_error *err)
{
    if (report->n_unfit > 0)
        fprintf(stderr,
                "ernn: %d utterances have fewer frames than their labels need and were left out, "
                "the first is %s\n",
                report->n_unfit, report->first_unfit);
    if (status == ERNN_STOPPED)
        fprintf(stderr, "ernn: the work so far is in %s; the same command with --resume goes on\n",
                a->options.checkpoint);
    if (status != ERNN_OK) {
        ernn_cli_fail(err);
        if (trained && save_results(a, trained, report, err) == ERNN_EXIT_OK)
            fprintf(stderr, "ernn: the best epoch so far is in %s\n", a->output);
        return ERNN_EXIT_FAILURE;
    }
    const int code = save_results(a, trained, report, err);
    if (code == ERNN_EXIT_OK) {
        unlink(a->options.checkpoint);
        remove_half_written(a->options.checkpoint);
    }
    return code;
}

// The plot of a training that ended in `code`, well or not; a missing gnuplot costs the plot alone.
static int draw(const ernn_cli_training *a, ernn_status status, const ernn_train_report *report,
                int code)
{
    ernn_error err = {0};
    if (!a->plot || report->n_epochs == 0 || status == ERNN_STOPPED)
        return code;
    return ernn_cli_training_plot(report, a->plot, &err) == ERNN_OK ? code : ernn_cli_fail(&err);
}

int ernn_cli_train_run(ernn_cli_training *a)
{
    ernn_error err = {0};
    ernn_model *model = NULL;
    ernn_model *teacher = NULL;
    ernn_model *trained = NULL;
    ernn_cli_sets sets = {0};
    ernn_spec structure;
    bool has_structure = false;
    ernn_train_report report = {0};
    ernn_cli_training_progress progress = {0};
    int code;
    ernn_status status = prepare(a, &model, &structure, &has_structure, &err);
    if (status == ERNN_OK && a->teacher)
        status = ernn_model_load(a->teacher, &teacher, &err);
    a->options.teacher = teacher;
    if (status == ERNN_OK)
        status = ernn_cli_training_data(a, model, !a->from, &sets, &err);
    a->options.variants = (const ernn_sequences *const *)sets.variants;
    a->options.n_variants = sets.n_variants;
    status = ernn_comm_agree(a->options.comm, status, &err);
    if (status == ERNN_OK) {
        a->options.progress = ernn_cli_training_progress_line;
        a->options.progress_user = &progress;
        if (ernn_comm_rank(a->options.comm) == 0) {
            ernn_cli_training_start(&structure);
            if (compresses(a) && sets.dev && !a->options.resume &&
                ernn_spec_is_dense(ernn_model_spec(model)))
                ernn_cli_training_note_start(model, sets.dev, a->options.threads);
            a->options.on_epoch = log_epoch;
            a->options.on_epoch_user = a;
        }
        ernn_cli_catch_interrupt();
        ernn_cli_ranks_catch_end(a->options.comm, a->options.checkpoint);
        status = ernn_train(model, has_structure ? &structure : NULL, sets.train, sets.dev,
                            &a->options, &trained, &report, &err);
        code = status == ERNN_OK ? ERNN_EXIT_OK : ERNN_EXIT_FAILURE;
        if (ernn_comm_rank(a->options.comm) == 0)
            code = draw(a, status, &report, finish(a, status, trained, &report, &err));
    } else
        code = ernn_cli_fail(&err);
    ernn_train_report_free(&report);
    ernn_cli_sets_free(&sets);
    ernn_model_free(model);
    ernn_model_free(teacher);
    ernn_model_free(trained);
    return code;
}
