// One analysis window of pre-emphasised samples to log mel energies or cepstra.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_SPEECH_SPECTRUM_H
#define ERNN_SRC_SPEECH_SPECTRUM_H

#include "base/error.h"
#include "ernn/speech.h"

// Lowest edge of the lowest mel filter, the floor of filter energies, the lifter's length.
#define ERNN_MEL_LOW_HZ 20.0
#define ERNN_ENERGY_FLOOR 1e-8f
#define ERNN_LIFTER 22

// Tables and scratch of one thread.
typedef struct ernn_spectrum ernn_spectrum;

// `features` are valid.
ernn_status ernn_spectrum_new(const ernn_features *features, ernn_spectrum **spectrum,
                              ernn_error *err);
void ernn_spectrum_free(ernn_spectrum *spectrum);

// Samples in a window, numbers that come out of one.
int ernn_spectrum_window(const ernn_spectrum *spectrum);
int ernn_spectrum_width(const ernn_spectrum *spectrum);

// samples[window] -> values[width].
void ernn_spectrum_run(ernn_spectrum *spectrum, const float *samples, float *values);

#endif
