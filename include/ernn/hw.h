// Hardware: devices, designs, and the model of their cycles and resources. Sees shapes, never
// weights. Every figure from here is *modelled*; simulated and synthesised figures come from tools.
//
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_HW_H
#define ERNN_HW_H

#include "ernn/spec.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ernn_family { ERNN_FAMILY_XC7, ERNN_FAMILY_ECP5, ERNN_FAMILY_ICE40 } ernn_family;

typedef struct ernn_device {
    const char *name;   // "xc7vx690t", "xcku060", "ecp5-85f", "ice40-hx8k", ...
    ernn_family family; // how Yosys synthesises for it (UltraScale counted as xc7)
    int lut;
    int ff;
    int dsp;
    int bram;         // blocks of bram_bits
    int bram_bits;    // 36864, 18432, 4096
    double clock_mhz; // assumed clock for latency, stated wherever it is used
} ernn_device;

ERNN_API const ernn_device *ernn_devices(size_t *n);
// NULL when unknown.
ERNN_API const ernn_device *ernn_device_find(const char *name);

// The matrix products of a layer. The candidate's runs on the recurrent's processing elements, the
// input's on those or its own, the projection's on its own.
typedef enum ernn_product {
    ERNN_PRODUCT_INPUT,      // W_x x
    ERNN_PRODUCT_RECURRENT,  // W_r y'
    ERNN_PRODUCT_CANDIDATE,  // W_hr (r . h'), GRU with reset before the product
    ERNN_PRODUCT_PROJECTION, // W_ym m
    ERNN_PRODUCTS
} ernn_product;

enum { ERNN_MAX_STREAMS = 4 };

// What the generator builds: processing elements of each product of each layer.
typedef struct ernn_design {
    const ernn_device *device;
    int signal_bits;
    int weight_bits;
    int lanes;      // words per beat, a power of two
    int cell_lanes; // element-wise lanes, a power of two, at most `lanes`
    int streams;    // whose frames come in turn, each with its own state: 1 to ERNN_MAX_STREAMS
    int pes_wanted; // what was asked for
    int pes;        // the sum of layer_pes: less than asked when more would change nothing
    // All chains together. 0: the layer has no such product or it runs on the recurrent's elements.
    int layer_pes[ERNN_MAX_LAYERS][ERNN_PRODUCTS];
    int output_pes; // of the output layer, not in `pes`; 0: that layer stays in software
    double clock_mhz;
} ernn_design;

typedef struct ernn_cost {
    int lut;
    int ff;
    int dsp;
    int bram;
    int64_t weight_bits_total;
    int cycles_per_frame; // of all streams together, slowest layer
    int latency_cycles;   // first input word to last output word
} ernn_cost;

// Spreads at most `pes` processing elements over the products for the fewest cycles per frame.
// ERNN_NO_FIT when pes is below the number of chains (one for each gate, for a candidate and for a
// projection) or above the block rows.
ERNN_API ernn_status ernn_design_new(const ernn_spec *spec, const ernn_device *device,
                                     int signal_bits, int weight_bits, int pes, ernn_design *design,
                                     ernn_error *err);
// Builds states for `streams` streams and spreads the elements anew. While one stream waits for its
// own output the elements work for another: more frames a second, no shorter a frame. ERNN_NO_FIT
// for a GRU with the reset before the product, whose elements cannot be shared so.
ERNN_API ernn_status ernn_design_set_streams(const ernn_spec *spec, ernn_design *design,
                                             int streams, ernn_error *err);
ERNN_API ernn_cost ernn_design_cost(const ernn_spec *spec, const ernn_design *design);
// Builds the output layer too: the fewest elements that keep the cycles per frame, or the pace of
// its beats where that is slower; fewer when the device has no multipliers for them. It takes a
// cycle for each of its inputs at least when it is dense, for each beat of min(block size, lanes)
// of them when it is circulant.
ERNN_API void ernn_design_add_output(const ernn_spec *spec, ernn_design *design);
// ERNN_NO_FIT naming the resource, the need and what the device has.
ERNN_API ernn_status ernn_design_check(const ernn_spec *spec, const ernn_design *design,
                                       ernn_error *err);
// The fastest design that fits `share` (0 to 1) of every resource.
ERNN_API ernn_status ernn_design_most_pes(const ernn_spec *spec, const ernn_device *device,
                                          int signal_bits, int weight_bits, double share,
                                          ernn_design *design, ernn_error *err);

#ifdef __cplusplus
}
#endif
#endif
