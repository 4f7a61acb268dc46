// Pins of axi_harness.v, between the scenarios in C and the Verilated model.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_TEST_AXI_PINS_H
#define ERNN_TEST_AXI_PINS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { AXI_BEAT_WORDS = 16 }; // 512 bits

typedef struct axi_pins {
    uint8_t mutant; // planted fault, 0 = none
    // Driven by the scenario.
    uint8_t aresetn, awaddr, awvalid, wstrb, wvalid, bready, araddr, arvalid, rready;
    uint32_t wdata;
    uint8_t s_tvalid, s_tlast, m_tready;
    uint64_t s_tkeep;
    uint32_t s_tdata[AXI_BEAT_WORDS];
    // Driven by the model.
    uint8_t awready, wready, bresp, bvalid, arready, rresp, rvalid, irq;
    uint32_t rdata;
    uint8_t s_tready, m_tvalid, m_tlast, failed;
    uint64_t m_tkeep;
    uint32_t m_tdata[AXI_BEAT_WORDS];
} axi_pins;

// Lets the inputs settle at the given level of the clock and reads the outputs.
// A negative level begins with a new model.
typedef void (*axi_eval_fn)(axi_pins *pins, int aclk);
void axi_eval(axi_pins *pins, int aclk);

#ifdef __cplusplus
}
#endif

#endif
