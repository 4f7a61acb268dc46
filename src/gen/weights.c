// mem/weights.bin: the words of all units for the driver, in the format that
// rtl/driver/ernn_weights.c describes. SPDX-License-Identifier: Apache-2.0
#include "gen/print.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_VERSION = 1, CHECKED_BYTES = 24 };

static void append(ernn_buffer *out, uint32_t value, int n_bytes)
{
    uint8_t bytes[4];
    for (int i = 0; i < n_bytes; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    ernn_buffer_append(out, bytes, (size_t)n_bytes);
}

static void append_unit(ernn_buffer *out, const ernn_plan_unit *unit)
{
    const int word_bytes = (unit->bits + 7) / 8;
    append(out, (uint32_t)(unit->layer * 16 + (int)unit->what), 2);
    append(out, (uint32_t)word_bytes, 2);
    append(out, (uint32_t)unit->n_words, 4);
    for (size_t i = 0; i < unit->n_words; i++)
        append(out, (uint32_t)ernn_plan_word(unit, i), word_bytes);
    while (out->size % 4)
        append(out, 0, 1);
}

// CRC-32 as in zip, one byte after the other: a project is written once.
static uint32_t checksum(uint32_t crc, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        crc ^= (uint8_t)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1u ? 0xedb88320u : 0);
    }
    return crc;
}

// The first 32 bits of the model's digest, never 0.
static uint32_t model_number(const ernn_plan *plan)
{
    char text[9];
    memcpy(text, plan->model_digest, 8);
    text[8] = 0;
    const uint32_t number = (uint32_t)strtoul(text, NULL, 16);
    return number ? number : 1;
}

void ernn_print_weights(ernn_buffer *out, const ernn_plan *plan)
{
    ernn_buffer units = {0};
    for (int u = 0; u < plan->n_units; u++)
        append_unit(&units, &plan->units[u]);
    ernn_buffer_append(out, "ERNW", 4);
    append(out, FILE_VERSION, 4);
    append(out, plan->geometry, 4);
    append(out, model_number(plan), 4);
    append(out, (uint32_t)plan->n_units, 4);
    append(out, (uint32_t)units.size, 4);
    if (ernn_buffer_status(&units, NULL) != ERNN_OK)
        out->status = units.status;
    else if (out->status == ERNN_OK) {
        const uint32_t crc = checksum(~0u, out->data, CHECKED_BYTES);
        append(out, ~checksum(crc, units.data, units.size), 4);
        ernn_buffer_append(out, units.data, units.size);
    }
    ernn_buffer_free(&units);
}
