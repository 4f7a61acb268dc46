// The control registers of a generated accelerator: one table, from which docs/registers.md,
// driver/ernn_registers.h, docs/ernn.rdl and the addresses in rtl/axi_control.v are printed.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_GEN_REGISTERS_H
#define ERNN_SRC_GEN_REGISTERS_H

#include "base/buffer.h"
#include "gen/plan.h"

typedef enum ernn_access {
    ERNN_ACCESS_RO,    // read only
    ERNN_ACCESS_RC,    // read only, a read clears it
    ERNN_ACCESS_RW,    // read and write
    ERNN_ACCESS_W1C,   // writing 1 clears it
    ERNN_ACCESS_PULSE, // write only: a 1 acts once; reads 0
    ERNN_ACCESS_START, // writing 1 sets it, the accelerator clears it
    ERNN_ACCESS_WO,    // write only; reads 0
} ernn_access;

// Where the value after reset comes from.
typedef enum ernn_register_value {
    ERNN_VALUE_ZERO,
    ERNN_VALUE_ONE,
    ERNN_VALUE_ID,
    ERNN_VALUE_MAP,
    ERNN_VALUE_MAJOR,
    ERNN_VALUE_MINOR,
    ERNN_VALUE_PATCH,
    ERNN_VALUE_GEOMETRY,
    ERNN_VALUE_INPUTS,
    ERNN_VALUE_OUTPUTS,
    ERNN_VALUE_LANES,
    ERNN_VALUE_LAYERS,
    ERNN_VALUE_SIGNAL_BITS,
    ERNN_VALUE_WEIGHT_BITS,
} ernn_register_value;

typedef struct ernn_field {
    const char *name; // lower case
    int low;          // its lowest bit
    int bits;
    ernn_access access;
    ernn_register_value reset;
    const char *text;
} ernn_field;

typedef struct ernn_register {
    const char *name; // upper case
    uint32_t offset;  // bytes, a multiple of 4
    const char *text;
    const ernn_field *fields; // [n_fields], lowest bit first
    int n_fields;
} ernn_register;

enum {
    ERNN_REGISTERS_ID = 0x4e4e5245, // "ERNN", the E in the lowest byte
    ERNN_REGISTERS_MAP = 1,         // counts changes that an old driver would not understand
    ERNN_REGISTERS_BYTES = 256,     // of address space
};

// The table, n_registers rows in the order of their addresses. Borrowed, constant.
const ernn_register *ernn_registers(int *n_registers);

// A field's value after reset, in its own low bits.
uint32_t ernn_register_reset(const ernn_plan *plan, const ernn_field *field);
// A whole register after reset.
uint32_t ernn_register_word(const ernn_plan *plan, const ernn_register *reg);

// docs/registers.md
void ernn_print_registers_markdown(ernn_buffer *out, const ernn_plan *plan);
// driver/ernn_registers.h: addresses, masks, and the numbers of this accelerator.
void ernn_print_registers_header(ernn_buffer *out, const ernn_plan *plan);
// docs/ernn.rdl: SystemRDL 2.0.
void ernn_print_registers_rdl(ernn_buffer *out, const ernn_plan *plan);
// The addresses as they stand in rtl/axi_control.v (a test compares).
void ernn_print_registers_verilog(ernn_buffer *out);

#endif
