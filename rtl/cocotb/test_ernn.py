"""cocotb bench of ernn_axi, to be copied: weights over AXI4-Lite, frames over AXI4-Stream with random
gaps, every output word against the C model's, states kept and restored.

Register addresses come from driver/ernn_registers.h, words from mem/ and tb/ of the project.
SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import random
import re

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ReadOnly, RisingEdge, with_timeout

PROJECT = pathlib.Path(__file__).resolve().parents[2]
HEADER = (PROJECT / 'driver/ernn_registers.h').read_text()
DEFINED = {name: int(value, 16) for name, value in re.findall(r'#define ERNN_(\w+) +(0x\w+)u', HEADER)}
BITS, WORD_BYTES = DEFINED['SIGNAL_BITS'], DEFINED['WORD_BYTES']
N_INPUTS, LANES = DEFINED['N_INPUTS'], DEFINED['LANES']
N_OUTPUTS, OUTPUT_LANES = DEFINED['N_OUTPUTS'], DEFINED['OUTPUT_LANES']
START, IDLE = DEFINED['CTRL_START_MASK'], DEFINED['CTRL_IDLE_MASK']


def signed(value, bits):
    return value - (1 << bits) if value >> (bits - 1) & 1 else value


def read_words(path, bits):
    return [signed(int(line, 16), bits) for line in (PROJECT / path).read_text().split()]


def frames_of(words, n):
    return [words[i:i + n] for i in range(0, len(words), n)]


class Bench:
    """ernn_axi and the two masters and one slave around it."""

    def __init__(self, dut):
        self.dut = dut
        self.gaps = random.Random(1)

    async def reset(self):
        dut = self.dut
        for port in ('awprot', 'awvalid', 'wvalid', 'bready', 'arprot', 'arvalid', 'rready'):
            getattr(dut, 's_axi_' + port).value = 0
        dut.s_axis_tvalid.value = 0
        dut.m_axis_tready.value = 0
        dut.aresetn.value = 0
        cocotb.start_soon(Clock(dut.aclk, 10, 'ns').start())
        for _ in range(4):
            await RisingEdge(dut.aclk)
        dut.aresetn.value = 1
        await RisingEdge(dut.aclk)

    async def agreed(self, *signals):
        """Until all signals are high at one edge of the clock."""
        while True:
            await ReadOnly()
            are_high = all(int(signal.value) for signal in signals)
            await RisingEdge(self.dut.aclk)
            if are_high:
                return

    async def gap(self):
        while self.gaps.random() < 0.3:
            await RisingEdge(self.dut.aclk)

    # ---- AXI4-Lite ----

    async def send_part(self, channel, **values):
        dut = self.dut
        for name, value in values.items():
            getattr(dut, 's_axi_' + name).value = value
        valid = getattr(dut, f's_axi_{channel}valid')
        valid.value = 1
        await self.agreed(valid, getattr(dut, f's_axi_{channel}ready'))
        valid.value = 0

    async def write(self, register, value):
        dut = self.dut
        address = cocotb.start_soon(self.send_part('aw', awaddr=DEFINED['REG_' + register]))
        await self.send_part('w', wdata=value & 0xffffffff, wstrb=15)
        await address
        dut.s_axi_bready.value = 1
        await with_timeout(self.agreed(dut.s_axi_bvalid, dut.s_axi_bready), 10, 'us')
        dut.s_axi_bready.value = 0

    async def read(self, register):
        dut = self.dut
        await self.send_part('ar', araddr=DEFINED['REG_' + register])
        dut.s_axi_rready.value = 1
        while True:
            await ReadOnly()
            is_there, value = int(dut.s_axi_rvalid.value), dut.s_axi_rdata.value
            await RisingEdge(dut.aclk)
            if is_there:
                dut.s_axi_rready.value = 0
                return int(value)

    async def load(self, unit, words):
        await self.write('LOAD_UNIT', unit | DEFINED['LOAD_UNIT_START_MASK'])
        for word in words:
            await self.write('LOAD_DATA', word)

    async def load_weights(self):
        for name, unit in DEFINED.items():
            match = re.fullmatch(r'UNIT_(\w+)', name)
            if match and name + '_WORDS' in DEFINED and unit & 15 < 7:
                bits = DEFINED['WEIGHT_BITS'] if match[1].endswith('WEIGHTS') else BITS
                await self.load(unit, read_words(f'mem/{match[1].lower()}.hex', bits))
                assert await self.read('LOAD_WORDS') == DEFINED[name + '_WORDS']
        assert not await self.read('LOAD_STATUS') & DEFINED['LOAD_STATUS_REFUSED_MASK']

    def state_units(self):
        return sorted((unit, DEFINED[name + '_WORDS']) for name, unit in DEFINED.items()
                      if name.startswith('UNIT_') and name + '_WORDS' in DEFINED and unit & 15 >= 7)

    async def read_state(self):
        state = []
        for unit, n in self.state_units():
            await self.write('STATE_UNIT', unit)
            await self.write('STATE_INDEX', 0)
            state.append((unit, [signed(await self.read('STATE_DATA'), 32) for _ in range(n)]))
        return state

    async def write_state(self, state):
        await self.write('COMMAND', DEFINED['COMMAND_RESET_STATE_MASK'])
        for unit, words in state:
            await self.load(unit, words)

    # ---- AXI4-Stream ----

    async def send(self, frames):
        dut = self.dut
        mask = (1 << 8 * WORD_BYTES) - 1
        for frame in frames:
            for at in range(0, N_INPUTS, LANES):
                beat = frame[at:at + LANES]
                await self.gap()
                dut.s_axis_tdata.value = sum((word & mask) << 8 * WORD_BYTES * i for i, word in enumerate(beat))
                dut.s_axis_tkeep.value = (1 << WORD_BYTES * len(beat)) - 1
                dut.s_axis_tlast.value = at + LANES >= N_INPUTS
                dut.s_axis_tvalid.value = 1
                await self.agreed(dut.s_axis_tvalid, dut.s_axis_tready)
                dut.s_axis_tvalid.value = 0

    async def receive(self, n_frames):
        dut = self.dut
        frames = []
        for _ in range(n_frames):
            frame = []
            while len(frame) < N_OUTPUTS:
                await self.gap()
                dut.m_axis_tready.value = 1
                while True:
                    await ReadOnly()
                    is_there = int(dut.m_axis_tvalid.value)
                    if is_there:
                        data, last = int(dut.m_axis_tdata.value), int(dut.m_axis_tlast.value)
                    await RisingEdge(dut.aclk)
                    if is_there:
                        break
                dut.m_axis_tready.value = 0
                for lane in range(min(OUTPUT_LANES, N_OUTPUTS - len(frame))):
                    frame.append(signed(data >> 8 * WORD_BYTES * lane & ((1 << BITS) - 1), BITS))
                assert last == (len(frame) == N_OUTPUTS), 'tlast is not where a frame ends'
            frames.append(frame)
        return frames

    async def run(self, frames):
        await self.write('FRAMES', len(frames))
        await self.write('CTRL', START)
        sender = cocotb.start_soon(self.send(frames))
        out = await with_timeout(self.receive(len(frames)), 50, 'ms')
        await sender
        while not await self.read('CTRL') & IDLE:
            pass
        assert await self.read('ERRORS') == 0
        return out


async def begin(dut):
    bench = Bench(dut)
    await bench.reset()
    await bench.load_weights()
    return bench


def sequences():
    """(frames of x, frames of the model's y, words of the initial state or None) of the bench."""
    x, y = (frames_of(read_words(f'tb/{name}.hex', BITS), n)
            for name, n in (('stimulus', N_INPUTS), ('expected', N_OUTPUTS)))
    states = read_words('tb/states.hex', BITS) if (PROJECT / 'tb/states.hex').exists() else []
    at = 0
    for line in (PROJECT / 'tb/sequences.hex').read_text().split():
        n, has_state = int(line[:8], 16), line[8:16] != 'ffffffff'
        yield x[at:at + n], y[at:at + n], states if has_state else None
        at += n


@cocotb.test()
async def identity(dut):
    bench = Bench(dut)
    await bench.reset()
    assert await bench.read('ID') == DEFINED['ID_VALUE']
    assert await bench.read('GEOMETRY') == DEFINED['GEOMETRY_VALUE']
    assert await bench.read('INPUTS') == N_INPUTS and await bench.read('OUTPUTS') == N_OUTPUTS


@cocotb.test()
async def words_of_the_model(dut):
    """Every word of every sequence, from its initial state."""
    bench = await begin(dut)
    n_frames = 0
    for x, y, state in sequences():
        layout, at = [], 0
        for unit, n in sorted(bench.state_units(), key=lambda row: (row[0] >> 4, row[0])):
            layout.append((unit, (state or [])[at:at + n]))
            at += n
        await bench.write_state(layout if state else [])
        out = await bench.run(x)
        for t, (got, want) in enumerate(zip(out, y)):
            assert got == want, f'frame {n_frames + t}: got {got}, the model has {want}'
        n_frames += len(out)
    assert await bench.read('FRAMES_OUT') == n_frames
    dut._log.info('%d frames equal the model', n_frames)


@cocotb.test()
async def state_is_kept(dut):
    """A state that is read and written back continues as if nothing had been between."""
    bench = await begin(dut)
    x = list(sequences())[-1][0]
    await bench.write_state([])
    want = await bench.run(x)
    await bench.write_state([])
    await bench.run(x[:3])
    state = await bench.read_state()
    assert any(word for _, words in state for word in words)
    await bench.run(x[:2])
    await bench.write_state(state)
    assert await bench.run(x[3:]) == want[3:]


@cocotb.test()
async def weights_only_while_idle(dut):
    """A word that comes during a run is dropped, said so, and changes nothing."""
    bench = await begin(dut)
    x, y, state = list(sequences())[-1]
    await bench.write('COMMAND', DEFINED['COMMAND_RESET_STATE_MASK'])
    await bench.write('FRAMES', 1)
    await bench.write('CTRL', START)
    await bench.load(0, [1])
    assert await bench.read('LOAD_STATUS') & DEFINED['LOAD_STATUS_REFUSED_MASK']
    cocotb.start_soon(bench.send(x[:1]))
    assert state or await bench.receive(1) == y[:1]
