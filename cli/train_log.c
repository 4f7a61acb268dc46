// The log of ernn train as JSON. SPDX-License-Identifier: Apache-2.0
#include "train.h"

#include <stdlib.h>
#include <string.h>

// Epoch i of the report, from 0. The time left assumes that the epochs to come are as long as those
// of the last phase so far.
static json_t *epoch_json(const ernn_train_report *r, int i)
{
    const ernn_epoch *e = &r->epochs[i];
    double seconds = 0;
    int n = 0;
    for (int j = i; j >= 0 && strcmp(r->epochs[j].phase, e->phase) == 0; j--, n++)
        seconds += r->epochs[j].seconds;
    json_t *line =
        json_pack("{s:i,s:s,s:f,s:f,s:f,s:f,s:f,s:f,s:f}", "epoch", e->epoch, "phase", e->phase,
                  "loss", e->loss, "dev_per", e->dev_per, "learning_rate", e->learning_rate,
                  "gradient_norm", e->gradient_norm, "seconds", e->seconds, "frames_per_second",
                  e->seconds > 0 ? e->frames / e->seconds : 0, "seconds_left",
                  seconds / n * (r->n_planned - e->epoch));
    if (e->density < 1)
        json_object_set_new(line, "density", json_real(e->density));
    if (strcmp(e->phase, "admm") != 0)
        return line;
    json_object_set_new(line, "rho", json_real(e->rho));
    json_object_set_new(line, "residual", json_real(e->residual));
    json_t *residuals = json_object();
    for (int j = 0; j < r->n_residuals; j++)
        json_object_set_new(residuals, r->residuals[j].name,
                            json_real(r->epoch_residuals[i * r->n_residuals + j]));
    json_object_set_new(line, "residuals", residuals);
    return line;
}

// What belongs to the whole training.
static json_t *result_json(const ernn_train_report *r)
{
    json_t *result = json_pack("{s:i,s:f,s:i}", "best_epoch", r->best_epoch, "best_dev_per",
                               r->best_dev_per, "unfit", r->n_unfit);
    if (r->per_rounded >= 0)
        json_object_set_new(result, "per_rounded", json_real(r->per_rounded));
    json_object_set_new(result, "skipped", json_integer((json_int_t)r->n_bad));
    if (r->n_residuals == 0)
        return result;
    json_object_set_new(result, "per_projected", json_real(r->per_projected));
    json_t *residuals = json_object();
    for (int i = 0; i < r->n_residuals; i++)
        json_object_set_new(residuals, r->residuals[i].name, json_real(r->residuals[i].value));
    json_object_set_new(result, "residuals", residuals);
    return result;
}

json_t *ernn_cli_training_json(const ernn_train_report *report)
{
    json_t *result = result_json(report);
    json_t *epochs = json_array();
    for (int i = 0; i < report->n_epochs; i++)
        json_array_append_new(epochs, epoch_json(report, i));
    json_object_set_new(result, "epochs", epochs);
    return result;
}

// Appends `value` and a newline to *text; takes the value over.
static bool append_line(char **text, json_t *value)
{
    char *line = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(value);
    const size_t have = *text ? strlen(*text) : 0;
    char *grown = line ? realloc(*text, have + strlen(line) + 2) : NULL;
    if (grown) {
        *text = grown;
        strcpy(grown + have, line);
        strcat(grown + have, "\n");
    }
    free(line);
    return grown != NULL;
}

char *ernn_cli_training_log(const ernn_train_report *report, bool is_done)
{
    char *text = NULL;
    bool good = true;
    for (int i = 0; i < report->n_epochs; i++)
        good = good && append_line(&text, epoch_json(report, i));
    good = good && (!is_done || append_line(&text, result_json(report)));
    if (good)
        return text;
    free(text);
    return NULL;
}
