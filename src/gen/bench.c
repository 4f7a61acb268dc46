// Printing tb/ernn_bench.v: memories, the top and the hand-written parts of rtl/bench, wired.
// SPDX-License-Identifier: Apache-2.0
#include "gen/print.h"

#include <inttypes.h>
#include <stdio.h>

static void print_constant(ernn_buffer *out, const char *name, size_t value, const char *comment)
{
    ernn_buffer_print(out, "  localparam %-13s = %zu;  // %s\n", name, value, comment);
}

static void print_constants(ernn_buffer *out, const ernn_plan *plan, const ernn_gen_vectors *v)
{
    const size_t words = plan->load_words + (size_t)v->n_states * plan->state_words;
    const size_t units = (size_t)(plan->n_units + v->n_states * plan->n_states);
    const size_t hang = 100000 + 200 * (size_t)plan->cost.latency_cycles;
    print_constant(out, "BITS", plan->network->signal_bits, "of a signal");
    print_constant(out, "LANES", (size_t)plan->design->lanes, "words of an input beat");
    print_constant(out, "OUTPUT_LANES", (size_t)plan->output_lanes, "words of an output beat");
    print_constant(out, "N_INPUTS", (size_t)plan->n_inputs, "words of an input frame");
    print_constant(out, "N_OUTPUTS", (size_t)plan->n_outputs, "words of an output frame");
    print_constant(out, "N_STAGES", (size_t)plan->n_stages, "layers, the output layer included");
    print_constant(out, "FRAMES", (size_t)v->total_frames, "of stimulus, all sequences");
    print_constant(out, "N_SEQUENCES", (size_t)v->n_sequences, "");
    print_constant(out, "WEIGHT_UNITS", (size_t)plan->n_units, "units loaded once");
    print_constant(out, "STATE_UNITS", (size_t)plan->n_states, "units of an initial state");
    print_constant(out, "N_UNITS", units, "in the unit table");
    print_constant(out, "LOAD_WORDS", words, "of all units");
    print_constant(out, "HOLD_CYCLES", 500 + 4 * (size_t)plan->cost.cycles_per_frame,
                   "until it is idle");
    print_constant(out, "HANG_CYCLES", hang, "without an output beat");
}

static void print_memories(ernn_buffer *out, const ernn_plan *plan, const ernn_gen_vectors *v)
{
    size_t first = 0;
    ernn_buffer_print(out, "\n  reg [31:0] load_words [0:LOAD_WORDS-1];\n"
                           "  reg [71:0] units      [0:N_UNITS-1];\n"
                           "  reg [63:0] sequences  [0:N_SEQUENCES-1];\n\n  initial begin\n");
    ernn_buffer_print(out, "    $readmemh(\"tb/units.hex\", units);\n"
                           "    $readmemh(\"tb/sequences.hex\", sequences);\n");
    for (int u = 0; u < plan->n_units; u++) {
        const size_t n = plan->units[u].n_words;
        ernn_buffer_print(out, "    $readmemh(\"mem/%s.hex\", load_words, %zu, %zu);\n",
                          plan->units[u].name, first, first + n - 1);
        first += n;
    }
    if (v->n_states)
        ernn_buffer_print(out, "    $readmemh(\"tb/states.hex\", load_words, %zu, %zu);\n", first,
                          first + (size_t)v->n_states * plan->state_words - 1);
    ernn_buffer_print(out, "  end\n");
}

// ---- Wiring ----

typedef struct net {
    const char *type; // "wire [31:0]"
    const char *name;
} net;

static const net NETS[] = {
    {"wire", "rst"},
    {"wire", "pass"},
    {"wire", "finished"},
    {"wire [31:0]", "sequence_id"},
    {"wire", "load_go"},
    {"wire [31:0]", "load_first"},
    {"wire [31:0]", "load_count"},
    {"wire", "load_done"},
    {"wire [31:0]", "unit"},
    {"wire [31:0]", "address"},
    {"wire", "load_valid"},
    {"wire [7:0]", "load_unit"},
    {"wire", "load_start"},
    {"wire [31:0]", "load_data"},
    {"wire", "reset_state"},
    {"wire", "run_go"},
    {"wire [31:0]", "run_first"},
    {"wire [31:0]", "run_count"},
    {"wire", "run_done"},
    {"wire [31:0]", "frames_out"},
    {"wire", "hangs"},
    {"wire [31:0]", "mismatches"},
    {"wire [31:0]", "frames"},
    {"wire [31:0]", "words"},
    {"wire [31:0]", "intervals"},
    {"wire [63:0]", "interval_sum"},
    {"wire [31:0]", "interval_max"},
    {"wire [31:0]", "latency_max"},
    {"wire [LANES*BITS-1:0]", "x_data"},
    {"wire", "x_valid"},
    {"wire", "x_ready"},
    {"wire", "x_last"},
    {"wire [OUTPUT_LANES*BITS-1:0]", "y_data"},
    {"wire", "y_valid"},
    {"wire", "y_ready"},
    {"wire", "y_last"},
    {"wire [5*N_STAGES-1:0]", "saturated"},
    {"wire", "misframed"},
    {"wire", "load_stall"},
    {"wire", "source_stall"},
    {"wire", "sink_stall"},
    {"wire [31:0]", "load_noise"},
    {"wire [31:0]", "source_noise"},
    {"wire [31:0]", "sink_noise"},
};

typedef struct connection {
    const char *port;
    const char *net;
} connection;

static void print_instance(ernn_buffer *out, const char *module, const char *parameters,
                           const char *instance, const connection *connections, size_t n)
{
    ernn_buffer_print(out, "\n  %s%s%s%s %s (\n", module, *parameters ? " #(" : "", parameters,
                      *parameters ? ")" : "", instance);
    for (size_t i = 0; i < n; i++)
        ernn_buffer_print(out, "    .%-14s (%s)%s\n", connections[i].port, connections[i].net,
                          i + 1 < n ? "," : "");
    ernn_buffer_print(out, "  );\n");
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const connection CONTROL[] = {
    {"clk", "clk"},
    {"rst", "rst"},
    {"o_pass", "pass"},
    {"o_finished", "finished"},
    {"o_sequence", "sequence_id"},
    {"i_n_frames", "sequence_row[63:32]"},
    {"i_state_unit", "sequence_row[31:0]"},
    {"o_load_go", "load_go"},
    {"o_load_first", "load_first"},
    {"o_load_count", "load_count"},
    {"i_load_done", "load_done"},
    {"o_reset_state", "reset_state"},
    {"o_run_go", "run_go"},
    {"o_run_first", "run_first"},
    {"o_run_count", "run_count"},
    {"i_run_done", "run_done"},
};

static const connection LOADER[] = {
    {"clk", "clk"},
    {"i_stall", "load_stall"},
    {"i_go", "load_go"},
    {"i_first", "load_first"},
    {"i_count", "load_count"},
    {"o_done", "load_done"},
    {"o_unit", "unit"},
    {"i_unit", "units[unit]"},
    {"o_address", "address"},
    {"i_word", "load_words[address]"},
    {"o_load_valid", "load_valid"},
    {"o_load_unit", "load_unit"},
    {"o_load_start", "load_start"},
    {"o_load_data", "load_data"},
};

static const connection SOURCE[] = {
    {"clk", "clk"},           {"i_stall", "source_stall"},    {"i_noise", "source_noise"},
    {"i_go", "run_go"},       {"i_first", "run_first"},       {"i_count", "run_count"},
    {"i_hold", "!pass"},      {"i_frames_out", "frames_out"}, {"m_x_data", "x_data"},
    {"m_x_valid", "x_valid"}, {"m_x_ready", "x_ready"},       {"m_x_last", "x_last"},
};

static const connection SINK[] = {
    {"clk", "clk"},
    {"i_stall", "sink_stall"},
    {"i_pass", "pass"},
    {"i_go", "run_go"},
    {"i_first", "run_first"},
    {"i_count", "run_count"},
    {"i_input_beat", "x_valid && x_ready"},
    {"o_done", "run_done"},
    {"o_frames_out", "frames_out"},
    {"o_hangs", "hangs"},
    {"o_mismatches", "mismatches"},
    {"o_frames", "frames"},
    {"o_words", "words"},
    {"o_intervals", "intervals"},
    {"o_interval_sum", "interval_sum"},
    {"o_interval_max", "interval_max"},
    {"o_latency_max", "latency_max"},
    {"s_y_data", "y_data"},
    {"s_y_valid", "y_valid"},
    {"s_y_ready", "y_ready"},
    {"s_y_last", "y_last"},
};

static const connection TOP[] = {
    {"clk", "clk"},
    {"rst", "rst"},
    {"i_load_valid", "load_valid"},
    {"i_load_unit", "load_unit"},
    {"i_load_start", "load_start"},
    {"i_load_data", "load_data"},
    {"i_reset_state", "reset_state"},
    {"i_read", "1'b0"},
    {"i_read_unit", "8'd0"},
    {"i_read_index", "16'd0"},
    {"o_read_data", ""},
    {"s_x_data", "x_data"},
    {"s_x_valid", "x_valid"},
    {"s_x_ready", "x_ready"},
    {"s_x_last", "x_last"},
    {"m_y_data", "y_data"},
    {"m_y_valid", "y_valid"},
    {"m_y_ready", "y_ready"},
    {"m_y_last", "y_last"},
    {"o_saturated", "saturated"},
    {"o_saturation", ""},
    {"o_misframed", "misframed"},
};

// Weights are loaded without stalls, or a large network would spend its time there.
static void print_stall(ernn_buffer *out, const char *role, uint64_t seed)
{
    char text[3][48];
    char instance[32];
    snprintf(text[0], sizeof text[0], ".SEED(32'h%08" PRIx32 ")", (uint32_t)(seed | 1u));
    snprintf(text[1], sizeof text[1], "%s_stall", role);
    snprintf(text[2], sizeof text[2], "%s_noise", role);
    snprintf(instance, sizeof instance, "u_%s_stall", role);
    const connection connections[] = {
        {"clk", "clk"}, {"i_enable", "pass"}, {"o_stall", text[1]}, {"o_noise", text[2]}};
    print_instance(out, "bench_stall", text[0], instance, connections, COUNT(connections));
}

static void print_wiring(ernn_buffer *out, uint64_t seed)
{
    ernn_buffer_print(out, "\n");
    for (size_t i = 0; i < COUNT(NETS); i++)
        ernn_buffer_print(out, "  %-29s %s;\n", NETS[i].type, NETS[i].name);
    ernn_buffer_print(out,
                      "  wire [63:0]                   sequence_row = sequences[sequence_id];\n");
    print_instance(out, "bench_control",
                   "\n    .WEIGHT_UNITS (WEIGHT_UNITS),\n    .STATE_UNITS  (STATE_UNITS),\n"
                   "    .N_SEQUENCES  (N_SEQUENCES)\n  ",
                   "u_control", CONTROL, COUNT(CONTROL));
    print_stall(out, "load", seed * 0x9e3779b9u + 1);
    print_stall(out, "source", seed * 0x9e3779b9u + 0x5bd1e995u);
    print_stall(out, "sink", seed * 0x9e3779b9u + 0x27d4eb2du);
    print_instance(out, "bench_loader", "", "u_loader", LOADER, COUNT(LOADER));
    print_instance(out, "bench_source",
                   "\n    .BITS(BITS), .LANES(LANES), .N(N_INPUTS), .FRAMES(FRAMES), "
                   ".HOLD(HOLD_CYCLES)\n  ",
                   "u_source", SOURCE, COUNT(SOURCE));
    print_instance(out, "bench_sink",
                   "\n    .BITS(BITS), .LANES(OUTPUT_LANES), .N(N_OUTPUTS), .FRAMES(FRAMES), "
                   ".LIMIT(HANG_CYCLES)\n  ",
                   "u_sink", SINK, COUNT(SINK));
    print_instance(out, "ernn_top", "", "u_top", TOP, COUNT(TOP));
}

// ---- Traces ----

// A signal of layer l (-1: of the bench itself): strobes of `width` words of each of `gates`
// vectors, n words each, the first of which is word `first` of the model's vector. `part` tells
// several traces of one signal apart.
typedef struct trace {
    const char *signal;
    const char *part;
    int gates;
    int width;
    uint32_t n;
    uint32_t first;
    const char *valid;
    const char *data;
} trace;

static void print_trace(ernn_buffer *out, const ernn_plan *plan, int l, const trace *t)
{
    const bool is_inside = l >= 0;
    const int layer = is_inside ? l : 0;
    char scope[48] = "";
    if (is_inside)
        snprintf(scope, sizeof scope, "u_top.%s.", plan->layers[l].instance);
    ernn_buffer_print(
        out,
        "\n  bench_trace #(\n    .LAYER  (%d),\n    .SIGNAL (\"%s\"),\n    .BITS   (BITS),\n"
        "    .GATES  (%d),\n    .WIDTH  (%d),\n    .N      (%u),\n    .FIRST  (%u)\n"
        "  ) u_l%d_%s%s (\n",
        layer, t->signal, t->gates, t->width, t->n, t->first, layer, t->signal, t->part);
    ernn_buffer_print(out,
                      "    .clk       (clk),\n    .i_clear   (reset_state),\n"
                      "    .i_first   (run_first),\n    .i_frames  (trace_frames),\n"
                      "    .i_file    (pass ? 32'd0 : trace),\n    .i_valid   (%s%s),\n"
                      "    .i_data    (%s%s)\n  );\n",
                      scope, t->valid, scope, t->data);
}

// A product whose gates leave side by side.
static trace product_trace(const char *signal, const ernn_rt_matrix *matrix, int gates,
                           const char *valid, const char *data)
{
    return (trace){.signal = signal,
                   .part = "",
                   .gates = gates,
                   .width = 1 << matrix->log2_k,
                   .n = matrix->rows / (uint32_t)gates,
                   .valid = valid,
                   .data = data};
}

static trace vector_trace(const char *signal, int width, uint32_t n, const char *valid,
                          const char *data)
{
    return (trace){.signal = signal,
                   .part = "",
                   .gates = 1,
                   .width = width,
                   .n = n,
                   .valid = valid,
                   .data = data};
}

// GRU, reset before: z, r and the candidate leave one after the other.
static void print_before_traces(ernn_buffer *out, const ernn_plan *plan, int l)
{
    const ernn_rt_layer *layer = plan->layers[l].layer;
    const char *data = "g_before.recurrent_block";
    trace z =
        product_trace("recurrent_product", &layer->recurrent, 1, "g_before.block_valid[0]", data);
    trace r =
        product_trace("recurrent_product", &layer->recurrent, 1, "g_before.block_valid[1]", data);
    const trace candidate =
        product_trace("candidate_product", &layer->candidate, 1, "g_before.block_valid[2]", data);
    z.part = "_z";
    z.n /= 2;
    r.part = "_r";
    r.n /= 2;
    r.first = r.n;
    print_trace(out, plan, l, &z);
    print_trace(out, plan, l, &r);
    print_trace(out, plan, l, &candidate);
}

static void print_layer_traces(ernn_buffer *out, const ernn_plan *plan, int l)
{
    const ernn_rt_layer *layer = plan->layers[l].layer;
    const bool is_lstm = layer->cell == ERNN_RT_LSTM;
    const int gates = is_lstm ? 4 : 3;
    const int lanes = plan->design->cell_lanes;
    const trace input =
        product_trace("input_product", &layer->input, gates, "input_block_valid", "input_block");
    print_trace(out, plan, l, &input);
    if (is_lstm || layer->is_reset_after) {
        const trace recurrent =
            product_trace("recurrent_product", &layer->recurrent, gates,
                          is_lstm ? "recurrent_block_valid" : "g_after.recurrent_block_valid",
                          is_lstm ? "recurrent_block" : "g_after.recurrent_block");
        print_trace(out, plan, l, &recurrent);
    } else {
        print_before_traces(out, plan, l);
    }
    if (is_lstm) {
        const trace c = vector_trace("c", lanes, layer->n_cells, "c_valid", "cell_c");
        const trace m = vector_trace("m", lanes, layer->n_cells, "cell_valid", "cell_m");
        print_trace(out, plan, l, &c);
        print_trace(out, plan, l, &m);
    }
    const trace y = vector_trace("y", is_lstm && layer->is_projected ? plan->design->lanes : lanes,
                                 layer->n_outputs, "y_valid", "y_row");
    print_trace(out, plan, l, &y);
}

// The output layer counts as one more layer.
static void print_output_traces(ernn_buffer *out, const ernn_plan *plan)
{
    const ernn_rt_matrix *matrix = &plan->network->output;
    const trace product = product_trace("output_product", matrix, 1, "block_valid", "block");
    const trace scores =
        vector_trace("scores", plan->output_lanes, matrix->rows, "y_valid", "y_row");
    print_trace(out, plan, plan->n_layers, &product);
    print_trace(out, plan, plan->n_layers, &scores);
}

static void print_traces(ernn_buffer *out, const ernn_plan *plan)
{
    ernn_buffer_print(out, "\n  // +trace writes every signal of pass 0 to build/trace.txt,\n"
                           "  // +trace_frames=N only that of the first N frames.\n"
                           "  reg [31:0] trace;\n  reg [31:0] trace_frames;\n\n"
                           "  initial begin\n    trace        = 32'd0;\n"
                           "    trace_frames = FRAMES;\n");
    ernn_buffer_print(out, "    if ($test$plusargs(\"trace\"))\n"
                           "      trace = $fopen(\"build/trace.txt\", \"w\");\n"
                           "    if ($value$plusargs(\"trace_frames=%%d\", trace_frames))\n"
                           "      $display(\"tracing %%0d frames\", trace_frames);\n  end\n");
    const trace x = vector_trace("x", plan->design->lanes, (uint32_t)plan->n_inputs,
                                 "x_valid && x_ready", "x_data");
    print_trace(out, plan, -1, &x);
    for (int l = 0; l < plan->n_layers; l++)
        print_layer_traces(out, plan, l);
    if (plan->has_output)
        print_output_traces(out, plan);
}

// ---- Verdict ----

// The union over the layers of the classes that saturated; the model's must all be seen.
static void print_flags(ernn_buffer *out, const ernn_plan *plan, const ernn_gen_vectors *v)
{
    unsigned want = 0;
    for (int c = ERNN_RT_SPECTRUM; c < ERNN_RT_CLASSES; c++)
        want |= (v->saturations[c] != 0) << (c - ERNN_RT_SPECTRUM);
    ernn_buffer_print(out,
                      "\n  // Saturated classes of src/rt, all layers: spectrum is bit 0.\n"
                      "  localparam [4:0] WANT_SATURATED = 5'h%02x;\n"
                      "  wire [4:0] any_saturated = ",
                      want);
    for (int l = 0; l < plan->n_stages; l++)
        ernn_buffer_print(out, "%ssaturated[%d:%d]", l ? " | " : "", 5 * l + 4, 5 * l);
    ernn_buffer_print(out, ";\n");
}

static void print_verdict(ernn_buffer *out)
{
    static const connection REPORT[] = {
        {"clk", "clk"},
        {"i_pass", "pass"},
        {"i_run_done", "run_done"},
        {"i_finished", "finished"},
        {"i_hangs", "hangs"},
        {"i_misframed", "misframed"},
        {"i_lost_flags", "WANT_SATURATED & ~any_saturated"},
        {"i_mismatches", "mismatches"},
        {"i_frames", "frames"},
        {"i_words", "words"},
        {"i_intervals", "intervals"},
        {"i_interval_sum", "interval_sum"},
        {"i_interval_max", "interval_max"},
        {"i_latency_max", "latency_max"},
    };
    print_instance(out, "bench_report", ".FRAMES(FRAMES)", "u_report", REPORT, COUNT(REPORT));
}

void ernn_print_bench(ernn_buffer *out, const ernn_plan *plan, const ernn_gen_vectors *v,
                      uint64_t seed)
{
    ernn_buffer_print(out,
                      "// ernn_bench: runs ernn_top against the words of src/rt, twice, and "
                      "ends in a line PASS or FAIL.\n//\n"
                      "// Pass 0 streams without stalls and counts cycles, pass 1 stalls every "
                      "stream at random.\n// Run it in the project's folder: it reads mem/ "
                      "and tb/. Simulation only.\n//\n");
    ernn_print_origin(out, plan);
    ernn_buffer_print(out,
                      "`default_nettype none\n\nmodule ernn_bench (\n  input wire clk\n);\n\n");
    print_constants(out, plan, v);
    print_memories(out, plan, v);
    print_wiring(out, seed);
    print_traces(out, plan);
    print_flags(out, plan, v);
    print_verdict(out);
    ernn_buffer_print(out, "\nendmodule\n\n`default_nettype wire\n");
}
