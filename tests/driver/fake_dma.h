// Accesses of ernn_mapped.c, caught: registers go to the Verilated core, the AXI DMA is a model of
// its simple mode. Put before every source by -include. SPDX-License-Identifier: Apache-2.0
#ifndef FAKE_DMA_H
#define FAKE_DMA_H

#include <stdint.h>

#define ERNN_MMIO_READ(base, offset) fake_mmio_read((base), (offset))
#define ERNN_MMIO_WRITE(base, offset, value) fake_mmio_write((base), (offset), (value))

uint32_t fake_mmio_read(volatile void *base, uint32_t offset);
void fake_mmio_write(volatile void *base, uint32_t offset, uint32_t value);

#endif
