// The printers: each writes one generated file from the plan. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_GEN_PRINT_H
#define ERNN_SRC_GEN_PRINT_H

#include "base/buffer.h"
#include "gen/files.h"
#include "gen/vectors.h"

// The module that a user instantiates, and its clock.
#define ERNN_GEN_TOP "ernn_axi"
#define ERNN_GEN_CLOCK "aclk"

// rtl/ernn_top.v
void ernn_print_top(ernn_buffer *out, const ernn_plan *plan);
// rtl/ernn_axi.v
void ernn_print_axi(ernn_buffer *out, const ernn_plan *plan);
// rtl/ernn_bytes.v: the same behind an 8-bit stream each way, for place and route.
void ernn_print_bytes(ernn_buffer *out, const ernn_plan *plan);
// tb/ernn_bench.v
void ernn_print_bench(ernn_buffer *out, const ernn_plan *plan, const ernn_gen_vectors *vectors,
                      uint64_t seed);
// mem/<unit>.hex: one word per line, two's complement.
void ernn_print_unit(ernn_buffer *out, const ernn_plan_unit *unit);
// mem/weights.bin: all units, for the driver.
void ernn_print_weights(ernn_buffer *out, const ernn_plan *plan);
// tb/stimulus.hex, tb/expected.hex, tb/states.hex: words[n] of `bits`.
void ernn_print_words(ernn_buffer *out, const int32_t *words, size_t n, int bits);
// tb/units.hex and tb/sequences.hex: what the bench loads and plays.
void ernn_print_unit_table(ernn_buffer *out, const ernn_plan *plan,
                           const ernn_gen_vectors *vectors);
void ernn_print_sequence_table(ernn_buffer *out, const ernn_plan *plan,
                               const ernn_gen_vectors *vectors);
// README.md
void ernn_print_readme(ernn_buffer *out, const ernn_plan *plan, const ernn_gen_vectors *vectors);
// ernn.core: of the files so far.
void ernn_print_core(ernn_buffer *out, const ernn_plan *plan, const ernn_gen_files *files);
// The name by which FuseSoC knows it, "ernn:accelerator:gru_8_4".
void ernn_print_core_name(ernn_buffer *out, const ernn_plan *plan);
// constraints/ernn.xdc
void ernn_print_constraints(ernn_buffer *out, const ernn_plan *plan);
// manifest.json: of the files so far.
void ernn_print_manifest(ernn_buffer *out, const ernn_plan *plan, const ernn_gen_vectors *vectors,
                         const ernn_gen_files *files);

// The pipeline as comment lines of Verilog: "//   [FFT]->...", for the top and the README.
void ernn_print_drawing(ernn_buffer *out, const ernn_plan *plan);

// The comment lines that every generated Verilog file has: version, digests, options.
void ernn_print_origin(ernn_buffer *out, const ernn_plan *plan);

#endif
