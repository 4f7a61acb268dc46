// Cycles, following the sequencers of rtl/lstm_layer.v, rtl/gru_layer.v and rtl/circ_product.v.
// The constants are pipeline lengths read off those modules and confirmed by simulation; the
// remaining error is in docs/hardware.md. SPDX-License-Identifier: Apache-2.0
#include "hw/shape.h"

enum {
    START = 1,      // a product begins one cycle after its vector is there
    SPECTRUM = 5,   // rtl/circ_spectrum.v: last beat to vector complete, without the transform
    ROWS_OUT = 7,   // rtl/circ_product.v: last column to first block row, without the transform
    BUFFER = 1,     // rtl/product_buffer.v: last block row to frame complete
    READ = 2,       // row number to data
    LSTM_CELL = 29, // rtl/lstm_cell.v
    GRU_RESET = 12, // rtl/gru_reset.v
    GRU_CELL = 14,  // rtl/gru_cell.v
    FIFO = 2,       // rtl/frame_fifo.v
};

// rtl/rfft.v and rtl/irfft.v.
static int transform_cycles(int log2_k)
{
    return 1 + log2_k + (log2_k > 2 ? 3 * (log2_k - 2) : 0);
}

static int slot_cycles(const ernn_hw_shape *s, int pes)
{
    return s->q > pes ? s->q : pes;
}

// From the last beat of the vector to the last block row, frame complete.
static int product_latency(const ernn_hw_shape *s, int pes)
{
    const int passes = ernn_hw_ceil(s->p, pes);
    const int last_rows = s->p - (passes - 1) * pes;
    return SPECTRUM + transform_cycles(s->log2_k) + START + (passes - 1) * slot_cycles(s, pes) +
           s->q + ROWS_OUT + transform_cycles(s->log2_k) + last_rows + BUFFER;
}

// From one product to the next when vectors wait.
static int product_period(const ernn_hw_shape *s, int pes)
{
    return ernn_hw_ceil(s->p, pes) * slot_cycles(s, pes) + START;
}

// From "both products are there" to the last row of y.
static int cells_latency(const ernn_spec *spec, const ernn_design *design, int l)
{
    const ernn_layer_spec *layer = &spec->layers[l];
    const int *pes = design->layer_pes[l];
    const int rows = ernn_hw_ceil(layer->n_cells, design->lanes);
    ernn_hw_shape s;
    if (layer->cell == ERNN_CELL_LSTM) {
        int cycles = START + rows + READ + LSTM_CELL;
        if (ernn_hw_shape_of(spec, l, ERNN_PRODUCT_PROJECTION, &s))
            cycles += product_latency(&s, pes[ERNN_PRODUCT_PROJECTION]) + START + READ +
                      ernn_hw_ceil(layer->n_projected, design->lanes);
        return cycles;
    }
    int cycles = START + rows + READ + GRU_RESET + GRU_CELL;
    if (ernn_hw_shape_of(spec, l, ERNN_PRODUCT_CANDIDATE, &s))
        cycles += product_latency(&s, pes[ERNN_PRODUCT_CANDIDATE]) + START + READ + rows;
    return cycles;
}

int ernn_hw_loop_cycles(const ernn_spec *spec, const ernn_design *design, int l)
{
    ernn_hw_shape recurrent;
    ernn_hw_shape_of(spec, l, ERNN_PRODUCT_RECURRENT, &recurrent);
    return cells_latency(spec, design, l) +
           product_latency(&recurrent, design->layer_pes[l][ERNN_PRODUCT_RECURRENT]);
}

int ernn_hw_ahead_cycles(const ernn_spec *spec, const ernn_design *design, int l)
{
    ernn_hw_shape input;
    ernn_hw_shape_of(spec, l, ERNN_PRODUCT_INPUT, &input);
    const int period = product_period(&input, design->layer_pes[l][ERNN_PRODUCT_INPUT]);
    const int beats = ernn_hw_ceil(ernn_spec_layer_inputs(spec, l), design->lanes);
    return period > beats ? period : beats;
}

int ernn_hw_layer_cycles(const ernn_spec *spec, const ernn_design *design, int l)
{
    const int loop = ernn_hw_loop_cycles(spec, design, l);
    const int ahead = ernn_hw_ahead_cycles(spec, design, l);
    return loop > ahead ? loop : ahead;
}

int ernn_hw_layer_latency(const ernn_spec *spec, const ernn_design *design, int l)
{
    const int *pes = design->layer_pes[l];
    ernn_hw_shape input;
    ernn_hw_shape_of(spec, l, ERNN_PRODUCT_INPUT, &input);
    // A later layer takes its beats as the layer before gives them.
    const int beats = l ? 0 : ernn_hw_ceil(ernn_spec_layer_inputs(spec, l), design->lanes);
    return beats + product_latency(&input, pes[ERNN_PRODUCT_INPUT]) +
           cells_latency(spec, design, l) + FIFO;
}
