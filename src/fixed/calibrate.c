// Calibration: ranges of signals over sequences and of parameters. docs/fixed-point.md section 8.
// SPDX-License-Identifier: Apache-2.0
#include "fixed/calibrate.h"

#include "base/memory.h"
#include "fixed/float_network.h"

#include <math.h>

double ernn_range_peak(ernn_range range)
{
    return fmax(-range.low, range.high);
}

// Ranges start at {0, 0}: every signal of ours can be 0.
void ernn_range_add(ernn_range *range, const double *values, size_t n)
{
    double low = range->low;
    double high = range->high;
    for (size_t i = 0; i < n; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    range->low = low;
    range->high = high;
}

// An ernn_network_ranges is nothing but ranges.
static void merge(ernn_network_ranges *all, const ernn_network_ranges *part)
{
    ernn_range *to = (ernn_range *)all;
    const ernn_range *from = (const ernn_range *)part;
    for (size_t i = 0; i < sizeof *all / sizeof *to; i++) {
        to[i].low = fmin(to[i].low, from[i].low);
        to[i].high = fmax(to[i].high, from[i].high);
    }
}

// What one sequence showed.
typedef struct watched {
    ernn_network_ranges ranges;
    ernn_status status;
    ernn_error error;
} watched;

// One sequence from zero state.
static void watch(const ernn_float_network *network, const ernn_sequences *sequences, size_t index,
                  int n_labels, watched *seen)
{
    ernn_float_run *run = NULL;
    double *scores = ernn_mem_new((size_t)n_labels, sizeof *scores, &seen->error);
    seen->status = scores ? ernn_float_run_new(network, &run, &seen->error) : ERNN_NO_MEMORY;
    for (int t = 0; seen->status == ERNN_OK && t < sequences->n_frames[index]; t++)
        ernn_float_run_step(run, sequences->frames[index] + (size_t)t * (size_t)sequences->width,
                            scores, &seen->ranges);
    ernn_float_run_free(run);
    ernn_mem_free(scores);
}

// The range that a parameter array widens.
static ernn_range *parameter_range(ernn_qmodel *shape, const ernn_qtensor *tensor,
                                   ernn_network_ranges *ranges)
{
    if (tensor->layer < 0)
        return tensor->matrix ? &ranges->output.weights : &ranges->scores;
    ernn_rt_layer *from = &shape->network.layers[tensor->layer];
    ernn_layer_ranges *layer = &ranges->layers[tensor->layer];
    for (ernn_qmatrix m = 0; m < ERNN_QMATRICES; m++)
        if (tensor->matrix == ernn_layer_matrix(from, m))
            return &layer->matrices[m].weights;
    return tensor->vector == from->peephole ? &layer->peephole : &layer->bias;
}

static void parameter_ranges(const ernn_model *model, ernn_qmodel *shape,
                             ernn_network_ranges *ranges)
{
    ernn_qtensor tensors[ERNN_QMODEL_MAX_TENSORS];
    const size_t n = ernn_qmodel_tensors(shape, tensors);
    for (size_t t = 0; t < n; t++) {
        const float *values = ernn_qtensor_source(&tensors[t], model);
        ernn_range *range = parameter_range(shape, &tensors[t], ranges);
        // A vector is spectra of blocks of one.
        const size_t k = (size_t)tensors[t].shape[2];
        double packed[ERNN_RT_MAX_K];
        for (size_t i = 0; i < tensors[t].count; i += k) {
            ernn_spectra(values + i, 1, (int)k, packed);
            ernn_range_add(range, packed, k);
        }
    }
}

ernn_status ernn_calibrate(const ernn_model *model, ernn_qmodel *shape,
                           const ernn_sequences *calibration, int max_sequences,
                           ernn_network_ranges *ranges, ernn_error *err)
{
    *ranges = (ernn_network_ranges){0};
    const size_t n =
        calibration->n < (size_t)max_sequences ? calibration->n : (size_t)max_sequences;
    ernn_float_network *network = NULL;
    watched *seen = ernn_mem_new(n, sizeof *seen, err);
    ernn_status status =
        seen ? ernn_float_network_new(model, shape, &network, err) : ERNN_NO_MEMORY;
    if (status == ERNN_OK) {
#pragma omp parallel for schedule(dynamic, 1)
        for (size_t i = 0; i < n; i++)
            watch(network, calibration, i * calibration->n / n, shape->spec.n_labels, &seen[i]);
        parameter_ranges(model, shape, ranges);
    }
    for (size_t i = 0; i < n && status == ERNN_OK; i++) {
        merge(ranges, &seen[i].ranges);
        status = seen[i].status;
        if (status != ERNN_OK && err)
            *err = seen[i].error;
    }
    ernn_float_network_free(network);
    ernn_mem_free(seen);
    return status;
}
