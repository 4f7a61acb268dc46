// Printing memory images: weights, stimulus, expected words and the bench's tables.
// SPDX-License-Identifier: Apache-2.0
#include "gen/print.h"

static void print_word(ernn_buffer *out, int32_t word, int bits)
{
    ernn_buffer_print(out, "%0*x\n", (bits + 3) / 4, (uint32_t)word & ((1u << bits) - 1));
}

void ernn_print_unit(ernn_buffer *out, const ernn_plan_unit *unit)
{
    for (size_t i = 0; i < unit->n_words; i++)
        print_word(out, ernn_plan_word(unit, i), unit->bits);
}

void ernn_print_words(ernn_buffer *out, const int32_t *words, size_t n, int bits)
{
    for (size_t i = 0; i < n; i++)
        print_word(out, words[i], bits);
}

// {code[7:0], first word[31:0], words[31:0]}
static void print_unit_row(ernn_buffer *out, const ernn_plan_unit *unit, size_t *first)
{
    ernn_buffer_print(out, "%02x%08zx%08zx\n", unit->layer * 16 + (int)unit->what, *first,
                      unit->n_words);
    *first += unit->n_words;
}

void ernn_print_unit_table(ernn_buffer *out, const ernn_plan *plan, const ernn_gen_vectors *vectors)
{
    size_t first = 0;
    for (int u = 0; u < plan->n_units; u++)
        print_unit_row(out, &plan->units[u], &first);
    for (int s = 0; s < vectors->n_states; s++)
        for (int u = 0; u < plan->n_states; u++)
            print_unit_row(out, &plan->states[u], &first);
}

// {frames[31:0], first unit of the initial state[31:0]}
void ernn_print_sequence_table(ernn_buffer *out, const ernn_plan *plan,
                               const ernn_gen_vectors *vectors)
{
    for (int s = 0; s < vectors->n_sequences; s++) {
        const int state = vectors->state_of[s];
        const uint32_t unit =
            state < 0 ? 0xffffffffu : (uint32_t)(plan->n_units + state * plan->n_states);
        ernn_buffer_print(out, "%08x%08x\n", (unsigned)vectors->n_frames[s], unit);
    }
}
