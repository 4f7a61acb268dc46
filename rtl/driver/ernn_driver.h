// What the driver's own files share. Not for its users. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_DRIVER_H
#define ERNN_DRIVER_H

#include "ernn_accelerator.h"

ernn_result ernn_register_read(const ernn_accelerator *a, uint32_t offset, uint32_t *value);
ernn_result ernn_register_write(const ernn_accelerator *a, uint32_t offset, uint32_t value);
ernn_result ernn_need_idle(const ernn_accelerator *a);
// Words of a unit of the load window, 0 = there is none.
ernn_result ernn_unit_size(const ernn_accelerator *a, uint32_t unit, uint32_t *n_words);
// After the last word of a unit: were all taken?
ernn_result ernn_load_end(const ernn_accelerator *a, uint32_t n_words);

// The lower `bits` (1 to 32) of a word as a two's complement number.
static inline int32_t ernn_signed(uint32_t word, uint32_t bits)
{
    const uint32_t sign = (uint32_t)1 << (bits - 1);
    const uint32_t low = word & (sign | (sign - 1));
    return low & sign ? -(int32_t)(~(low | ~(sign | (sign - 1)))) - 1 : (int32_t)low;
}

#endif
