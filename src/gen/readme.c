// Printing README.md of a generated project. SPDX-License-Identifier: Apache-2.0
#include "gen/print.h"

static void print_files(ernn_buffer *out)
{
    ernn_buffer_print(out,
                      "## Files\n\n"
                      "| file | |\n|---|---|\n"
                      "| `rtl/ernn_top.v` | the generated top; its header has drawing, memories "
                      "and ports |\n"
                      "| `rtl/*.v` | hand-written modules, unchanged |\n"
                      "| `mem/*.hex` | weights, biases and peepholes in load order, one word a "
                      "line |\n");
    ernn_buffer_print(out,
                      "| `tb/ernn_bench.v`, `tb/bench_*.v` | self-checking bench |\n"
                      "| `tb/stimulus.hex`, `tb/expected.hex` | input words, and the words that "
                      "the C model answers |\n"
                      "| `tb/trace.txt` | every signal inside the C model, for locating a "
                      "first mismatch |\n"
                      "| `docs/registers.md`, `docs/ernn.rdl`, `driver/ernn_registers.h` | control "
                      "registers, in three forms of one table |\n"
                      "| `manifest.json` | sizes and SHA-256 of all files |\n\n");
}

static void print_commands(ernn_buffer *out)
{
    ernn_buffer_print(
        out, "## Simulate\n\n"
             "In this folder; the last line is PASS or FAIL.\n\n"
             "    ernn simulate .\n"
             "    mkdir -p build && iverilog -g2005 -s icarus_clock -o build/bench "
             "rtl/*.v tb/*.v && vvp build/bench\n"
             "    verilator --cc --exe --build -Wno-fatal --Mdir build/v --top-module "
             "ernn_bench rtl/*.v tb/*bench*.v ../../tb/bench_main.cpp && build/v/Vernn_bench\n\n");
    ernn_buffer_print(out, "Synthesis only: `ernn synth .`\n\n");
}

static void print_layers(ernn_buffer *out, const ernn_plan *plan)
{
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
    ernn_buffer_print(out,
                      "\nThey change speed, never results. 0: none, or on those of W_r y.\n\n");
}

static void print_memories(ernn_buffer *out, const ernn_plan *plan)
{
    ernn_buffer_print(out, "## Memories\n\n| unit | name | words | bits | order |\n"
                           "|---|---|---|---|---|\n");
    for (int u = 0; u < plan->n_units; u++) {
        const ernn_plan_unit *unit = &plan->units[u];
        ernn_buffer_print(out, "| 0x%02x | %s | %zu | %d | %s |\n",
                          unit->layer * 16 + (int)unit->what, unit->name, unit->n_words, unit->bits,
                          unit->shape);
    }
    ernn_buffer_print(out, "\n");
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
        "Written by ernn %s: the recurrent stack in Verilog, bit-exact to the C model "
        "over %d frames in %d sequences.\nThe linear layer to the labels and the "
        "decoder stay in software.\n\n",
        ERNN_VERSION, vectors->total_frames, vectors->n_sequences);
    ernn_buffer_print(out, "    features -> [s_x] -> ");
    for (int l = 0; l < plan->n_layers; l++)
        ernn_buffer_print(out, "[%s] -> ", plan->layers[l].instance);
    ernn_buffer_print(out, "[m_y] -> linear layer, decoder\n"
                           "    weights, states -> load bus to all layers\n\n");
    print_files(out);
    print_commands(out);
    print_layers(out, plan);
    print_memories(out, plan);
    print_modelled(out, plan);
}
