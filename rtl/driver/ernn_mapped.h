// The driver's bus over mapped registers and an AXI DMA in simple mode (no scatter-gather), for
// bare metal and below ernn_uio.h.
//
// MM2S of the DMA feeds s_axis, S2MM takes m_axis; one frame is one transfer, since the DMA ends a
// packet where a transfer ends. The next frame goes in while the last one is computed. Lengths up
// to 16383 bytes fit the DMA's default length register. Written from the register names of AMD's
// AXI DMA (PG021); compiled and tested against a model of that DMA, never against the part itself.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_MAPPED_H
#define ERNN_MAPPED_H

#include "ernn_accelerator.h"

#ifdef __cplusplus
extern "C" {
#endif

// Both buffers in one block, aligned to 64 bytes.
#define ERNN_MAPPED_OUTPUT_AT ((ERNN_INPUT_BYTES + 63u) & ~63u)
#define ERNN_MAPPED_BUFFER_BYTES (ERNN_MAPPED_OUTPUT_AT + ((ERNN_OUTPUT_BYTES + 63u) & ~63u))

// Fill in the upper part, then ernn_mapped_begin.
typedef struct ernn_mapped {
    volatile void *registers; // of ernn_axi
    volatile void *dma;       // of the AXI DMA
    volatile uint8_t *buffer; // ERNN_MAPPED_BUFFER_BYTES that the DMA reaches
    uint64_t buffer_address;  // where the DMA sees them, a multiple of 64
    // Cached memory: write back before a transfer, discard after it. NULL for uncached memory.
    void (*clean)(volatile void *from, size_t bytes);
    void (*discard)(volatile void *from, size_t bytes);

    bool is_sending; // the rest belongs to the driver
    bool is_receiving;
} ernn_mapped;

// Resets both channels of the DMA and starts them. 0, or -1: the DMA does not answer.
int ernn_mapped_begin(ernn_mapped *m);

// `m` must outlive the bus. wait() is NULL: set one to sleep or to wait for the interrupt.
ernn_bus ernn_mapped_bus(ernn_mapped *m);

#ifdef __cplusplus
}
#endif
#endif
