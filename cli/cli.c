// Messages, option values, progress and interruption. SPDX-License-Identifier: Apache-2.0
#include "cli.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int ernn_cli_fail(const ernn_error *err)
{
    fprintf(stderr, "ernn: %s\n", err->text);
    return ERNN_EXIT_FAILURE;
}

int ernn_cli_usage(const char *verb, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "ernn %s: ", verb);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "; see ernn %s --help\n", verb);
    return ERNN_EXIT_USAGE;
}

bool ernn_cli_integer(const char *verb, const char *option, const char *text, long low, long high,
                      int *value)
{
    char *end;
    errno = 0;
    long parsed = strtol(text, &end, 10);
    if (errno || end == text || *end || parsed < low || parsed > high) {
        ernn_cli_usage(verb, "--%s: '%s', a whole number from %ld to %ld is wanted", option, text,
                       low, high);
        return false;
    }
    *value = (int)parsed;
    return true;
}

bool ernn_cli_number(const char *verb, const char *option, const char *text, double low,
                     double high, double *value)
{
    char *end;
    errno = 0;
    double parsed = strtod(text, &end);
    if (errno || end == text || *end || !isfinite(parsed) || parsed < low || parsed > high) {
        ernn_cli_usage(verb, "--%s: '%s', a number from %g to %g is wanted", option, text, low,
                       high);
        return false;
    }
    *value = parsed;
    return true;
}

double ernn_cli_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// The one mutable global of the command: a signal handler can reach nothing else.
static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

void ernn_cli_catch_interrupt(void)
{
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESETHAND | SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void print_time_left(double seconds)
{
    if (seconds >= 5940)
        fprintf(stderr, "%.1f h left", seconds / 3600);
    else if (seconds >= 99)
        fprintf(stderr, "%.0f min left", seconds / 60);
    else
        fprintf(stderr, "%.0f s left", seconds);
}

bool ernn_cli_progress_line(void *user, double done, double total, const char *text)
{
    ernn_cli_progress *progress = user;
    const bool is_terminal = isatty(STDERR_FILENO);
    const double now = ernn_cli_seconds();
    if (progress->started == 0)
        progress->started = now;
    const double interval = is_terminal ? 0.2 : 10;
    if (!progress->is_quiet && (now - progress->last >= interval || done >= total)) {
        progress->last = now;
        fprintf(stderr, is_terminal ? "\r\033[K%s, " : "%s, ", text);
        if (done > 0)
            print_time_left((now - progress->started) * (total - done) / done);
        if (!is_terminal)
            fputc('\n', stderr);
        fflush(stderr);
    }
    return !interrupted;
}

void ernn_cli_progress_end(ernn_cli_progress *progress)
{
    if (!progress->is_quiet && progress->last > 0 && isatty(STDERR_FILENO))
        fputc('\n', stderr);
}

int ernn_cli_write(const char *path, const char *text)
{
    if (strcmp(path, "-") == 0)
        return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? ERNN_EXIT_FAILURE : ERNN_EXIT_OK;
    char beside[1100];
    snprintf(beside, sizeof beside, "%.1000s.tmp%ld", path, (long)getpid());
    FILE *file = fopen(beside, "w");
    bool good = file && fputs(text, file) >= 0;
    if (file)
        good = fclose(file) == 0 && good;
    if (good && rename(beside, path) == 0)
        return ERNN_EXIT_OK;
    fprintf(stderr, "ernn: %s: cannot write: %s\n", path, strerror(errno));
    unlink(beside);
    return ERNN_EXIT_FAILURE;
}
