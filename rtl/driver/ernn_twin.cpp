// SPDX-License-Identifier: Apache-2.0
#include "ernn_twin.h"

#include "Vernn_axi.h"
#include "verilated.h"

#include <cstring>
#include <new>

namespace
{

enum {
    BEAT_BYTES = ERNN_LANES * ERNN_WORD_BYTES,
    OUTPUT_BEAT_BYTES = ERNN_OUTPUT_LANES * ERNN_WORD_BYTES,
    INPUT_BEATS = ERNN_INPUT_BYTES / BEAT_BYTES,
    OUTPUT_BEATS = ERNN_OUTPUT_BYTES / OUTPUT_BEAT_BYTES,
    QUEUE_FRAMES = 2,   // of output, as a DMA would have
    ANSWER_CYCLES = 1000, // an AXI4-Lite access that takes longer has failed
    WAIT_CYCLES = 16,
    INTERRUPT_CYCLES = 2000, // wait() returns after so many at the latest
    RESET_CYCLES = 4
};

// Bytes of a beat that hold words: all, but in the last beat of a frame.
uint64_t keep_of(uint32_t words, uint32_t lanes, int beat, int beats)
{
    const uint32_t left = words - static_cast<uint32_t>(beat) * lanes;
    const uint32_t bytes = (beat + 1 < beats ? lanes : left) * ERNN_WORD_BYTES;
    return bytes >= 64 ? ~uint64_t{0} : (uint64_t{1} << bytes) - 1;
}

} // namespace

struct ernn_twin {
    VerilatedContext context;
    Vernn_axi top{&context};
    uint64_t cycles = 0;
    uint32_t random = 0; // 0: no gaps
    bool is_blocked = false;
    bool is_stopped = false;
    bool has_interrupt = false;
    bool is_malformed = false; // an output packet of a wrong shape was seen

    uint8_t input[ERNN_INPUT_BYTES];
    int input_beat = INPUT_BEATS; // next to go in; INPUT_BEATS: none
    bool is_offered = false;      // valid stays high until the beat is taken
    uint8_t output[QUEUE_FRAMES][ERNN_OUTPUT_BYTES];
    int output_beat = 0;
    uint32_t n_written = 0;
    uint32_t n_read = 0;

    bool gap()
    {
        if (!random)
            return false;
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        return (random & 0x30u) == 0 || (random & 0xc0u) == 0;
    }

    void drive_streams()
    {
        const uint64_t keep = keep_of(ERNN_N_INPUTS, ERNN_LANES, input_beat, INPUT_BEATS);
        is_offered = input_beat < INPUT_BEATS && (is_offered || !gap());
        top.s_axis_tvalid = is_offered;
        if (is_offered) {
            std::memcpy(&top.s_axis_tdata, input + input_beat * BEAT_BYTES, BEAT_BYTES);
            std::memcpy(&top.s_axis_tkeep, &keep, sizeof top.s_axis_tkeep);
        }
        top.s_axis_tlast = input_beat == INPUT_BEATS - 1;
        top.m_axis_tready = !is_blocked && n_written - n_read < QUEUE_FRAMES && !gap();
    }

    void take_output()
    {
        uint64_t keep = 0;
        std::memcpy(&keep, &top.m_axis_tkeep, sizeof top.m_axis_tkeep);
        const bool is_last = output_beat == OUTPUT_BEATS - 1;
        if (keep != keep_of(ERNN_N_OUTPUTS, ERNN_OUTPUT_LANES, output_beat, OUTPUT_BEATS) ||
            (top.m_axis_tlast != 0) != is_last)
            is_malformed = true;
        std::memcpy(output[n_written % QUEUE_FRAMES] + output_beat * OUTPUT_BEAT_BYTES,
                    &top.m_axis_tdata, OUTPUT_BEAT_BYTES);
        output_beat = is_last ? 0 : output_beat + 1;
        n_written += is_last;
    }

    // One clock cycle. What the streams agreed on before the edge has moved after it.
    void cycle()
    {
        if (is_stopped)
            return;
        drive_streams();
        top.aclk = 0;
        top.eval();
        if (top.s_axis_tvalid && top.s_axis_tready) {
            input_beat++;
            is_offered = false;
        }
        if (top.m_axis_tvalid && top.m_axis_tready)
            take_output();
        const Handshakes before = sense();
        top.aclk = 1;
        top.eval();
        seen = before;
        cycles++;
    }

    struct Handshakes {
        bool aw, w, b, ar, r;
        uint8_t bresp, rresp;
        uint32_t rdata;
    };
    Handshakes seen{};

    Handshakes sense() const
    {
        return {top.s_axi_awvalid && top.s_axi_awready, top.s_axi_wvalid && top.s_axi_wready,
                top.s_axi_bvalid && top.s_axi_bready,   top.s_axi_arvalid && top.s_axi_arready,
                top.s_axi_rvalid && top.s_axi_rready,   top.s_axi_bresp,
                top.s_axi_rresp,                        top.s_axi_rdata};
    }

    int write(uint32_t offset, uint32_t value)
    {
        bool is_answered = false;
        top.s_axi_awaddr = static_cast<uint8_t>(offset);
        top.s_axi_wdata = value;
        top.s_axi_wstrb = 0xf;
        top.s_axi_awvalid = 1;
        top.s_axi_wvalid = 1;
        top.s_axi_bready = 1;
        seen = Handshakes{};
        for (int i = 0; i < ANSWER_CYCLES && !is_answered; i++) {
            cycle();
            top.s_axi_awvalid = top.s_axi_awvalid && !seen.aw;
            top.s_axi_wvalid = top.s_axi_wvalid && !seen.w;
            is_answered = seen.b;
        }
        top.s_axi_bready = 0;
        return is_answered && seen.bresp == 0 ? 0 : -1;
    }

    int read(uint32_t offset, uint32_t *value)
    {
        bool is_answered = false;
        top.s_axi_araddr = static_cast<uint8_t>(offset);
        top.s_axi_arvalid = 1;
        top.s_axi_rready = 1;
        seen = Handshakes{};
        for (int i = 0; i < ANSWER_CYCLES && !is_answered; i++) {
            cycle();
            top.s_axi_arvalid = top.s_axi_arvalid && !seen.ar;
            is_answered = seen.r;
        }
        top.s_axi_rready = 0;
        *value = seen.rdata;
        return is_answered && seen.rresp == 0 ? 0 : -1;
    }

    void wait()
    {
        const int n = has_interrupt ? INTERRUPT_CYCLES : WAIT_CYCLES;
        const uint32_t before = n_written;
        for (int i = 0; i < n && !(has_interrupt && (top.irq || n_written != before)); i++)
            cycle();
    }

    // After COMMAND.reset the core ends the packets that have begun, and nothing of them is wanted.
    // One that waits at its door would be the first of the next run: gone, as by a reset of a DMA.
    void cancel()
    {
        if (input_beat == 0) {
            input_beat = INPUT_BEATS;
            is_offered = false;
        }
        for (int i = 0; i < ANSWER_CYCLES; i++) {
            n_read = n_written;
            cycle();
        }
        n_read = n_written;
    }
};

// ---- The bus ----

static ernn_twin *twin_of(void *user)
{
    return static_cast<ernn_twin *>(user);
}

static int read32(void *user, uint32_t offset, uint32_t *value)
{
    return offset > 0xff ? -1 : twin_of(user)->read(offset, value);
}

static int write32(void *user, uint32_t offset, uint32_t value)
{
    return offset > 0xff ? -1 : twin_of(user)->write(offset, value);
}

static int send_frame(void *user, const uint8_t *frame, size_t bytes)
{
    ernn_twin *twin = twin_of(user);
    if (bytes != ERNN_INPUT_BYTES)
        return -1;
    if (twin->input_beat < INPUT_BEATS)
        return 0;
    std::memcpy(twin->input, frame, bytes);
    twin->input_beat = 0;
    return 1;
}

static int receive_frame(void *user, uint8_t *frame, size_t bytes)
{
    ernn_twin *twin = twin_of(user);
    if (bytes != ERNN_OUTPUT_BYTES || twin->is_malformed)
        return -1;
    if (twin->n_read == twin->n_written)
        return 0;
    std::memcpy(frame, twin->output[twin->n_read++ % QUEUE_FRAMES], bytes);
    return 1;
}

static int wait_some(void *user)
{
    twin_of(user)->wait();
    return 0;
}

static int cancel_frames(void *user)
{
    twin_of(user)->cancel();
    return 0;
}

// ---- Outside ----

ernn_twin *ernn_twin_new(void)
{
    ernn_twin *twin = new (std::nothrow) ernn_twin;
    if (!twin)
        return nullptr;
    twin->top.aresetn = 0;
    for (int i = 0; i < RESET_CYCLES; i++)
        twin->cycle();
    twin->top.aresetn = 1;
    twin->cycle();
    return twin;
}

void ernn_twin_free(ernn_twin *twin)
{
    if (twin)
        twin->top.final();
    delete twin;
}

ernn_bus ernn_twin_bus(ernn_twin *twin, bool has_interrupt)
{
    twin->has_interrupt = has_interrupt;
    return {twin,          read32,    write32,       send_frame,
            receive_frame, wait_some, cancel_frames, has_interrupt};
}

uint64_t ernn_twin_cycles(const ernn_twin *twin)
{
    return twin->cycles;
}

void ernn_twin_stall(ernn_twin *twin, uint32_t seed)
{
    twin->random = seed;
}

void ernn_twin_block_output(ernn_twin *twin, bool is_blocked)
{
    twin->is_blocked = is_blocked;
}

void ernn_twin_stop_clock(ernn_twin *twin, bool is_stopped)
{
    twin->is_stopped = is_stopped;
}
