// Shapes of the products. SPDX-License-Identifier: Apache-2.0
#include "hw/shape.h"

int ernn_hw_ceil(int a, int b)
{
    return (a + b - 1) / b;
}

int ernn_hw_log2(int n)
{
    int bits = 0;
    while (1 << bits < n)
        bits++;
    return bits;
}

const char *ernn_hw_product_name(ernn_product product)
{
    static const char *const NAMES[] = {"input", "recurrent", "candidate", "projection"};
    return NAMES[product];
}

bool ernn_hw_shape_of(const ernn_spec *spec, int l, ernn_product product, ernn_hw_shape *shape)
{
    const ernn_layer_spec *layer = &spec->layers[l];
    const bool is_lstm = layer->cell == ERNN_CELL_LSTM;
    const bool has_candidate = !is_lstm && !layer->is_reset_after;
    const int gates = ernn_spec_gates(layer->cell);
    int k = layer->block[ERNN_MATRIX_RECURRENT];
    int rows = gates - has_candidate; // gates of the matrix
    int cols = ernn_spec_layer_outputs(spec, l);
    int cells = layer->n_cells;
    switch (product) {
    case ERNN_PRODUCT_INPUT:
        k = layer->block[ERNN_MATRIX_INPUT];
        rows = gates;
        cols = ernn_spec_layer_inputs(spec, l);
        break;
    case ERNN_PRODUCT_CANDIDATE:
        if (!has_candidate)
            return false;
        rows = 1;
        break;
    case ERNN_PRODUCT_PROJECTION:
        if (!is_lstm || !layer->n_projected)
            return false;
        k = layer->block[ERNN_MATRIX_PROJECTION];
        rows = 1;
        cols = layer->n_cells;
        cells = layer->n_projected;
        break;
    default:
        break;
    }
    *shape = (ernn_hw_shape){.p = rows * ernn_hw_ceil(cells, k),
                             .q = ernn_hw_ceil(cols, k),
                             .k = k,
                             .log2_k = ernn_hw_log2(k)};
    return true;
}

ernn_hw_shape ernn_hw_output_shape(const ernn_spec *spec)
{
    const int k = spec->output_block;
    return (ernn_hw_shape){.p = ernn_hw_ceil(spec->n_labels, k),
                           .q = ernn_hw_ceil(ernn_spec_layer_outputs(spec, spec->n_layers - 1), k),
                           .k = k,
                           .log2_k = ernn_hw_log2(k)};
}

int ernn_hw_output_lanes(const ernn_spec *spec, const ernn_design *design)
{
    return spec->output_block < design->lanes ? spec->output_block : design->lanes;
}

int ernn_hw_chains(const ernn_spec *spec, int l, ernn_product product)
{
    const ernn_layer_spec *layer = &spec->layers[l];
    const int gates = ernn_spec_gates(layer->cell);
    const bool is_before = layer->cell == ERNN_CELL_GRU && !layer->is_reset_after;
    switch (product) {
    case ERNN_PRODUCT_INPUT:
        return gates;
    case ERNN_PRODUCT_RECURRENT:
        return is_before ? 1 : gates;
    case ERNN_PRODUCT_PROJECTION:
        return 1;
    default:
        return 0;
    }
}

int ernn_hw_operands(const ernn_hw_shape *shape)
{
    return shape->k == 1 ? 1 : 3 * shape->k / 2 - 1;
}
