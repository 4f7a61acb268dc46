// From a float model to the integer one: formats from calibrated ranges. docs/fixed-point.md
// section 8. SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"
#include "fixed/table.h"

#include <math.h>

// Signals get a tenth more room than calibration showed; past +-8 both activations are constant.
static const double HEADROOM = 1.1;
static const double ACTIVATION_RANGE = 8;

ernn_quant_options ernn_quant_defaults(void)
{
    return (ernn_quant_options){.signal_bits = 16, .weight_bits = 12, .max_sequences = 64};
}

static int signal_frac(ernn_range range, int bits)
{
    return ernn_fixed_frac(HEADROOM * ernn_range_peak(range), bits);
}

// Limiting a few far values often pays with a bit for all others.
static void choose_weights(ernn_qmodel *qmodel, const ernn_model *model)
{
    ernn_qtensor tensors[ERNN_QMODEL_MAX_TENSORS];
    const int bits = (int)qmodel->network.weight_bits;
    const size_t n = ernn_qmodel_tensors(qmodel, tensors);
    for (size_t t = 0; t < n; t++) {
        if (!tensors[t].matrix)
            continue;
        const size_t k = (size_t)tensors[t].shape[2];
        tensors[t].formats->weights = ernn_weights_frac(ernn_qtensor_source(&tensors[t], model),
                                                        tensors[t].count / k, (int)k, bits);
    }
}

static void choose_matrix(ernn_matrix_formats *formats, const ernn_matrix_ranges *ranges,
                          const ernn_rt_network *network)
{
    const int bits = (int)network->signal_bits;
    formats->spectrum = signal_frac(ranges->spectrum, bits);
    formats->accumulator = signal_frac(ranges->accumulator, bits + 4);
}

// Products and biases are held whole; their sum only as far as the activations tell it apart.
static int preactivation_frac(const ernn_layer_ranges *ranges, int bits)
{
    double peak = fmin(HEADROOM * ernn_range_peak(ranges->preactivation), ACTIVATION_RANGE);
    for (ernn_qmatrix m = ERNN_QMATRIX_INPUT; m <= ERNN_QMATRIX_CANDIDATE; m++)
        peak = fmax(peak, HEADROOM * ernn_range_peak(ranges->matrices[m].product));
    return ernn_fixed_frac(fmax(peak, ernn_range_peak(ranges->bias)), bits);
}

static void choose_signals(ernn_qmodel *qmodel, const ernn_network_ranges *ranges)
{
    ernn_rt_network *network = &qmodel->network;
    const int bits = (int)network->signal_bits;
    for (uint32_t l = 0; l < network->n_layers; l++) {
        const ernn_layer_ranges *seen = &ranges->layers[l];
        ernn_layer_formats *formats = &qmodel->formats.layers[l];
        formats->input = signal_frac(seen->input, bits);
        formats->preactivation = preactivation_frac(seen, bits);
        formats->cell = signal_frac(seen->cell, bits);
        formats->peephole = ernn_fixed_frac(ernn_range_peak(seen->peephole), bits);
        formats->output = signal_frac(seen->output, bits);
        for (ernn_qmatrix m = 0; m < ERNN_QMATRICES; m++)
            choose_matrix(&formats->matrices[m], &seen->matrices[m], network);
    }
    ernn_range scores = ranges->scores;
    scores.low = fmin(scores.low, ranges->output.product.low);
    scores.high = fmax(scores.high, ranges->output.product.high);
    qmodel->formats.output_frac = signal_frac(scores, bits);
    choose_matrix(&qmodel->formats.output, &ranges->output, network);
}

// The formats differ by more than a constraint can mend only for very short words: say so.
static ernn_status settle(ernn_qmodel *qmodel, const ernn_model *model, ernn_network_ranges *ranges,
                          ernn_error *err)
{
    choose_signals(qmodel, ranges);
    choose_weights(qmodel, model);
    ernn_formats_constrain(&qmodel->formats, &qmodel->network);
    ernn_status status = ernn_formats_apply(&qmodel->formats, &qmodel->network, err);
    if (status == ERNN_OK)
        status = ernn_format_table(qmodel, ranges, err);
    if (status == ERNN_OK)
        ernn_qmodel_fill(qmodel, model);
    return status;
}

static ernn_status check(const ernn_model *model, const ernn_sequences *calibration,
                         const ernn_quant_options *options, ernn_error *err)
{
    const float *parameters = ernn_model_parameters_const(model);
    for (size_t i = 0; i < ernn_model_n_parameters(model); i++)
        if (!isfinite(parameters[i]))
            return ernn_error_set(err, ERNN_BAD_ARG, "quantize: parameter %zu is not finite", i);
    if (calibration->n == 0)
        return ernn_error_set(err, ERNN_BAD_ARG, "quantize: no calibration sequences");
    if (calibration->width != ernn_model_spec(model)->n_inputs)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "quantize: calibration frames have %d features, the model takes %d",
                              calibration->width, ernn_model_spec(model)->n_inputs);
    if (options->max_sequences < 1)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "quantize: %d calibration sequences, at least 1 is needed",
                              options->max_sequences);
    return ERNN_OK;
}

ernn_status ernn_quantize(const ernn_model *model, const ernn_sequences *calibration,
                          const ernn_quant_options *options, ernn_qmodel **qmodel, ernn_error *err)
{
    const ernn_quant_options defaults = ernn_quant_defaults();
    options = options ? options : &defaults;
    *qmodel = NULL;
    ernn_qmodel *made = NULL;
    ernn_status status = check(model, calibration, options, err);
    if (status == ERNN_OK)
        status = ernn_qmodel_new(ernn_model_spec(model), options->signal_bits, options->weight_bits,
                                 &made, err);
    if (status != ERNN_OK)
        return status;
    made->features = *ernn_model_features(model);
    made->statistics = *ernn_model_statistics((ernn_model *)model);
    made->phone_set = ernn_model_phone_set(model);
    made->labels = *ernn_model_label_counts(model);
    ernn_network_ranges *ranges = ernn_mem_new(1, sizeof *ranges, err);
    status = ranges ? ernn_calibrate(model, made, calibration, options->max_sequences, ranges, err)
                    : ERNN_NO_MEMORY;
    if (status == ERNN_OK)
        status = settle(made, model, ranges, err);
    if (status == ERNN_OK)
        *qmodel = made;
    else
        ernn_qmodel_free(made);
    ernn_mem_free(ranges);
    return status;
}
