// The weight file, and loading it. All numbers are little-endian:
//
//   bytes 0-3    "ERNW"
//         4-7    version, 1
//         8-11   geometry: the register GEOMETRY must say the same
//        12-15   digest of the model, not 0: what MODEL says when it is loaded
//        16-19   number of units
//        20-23   bytes of the units that follow
//        24-27   CRC-32 (ISO-HDLC, as in zip) of the bytes 0-23 and of the units
//        28-     units: code (2 bytes), bytes of a word (2: 1 to 4), number of words (4), then the
//                words, two's complement, filled up with zeros to a multiple of 4 bytes
//
// SPDX-License-Identifier: Apache-2.0
#include "ernn_driver.h"

#include <string.h>

enum {
    HEADER_BYTES = 28,
    CHECKSUM_AT = 24,
    UNIT_BYTES = 8,
    FILE_VERSION = 1,
    MAX_UNITS = 256,
    FIRST_STATE = 7, // the lower half of a code from which on it is a state: y, c
};

static uint32_t number(const uint8_t *bytes, uint32_t n)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < n; i++)
        value |= (uint32_t)bytes[i] << (8 * i);
    return value;
}

static uint32_t checksum(uint32_t crc, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1u ? 0xedb88320u : 0);
    }
    return crc;
}

static ernn_result check_header(const uint8_t *file, size_t bytes)
{
    if (bytes < HEADER_BYTES)
        return bytes < 4 || memcmp(file, "ERNW", 4) != 0 ? ERNN_RESULT_NOT_WEIGHTS
                                                         : ERNN_RESULT_FILE_SIZE;
    if (memcmp(file, "ERNW", 4) != 0)
        return ERNN_RESULT_NOT_WEIGHTS;
    if (number(file + 4, 4) != FILE_VERSION)
        return ERNN_RESULT_FILE_VERSION;
    if (number(file + 20, 4) != bytes - HEADER_BYTES)
        return ERNN_RESULT_FILE_SIZE;
    const uint32_t crc = checksum(~0u, file, CHECKSUM_AT);
    if (~checksum(crc, file + HEADER_BYTES, bytes - HEADER_BYTES) != number(file + CHECKSUM_AT, 4))
        return ERNN_RESULT_FILE_CHECKSUM;
    return ERNN_RESULT_OK;
}

// ---- Units ----

typedef struct unit {
    uint32_t code;
    uint32_t word_bytes;
    uint32_t n_words;
    const uint8_t *words;
} unit;

// The next unit of what is left. False at the end, and for a unit that does not fit.
static bool next_unit(const uint8_t **at, size_t *left, unit *u)
{
    if (*left < UNIT_BYTES)
        return false;
    u->code = number(*at, 2);
    u->word_bytes = number(*at + 2, 2);
    u->n_words = number(*at + 4, 4);
    u->words = *at + UNIT_BYTES;
    *left -= UNIT_BYTES;
    if (u->word_bytes < 1 || u->word_bytes > 4 || u->n_words > *left / u->word_bytes)
        return false;
    const size_t size = ((size_t)u->n_words * u->word_bytes + 3) & ~(size_t)3;
    if (size > *left)
        return false;
    *left -= size;
    *at = u->words + size;
    return true;
}

// How many units of parameters the accelerator has: y and c are none.
static ernn_result count_units(const ernn_accelerator *a, uint32_t *n)
{
    ernn_result result = ERNN_RESULT_OK;
    *n = 0;
    for (uint32_t code = 0; code < MAX_UNITS && result == ERNN_RESULT_OK; code++) {
        uint32_t size = 0;
        if ((code & 15u) < FIRST_STATE)
            result = ernn_unit_size(a, code, &size);
        *n += size != 0;
    }
    return result;
}

// The file has each unit of the accelerator once, whole, and nothing else.
static ernn_result check_units(const ernn_accelerator *a, const uint8_t *file, size_t bytes)
{
    uint8_t seen[MAX_UNITS / 8] = {0};
    const uint8_t *at = file + HEADER_BYTES;
    size_t left = bytes - HEADER_BYTES;
    uint32_t n = 0;
    unit u;
    ernn_result result = count_units(a, &n);
    if (result == ERNN_RESULT_OK && n != number(file + 16, 4))
        result = ERNN_RESULT_FILE_UNITS;
    while (result == ERNN_RESULT_OK && n && next_unit(&at, &left, &u)) {
        uint32_t size = 0;
        if (u.code >= MAX_UNITS || (u.code & 15u) >= FIRST_STATE ||
            seen[u.code / 8] & 1u << u.code % 8)
            return ERNN_RESULT_FILE_UNITS;
        seen[u.code / 8] |= (uint8_t)(1u << u.code % 8);
        result = ernn_unit_size(a, u.code, &size);
        if (result == ERNN_RESULT_OK && (!size || size != u.n_words))
            result = ERNN_RESULT_FILE_UNITS;
        n--;
    }
    return result == ERNN_RESULT_OK && (n || left) ? ERNN_RESULT_FILE_UNITS : result;
}

// ---- Loading ----

ernn_result ernn_load_end(const ernn_accelerator *a, uint32_t n_words)
{
    uint32_t status = 0;
    uint32_t taken = 0;
    ernn_result result = ernn_register_read(a, ERNN_REG_LOAD_STATUS, &status);
    if (result == ERNN_RESULT_OK)
        result = ernn_register_read(a, ERNN_REG_LOAD_WORDS, &taken);
    if (result != ERNN_RESULT_OK)
        return result;
    if (!(status & ERNN_LOAD_STATUS_REFUSED_MASK) && taken == n_words)
        return ERNN_RESULT_OK;
    (void)ernn_register_write(a, ERNN_REG_LOAD_STATUS, ERNN_LOAD_STATUS_REFUSED_MASK);
    return ERNN_RESULT_LOAD_REFUSED;
}

static ernn_result load_unit(const ernn_accelerator *a, const unit *u)
{
    ernn_result result =
        ernn_register_write(a, ERNN_REG_LOAD_UNIT, u->code | ERNN_LOAD_UNIT_START_MASK);
    for (uint32_t i = 0; i < u->n_words && result == ERNN_RESULT_OK; i++) {
        const uint32_t word = number(u->words + (size_t)i * u->word_bytes, u->word_bytes);
        result = ernn_register_write(a, ERNN_REG_LOAD_DATA,
                                     (uint32_t)ernn_signed(word, 8 * u->word_bytes));
    }
    return result == ERNN_RESULT_OK ? ernn_load_end(a, u->n_words) : result;
}

// MODEL is 0 from the first word to the last: a load that stops half-way leaves no weights.
static ernn_result load_units(ernn_accelerator *a, const uint8_t *file, size_t bytes)
{
    const uint8_t *at = file + HEADER_BYTES;
    size_t left = bytes - HEADER_BYTES;
    const uint32_t model = number(file + 12, 4);
    unit u;
    a->model = 0;
    ernn_result result = ernn_register_write(a, ERNN_REG_MODEL, 0);
    while (result == ERNN_RESULT_OK && next_unit(&at, &left, &u))
        result = load_unit(a, &u);
    if (result == ERNN_RESULT_OK)
        result = ernn_register_write(a, ERNN_REG_MODEL, model);
    if (result == ERNN_RESULT_OK)
        a->model = model;
    return result;
}

ernn_result ernn_accelerator_load(ernn_accelerator *a, const void *file, size_t bytes)
{
    uint32_t geometry = 0;
    ernn_result result = check_header(file, bytes);
    if (result == ERNN_RESULT_OK)
        result = ernn_register_read(a, ERNN_REG_GEOMETRY, &geometry);
    if (result == ERNN_RESULT_OK && number((const uint8_t *)file + 8, 4) != geometry)
        result = ERNN_RESULT_FILE_GEOMETRY;
    if (result == ERNN_RESULT_OK)
        result = check_units(a, file, bytes);
    if (result == ERNN_RESULT_OK)
        result = ernn_need_idle(a);
    return result == ERNN_RESULT_OK ? load_units(a, file, bytes) : result;
}
