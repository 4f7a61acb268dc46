// SHA-256 (FIPS 180-4) of what is generated. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_GEN_DIGEST_H
#define ERNN_SRC_GEN_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { ERNN_DIGEST_TEXT = 65 };

// Incremental: new, add any number of pieces, then print.
typedef struct ernn_digest {
    uint32_t state[8];
    uint64_t n_bytes;
    uint8_t block[64];
} ernn_digest;

ernn_digest ernn_digest_new(void);
void ernn_digest_add(ernn_digest *digest, const void *data, size_t size);
// 64 lower-case hex digits and a NUL. The digest cannot be added to afterwards.
void ernn_digest_print(ernn_digest *digest, char text[ERNN_DIGEST_TEXT]);
// Of one block of bytes.
void ernn_digest_of(const void *data, size_t size, char text[ERNN_DIGEST_TEXT]);

#endif
