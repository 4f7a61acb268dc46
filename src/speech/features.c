// Feature options: defaults, ranges and derived sizes. SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "ernn/speech.h"

ernn_features ernn_features_defaults(void)
{
    return (ernn_features){.kind = ERNN_FEATURES_LOG_MEL,
                           .rate_hz = 16000,
                           .window_ms = 25,
                           .shift_ms = 10,
                           .n_filters = 40,
                           .n_cepstra = 13,
                           .n_deltas = 0,
                           .n_stacked = 2,
                           .normalisation = ERNN_NORMALISE_RUNNING};
}

ernn_status ernn_features_validate(const ernn_features *features, ernn_error *err)
{
    const struct {
        const char *name;
        int value;
        int low;
        int high;
    } fields[] = {
        {"kind", (int)features->kind, ERNN_FEATURES_LOG_MEL, ERNN_FEATURES_MFCC},
        {"rate_hz", features->rate_hz, 8000, 48000},
        {"window_ms", features->window_ms, 10, 64},
        {"shift_ms", features->shift_ms, 5, 32},
        {"n_filters", features->n_filters, 8, 128},
        {"n_cepstra", features->n_cepstra, 4,
         features->kind == ERNN_FEATURES_MFCC ? features->n_filters : 128},
        {"n_deltas", features->n_deltas, 0, 2},
        {"n_stacked", features->n_stacked, 1, 8},
        {"normalisation", (int)features->normalisation, ERNN_NORMALISE_RUNNING,
         ERNN_NORMALISE_GLOBAL},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].value < fields[i].low || fields[i].value > fields[i].high)
            return ernn_error_set(err, ERNN_BAD_ARG, "features: %s is %d, %d to %d allowed",
                                  fields[i].name, fields[i].value, fields[i].low, fields[i].high);
    if (features->shift_ms > features->window_ms)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "features: shift_ms is %d, at most the window of %d ms; samples "
                              "between windows would be lost",
                              features->shift_ms, features->window_ms);
    return ERNN_OK;
}

int ernn_features_width(const ernn_features *features)
{
    const int n = features->kind == ERNN_FEATURES_MFCC ? features->n_cepstra : features->n_filters;
    return n * (1 + features->n_deltas) * features->n_stacked;
}

double ernn_features_frames_per_second(const ernn_features *features)
{
    return 1000.0 / (features->shift_ms * features->n_stacked);
}
