// What will be generated, before anything is printed: layers with their parameters, the words of
// the load bus, canonical options and digests. Printers read this and nothing else.
// rtl/README.md is the contract of the modules that are instantiated. SPDX-License-Identifier:
// Apache-2.0
#ifndef ERNN_SRC_GEN_PLAN_H
#define ERNN_SRC_GEN_PLAN_H

#include "ernn/gen.h"
#include "gen/digest.h"
#include "rt/network.h"

enum {
    ERNN_PLAN_UNITS_PER_LAYER = 9,
    ERNN_PLAN_MAX_UNITS = ERNN_RT_MAX_LAYERS * ERNN_PLAN_UNITS_PER_LAYER,
    ERNN_PLAN_MAX_PARAMETERS = 40,
    ERNN_PLAN_NO_FRAC = -99,
    ERNN_PLAN_OUTPUT = 15, // LAYER of the output layer on the load bus
};

// Lower half of i_load_unit; the upper half is the layer.
typedef enum ernn_plan_what {
    ERNN_LOAD_INPUT,
    ERNN_LOAD_RECURRENT,
    ERNN_LOAD_CANDIDATE,
    ERNN_LOAD_PROJECTION,
    ERNN_LOAD_BIAS,
    ERNN_LOAD_BIAS_CANDIDATE,
    ERNN_LOAD_PEEPHOLE,
    ERNN_LOAD_Y,
    ERNN_LOAD_C,
} ernn_plan_what;

// One run of words on the load bus, one file of mem/. The states y and c have no file: they are
// stimulus.
typedef struct ernn_plan_unit {
    int layer; // ERNN_PLAN_OUTPUT: of the output layer
    ernn_plan_what what;
    char name[40];  // "l0_recurrent_weights"
    char shape[96]; // "[p][q][k] = [96][32][8]"
    int bits;       // of each word
    int frac;       // fractional bits; ERNN_PLAN_NO_FRAC for weights, see README
    size_t n_words;
    const int16_t *weights; // one of the two, NULL for a state
    const int32_t *words;
} ernn_plan_unit;

typedef struct ernn_plan_parameter {
    char name[40];
    char value[24];
} ernn_plan_parameter;

typedef struct ernn_plan_layer {
    const ernn_rt_layer *layer; // NULL: the output layer
    const char *module;         // lstm_layer, gru_layer or linear_layer
    char instance[24];          // "u_l0_lstm"
    int n_parameters;
    ernn_plan_parameter parameters[ERNN_PLAN_MAX_PARAMETERS];
} ernn_plan_layer;

typedef struct ernn_plan {
    const ernn_rt_network *network;
    const ernn_design *design;
    ernn_cost cost; // modelled
    char spec_text[160];
    int n_inputs;
    int n_outputs;
    int input_frac;
    int output_frac;
    bool has_output;  // the output layer is built: m_y carries scores
    int output_lanes; // words of a beat of m_y
    int n_layers;
    int n_stages; // layers, then the output layer
    ernn_plan_layer layers[ERNN_RT_MAX_LAYERS + 1];
    int n_units;
    ernn_plan_unit units[ERNN_PLAN_MAX_UNITS]; // weights, biases, peepholes
    int n_states;
    ernn_plan_unit states[2 * ERNN_RT_MAX_LAYERS]; // y and c, in load order
    size_t load_words;
    size_t state_words;
    char options_text[400]; // canonical, sorted, one line
    char model_digest[ERNN_DIGEST_TEXT];
    char design_digest[ERNN_DIGEST_TEXT];
    // Of shapes, formats, shifts and activation tables: a model with another one needs another
    // bitstream. The first 32 bits of the digest of every parameter but lanes and elements.
    uint32_t geometry;
} ernn_plan;

// `spec`, `network` and `design` must outlive the plan.
ernn_status ernn_plan_new(const ernn_spec *spec, const ernn_rt_network *network,
                          const ernn_design *design, const ernn_gen_options *options,
                          ernn_plan *plan, ernn_error *err);

// Word i of a unit that has words.
int32_t ernn_plan_word(const ernn_plan_unit *unit, size_t i);

// Beats of a frame of s_x and of m_y.
int ernn_plan_input_beats(const ernn_plan *plan);
int ernn_plan_output_beats(const ernn_plan *plan);

#endif
