// The course of a training as a picture: a script for gnuplot, run as a program.
// SPDX-License-Identifier: Apache-2.0
#include "process.h"
#include "train.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PANEL_HEIGHT = 260, WIDTH = 900 };

// ---- Data: gnuplot's blocks of lines between $name << EOD and EOD ----

static void print_epochs(FILE *script, const ernn_train_report *r)
{
    fprintf(script, "$epochs << EOD\n");
    for (int i = 0; i < r->n_epochs; i++) {
        const ernn_epoch *e = &r->epochs[i];
        fprintf(script, "%d %.6g ", e->epoch, e->loss);
        fprintf(script, e->dev_per >= 0 ? "%.6g" : "NaN", e->dev_per);
        fprintf(script, " %.6g %.6g\n", e->learning_rate, e->gradient_norm);
    }
    fprintf(script, "EOD\n");
}

// One column for each matrix; epochs of other phases have none.
static int print_residuals(FILE *script, const ernn_train_report *r)
{
    int n = 0;
    fprintf(script, "$residuals << EOD\n");
    for (int i = 0; i < r->n_epochs; i++) {
        if (strcmp(r->epochs[i].phase, "admm") != 0)
            continue;
        fprintf(script, "%d %.6g", r->epochs[i].epoch, r->epochs[i].rho);
        for (int j = 0; j < r->n_residuals; j++)
            fprintf(script, " %.6g", r->epoch_residuals[i * r->n_residuals + j]);
        fprintf(script, "\n");
        n++;
    }
    fprintf(script, "EOD\n");
    return n;
}

// ---- Panels ----

// A dashed line and a name where a phase begins.
static void print_phases(FILE *script, const ernn_train_report *r)
{
    for (int i = 0, n = 1; i < r->n_epochs; i++) {
        if (i > 0 && strcmp(r->epochs[i].phase, r->epochs[i - 1].phase) == 0)
            continue;
        fprintf(script, "set label %d '%s' at first %g, graph 1.06 font ',10' tc rgb '#555555'\n",
                n, r->epochs[i].phase, i + 0.6);
        if (i > 0)
            fprintf(script,
                    "set arrow %d from first %g, graph 0 to first %g, graph 1 nohead dt 2 "
                    "lc rgb '#888888'\n",
                    n, i + 0.5, i + 0.5);
        n++;
    }
}

static void print_curves(FILE *script, bool has_per)
{
    fprintf(script, "set ylabel 'loss per label'\nset logscale y\nset y2label 'learning rate'\n"
                    "set y2tics\nset ytics nomirror\nset format y2 '%%g'\n"
                    "plot $epochs u 1:2 w lp pt 7 ps 0.4 lw 2 lc rgb '#0060ad' t 'loss', "
                    "$epochs u 1:4 axes x1y2 w l lc rgb '#999999' t 'learning rate'\n"
                    "unset y2label\nunset y2tics\nunset logscale y\nset ytics mirror\n");
    if (has_per)
        fprintf(script,
                "set ylabel 'dev PER, %%'\n"
                "plot [][0:*] $epochs u 1:3 w lp pt 7 ps 0.4 lw 2 lc rgb '#c04000' notitle\n");
    fprintf(script, "set ylabel 'gradient norm'\nset logscale y\n"
                    "plot $epochs u 1:5 w lp pt 7 ps 0.4 lw 2 lc rgb '#008060' notitle\n");
}

static void print_residual_panel(FILE *script, const ernn_train_report *r)
{
    fprintf(script, "set ylabel '|W - Z| / |W|'\nset key outside right reverse Left samplen 2 font "
                    "',9'\nplot ");
    for (int i = 0; i < r->n_residuals; i++)
        fprintf(script, "%s$residuals u 1:%d w lp pt %d ps 0.4 lc %d dt %d t '%s'", i ? ", " : "",
                i + 3, 4 + i / 8, 1 + i % 8, 1 + i / 8, r->residuals[i].name);
    fprintf(script, "\n");
}

static void print_script(FILE *script, const ernn_train_report *r, const char *picture)
{
    bool has_per = false;
    for (int i = 0; i < r->n_epochs; i++)
        has_per = has_per || r->epochs[i].dev_per >= 0;
    print_epochs(script, r);
    const bool has_residuals = print_residuals(script, r) > 0 && r->n_residuals > 0;
    const int n_panels = 2 + has_per + has_residuals;
    fprintf(script,
            "set terminal svg size %d,%d background rgb 'white' font 'sans,11'\n"
            "set output '%s'\nset multiplot layout %d,1\n"
            "set xrange [0.5:%g]\nset grid\nset key right top\nset lmargin 10\nset rmargin 22\nset "
            "tmargin 2\n"
            "set xlabel 'epoch'\nset termoption noenhanced\n",
            WIDTH, PANEL_HEIGHT * n_panels, picture, n_panels, r->n_epochs + 0.5);
    print_phases(script, r);
    print_curves(script, has_per);
    if (has_residuals)
        print_residual_panel(script, r);
    fprintf(script, "unset multiplot\n");
}

// ---- Running ----

// A name that a single-quoted string of gnuplot can hold.
static bool is_plain(const char *path)
{
    return strlen(path) < 1000 && !strpbrk(path, "'\n");
}

ernn_status ernn_cli_training_plot(const ernn_train_report *report, const char *path,
                                   ernn_error *err)
{
    char script_path[1100];
    char picture[1100];
    if (!is_plain(path))
        return ernn_cli_error(
            err, ERNN_BAD_ARG,
            "--plot: the name may have 1000 characters, no quote and no new line");
    snprintf(script_path, sizeof script_path, "%s.tmp%ld.gnuplot", path, (long)getpid());
    snprintf(picture, sizeof picture, "%s.tmp%ld", path, (long)getpid());
    FILE *script = fopen(script_path, "w");
    if (!script)
        return ernn_cli_error(err, ERNN_IO, "%s: cannot create", script_path);
    print_script(script, report, picture);
    ernn_status status = ERNN_OK;
    if (fclose(script) != 0)
        status = ernn_cli_error(err, ERNN_IO, "%s: cannot write", script_path);
    const char *const argv[] = {"gnuplot", script_path, NULL};
    const ernn_cli_process process = {.argv = argv,
                                      .folder = ".",
                                      .package = "gnuplot-nox",
                                      .label = "plot",
                                      .seconds_limit = 60};
    if (status == ERNN_OK)
        status = ernn_cli_process_run(&process, err);
    if (status == ERNN_OK && rename(picture, path) != 0)
        status = ernn_cli_error(err, ERNN_IO, "%s: cannot write", path);
    unlink(script_path);
    unlink(picture);
    return status;
}
