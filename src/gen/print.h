// The printers: each writes one generated file from the plan. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_GEN_PRINT_H
#define ERNN_SRC_GEN_PRINT_H

#include "base/buffer.h"
#include "gen/vectors.h"

// rtl/ernn_top.v
void ernn_print_top(ernn_buffer *out, const ernn_plan *plan);
// tb/ernn_bench.v
void ernn_print_bench(ernn_buffer *out, const ernn_plan *plan, const ernn_gen_vectors *vectors,
                      uint64_t seed);
// mem/<unit>.hex: one word per line, two's complement.
void ernn_print_unit(ernn_buffer *out, const ernn_plan_unit *unit);
// tb/stimulus.hex, tb/expected.hex, tb/states.hex: words[n] of `bits`.
void ernn_print_words(ernn_buffer *out, const int32_t *words, size_t n, int bits);
// tb/units.hex and tb/sequences.hex: what the bench loads and plays.
void ernn_print_unit_table(ernn_buffer *out, const ernn_plan *plan,
                           const ernn_gen_vectors *vectors);
void ernn_print_sequence_table(ernn_buffer *out, const ernn_plan *plan,
                               const ernn_gen_vectors *vectors);
// README.md
void ernn_print_readme(ernn_buffer *out, const ernn_plan *plan, const ernn_gen_vectors *vectors);

// The comment lines that every generated Verilog file has: version, digests, options.
void ernn_print_origin(ernn_buffer *out, const ernn_plan *plan);

#endif
