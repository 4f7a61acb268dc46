// Queues and transactions at AXI pins. SPDX-License-Identifier: Apache-2.0
#include "axi_sim.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LITE_LIMIT = 2000 };

bool axi_new(axi_sim *sim, const char *library)
{
    void *handle = dlopen(library, RTLD_NOW);
    *sim = (axi_sim){0};
    if (!handle) {
        printf("%s\n", dlerror());
        return false;
    }
    *(void **)&sim->eval = dlsym(handle, "axi_eval");
    sim->to_send = calloc(AXI_QUEUE, sizeof *sim->to_send);
    sim->received = calloc(AXI_QUEUE, sizeof *sim->received);
    return sim->eval && sim->to_send && sim->received;
}

void axi_begin(axi_sim *sim, uint64_t seed, int mutant)
{
    sim->eval(&sim->pins, -1);
    sim->pins = (axi_pins){.mutant = (uint8_t)mutant};
    sim->random = seed * 2 + 1;
    sim->is_fault = false;
    sim->cycle = 0;
}

void axi_free(axi_sim *sim)
{
    free(sim->to_send);
    free(sim->received);
}

uint32_t axi_random(axi_sim *sim, uint32_t below)
{
    sim->random = sim->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(sim->random >> 33) % below;
}

void axi_fault(axi_sim *sim, const char *what, long got, long want)
{
    if (!sim->is_fault)
        printf("fault: %s: got %ld (0x%lx), want %ld (0x%lx), cycle %lu\n", what, got,
               (unsigned long)got, want, (unsigned long)want, (unsigned long)sim->cycle);
    sim->is_fault = true;
}

void axi_expect(axi_sim *sim, const char *what, long got, long want)
{
    if (got != want)
        axi_fault(sim, what, got, want);
}

static bool stalls(axi_sim *sim)
{
    return (int)axi_random(sim, 256) < sim->stall;
}

// ---- One cycle ----

static void drive_lite(axi_sim *sim)
{
    axi_pins *p = &sim->pins;
    const axi_channel *w = &sim->writes;
    const axi_channel *r = &sim->reads;
    if (!p->awvalid && w->n_addresses < w->n_posted && !stalls(sim)) {
        p->awvalid = 1;
        p->awaddr = w->address[w->n_addresses];
    }
    if (!p->wvalid && w->n_words < w->n_posted && !stalls(sim)) {
        p->wvalid = 1;
        p->wdata = w->word[w->n_words];
        p->wstrb = (uint8_t)sim->strobes;
    }
    if (!p->arvalid && r->n_addresses < r->n_posted && !stalls(sim)) {
        p->arvalid = 1;
        p->araddr = r->address[r->n_addresses];
    }
}

// What the masters offer stays; what they do not yet offer may begin.
static void drive(axi_sim *sim)
{
    axi_pins *p = &sim->pins;
    const axi_beat *beat = &sim->to_send[sim->n_sent];
    drive_lite(sim);
    p->bready = !stalls(sim);
    p->rready = !stalls(sim);
    p->m_tready = !sim->is_sink_stopped && !stalls(sim);
    if (!p->s_tvalid && sim->n_sent < sim->n_queued && !stalls(sim)) {
        p->s_tvalid = 1;
        p->s_tlast = beat->is_last;
        p->s_tkeep = beat->keep;
        memcpy(p->s_tdata, beat->data, sizeof p->s_tdata);
    }
}

typedef struct offers {
    uint8_t bvalid, rvalid, m_tvalid, awready, wready, arready;
} offers;

static offers offered(const axi_pins *p)
{
    return (offers){p->bvalid, p->rvalid, p->m_tvalid, p->awready, p->wready, p->arready};
}

// Valid must not depend on ready in the same cycle, nor the readies of registers on anything.
static void check_dependence(axi_sim *sim)
{
    axi_pins *p = &sim->pins;
    const axi_pins kept = *p;
    const offers before = offered(p);
    p->bready ^= 1;
    p->rready ^= 1;
    p->m_tready ^= 1;
    sim->eval(p, 0);
    const offers after = offered(p);
    if (memcmp(&before, &after, sizeof before) != 0)
        axi_fault(sim, "a valid depends on its ready", 0, 0);
    *p = kept;
    if (sim->is_sink_after_valid)
        p->m_tready = p->m_tvalid;
    sim->eval(p, 0);
}

static void take_lite(axi_sim *sim)
{
    axi_pins *p = &sim->pins;
    axi_channel *w = &sim->writes;
    axi_channel *r = &sim->reads;
    w->n_addresses += p->awvalid && p->awready;
    w->n_words += p->wvalid && p->wready;
    r->n_addresses += p->arvalid && p->arready;
    if (p->bvalid && p->bready && w->n_answered < w->n_posted)
        w->response[w->n_answered++] = p->bresp;
    if (p->rvalid && p->rready && r->n_answered < r->n_posted) {
        r->word[r->n_answered] = p->rdata;
        r->response[r->n_answered++] = p->rresp;
    }
}

static void take_streams(axi_sim *sim, bool *is_taken)
{
    axi_pins *p = &sim->pins;
    *is_taken = p->s_tvalid && p->s_tready;
    if (*is_taken)
        sim->n_sent++;
    if (p->m_tvalid && p->m_tready && sim->n_received < AXI_QUEUE) {
        axi_beat *beat = &sim->received[sim->n_received++];
        memcpy(beat->data, p->m_tdata, sizeof beat->data);
        beat->keep = p->m_tkeep;
        beat->is_last = p->m_tlast;
    }
}

void axi_tick(axi_sim *sim)
{
    axi_pins *p = &sim->pins;
    bool is_taken = false;
    drive(sim);
    sim->eval(p, 0);
    check_dependence(sim);
    const axi_pins at_edge = *p;
    if (p->aresetn) {
        take_lite(sim);
        take_streams(sim, &is_taken);
    }
    sim->eval(p, 1);
    sim->cycle++;
    if (at_edge.awready)
        p->awvalid = 0;
    if (at_edge.wready)
        p->wvalid = 0;
    if (at_edge.arready)
        p->arvalid = 0;
    if (is_taken)
        p->s_tvalid = 0;
    if (p->failed)
        axi_fault(sim, "a protocol checker", 1, 0);
}

void axi_ticks(axi_sim *sim, int n)
{
    while (n-- > 0)
        axi_tick(sim);
}

void axi_drop_queues(axi_sim *sim)
{
    sim->n_sent = sim->n_queued = sim->n_received = 0;
}

void axi_reset(axi_sim *sim, int n)
{
    axi_pins *p = &sim->pins;
    axi_drop_queues(sim);
    axi_clear_posted(sim);
    p->awvalid = p->wvalid = p->arvalid = p->s_tvalid = 0;
    p->aresetn = 0;
    axi_ticks(sim, n);
    p->aresetn = 1;
}

// ---- Transactions ----

void axi_clear_posted(axi_sim *sim)
{
    sim->writes = sim->reads = (axi_channel){.n_posted = 0};
    sim->strobes = 15;
}

void axi_post_write(axi_sim *sim, uint32_t address, uint32_t word)
{
    sim->writes.address[sim->writes.n_posted] = (uint8_t)address;
    sim->writes.word[sim->writes.n_posted++] = word;
}

void axi_post_read(axi_sim *sim, uint32_t address)
{
    sim->reads.address[sim->reads.n_posted++] = (uint8_t)address;
}

static bool is_answered(const axi_channel *channel)
{
    return channel->n_answered == channel->n_posted;
}

void axi_until_answered(axi_sim *sim)
{
    for (int i = 0; !sim->is_fault && !(is_answered(&sim->writes) && is_answered(&sim->reads));
         i++) {
        axi_tick(sim);
        if (i == LITE_LIMIT)
            axi_fault(sim, "no answer to a transaction", 0, 0);
    }
}

int axi_write_strobes(axi_sim *sim, uint32_t address, uint32_t word, int strobes)
{
    axi_clear_posted(sim);
    sim->strobes = strobes;
    axi_post_write(sim, address, word);
    axi_until_answered(sim);
    return sim->writes.response[0];
}

void axi_write(axi_sim *sim, uint32_t address, uint32_t word)
{
    axi_expect(sim, "response to a write", axi_write_strobes(sim, address, word, 15), AXI_OKAY);
}

int axi_read_response(axi_sim *sim, uint32_t address, uint32_t *word)
{
    axi_clear_posted(sim);
    axi_post_read(sim, address);
    axi_until_answered(sim);
    *word = sim->reads.word[0];
    return sim->reads.response[0];
}

uint32_t axi_read(axi_sim *sim, uint32_t address)
{
    uint32_t word;
    axi_expect(sim, "response to a read", axi_read_response(sim, address, &word), AXI_OKAY);
    return word;
}

// ---- Streams ----

void axi_send(axi_sim *sim, const axi_beat *beat)
{
    if (sim->n_queued < AXI_QUEUE)
        sim->to_send[sim->n_queued++] = *beat;
}

bool axi_until_sent(axi_sim *sim, uint64_t limit)
{
    for (uint64_t i = 0; sim->n_sent < sim->n_queued && !sim->is_fault; i++) {
        axi_tick(sim);
        if (i == limit)
            axi_fault(sim, "beats sent", (long)sim->n_sent, (long)sim->n_queued);
    }
    return !sim->is_fault;
}

bool axi_until_received(axi_sim *sim, size_t n, uint64_t limit)
{
    for (uint64_t i = 0; sim->n_received < n && !sim->is_fault; i++) {
        axi_tick(sim);
        if (i == limit)
            axi_fault(sim, "beats received", (long)sim->n_received, (long)n);
    }
    return !sim->is_fault;
}
