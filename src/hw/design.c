// Choosing lanes and processing elements for a device. SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "hw/shape.h"

// Lanes cost up to eleven multipliers each; beyond eight the element-wise part no longer matters.
enum { MAX_LANES = 8, LANE_DSP = 11, LANE_SHARE = 4 };

ernn_cost ernn_design_cost(const ernn_spec *spec, const ernn_design *design)
{
    ernn_cost cost = {0};
    for (int l = 0; l < spec->n_layers; l++) {
        const int cycles = ernn_hw_layer_cycles(spec, design, l);
        if (cycles > cost.cycles_per_frame)
            cost.cycles_per_frame = cycles;
        cost.latency_cycles += ernn_hw_layer_latency(spec, design, l);
    }
    ernn_hw_resources(spec, design, &cost);
    return cost;
}

// A power of two, at most the smallest block (rtl/README.md), and at most a quarter of the device's
// multipliers in the lanes of all layers.
static int choose_lanes(const ernn_spec *spec, const ernn_device *device)
{
    int lanes = MAX_LANES;
    for (int l = 0; l < spec->n_layers; l++)
        for (int product = 0; product < ERNN_PRODUCTS; product++) {
            ernn_hw_shape shape;
            if (ernn_hw_shape_of(spec, l, (ernn_product)product, &shape) && shape.k < lanes)
                lanes = shape.k;
        }
    while (lanes > 1 && lanes * LANE_DSP * spec->n_layers * LANE_SHARE > device->dsp)
        lanes /= 2;
    return lanes;
}

static int total_cycles(const ernn_spec *spec, const ernn_design *design)
{
    int most = 0;
    for (int l = 0; l < spec->n_layers; l++) {
        const int cycles = ernn_hw_layer_cycles(spec, design, l);
        most = cycles > most ? cycles : most;
    }
    return most;
}

// ---- Fewest elements for a frame every `target` cycles ----

// The next number of elements that saves a pass; 0 when there is none.
static int next_pes(const ernn_hw_shape *shape, int pes)
{
    const int passes = ernn_hw_ceil(shape->p, pes);
    return passes > 1 ? ernn_hw_ceil(shape->p, passes - 1) : 0;
}

// The fewest elements of one product that bring `cycles` of the layer to the target; 0 = none do.
typedef int (*cycles_fn)(const ernn_spec *spec, const ernn_design *design, int l);

static int fewest(const ernn_spec *spec, ernn_design *design, int l, ernn_product product,
                  cycles_fn cycles, int target)
{
    ernn_hw_shape shape;
    if (!ernn_hw_shape_of(spec, l, product, &shape))
        return 0;
    for (int pes = 1; pes; pes = next_pes(&shape, pes)) {
        design->layer_pes[l][product] = pes;
        if (cycles(spec, design, l) <= target)
            return pes;
    }
    return 0;
}

// The loop has one or two products: every number of elements of the first is tried with the fewest
// of the second. Returns the sum, 0 = the target is out of reach.
static int fewest_in_loop(const ernn_spec *spec, ernn_design *design, int l, int target)
{
    ernn_hw_shape shape;
    const ernn_product second = ernn_hw_shape_of(spec, l, ERNN_PRODUCT_CANDIDATE, &shape)
                                    ? ERNN_PRODUCT_CANDIDATE
                                    : ERNN_PRODUCT_PROJECTION;
    if (!ernn_hw_shape_of(spec, l, second, &shape))
        return fewest(spec, design, l, ERNN_PRODUCT_RECURRENT, ernn_hw_loop_cycles, target);
    int best = 0;
    int best_first = 0;
    int *first = &design->layer_pes[l][ERNN_PRODUCT_RECURRENT];
    ernn_hw_shape_of(spec, l, ERNN_PRODUCT_RECURRENT, &shape);
    for (int pes = 1; pes; pes = next_pes(&shape, pes)) {
        *first = pes;
        const int other = fewest(spec, design, l, second, ernn_hw_loop_cycles, target);
        if (other && (!best || pes + other < best)) {
            best = pes + other;
            best_first = pes;
        }
    }
    *first = best_first;
    design->layer_pes[l][second] = best - best_first;
    return best;
}

// Fills layer_pes and pes; false when the target is out of reach.
static bool reach(const ernn_spec *spec, ernn_design *design, int target)
{
    design->pes = 0;
    for (int l = 0; l < spec->n_layers; l++) {
        const int ahead = fewest(spec, design, l, ERNN_PRODUCT_INPUT, ernn_hw_ahead_cycles, target);
        const int loop = fewest_in_loop(spec, design, l, target);
        if (!ahead || !loop)
            return false;
        design->pes += ahead + loop;
    }
    return true;
}

// The fastest design with at most `wanted` elements; `design` has one element for each product.
static void spread(const ernn_spec *spec, ernn_design *design, int wanted)
{
    int low = 0; // out of reach
    int high = total_cycles(spec, design);
    while (low + 1 < high) {
        const int middle = low + (high - low) / 2;
        ernn_design trial = *design;
        if (reach(spec, &trial, middle) && trial.pes <= wanted) {
            *design = trial;
            high = middle;
        } else {
            low = middle;
        }
    }
}

// One element for each product; counts products and block rows.
static void begin(const ernn_spec *spec, const ernn_device *device, int signal_bits,
                  int weight_bits, ernn_design *design, int *block_rows)
{
    *design = (ernn_design){.device = device,
                            .signal_bits = signal_bits,
                            .weight_bits = weight_bits,
                            .lanes = choose_lanes(spec, device),
                            .clock_mhz = device->clock_mhz};
    *block_rows = 0;
    for (int l = 0; l < spec->n_layers; l++)
        for (int product = 0; product < ERNN_PRODUCTS; product++) {
            ernn_hw_shape shape;
            if (!ernn_hw_shape_of(spec, l, (ernn_product)product, &shape))
                continue;
            design->layer_pes[l][product] = 1;
            design->pes++;
            *block_rows += shape.p;
        }
}

static ernn_status check_arguments(const ernn_spec *spec, int signal_bits, int weight_bits,
                                   ernn_error *err)
{
    ernn_status status = ernn_spec_validate(spec, err);
    if (status == ERNN_OK)
        status = ernn_spec_check_deployable(spec, "design", err);
    if (status != ERNN_OK)
        return status;
    for (int l = 0; l < spec->n_layers; l++)
        for (int m = 0; m < ERNN_MATRIX_OUTPUT; m++)
            if (spec->layers[l].sparse[m].n_pes)
                return ernn_error_set(err, ERNN_NO_FIT,
                                      "design: layer %d has sparse matrices, the accelerator has "
                                      "no sparse products; take a dense or circulant structure",
                                      l);
    if (signal_bits < 8 || signal_bits > 18 || weight_bits < 4 || weight_bits > 16)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "design: %d-bit signals, 8 to 18; %d-bit weights, 4 to 16",
                              signal_bits, weight_bits);
    for (int l = 0; l < spec->n_layers; l++)
        for (int product = 0; product < ERNN_PRODUCTS; product++) {
            ernn_hw_shape shape;
            if (ernn_hw_shape_of(spec, l, (ernn_product)product, &shape) && shape.k > 32)
                return ernn_error_set(err, ERNN_NO_FIT,
                                      "design: layer %d, %s matrix: block size %d, the modules "
                                      "transform 1 to 32; train with --block 32 or less",
                                      l, ernn_hw_product_name((ernn_product)product), shape.k);
        }
    return ERNN_OK;
}

ernn_status ernn_design_new(const ernn_spec *spec, const ernn_device *device, int signal_bits,
                            int weight_bits, int pes, ernn_design *design, ernn_error *err)
{
    int block_rows;
    const ernn_status status = check_arguments(spec, signal_bits, weight_bits, err);
    if (status != ERNN_OK)
        return status;
    begin(spec, device, signal_bits, weight_bits, design, &block_rows);
    if (pes < design->pes)
        return ernn_error_set(err, ERNN_NO_FIT,
                              "design: %d PEs, the network has %d products that need one each: %d "
                              "to %d",
                              pes, design->pes, design->pes, block_rows);
    if (pes > block_rows)
        return ernn_error_set(err, ERNN_NO_FIT,
                              "design: %d PEs, the network has %d block rows, one PE each at most: "
                              "%d to %d",
                              pes, block_rows, design->pes, block_rows);
    design->pes_wanted = pes;
    spread(spec, design, pes);
    return ERNN_OK;
}

// Name, need and total of each resource.
typedef struct need {
    const char *name;
    int need;
    int have;
} need;

static void list_needs(const ernn_spec *spec, const ernn_design *design, need needs[4])
{
    const ernn_cost cost = ernn_design_cost(spec, design);
    const ernn_device *device = design->device;
    needs[0] = (need){"LUT", cost.lut, device->lut};
    needs[1] = (need){"FF", cost.ff, device->ff};
    needs[2] = (need){"DSP", cost.dsp, device->dsp};
    needs[3] = (need){"BRAM", cost.bram, device->bram};
}

static bool fits(const ernn_spec *spec, const ernn_design *design, double share)
{
    need needs[4];
    list_needs(spec, design, needs);
    for (int i = 0; i < 4; i++)
        if (needs[i].need > share * needs[i].have)
            return false;
    return true;
}

ernn_status ernn_design_check(const ernn_spec *spec, const ernn_design *design, ernn_error *err)
{
    need needs[4];
    list_needs(spec, design, needs);
    for (int i = 0; i < 4; i++)
        if (needs[i].need > needs[i].have)
            return ernn_error_set(err, ERNN_NO_FIT,
                                  "%s: %d %s modelled for %d PEs, the device has %d; take fewer "
                                  "PEs, a larger block size or a larger device",
                                  design->device->name, needs[i].need, needs[i].name, design->pes,
                                  needs[i].have);
    return ERNN_OK;
}

ernn_status ernn_design_most_pes(const ernn_spec *spec, const ernn_device *device, int signal_bits,
                                 int weight_bits, double share, ernn_design *design,
                                 ernn_error *err)
{
    int block_rows;
    const ernn_status status = check_arguments(spec, signal_bits, weight_bits, err);
    if (status != ERNN_OK)
        return status;
    begin(spec, device, signal_bits, weight_bits, design, &block_rows);
    design->pes_wanted = design->pes;
    if (!fits(spec, design, share)) {
        need needs[4];
        list_needs(spec, design, needs);
        int worst = 0;
        for (int i = 1; i < 4; i++)
            if ((double)needs[i].need * (needs[worst].have + 1) >
                (double)needs[worst].need * (needs[i].have + 1))
                worst = i;
        return ernn_error_set(err, ERNN_NO_FIT,
                              "%s: %d %s modelled with one PE a product, %.0f %% of its %d are "
                              "allowed; take a larger block size or a larger device",
                              device->name, needs[worst].need, needs[worst].name, 100 * share,
                              needs[worst].have);
    }
    // Every faster design in turn: memories may shrink again as they are split over more elements.
    for (ernn_design next = *design; reach(spec, &next, total_cycles(spec, &next) - 1);) {
        next.pes_wanted = next.pes;
        if (fits(spec, &next, share))
            *design = next;
    }
    return ERNN_OK;
}
