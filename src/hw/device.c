// The device table. Counts are the totals of the data sheets named beside each line; clocks are
// *assumptions* for latency figures, since no place and route stands behind them.
// SPDX-License-Identifier: Apache-2.0
#include "ernn/hw.h"

#include <string.h>

// 7 series: DS180 (overview, v2.6.1) and DS190 (Zynq-7000, v1.11.1). UltraScale: DS890 (v4.3),
// synthesised as 7 series, because Yosys leaves registers and accumulators out of a DSP48E2.
// ECP5: FPGA-DS-02012 (EBR 18 Kbit, MULT18X18D). iCE40: FPGA-DS-02029 (HX), FPGA-DS-02008
// (UltraPlus; its four 256 Kbit single-port memories are not used).
static const ernn_device DEVICES[] = {
    // name, family, LUT, FF, DSP, memories, bits of each, assumed MHz
    {"xc7vx690t", ERNN_FAMILY_XC7, 433200, 866400, 3600, 1470, 36864, 200},
    {"xcku060", ERNN_FAMILY_XC7, 331680, 663360, 2760, 1080, 36864, 200},
    {"xc7z020", ERNN_FAMILY_XC7, 53200, 106400, 220, 140, 36864, 150},
    {"xc7a100t", ERNN_FAMILY_XC7, 63400, 126800, 240, 135, 36864, 150},
    {"xc7a35t", ERNN_FAMILY_XC7, 20800, 41600, 90, 50, 36864, 150},
    {"ecp5-85f", ERNN_FAMILY_ECP5, 83640, 83640, 156, 208, 18432, 100},
    {"ecp5-45f", ERNN_FAMILY_ECP5, 43848, 43848, 72, 108, 18432, 100},
    {"ecp5-25f", ERNN_FAMILY_ECP5, 24288, 24288, 28, 56, 18432, 100},
    {"ice40-hx8k", ERNN_FAMILY_ICE40, 7680, 7680, 0, 32, 4096, 40},
    {"ice40-up5k", ERNN_FAMILY_ICE40, 5280, 5280, 8, 30, 4096, 20},
};

const ernn_device *ernn_devices(size_t *n)
{
    *n = sizeof DEVICES / sizeof *DEVICES;
    return DEVICES;
}

const ernn_device *ernn_device_find(const char *name)
{
    for (size_t i = 0; i < sizeof DEVICES / sizeof *DEVICES; i++)
        if (!strcmp(name, DEVICES[i].name))
            return &DEVICES[i];
    return NULL;
}
