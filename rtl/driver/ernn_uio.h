// The driver's bus under Linux: a UIO device with three maps (uio_pdrv_genirq and three ranges in
// the `reg` of its device-tree node):
//
//   map 0  registers of ernn_axi
//   map 1  registers of the AXI DMA
//   map 2  reserved memory for one input and one output frame, ERNN_MAPPED_BUFFER_BYTES
//
// and irq as its interrupt. Tested against files and a model of the DMA, not on a board.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_UIO_H
#define ERNN_UIO_H

#include "ernn_mapped.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { ERNN_UIO_MAPS = 3 };

typedef struct ernn_uio {
    ernn_mapped mapped; // first: the bus is given this
    int file;
    void *maps[ERNN_UIO_MAPS];
    size_t bytes[ERNN_UIO_MAPS];
    bool has_interrupt;
} ernn_uio;

// `sysfs`: the folder with the sizes of the maps, NULL: /sys/class/uio/NAME. 0, or -1 and errno.
int ernn_uio_open(ernn_uio *uio, const char *device, const char *sysfs);
void ernn_uio_close(ernn_uio *uio);

// wait() sleeps 20 us, or up to 1 ms for the interrupt. `uio` must outlive the bus.
ernn_bus ernn_uio_bus(ernn_uio *uio, bool has_interrupt);

#ifdef __cplusplus
}
#endif
#endif
