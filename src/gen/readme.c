// Printing README.md of a generated project. SPDX-License-Identifier: Apache-2.0
#include "gen/print.h"

#include <stdio.h>
#include <string.h>

static void print_files(ernn_buffer *out)
{
    ernn_buffer_print(out,
                      "## Files\n\n"
                      "| file | |\n|---|---|\n"
                      "| `rtl/ernn_axi.v` | the generated top with AXI ports, for a block design "
                      "|\n"
                      "| `rtl/ernn_top.v` | the generated core in it; its header has drawing, "
                      "memories and native ports |\n"
                      "| `rtl/ernn_bytes.v` | the core with 24 pins, bytes in and out |\n"
                      "| `rtl/*.v` | hand-written modules, unchanged |\n"
                      "| `mem/*.hex` | weights, biases and peepholes in load order, one word a "
                      "line |\n"
                      "| `mem/weights.bin` | the same words for the driver |\n"
                      "| `driver/*` | C driver, hand-written, unchanged; see "
                      "driver/ernn_accelerator.h |\n");
    ernn_buffer_print(out,
                      "| `tb/ernn_bench.v`, `tb/bench_*.v` | self-checking bench |\n"
                      "| `tb/stimulus.hex`, `tb/expected.hex` | input words, and the words that "
                      "the C model answers |\n"
                      "| `tb/trace.txt` | every signal inside the C model, for locating a "
                      "first mismatch |\n"
                      "| `docs/registers.md`, `docs/ernn.rdl`, `driver/ernn_registers.h` | control "
                      "registers, in three forms of one table |\n");
    ernn_buffer_print(out, "| `tb/cocotb/test_ernn.py` | cocotb bench of ernn_axi, to be copied |\n"
                           "| `constraints/ernn.xdc` | the clock, nothing of a board |\n"
                           "| `vivado/package_ip.tcl` | packages ernn_axi as an IP |\n"
                           "| `ernn.core` | FuseSoC: targets sim, lint, synth |\n"
                           "| `manifest.json` | sizes and SHA-256 of all files |\n\n");
}

static void print_fusesoc(ernn_buffer *out, const ernn_plan *plan, const char *target)
{
    ernn_buffer_print(out, "    fusesoc --cores-root . run --target=%s ", target);
    ernn_print_core_name(out, plan);
    ernn_buffer_print(out, "\n");
}

static void print_commands(ernn_buffer *out, const ernn_plan *plan)
{
    ernn_buffer_print(
        out, "## Simulate\n\n"
             "In this folder; the last line is PASS or FAIL.\n\n"
             "    ernn simulate .\n"
             "    mkdir -p build && iverilog -g2005 -s icarus_clock -o build/bench "
             "rtl/*.v tb/*.v && vvp build/bench\n"
             "    verilator --cc --exe --build -Wno-fatal --Mdir build/v --top-module "
             "ernn_bench rtl/*.v tb/*bench*.v ../../tb/bench_main.cpp && build/v/Vernn_bench\n");
    print_fusesoc(out, plan, "sim");
    ernn_buffer_print(out, "    make -C tb/cocotb\n\n"
                           "The last one drives ernn_axi from Python and needs cocotb 1.9.\n");
    ernn_buffer_print(out, "\n## Synthesise\n\n"
                           "Cells of Yosys, nothing placed; `lint` is Verilator with all "
                           "warnings.\n\n"
                           "    ernn synth .\n");
    print_fusesoc(out, plan, "synth");
    print_fusesoc(out, plan, "lint");
    ernn_buffer_print(out, "\n");
}

static void print_integration(ernn_buffer *out)
{
    ernn_buffer_print(out, "## Package for Vivado\n\n"
                           "    vivado -mode batch -source vivado/package_ip.tcl -tclargs PART\n\n"
                           "makes the IP repository vivado/ip. Written from the manuals and played "
                           "against stubs; Vivado itself has not run it.\n\n");
    ernn_buffer_print(out, "## Use the driver\n\n"
                           "    make -C driver twin && driver/build/twin .   # driver and "
                           "Verilated core, every word compared\n"
                           "    make -C driver board                         # the same for Linux, "
                           "UIO and an AXI DMA\n\n");
    ernn_buffer_print(out, "A program includes driver/ernn_accelerator.h: open, load "
                           "mem/weights.bin, run frames, keep states; example:\n"
                           "driver/ernn_replay.c. Any weight file of the same geometry fits this "
                           "bitstream; others are refused.\n\n");
}

// ---- Drawing ----

// The drawing of the top, as indented lines for comment lines.
static void print_pipeline(ernn_buffer *out, const ernn_plan *plan)
{
    ernn_buffer drawing = {0};
    ernn_print_drawing(&drawing, plan);
    const char *line = drawing.data ? drawing.data : "";
    for (const char *end; (end = strchr(line, '\n')); line = end + 1)
        if (end > line + 2)
            ernn_buffer_print(out, "  %.*s\n", (int)(end - line) - 2, line + 2);
    ernn_buffer_print(out, "\n");
    ernn_buffer_free(&drawing);
}

// ---- Ports ----

typedef struct port_row {
    const char *name;
    const char *direction;
    int bits;
    const char *meaning;
} port_row;

static void print_ports(ernn_buffer *out, const ernn_plan *plan)
{
    const int bits = plan->design->signal_bits;
    const int beat = plan->design->lanes * bits;
    char x[120];
    char y[120];
    snprintf(x, sizeof x, "%d words of Q%d.%d a frame in %d beats of %d, the first in the low bits",
             plan->n_inputs, bits - plan->input_frac, plan->input_frac, ernn_plan_input_beats(plan),
             plan->design->lanes);
    snprintf(y, sizeof y, "%d words of Q%d.%d a frame in %d beats of %d", plan->n_outputs,
             bits - plan->output_frac, plan->output_frac, ernn_plan_output_beats(plan),
             plan->output_lanes);
    const port_row rows[] = {
        {"clk", "in", 1, "clock; everything is synchronous to it"},
        {"rst", "in", 1, "reset, synchronous, active high"},
        {"i_load_valid", "in", 1, "a word of the load bus, always taken"},
        {"i_load_unit", "in", 8, "its unit, see Memories"},
        {"i_load_start", "in", 1, "it is the first of its unit"},
        {"i_load_data", "in", 32, "the word, sign-extended"},
        {"i_reset_state", "in", 1, "one cycle while idle: the next frame starts from zero"},
        {"i_read, i_read_unit, i_read_index", "in", 25,
         "while idle: a word of state y (7) or c (8), 4 cycles later at o_read_data"},
        {"o_read_data", "out", bits, "it"},
        {"s_x_data", "in", beat, x},
        {"s_x_valid, s_x_last", "in", 1, "stream in; last on the last beat of a frame"},
        {"s_x_ready", "out", 1, "a beat moves when valid and ready are high"},
        {"m_y_data", "out", plan->output_lanes * bits, y},
        {"m_y_valid, m_y_last", "out", 1, "stream out"},
        {"m_y_ready", "in", 1, ""},
        {"o_saturated", "out", 5 * plan->n_stages,
         "sticky, 5 a layer: spectrum, accumulator, product, preactivation, cell"},
        {"o_saturation", "out", 5 * plan->n_stages, "the same, of each cycle"},
        {"o_misframed", "out", 1, "sticky: s_x_last came in the wrong place"},
    };
    ernn_buffer_print(out, "## Ports of ernn_top\n\n"
                           "| port | | bits | |\n|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ernn_buffer_print(out, "| %s | %s | %d | %s |\n", rows[i].name, rows[i].direction,
                          rows[i].bits, rows[i].meaning);
    ernn_buffer_print(out, "\n");
}

static void print_axi_ports(ernn_buffer *out, const ernn_plan *plan)
{
    const int bytes = ((int)plan->network->signal_bits + 7) / 8;
    ernn_buffer_print(out, "## Ports of ernn_axi, for a block design\n\n| port | |\n|---|---|\n"
                           "| aclk, aresetn | clock; synchronous reset, active low |\n"
                           "| s_axi_* | AXI4-Lite, 32 bits, 256 bytes: docs/registers.md |\n"
                           "| irq | level |\n");
    ernn_buffer_print(out, "| s_axis_* | AXI4-Stream, %d bytes a beat, %d beats a packet |\n",
                      bytes * plan->design->lanes, ernn_plan_input_beats(plan));
    ernn_buffer_print(out, "| m_axis_* | AXI4-Stream, %d bytes a beat, %d beats a packet |\n\n",
                      bytes * plan->output_lanes, ernn_plan_output_beats(plan));
    ernn_buffer_print(
        out,
        "A packet is a frame, a word is sign-extended to %d bytes. Start a run (CTRL, "
        "FRAMES) before frames come in;\npackets of a wrong length are repaired and "
        "flagged in ERRORS.\n\n",
        bytes);
}

// ---- Tables ----

// What an element holds: a multiplier for each real product of a block (docs/hardware.md).
static const char *product_text(int k, char *text, size_t size)
{
    snprintf(text, size, "%d multipliers, blocks of %d", 3 * k / 2 - 1, k);
    return k == 1 ? "one multiplier" : text;
}

static void print_layers(ernn_buffer *out, const ernn_plan *plan)
{
    char text[60];
    ernn_buffer_print(out, "## Processing elements\n\n"
                           "| layer | cells | W_x x | W_r y | W_hr u | W_ym m |\n"
                           "|---|---|---|---|---|---|\n");
    for (int l = 0; l < plan->n_layers; l++) {
        const int *pes = plan->design->layer_pes[l];
        ernn_buffer_print(out, "| %s | %d | %d | %d | %d | %d |\n", plan->layers[l].instance,
                          (int)plan->layers[l].layer->n_cells, pes[ERNN_PRODUCT_INPUT],
                          pes[ERNN_PRODUCT_RECURRENT], pes[ERNN_PRODUCT_CANDIDATE],
                          pes[ERNN_PRODUCT_PROJECTION]);
    }
    const int k = 1 << plan->network->output.log2_k;
    if (plan->has_output)
        ernn_buffer_print(out, "\n%s: %d elements of %s.\n", plan->layers[plan->n_layers].instance,
                          plan->design->output_pes, product_text(k, text, sizeof text));
    ernn_buffer_print(out,
                      "\nThey change speed, never results. 0: none, or on those of W_r y.\n\n");
}

static void print_memory(ernn_buffer *out, const ernn_plan_unit *unit, const char *contents)
{
    char format[32] = "";
    if (unit->frac != ERNN_PLAN_NO_FRAC)
        snprintf(format, sizeof format, "Q%d.%d", unit->bits - unit->frac, unit->frac);
    ernn_buffer_print(out, "| 0x%02x | %s | %zu | %d | %s | %zu | %s |\n",
                      unit->layer * 16 + (int)unit->what, unit->name, unit->n_words, unit->bits,
                      format, (unit->n_words * (size_t)unit->bits + 7) / 8, contents);
}

static void print_memories(ernn_buffer *out, const ernn_plan *plan)
{
    size_t bits = 0;
    ernn_buffer_print(out, "## Memories\n\n"
                           "| unit | name | words | bits | format | bytes | order |\n"
                           "|---|---|---|---|---|---|---|\n");
    for (int u = 0; u < plan->n_units; u++) {
        print_memory(out, &plan->units[u], plan->units[u].shape);
        bits += plan->units[u].n_words * (size_t)plan->units[u].bits;
    }
    for (int u = 0; u < plan->n_states; u++)
        print_memory(out, &plan->states[u], "state");
    ernn_buffer_print(out,
                      "\nParameters: %zu words, %zu bytes; states: %zu words. Weights are packed "
                      "spectra scaled so that their\nmatrix's shifts apply "
                      "(docs/fixed-point.md of ernn): they have no format of their own.\n\n",
                      plan->load_words, (bits + 7) / 8, plan->state_words);
}

static void print_modelled(ernn_buffer *out, const ernn_plan *plan)
{
    const ernn_cost *cost = &plan->cost;
    const ernn_device *device = plan->design->device;
    ernn_buffer_print(out, "## Modelled on %s\n\n| | used | of |\n|---|---|---|\n", device->name);
    ernn_buffer_print(out, "| LUT | %d | %d |\n| FF | %d | %d |\n| DSP | %d | %d |\n", cost->lut,
                      device->lut, cost->ff, device->ff, cost->dsp, device->dsp);
    ernn_buffer_print(out, "| BRAM of %d bits | %d | %d |\n\n", device->bram_bits, cost->bram,
                      device->bram);
    ernn_buffer_print(out,
                      "A frame every %d cycles, %d cycles from its first word in to its last word "
                      "out; %.9g us at an assumed %.9g MHz.\n"
                      "Synthesis and simulation give the real figures.\n",
                      cost->cycles_per_frame, cost->latency_cycles,
                      cost->latency_cycles / plan->design->clock_mhz, plan->design->clock_mhz);
}

void ernn_print_readme(ernn_buffer *out, const ernn_plan *plan, const ernn_gen_vectors *vectors)
{
    ernn_buffer_print(out, "# Accelerator of %s\n\n", plan->spec_text);
    ernn_buffer_print(
        out,
        "Written by ernn %s: the recurrent stack%s in Verilog, bit-exact to the C model "
        "over %d frames in %d sequences.\n%s in software.\n\n",
        ERNN_VERSION, plan->has_output ? " and the linear layer to the labels" : "",
        vectors->total_frames, vectors->n_sequences,
        plan->has_output ? "m_y carries the scores of the labels; the decoder stays"
                         : "The linear layer to the labels and the decoder stay");
    print_pipeline(out, plan);
    print_commands(out, plan);
    print_integration(out);
    print_files(out);
    print_axi_ports(out, plan);
    print_ports(out, plan);
    print_memories(out, plan);
    print_layers(out, plan);
    print_modelled(out, plan);
}
