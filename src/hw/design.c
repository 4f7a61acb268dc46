// Choosing lanes and processing elements for a device. SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "hw/shape.h"

#include <string.h>

// Lanes cost up to eleven multipliers each; beyond sixteen the element-wise part no longer matters.
enum { MAX_LANES = 16, LANE_DSP = 11, LANE_SHARE = 4 };

ernn_cost ernn_design_cost(const ernn_spec *spec, const ernn_design *design)
{
    ernn_cost cost = {0};
    for (int l = 0; l < spec->n_layers; l++) {
        const int cycles = ernn_hw_layer_cycles(spec, design, l);
        if (cycles > cost.cycles_per_frame)
            cost.cycles_per_frame = cycles;
    }
    if (design->output_pes) {
        const int cycles = ernn_hw_output_cycles(spec, design);
        cost.cycles_per_frame = cycles > cost.cycles_per_frame ? cycles : cost.cycles_per_frame;
    }
    cost.latency_cycles = ernn_hw_latency(spec, design);
    ernn_hw_resources(spec, design, &cost);
    return cost;
}

// Words of a beat and element-wise lanes: powers of two, at most the smallest block
// (rtl/README.md), and at most a quarter of the device's multipliers in the lanes of all layers.
static void choose_lanes(const ernn_spec *spec, ernn_design *design)
{
    int lanes = MAX_LANES;
    for (int l = 0; l < spec->n_layers; l++)
        for (int product = 0; product < ERNN_PRODUCTS; product++) {
            ernn_hw_shape shape;
            if (ernn_hw_shape_of(spec, l, (ernn_product)product, &shape) && shape.k < lanes)
                lanes = shape.k;
        }
    design->lanes = lanes;
    while (lanes > 1 && lanes * LANE_DSP * spec->n_layers * LANE_SHARE > design->device->dsp)
        lanes /= 2;
    design->cell_lanes = lanes;
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

// Whether both products of the gates can share elements.
static bool can_share(const ernn_spec *spec, int l)
{
    ernn_hw_shape input;
    ernn_hw_shape recurrent;
    ernn_hw_shape none;
    ernn_hw_shape_of(spec, l, ERNN_PRODUCT_INPUT, &input);
    ernn_hw_shape_of(spec, l, ERNN_PRODUCT_RECURRENT, &recurrent);
    return input.k == recurrent.k && !ernn_hw_shape_of(spec, l, ERNN_PRODUCT_CANDIDATE, &none);
}

// Block rows of each chain of a product.
static int chain_rows(const ernn_spec *spec, int l, ernn_product product)
{
    ernn_hw_shape shape;
    ernn_hw_shape_of(spec, l, product, &shape);
    return ernn_hw_ceil(product == ERNN_PRODUCT_PROJECTION ? ernn_spec_layer_outputs(spec, l)
                                                           : spec->layers[l].n_cells,
                        shape.k);
}

// The next number of elements of a chain that saves a pass; 0 when there is none.
static int next_pes(int rows, int pes)
{
    const int passes = ernn_hw_ceil(rows, pes);
    return passes > 1 ? ernn_hw_ceil(rows, passes - 1) : 0;
}

// The same, and up to two more than save a pass: they leave fewer rows to the last one, which the
// projection waits for.
static int next_or_more(int rows, int pes)
{
    const int saver = ernn_hw_ceil(rows, ernn_hw_ceil(rows, pes));
    const int next = next_pes(rows, pes);
    return pes < saver + 2 && (!next || pes + 1 < next) && pes < rows ? pes + 1 : next;
}

// Work alone, without any waiting: no product is faster.
static int least_cycles(const ernn_spec *spec, int l, ernn_product product, int rows, int pes)
{
    ernn_hw_shape shape;
    ernn_hw_shape none;
    ernn_hw_shape_of(spec, l, product, &shape);
    const bool is_before = ernn_hw_shape_of(spec, l, ERNN_PRODUCT_CANDIDATE, &none);
    const int jobs = product == ERNN_PRODUCT_RECURRENT && is_before ? 3 : 1;
    return jobs * ernn_hw_ceil(rows, pes) * shape.q;
}

// The fewest elements of one product that bring `cycles` of the layer to the target; 0 = none do.
typedef int (*cycles_fn)(const ernn_spec *spec, const ernn_design *design, int l);

static int fewest(const ernn_spec *spec, ernn_design *design, int l, ernn_product product,
                  cycles_fn cycles, int target)
{
    const int chains = ernn_hw_chains(spec, l, product);
    const int rows = chain_rows(spec, l, product);
    for (int pes = 1; pes; pes = next_pes(rows, pes)) {
        design->layer_pes[l][product] = pes * chains;
        if (least_cycles(spec, l, product, rows, pes) <= target &&
            cycles(spec, design, l) <= target)
            return pes * chains;
    }
    return 0;
}

// With a projection every number of elements of the gates is tried with the fewest of the
// projection. Returns the sum, 0 = the target is out of reach.
static int fewest_in_loop(const ernn_spec *spec, ernn_design *design, int l, int target)
{
    ernn_hw_shape shape;
    if (!ernn_hw_shape_of(spec, l, ERNN_PRODUCT_PROJECTION, &shape))
        return fewest(spec, design, l, ERNN_PRODUCT_RECURRENT, ernn_hw_loop_cycles, target);
    int best = 0;
    int best_first = 0;
    int *first = &design->layer_pes[l][ERNN_PRODUCT_RECURRENT];
    const int chains = ernn_hw_chains(spec, l, ERNN_PRODUCT_RECURRENT);
    const int rows = chain_rows(spec, l, ERNN_PRODUCT_RECURRENT);
    for (int pes = 1; pes; pes = next_or_more(rows, pes)) {
        *first = pes * chains;
        if ((best && *first >= best) ||
            least_cycles(spec, l, ERNN_PRODUCT_RECURRENT, rows, pes) > target)
            continue;
        const int other =
            fewest(spec, design, l, ERNN_PRODUCT_PROJECTION, ernn_hw_loop_cycles, target);
        if (other && (!best || *first + other < best)) {
            best = *first + other;
            best_first = *first;
        }
    }
    if (best) {
        *first = best_first;
        design->layer_pes[l][ERNN_PRODUCT_PROJECTION] = best - best_first;
    }
    return best;
}

// The fewest elements of a layer, the input product on the recurrent's elements or its own; 0 = the
// target is out of reach.
static int fewest_in_layer(const ernn_spec *spec, ernn_design *design, int l, int target)
{
    int *input = &design->layer_pes[l][ERNN_PRODUCT_INPUT];
    int own[ERNN_PRODUCTS];
    const int ahead = fewest(spec, design, l, ERNN_PRODUCT_INPUT, ernn_hw_ahead_cycles, target);
    const int loop = ahead ? fewest_in_loop(spec, design, l, target) : 0;
    memcpy(own, design->layer_pes[l], sizeof own);
    *input = 0;
    const int shared = can_share(spec, l) && ernn_hw_ahead_cycles(spec, design, l) <= target
                           ? fewest_in_loop(spec, design, l, target)
                           : 0;
    if (shared && (!loop || shared <= ahead + loop))
        return shared;
    memcpy(design->layer_pes[l], own, sizeof own);
    return loop ? ahead + loop : 0;
}

// Fills layer_pes and pes; false when the target is out of reach.
static bool reach(const ernn_spec *spec, ernn_design *design, int target)
{
    design->pes = 0;
    for (int l = 0; l < spec->n_layers; l++) {
        const int pes = fewest_in_layer(spec, design, l, target);
        if (!pes)
            return false;
        design->pes += pes;
    }
    return true;
}

// Element-wise lanes that do not shorten a frame are left out.
static void trim_lanes(const ernn_spec *spec, ernn_design *design)
{
    const int cycles = total_cycles(spec, design);
    ernn_design trial = *design;
    while (trial.cell_lanes > 1) {
        trial.cell_lanes /= 2;
        if (total_cycles(spec, &trial) > cycles)
            return;
        *design = trial;
    }
}

// The fastest design that `is_allowed`, from one that is.
typedef bool (*allowed_fn)(const ernn_spec *spec, const ernn_design *design, const void *limit);

static void spread(const ernn_spec *spec, ernn_design *design, allowed_fn is_allowed,
                   const void *limit)
{
    int low = 0; // out of reach
    int high = total_cycles(spec, design);
    while (low + 1 < high) {
        const int middle = low + (high - low) / 2;
        ernn_design trial = *design;
        if (reach(spec, &trial, middle) && is_allowed(spec, &trial, limit)) {
            *design = trial;
            high = middle;
        } else {
            low = middle;
        }
    }
    trim_lanes(spec, design);
}

static bool has_few_pes(const ernn_spec *spec, const ernn_design *design, const void *limit)
{
    (void)spec;
    return design->pes <= *(const int *)limit;
}

// One element for each chain; counts elements and block rows.
static void begin(const ernn_spec *spec, const ernn_device *device, int signal_bits,
                  int weight_bits, ernn_design *design, int *block_rows)
{
    *design = (ernn_design){.device = device,
                            .signal_bits = signal_bits,
                            .weight_bits = weight_bits,
                            .streams = 1,
                            .clock_mhz = device->clock_mhz};
    choose_lanes(spec, design);
    *block_rows = 0;
    for (int l = 0; l < spec->n_layers; l++)
        for (int product = 0; product < ERNN_PRODUCTS; product++) {
            ernn_hw_shape shape;
            if (!ernn_hw_shape_of(spec, l, (ernn_product)product, &shape))
                continue;
            const bool is_own = product != ERNN_PRODUCT_INPUT || !can_share(spec, l);
            const int pes = is_own ? ernn_hw_chains(spec, l, (ernn_product)product) : 0;
            design->layer_pes[l][product] = pes;
            design->pes += pes;
            if (product != ERNN_PRODUCT_CANDIDATE)
                *block_rows += chain_rows(spec, l, (ernn_product)product) *
                               ernn_hw_chains(spec, l, (ernn_product)product);
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
                              "design: %d PEs, the network has %d chains that need one each: %d to "
                              "%d",
                              pes, design->pes, design->pes, block_rows);
    if (pes > block_rows)
        return ernn_error_set(err, ERNN_NO_FIT,
                              "design: %d PEs, the network has %d block rows, one PE each at most: "
                              "%d to %d",
                              pes, block_rows, design->pes, block_rows);
    design->pes_wanted = pes;
    spread(spec, design, has_few_pes, &pes);
    return ERNN_OK;
}

ernn_status ernn_design_set_streams(const ernn_spec *spec, ernn_design *design, int streams,
                                    ernn_error *err)
{
    if (streams < 1 || streams > ERNN_MAX_STREAMS)
        return ernn_error_set(err, ERNN_BAD_ARG, "design: %d streams, 1 to %d", streams,
                              (int)ERNN_MAX_STREAMS);
    for (int l = 0; streams > 1 && l < spec->n_layers; l++)
        if (spec->layers[l].cell == ERNN_CELL_GRU && !spec->layers[l].is_reset_after)
            return ernn_error_set(err, ERNN_NO_FIT,
                                  "design: layer %d has the reset before the product: one stream, "
                                  "not %d",
                                  l, streams);
    const int pes = design->pes_wanted;
    design->streams = streams;
    spread(spec, design, has_few_pes, &pes);
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

static bool fits_share(const ernn_spec *spec, const ernn_design *design, const void *limit)
{
    return fits(spec, design, *(const double *)limit);
}

void ernn_design_add_output(const ernn_spec *spec, ernn_design *design)
{
    const int rows = ernn_hw_output_shape(spec).p;
    const int stack = total_cycles(spec, design);
    ernn_design trial = *design;
    trial.output_pes = rows;
    const int least = ernn_hw_output_cycles(spec, &trial); // beats in and out take so long
    const int target = stack > least ? stack : least;
    for (int pes = 1; pes; pes = next_pes(rows, pes)) {
        trial.output_pes = pes;
        if (pes > 1 && !fits(spec, &trial, 1))
            return;
        design->output_pes = pes;
        if (ernn_hw_output_cycles(spec, &trial) <= target)
            return;
    }
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
    spread(spec, design, fits_share, &share);
    design->pes_wanted = design->pes;
    return ERNN_OK;
}
