// Printing the table of control registers as Markdown, C header, SystemRDL and Verilog.
// SPDX-License-Identifier: Apache-2.0
#include "gen/print.h"
#include "gen/registers.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void to_upper(const char *from, char *to, size_t size)
{
    size_t i = 0;
    for (; from[i] && i + 1 < size; i++)
        to[i] = (char)toupper((unsigned char)from[i]);
    to[i] = 0;
}

static uint32_t field_mask(const ernn_field *field)
{
    return (field->bits == 32 ? 0xffffffffu : (1u << field->bits) - 1) << field->low;
}

// ---- Markdown ----

static const char *access_name(ernn_access access)
{
    static const char *const NAMES[] = {
        [ERNN_ACCESS_RO] = "ro",   [ERNN_ACCESS_RC] = "rc",       [ERNN_ACCESS_RW] = "rw",
        [ERNN_ACCESS_W1C] = "w1c", [ERNN_ACCESS_PULSE] = "pulse", [ERNN_ACCESS_START] = "start",
        [ERNN_ACCESS_WO] = "wo"};
    return NAMES[access];
}

static void print_register_markdown(ernn_buffer *out, const ernn_plan *plan,
                                    const ernn_register *reg)
{
    ernn_buffer_print(out, "\n### 0x%02" PRIx32 " %s\n\n%s\n\n", reg->offset, reg->name, reg->text);
    ernn_buffer_print(out, "| bits | field | access | reset | |\n|---|---|---|---|---|\n");
    for (int f = 0; f < reg->n_fields; f++) {
        const ernn_field *field = &reg->fields[f];
        char bits[16];
        if (field->bits == 1)
            snprintf(bits, sizeof bits, "%d", field->low);
        else
            snprintf(bits, sizeof bits, "%d:%d", field->low + field->bits - 1, field->low);
        ernn_buffer_print(out, "| %s | %s | %s | 0x%" PRIx32 " | %s |\n", bits, field->name,
                          access_name(field->access), ernn_register_reset(plan, field),
                          field->text);
    }
}

static void print_overview(ernn_buffer *out)
{
    int n;
    const ernn_register *registers = ernn_registers(&n);
    ernn_buffer_print(out, "| offset | register | |\n|---|---|---|\n");
    for (int i = 0; i < n; i++)
        ernn_buffer_print(out, "| 0x%02" PRIx32 " | %s | %s |\n", registers[i].offset,
                          registers[i].name, registers[i].text);
}

static void print_unit_rows(ernn_buffer *out, const ernn_plan_unit *units, int n)
{
    for (int u = 0; u < n; u++)
        ernn_buffer_print(out, "| 0x%02x | %s | %zu | %d |\n",
                          units[u].layer * 16 + (int)units[u].what, units[u].name, units[u].n_words,
                          units[u].bits);
}

void ernn_print_registers_markdown(ernn_buffer *out, const ernn_plan *plan)
{
    int n;
    const ernn_register *registers = ernn_registers(&n);
    ernn_buffer_print(
        out,
        "# Control registers of ernn_axi\n\nWritten by ernn %s from the same table as "
        "driver/ernn_registers.h and docs/ernn.rdl.\n\n"
        "AXI4-Lite, 32-bit words, %d bytes. Writes are of whole words: other strobes, and "
        "addresses "
        "without a register, are\nanswered with SLVERR and change nothing; a write without any "
        "strobe is OKAY and changes nothing. Bits without a\nfield read 0. Writing a read-only "
        "field "
        "is OKAY and changes nothing.\n\n",
        ERNN_VERSION, ERNN_REGISTERS_BYTES);
    ernn_buffer_print(
        out, "Access: ro read only; rc read only, a read of the register clears it; rw read and "
             "write; w1c writing 1 clears it;\npulse a 1 acts once and reads 0; start a 1 sets it "
             "and the accelerator clears it; wo write only, reads 0.\n\n");
    print_overview(out);
    for (int i = 0; i < n; i++)
        print_register_markdown(out, plan, &registers[i]);
    ernn_buffer_print(out, "\n## Units of the load and state windows\n\n"
                           "| unit | name | words | bits |\n|---|---|---|---|\n");
    print_unit_rows(out, plan->units, plan->n_units);
    print_unit_rows(out, plan->states, plan->n_states);
}

// ---- C header ----

static void print_define(ernn_buffer *out, const char *name, uint32_t value)
{
    ernn_buffer_print(out, "#define %-44s 0x%" PRIx32 "u\n", name, value);
}

static void print_register_header(ernn_buffer *out, const ernn_register *reg)
{
    char name[96];
    char field_name[40];
    ernn_buffer_print(out, "\n// %s\n", reg->text);
    snprintf(name, sizeof name, "ERNN_REG_%s", reg->name);
    print_define(out, name, reg->offset);
    for (int f = 0; f < reg->n_fields; f++) {
        const ernn_field *field = &reg->fields[f];
        to_upper(field->name, field_name, sizeof field_name);
        if (field->bits == 32)
            continue;
        snprintf(name, sizeof name, "ERNN_%s_%s_MASK", reg->name, field_name);
        print_define(out, name, field_mask(field));
        snprintf(name, sizeof name, "ERNN_%s_%s_SHIFT", reg->name, field_name);
        print_define(out, name, (uint32_t)field->low);
    }
}

// What a driver compares or needs for its buffers.
static void print_constants(ernn_buffer *out, const ernn_plan *plan)
{
    const uint32_t bits = plan->network->signal_bits;
    const uint32_t lanes = (uint32_t)plan->design->lanes;
    ernn_buffer_print(out, "\n// This accelerator.\n");
    print_define(out, "ERNN_ID_VALUE", ERNN_REGISTERS_ID);
    print_define(out, "ERNN_MAP_VALUE", ERNN_REGISTERS_MAP);
    print_define(out, "ERNN_GEOMETRY_VALUE", plan->geometry);
    print_define(out, "ERNN_N_INPUTS", (uint32_t)plan->n_inputs);
    print_define(out, "ERNN_N_OUTPUTS", (uint32_t)plan->n_outputs);
    print_define(out, "ERNN_N_LAYERS", (uint32_t)plan->n_stages);
    print_define(out, "ERNN_N_STREAMS", (uint32_t)plan->design->streams);
    print_define(out, "ERNN_LANES", lanes);
    print_define(out, "ERNN_OUTPUT_LANES", (uint32_t)plan->output_lanes);
    print_define(out, "ERNN_SIGNAL_BITS", bits);
    print_define(out, "ERNN_WEIGHT_BITS", plan->network->weight_bits);
    ernn_buffer_print(out, "// Bytes of a word in the streams, of an input and of an output frame: "
                           "whole beats.\n");
    print_define(out, "ERNN_WORD_BYTES", (bits + 7) / 8);
    print_define(out, "ERNN_INPUT_BYTES",
                 (uint32_t)ernn_plan_input_beats(plan) * lanes * ((bits + 7) / 8));
    print_define(out, "ERNN_OUTPUT_BYTES",
                 (uint32_t)(ernn_plan_output_beats(plan) * plan->output_lanes) * ((bits + 7) / 8));
}

static void print_unit_defines(ernn_buffer *out, const ernn_plan_unit *units, int n)
{
    for (int u = 0; u < n; u++) {
        char upper[48];
        char name[96];
        to_upper(units[u].name, upper, sizeof upper);
        snprintf(name, sizeof name, "ERNN_UNIT_%s", upper);
        print_define(out, name, (uint32_t)(units[u].layer * 16 + (int)units[u].what));
        snprintf(name, sizeof name, "ERNN_UNIT_%s_WORDS", upper);
        print_define(out, name, (uint32_t)units[u].n_words);
    }
}

void ernn_print_registers_header(ernn_buffer *out, const ernn_plan *plan)
{
    int n;
    const ernn_register *registers = ernn_registers(&n);
    ernn_buffer_print(out,
                      "// Control registers of ernn_axi: byte offsets, fields, and the numbers of "
                      "this accelerator.\n// docs/registers.md says what they mean.\n"
                      "// Written by ernn %s. Do not edit: generate again.\n"
                      "#ifndef ERNN_REGISTERS_H\n#define ERNN_REGISTERS_H\n",
                      ERNN_VERSION);
    for (int i = 0; i < n; i++)
        print_register_header(out, &registers[i]);
    print_constants(out, plan);
    ernn_buffer_print(out, "\n// Units of the load window, and of the state window (y, c).\n");
    print_unit_defines(out, plan->units, plan->n_units);
    print_unit_defines(out, plan->states, plan->n_states);
    ernn_buffer_print(out, "\n#endif\n");
}

// ---- SystemRDL ----

static const char *access_rdl(ernn_access access)
{
    static const char *const PROPERTIES[] = {
        [ERNN_ACCESS_RO] = "sw = r; hw = w;",
        [ERNN_ACCESS_RC] = "sw = r; hw = rw; onread = rclr;",
        [ERNN_ACCESS_RW] = "sw = rw; hw = r;",
        [ERNN_ACCESS_W1C] = "sw = rw; hw = rw; onwrite = woclr;",
        [ERNN_ACCESS_PULSE] = "sw = w; hw = r; singlepulse;",
        [ERNN_ACCESS_START] = "sw = rw; hw = rw; onwrite = woset;",
        [ERNN_ACCESS_WO] = "sw = w; hw = r;"};
    return PROPERTIES[access];
}

static void print_register_rdl(ernn_buffer *out, const ernn_plan *plan, const ernn_register *reg)
{
    ernn_buffer_print(out, "  reg {\n    name = \"%s\";\n    desc = \"%s\";\n", reg->name,
                      reg->text);
    for (int f = 0; f < reg->n_fields; f++) {
        const ernn_field *field = &reg->fields[f];
        ernn_buffer_print(out, "    field {\n      desc = \"%s\";\n      %s\n    } ", field->text,
                          access_rdl(field->access));
        // A name that SystemRDL keeps for itself is escaped.
        ernn_buffer_print(out, "\\%s[%d:%d] = %d'h%" PRIx32 ";\n", field->name,
                          field->low + field->bits - 1, field->low, field->bits,
                          ernn_register_reset(plan, field));
    }
    ernn_buffer_print(out, "  } %s @ 0x%02" PRIx32 ";\n", reg->name, reg->offset);
}

void ernn_print_registers_rdl(ernn_buffer *out, const ernn_plan *plan)
{
    int n;
    const ernn_register *registers = ernn_registers(&n);
    ernn_buffer_print(out,
                      "// Control registers of ernn_axi, SystemRDL 2.0.\n"
                      "// Written by ernn %s. Do not edit: generate again.\n"
                      "addrmap ernn {\n  name = \"ernn_axi\";\n  default regwidth = 32;\n"
                      "  default accesswidth = 32;\n",
                      ERNN_VERSION);
    for (int i = 0; i < n; i++)
        print_register_rdl(out, plan, &registers[i]);
    ernn_buffer_print(out, "};\n");
}

// ---- Verilog ----

void ernn_print_registers_verilog(ernn_buffer *out)
{
    int n;
    const ernn_register *registers = ernn_registers(&n);
    for (int i = 0; i < n; i++)
        ernn_buffer_print(out, "  localparam [7:0] %-17s = 8'h%02" PRIx32 ";\n", registers[i].name,
                          registers[i].offset);
}
