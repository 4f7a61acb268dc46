// LUT, FF, DSP and memories, module by module, as Yosys 0.23 counts them (hierarchical, no
// placement). Structure is taken from rtl/; the numbers in the tables are measured cells, see
// docs/hardware.md for the commands and the error that remains. SPDX-License-Identifier: Apache-2.0
#include "hw/shape.h"

// What a module costs, before the device family is considered.
typedef struct area {
    double lut;
    double ff;
    double dsp;
    double half_bram; // in halves of a 36 Kbit block; 18 Kbit for ECP5, 4 Kbit for iCE40 count 2
} area;

static void add(area *total, area part, double times)
{
    total->lut += times * part.lut;
    total->ff += times * part.ff;
    total->dsp += times * part.dsp;
    total->half_bram += times * part.half_bram;
}

// ---- Memories (rtl/ram.v) ----

// Blocks of 2^log2_depth x width bits and the same bits reshaped down to `narrowest` wide.
static int blocks_of(int width, int depth, int log2_depth, int block_width, int narrowest)
{
    int best = INT32_MAX;
    for (; block_width >= narrowest; block_width /= 2, log2_depth++) {
        const int n = ernn_hw_ceil(width, block_width) * ernn_hw_ceil(depth, (int)1 << log2_depth);
        best = n < best ? n : best;
    }
    return best;
}

// xc7: RAM32M (6 bits x 32 in 4 LUTs) or RAM64M (3 x 64), unless half blocks cost less than 62 LUTs
// each: where Yosys 0.23 draws the line, by a grid of widths and depths.
static area ram_xc7(int width, int depth)
{
    enum { HALF_BLOCK_IN_LUTS = 62 };
    const int flat = ernn_hw_ceil(width, 6) * ernn_hw_ceil(depth, 32);
    const int deep = ernn_hw_ceil(width, 3) * ernn_hw_ceil(depth, 64);
    const int lut = 4 * (flat < deep ? flat : deep);
    const int halves = blocks_of(width, depth, 9, 36, 4);
    if (lut <= HALF_BLOCK_IN_LUTS * halves)
        return (area){lut, width, 0, 0};
    return (area){0, 0, 0, halves};
}

// ECP5: 16 x 4 bits in 4 LUTs, else DP16KD.
static area ram_ecp5(int width, int depth)
{
    if (depth <= 32)
        return (area){4.0 * ernn_hw_ceil(width, 4) * ernn_hw_ceil(depth, 16), width, 0, 0};
    return (area){0, 0, 0, 2.0 * blocks_of(width, depth, 9, 36, 4)};
}

// iCE40: 256 x 16.
static area ram_ice40(int width, int depth)
{
    return (area){0, 0, 0, 2.0 * blocks_of(width, depth, 8, 16, 2)};
}

static area ram(const ernn_design *design, int width, int depth)
{
    switch (design->device->family) {
    case ERNN_FAMILY_XC7:
        return ram_xc7(width, depth);
    case ERNN_FAMILY_ECP5:
        return ram_ecp5(width, depth);
    default:
        return ram_ice40(width, depth);
    }
}

// ---- Multipliers ----

// One a x b product. A DSP48 takes 25 x 18, a MULT18 18 x 18, a MAC16 16 x 16; iCE40 HX has none,
// and an array multiplier takes about a (b + 1) LUTs.
static area multiplier(const ernn_design *design, int a, int b)
{
    const int wide = a > b ? a : b;
    const int narrow = a > b ? b : a;
    switch (design->device->family) {
    case ERNN_FAMILY_XC7:
        return (area){0, 0, wide <= 25 && narrow <= 18 ? 1 : 2, 0};
    case ERNN_FAMILY_ECP5:
        return (area){0, a + b, wide <= 18 ? 1 : narrow <= 18 ? 2 : 4, 0};
    default:
        if (!design->device->dsp)
            return (area){a * (b + 1.0), a + b, 0, 0};
        return (area){0, a + b, wide <= 16 ? 1 : narrow <= 16 ? 2 : 4, 0};
    }
}

// Fabric of a family against xc7: carry chains cost LUTs of their own, and nothing is taken into a
// DSP's registers.
static double fabric(const ernn_design *design)
{
    switch (design->device->family) {
    case ERNN_FAMILY_XC7:
        return 1;
    case ERNN_FAMILY_ECP5:
        return 1.35;
    default:
        return 1.45;
    }
}

// ---- Products ----

// rtl/circ_pe.v: multiply-accumulate and result chain. Outside xc7 the accumulator is fabric. A
// ring costs a second addend and, from one row to the next, registers.
static area element(const ernn_design *design, const ernn_hw_shape *s, int ring, int words)
{
    const int operands = ernn_hw_operands(s);
    const int sum_bits = design->weight_bits + design->signal_bits + ernn_hw_log2(s->q);
    const int factor_bits = design->weight_bits + 1;
    const int operand_bits = design->signal_bits + 1;
    area one = {sum_bits, sum_bits, 0, 0};
    if (design->device->family != ERNN_FAMILY_XC7) {
        one.lut += 3 * sum_bits;
        one.ff += sum_bits + factor_bits + operand_bits;
    }
    if (ring > 1) {
        one.lut += sum_bits;
        one.ff += sum_bits * (ring - 1);
    }
    area total = {0, 4, 0, 0};
    add(&total, one, operands);
    add(&total, multiplier(design, operand_bits, factor_bits), operands);
    add(&total, ram(design, operands * factor_bits, words), 1);
    return total;
}

// rtl/fft_rotate.v: the twiddle at 45 degrees is made of sums, others take four products.
static int transform_products(int log2_k)
{
    int products = 0;
    for (int stage = 3; stage <= log2_k; stage++) {
        const int groups = 1 << (log2_k - stage);
        const int bins = (1 << stage) / 4 - 1;
        products += groups * 4 * (bins - 1);
    }
    return products;
}

// By log2 k, at 16-bit signals and 12-bit weights: rtl/circ_spectrum.v without its memory,
// rtl/circ_output.v, and the rest of rtl/circ_array.v (load, sequence, operands).
typedef struct frame_cost {
    double lut;
    double ff;
} frame_cost;
static const frame_cost SPECTRUM_FRAME[] = {{50, 80},     {70, 140},    {150, 340},   {430, 740},
                                            {1250, 1860}, {3700, 4500}, {9500, 10500}};
static const frame_cost OUTPUT_FRAME[] = {{150, 140},   {300, 280},    {560, 560},    {1800, 1370},
                                          {3800, 2940}, {11500, 6400}, {30000, 14000}};
static const frame_cost ARRAY_FRAME[] = {{470, 270}, {490, 300},  {510, 380},  {560, 580},
                                         {690, 980}, {950, 1800}, {1500, 3500}};

static area frame(const ernn_design *design, const frame_cost *cost)
{
    const double width = fabric(design) * (design->signal_bits + 4) / 20.0;
    return (area){width * cost->lut, width * cost->ff, 0, 0};
}

// Transform and memory of `banks` vectors of spectra.
static area spectrum_area(const ernn_design *design, const ernn_hw_shape *s, int banks)
{
    area total = frame(design, &SPECTRUM_FRAME[s->log2_k]);
    add(&total, multiplier(design, design->signal_bits + s->log2_k, 16),
        transform_products(s->log2_k));
    add(&total, ram(design, s->k * design->signal_bits + 1, banks << ernn_hw_log2(s->q)), 1);
    return total;
}

static area output_area(const ernn_design *design, const ernn_hw_shape *s)
{
    area total = frame(design, &OUTPUT_FRAME[s->log2_k]);
    add(&total, multiplier(design, design->signal_bits + 4 + s->log2_k, 16),
        transform_products(s->log2_k));
    return total;
}

// An array of `pes` elements in `chains`, `words` weight words in each.
static area array_area(const ernn_design *design, const ernn_hw_shape *s, int chains, int pes,
                       int ring, int words)
{
    area total = frame(design, &ARRAY_FRAME[s->log2_k]);
    add(&total, element(design, s, ring, words), pes);
    add(&total, output_area(design, s), chains);
    return total;
}

// rtl/product_buffer.v: a memory for each gate, k words wide, one or two frames deep.
static area buffer_area(const ernn_design *design, int gates, int cells, int k, int banks)
{
    area total = {20, 16, 0, 0};
    const int groups = k / design->cell_lanes;
    const int width = design->cell_lanes * design->signal_bits;
    const int depth = banks << ernn_hw_log2(ernn_hw_ceil(cells, k));
    add(&total, (area){width * (groups > 1 ? groups / 2.0 : 0), width, 0, 0}, gates);
    add(&total, ram(design, width, depth), gates * groups);
    return total;
}

// ---- Element-wise part ----

typedef struct lane_cost {
    double lut;
    double ff;
    int products; // signal x signal
    int chords;   // rtl/pwl.v: slope x offset, both one bit wider
} lane_cost;

// At 16 bits: rtl/lstm_cell.v, its three peephole terms, rtl/gru_reset.v with rtl/gru_cell.v.
static const lane_cost LSTM_LANE = {800, 700, 3, 5};
static const lane_cost PEEPHOLE_LANE = {200, 230, 3, 0};
static const lane_cost GRU_LANE = {560, 500, 2, 3};

enum { SPLIT_LUT = 200 };

static void add_lanes(area *total, const ernn_design *design, const lane_cost *lane)
{
    const double width = design->cell_lanes * design->signal_bits / 16.0;
    add(total, (area){fabric(design) * lane->lut, fabric(design) * lane->ff, 0, 0}, width);
    add(total, multiplier(design, design->signal_bits, design->signal_bits),
        (double)design->cell_lanes * lane->products);
    const area chord = multiplier(design, design->signal_bits + 1, design->signal_bits + 1);
    add(total, chord, (double)design->cell_lanes * lane->chords);
    // Yosys joins the halves of a product that needs two DSPs in LUTs.
    if (design->device->family == ERNN_FAMILY_XC7 && chord.dsp > 1)
        add(total, (area){SPLIT_LUT, 0, 0, 0}, (double)design->cell_lanes * lane->chords);
}

// rtl/parameter_memory.v and rtl/state_memory.v: vectors in rows of lanes.
static area vectors_area(const ernn_design *design, int lanes, int n_vectors, int n)
{
    const int width = lanes * design->signal_bits;
    const int rows = ernn_hw_ceil(n, lanes);
    area total = {60 + 2.0 * width, 80 + 2.0 * width, 0, 0};
    add(&total, ram(design, width, rows), n_vectors);
    return total;
}

// Both products of the gates and, with the reset before, the candidate's.
static area gates_area(const ernn_spec *spec, const ernn_design *design, int l)
{
    const ernn_layer_spec *layer = &spec->layers[l];
    const int *pes = design->layer_pes[l];
    const int gates = ernn_spec_gates(layer->cell);
    const int chains = ernn_hw_chains(spec, l, ERNN_PRODUCT_RECURRENT);
    const int n = pes[ERNN_PRODUCT_RECURRENT] / chains;
    const bool is_shared = pes[ERNN_PRODUCT_INPUT] == 0;
    ernn_hw_shape input;
    ernn_hw_shape s;
    ernn_hw_shape none;
    ernn_hw_shape_of(spec, l, ERNN_PRODUCT_INPUT, &input);
    ernn_hw_shape_of(spec, l, ERNN_PRODUCT_RECURRENT, &s);
    const int passes = ernn_hw_ceil(ernn_hw_ceil(layer->n_cells, s.k), n);
    const int jobs =
        chains == 1 && ernn_hw_shape_of(spec, l, ERNN_PRODUCT_CANDIDATE, &none) ? 3 : 1;
    area total = {0};
    add(&total, spectrum_area(design, &s, design->streams + 1), jobs == 3 ? 2 : 1);
    add(&total, spectrum_area(design, &input, 2), 1);
    add(&total,
        array_area(design, &s, chains, pes[ERNN_PRODUCT_RECURRENT], 1,
                   passes * (jobs * s.q + (is_shared ? input.q : 0))),
        1);
    add(&total, buffer_area(design, gates, layer->n_cells, input.k, is_shared ? 2 : 4), 1);
    if (jobs == 3)
        add(&total, buffer_area(design, 1, layer->n_cells, s.k, 2), 1);
    if (is_shared)
        return total;
    const int own = pes[ERNN_PRODUCT_INPUT] / gates;
    const int input_passes = ernn_hw_ceil(ernn_hw_ceil(layer->n_cells, input.k), own);
    add(&total,
        array_area(design, &input, gates, pes[ERNN_PRODUCT_INPUT], 1, input_passes * input.q), 1);
    return total;
}

static area layer_area(const ernn_spec *spec, const ernn_design *design, int l)
{
    const ernn_layer_spec *layer = &spec->layers[l];
    const bool is_lstm = layer->cell == ERNN_CELL_LSTM;
    const int gates = ernn_spec_gates(layer->cell);
    const int lanes = design->cell_lanes;
    area total = {100, 150, 0, 0};
    ernn_hw_shape s;
    add(&total, gates_area(spec, design, l), 1);
    if (ernn_hw_shape_of(spec, l, ERNN_PRODUCT_PROJECTION, &s)) {
        const int pes = design->layer_pes[l][ERNN_PRODUCT_PROJECTION];
        const int ring = ernn_hw_ceil(s.p, pes);
        add(&total, spectrum_area(design, &s, design->streams > 2 ? design->streams : 2), 1);
        add(&total, array_area(design, &s, 1, pes, ring, ring * s.q), 1);
    }
    add_lanes(&total, design, is_lstm ? &LSTM_LANE : &GRU_LANE);
    add(&total, vectors_area(design, lanes, gates, layer->n_cells), 1);
    const int streams = design->streams;
    const int outputs = ernn_spec_layer_outputs(spec, l);
    add(&total, vectors_area(design, lanes, 1, streams * outputs), 1);
    add(&total, vectors_area(design, design->lanes, 1, (streams + 1) * outputs), 1);
    // c, b_hr, or h' once more.
    add(&total, vectors_area(design, lanes, 1, streams * layer->n_cells), 1);
    if (is_lstm && layer->is_peephole) {
        add_lanes(&total, design, &PEEPHOLE_LANE);
        add(&total, vectors_area(design, lanes, 3, layer->n_cells), 1);
    }
    return total;
}

// rtl/linear_layer.v: beyond the product a bias and two frames of scores.
static area output_layer_area(const ernn_spec *spec, const ernn_design *design)
{
    const ernn_hw_shape s = ernn_hw_output_shape(spec);
    const int lanes = ernn_hw_output_lanes(spec, design);
    const int passes = ernn_hw_ceil(s.p, design->output_pes);
    area total = {150, 150 + (double)design->lanes * design->signal_bits, 0, 0};
    add(&total, spectrum_area(design, &s, 2), 1);
    add(&total, array_area(design, &s, 1, design->output_pes, 1, passes * s.q), 1);
    add(&total, vectors_area(design, lanes, 1, spec->n_labels), 1);
    add(&total, vectors_area(design, lanes, 1, 2 * spec->n_labels), 1);
    return total;
}

// LUTs of a whole network on an ECP5 against the sum of its modules: what two placed ones took
// (docs/results-hardware.md), 1.39 at 16-bit signals and 1.40 at 12.
static const double ECP5_WHOLE = 1.4;

void ernn_hw_resources(const ernn_spec *spec, const ernn_design *design, ernn_cost *cost)
{
    area total = {0};
    for (int l = 0; l < spec->n_layers; l++) {
        add(&total, layer_area(spec, design, l), 1);
        for (int i = 0; i < ERNN_PRODUCTS; i++) {
            ernn_hw_shape s;
            if (ernn_hw_shape_of(spec, l, (ernn_product)i, &s))
                cost->weight_bits_total += (int64_t)s.p * s.q * s.k * design->weight_bits;
        }
    }
    if (design->output_pes) {
        const ernn_hw_shape s = ernn_hw_output_shape(spec);
        add(&total, output_layer_area(spec, design), 1);
        cost->weight_bits_total += (int64_t)s.p * s.q * s.k * design->weight_bits;
    }
    if (design->device->family == ERNN_FAMILY_ECP5)
        total.lut *= ECP5_WHOLE;
    cost->lut = (int)(total.lut + 0.5);
    cost->ff = (int)(total.ff + 0.5);
    cost->dsp = (int)(total.dsp + 0.5);
    cost->bram = (int)(total.half_bram / 2 + 0.75);
}
