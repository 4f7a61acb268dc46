// Q formats of a whole network: limits, and the shifts between them. docs/fixed-point.md section 1.
// SPDX-License-Identifier: Apache-2.0
#include "fixed/formats.h"
#include "base/error.h"

// Limits of section 1.
enum {
    MAX_SIGNAL_FRAC = 30,
    MIN_INNER_FRAC = -16,
    MAX_INNER_FRAC = 40,
    MIN_ACTIVATION_FRAC = 3,
    ACCUMULATOR_EXTRA_BITS = 4,
};

ernn_rt_matrix *ernn_layer_matrix(ernn_rt_layer *layer, ernn_qmatrix which)
{
    switch (which) {
    case ERNN_QMATRIX_INPUT:
        return &layer->input;
    case ERNN_QMATRIX_RECURRENT:
        return &layer->recurrent;
    case ERNN_QMATRIX_CANDIDATE:
        return &layer->candidate;
    default:
        return &layer->projection;
    }
}

const char *ernn_qmatrix_name(ernn_qmatrix which)
{
    static const char *const names[] = {"input", "recurrent", "candidate", "projection"};
    return names[which];
}

static unsigned ceil_log2(uint32_t n)
{
    unsigned log2 = 0;
    while ((uint32_t)1 << log2 < n)
        log2++;
    return log2;
}

unsigned ernn_accumulator_bits(unsigned signal_bits, unsigned weight_bits,
                               const ernn_rt_matrix *matrix)
{
    const uint32_t q = (matrix->cols + (1u << matrix->log2_k) - 1) >> matrix->log2_k;
    return weight_bits + signal_bits + ceil_log2(q);
}

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

static int min2(int a, int b)
{
    return a < b ? a : b;
}

// Spectra and accumulator of one product whose input has `x_frac`; `*y_frac` is lowered when the
// product cannot reach it.
static void constrain_matrix(ernn_matrix_formats *formats, const ernn_rt_network *network,
                             const ernn_rt_matrix *matrix, int x_frac, int *y_frac)
{
    const int log2_k = (int)matrix->log2_k;
    const int width =
        (int)ernn_accumulator_bits(network->signal_bits, network->weight_bits, matrix);
    formats->weights = clamp(formats->weights, MIN_INNER_FRAC, MAX_INNER_FRAC);
    formats->spectrum = clamp(formats->spectrum, x_frac - log2_k - 1, x_frac);
    const int exact = formats->spectrum + formats->weights;
    formats->accumulator = clamp(formats->accumulator, exact - width + 1, exact);
    formats->accumulator = clamp(formats->accumulator, MIN_INNER_FRAC, MAX_INNER_FRAC);
    *y_frac = min2(*y_frac, formats->accumulator + log2_k);
}

// The inverse transform is not shifted by more than its width.
static void limit_output_shift(ernn_matrix_formats *formats, const ernn_rt_network *network,
                               int y_frac)
{
    formats->accumulator =
        min2(formats->accumulator, y_frac + (int)network->signal_bits + ACCUMULATOR_EXTRA_BITS);
}

static void constrain_layer(ernn_layer_formats *formats, const ernn_rt_network *network,
                            ernn_rt_layer *layer)
{
    const int bits = (int)network->signal_bits;
    const int gate_frac = bits - 2;
    formats->input = clamp(formats->input, 0, MAX_SIGNAL_FRAC);
    if (layer->is_projected) {
        ernn_matrix_formats *projection = &formats->matrices[ERNN_QMATRIX_PROJECTION];
        formats->output = clamp(formats->output, 0, MAX_SIGNAL_FRAC);
        constrain_matrix(projection, network, &layer->projection, gate_frac, &formats->output);
        limit_output_shift(projection, network, formats->output);
    } else {
        formats->output = gate_frac;
    }
    formats->cell =
        layer->cell == ERNN_RT_LSTM ? clamp(formats->cell, MIN_ACTIVATION_FRAC, gate_frac) : 0;
    formats->preactivation = clamp(formats->preactivation, MIN_ACTIVATION_FRAC, bits - 1);
    for (ernn_qmatrix m = ERNN_QMATRIX_INPUT; m <= ERNN_QMATRIX_CANDIDATE; m++)
        if (ernn_layer_matrix(layer, m)->rows)
            constrain_matrix(&formats->matrices[m], network, ernn_layer_matrix(layer, m),
                             m == ERNN_QMATRIX_INPUT ? formats->input : formats->output,
                             &formats->preactivation);
    if (layer->is_peephole) {
        formats->preactivation = min2(formats->preactivation, MAX_SIGNAL_FRAC + formats->cell);
        formats->peephole = clamp(formats->peephole, formats->preactivation - formats->cell,
                                  2 * bits + formats->preactivation - formats->cell);
        formats->peephole = clamp(formats->peephole, 0, MAX_SIGNAL_FRAC);
    } else {
        formats->peephole = 0;
    }
    for (ernn_qmatrix m = ERNN_QMATRIX_INPUT; m <= ERNN_QMATRIX_CANDIDATE; m++)
        limit_output_shift(&formats->matrices[m], network, formats->preactivation);
}

void ernn_formats_constrain(ernn_network_formats *formats, ernn_rt_network *network)
{
    for (uint32_t l = 0; l < network->n_layers; l++) {
        if (l > 0)
            formats->layers[l].input = formats->layers[l - 1].output;
        constrain_layer(&formats->layers[l], network, &network->layers[l]);
    }
    if (!network->output.rows)
        return;
    formats->output_frac = clamp(formats->output_frac, 0, MAX_SIGNAL_FRAC);
    constrain_matrix(&formats->output, network, &network->output,
                     formats->layers[network->n_layers - 1].output, &formats->output_frac);
    limit_output_shift(&formats->output, network, formats->output_frac);
}

// `value` in [low, high], or an error naming `what` of layer `layer` (-1: output layer).
static ernn_status check(int layer, const char *what, int value, int low, int high, ernn_error *err)
{
    if (value >= low && value <= high)
        return ERNN_OK;
    if (layer < 0)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "fixed point: output %s is %d, allowed %d to %d; more signal or "
                              "weight bits may help",
                              what, value, low, high);
    return ernn_error_set(err, ERNN_BAD_ARG,
                          "fixed point: layer %d %s is %d, allowed %d to %d; more signal or weight "
                          "bits may help",
                          layer, what, value, low, high);
}

static ernn_status apply_matrix(int layer, const ernn_matrix_formats *formats,
                                const ernn_rt_network *network, ernn_rt_matrix *matrix, int x_frac,
                                int y_frac, ernn_error *err)
{
    const int log2_k = (int)matrix->log2_k;
    const int bits = (int)network->signal_bits;
    const int width =
        (int)ernn_accumulator_bits(network->signal_bits, network->weight_bits, matrix);
    const int inner[] = {formats->weights, formats->spectrum, formats->accumulator};
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = {"weights frac", "spectrum frac", "accumulator frac"};
        ernn_status status = check(layer, names[i], inner[i], MIN_INNER_FRAC, MAX_INNER_FRAC, err);
        if (status != ERNN_OK)
            return status;
    }
    const int spectrum_shift = x_frac - formats->spectrum;
    const int accumulator_shift = formats->spectrum + formats->weights - formats->accumulator;
    const int output_shift = formats->accumulator + log2_k - y_frac;
    ernn_status status = check(layer, "spectrum shift", spectrum_shift, 0, log2_k + 1, err);
    if (status == ERNN_OK)
        status = check(layer, "accumulator shift", accumulator_shift, 0, width - 1, err);
    if (status == ERNN_OK)
        status = check(layer, "output shift", output_shift, 0,
                       bits + ACCUMULATOR_EXTRA_BITS + log2_k, err);
    matrix->spectrum_shift = (uint32_t)spectrum_shift;
    matrix->accumulator_shift = (uint32_t)accumulator_shift;
    matrix->output_shift = (uint32_t)output_shift;
    return status;
}

// The formats of the element-wise part.
static ernn_status check_signals(int l, const ernn_layer_formats *formats,
                                 const ernn_rt_network *network, const ernn_rt_layer *layer,
                                 ernn_error *err)
{
    const int bits = (int)network->signal_bits;
    ernn_status status = check(l, "input frac", formats->input, 0, MAX_SIGNAL_FRAC, err);
    if (status == ERNN_OK)
        status = check(l, "preactivation frac", formats->preactivation, MIN_ACTIVATION_FRAC,
                       bits - 1, err);
    if (status == ERNN_OK && layer->cell == ERNN_RT_LSTM)
        status = check(l, "cell frac", formats->cell, MIN_ACTIVATION_FRAC, bits - 2, err);
    if (status == ERNN_OK && layer->is_peephole)
        status = check(l, "peephole frac", formats->peephole, 0, MAX_SIGNAL_FRAC, err);
    if (status == ERNN_OK && layer->is_peephole)
        status =
            check(l, "peephole shift", formats->peephole + formats->cell - formats->preactivation,
                  0, 2 * bits, err);
    if (status == ERNN_OK)
        status = layer->is_projected
                     ? check(l, "output frac", formats->output, 0, MAX_SIGNAL_FRAC, err)
                     : check(l, "output frac", formats->output, bits - 2, bits - 2, err);
    return status;
}

static ernn_status apply_layer(int l, const ernn_layer_formats *formats,
                               const ernn_rt_network *network, ernn_rt_layer *layer,
                               ernn_error *err)
{
    ernn_status status = check_signals(l, formats, network, layer, err);
    for (ernn_qmatrix m = 0; m < ERNN_QMATRICES && status == ERNN_OK; m++) {
        ernn_rt_matrix *matrix = ernn_layer_matrix(layer, m);
        const int x_frac = m == ERNN_QMATRIX_INPUT        ? formats->input
                           : m == ERNN_QMATRIX_PROJECTION ? (int)network->signal_bits - 2
                                                          : formats->output;
        const int y_frac = m == ERNN_QMATRIX_PROJECTION ? formats->output : formats->preactivation;
        if (matrix->rows)
            status = apply_matrix(l, &formats->matrices[m], network, matrix, x_frac, y_frac, err);
    }
    if (status != ERNN_OK)
        return status;
    layer->input_frac = (uint32_t)formats->input;
    layer->preactivation_frac = (uint32_t)formats->preactivation;
    layer->cell_frac = (uint32_t)formats->cell;
    layer->peephole_frac = (uint32_t)formats->peephole;
    layer->output_frac = (uint32_t)formats->output;
    return ERNN_OK;
}

ernn_status ernn_formats_apply(const ernn_network_formats *formats, ernn_rt_network *network,
                               ernn_error *err)
{
    for (uint32_t l = 0; l < network->n_layers; l++) {
        const ernn_layer_formats *layer = &formats->layers[l];
        ernn_status status = ERNN_OK;
        if (l > 0)
            status = check((int)l, "input frac", layer->input, formats->layers[l - 1].output,
                           formats->layers[l - 1].output, err);
        if (status == ERNN_OK)
            status = apply_layer((int)l, layer, network, &network->layers[l], err);
        if (status != ERNN_OK)
            return status;
    }
    if (!network->output.rows)
        return ERNN_OK;
    ernn_status status = check(-1, "frac", formats->output_frac, 0, MAX_SIGNAL_FRAC, err);
    if (status == ERNN_OK)
        status =
            apply_matrix(-1, &formats->output, network, &network->output,
                         formats->layers[network->n_layers - 1].output, formats->output_frac, err);
    network->output_frac = (uint32_t)formats->output_frac;
    return status;
}
