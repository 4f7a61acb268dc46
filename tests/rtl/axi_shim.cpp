// The Verilated axi_harness as one C function. SPDX-License-Identifier: Apache-2.0
#include "Vaxi_harness.h"
#include "axi_pins.h"

static void drive(Vaxi_harness *top, const axi_pins *pins)
{
    top->mutant = pins->mutant;
    top->aresetn = pins->aresetn;
    top->awaddr = pins->awaddr;
    top->awvalid = pins->awvalid;
    top->wdata = pins->wdata;
    top->wstrb = pins->wstrb;
    top->wvalid = pins->wvalid;
    top->bready = pins->bready;
    top->araddr = pins->araddr;
    top->arvalid = pins->arvalid;
    top->rready = pins->rready;
    top->s_tkeep = pins->s_tkeep;
    top->s_tvalid = pins->s_tvalid;
    top->s_tlast = pins->s_tlast;
    top->m_tready = pins->m_tready;
    for (int i = 0; i < AXI_BEAT_WORDS; i++)
        top->s_tdata[i] = pins->s_tdata[i];
}

static void sense(const Vaxi_harness *top, axi_pins *pins)
{
    pins->awready = top->awready;
    pins->wready = top->wready;
    pins->bresp = top->bresp;
    pins->bvalid = top->bvalid;
    pins->arready = top->arready;
    pins->rdata = top->rdata;
    pins->rresp = top->rresp;
    pins->rvalid = top->rvalid;
    pins->irq = top->irq;
    pins->s_tready = top->s_tready;
    pins->m_tkeep = top->m_tkeep;
    pins->m_tvalid = top->m_tvalid;
    pins->m_tlast = top->m_tlast;
    pins->failed = top->failed;
    for (int i = 0; i < AXI_BEAT_WORDS; i++)
        pins->m_tdata[i] = top->m_tdata[i];
}

extern "C" void axi_eval(axi_pins *pins, int aclk)
{
    static Vaxi_harness *top;
    if (aclk < 0) {
        delete top;
        top = new Vaxi_harness;
        return;
    }
    drive(top, pins);
    top->aclk = aclk;
    top->eval();
    sense(top, pins);
}
