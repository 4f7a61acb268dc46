"""What many machines would gain, on paper: bytes and seconds of one data-parallel update of the two-layer LSTM of the
papers, dense against circulant. MODELLED; docs/distributed.md has the formulas and the figures it was run with.

Usage: scaling.py K=FRAMES_PER_SECOND ... (1 = dense; measured on one core by bench/training)
SPDX-License-Identifier: Apache-2.0
"""
import argparse

LAYERS, CELLS, PROJECTION, INPUTS, LABELS = 2, 1024, 512, 153, 40
BYTES = 4  # of a float


def parameters(k):
    """Two LSTM layers with peepholes; every product of a layer in blocks of k, the output layer dense."""
    def circulant(rows, columns):
        up = lambda n: (n + k - 1) // k  # blocks, the last one padded
        return up(rows) * up(columns) * k

    total, inputs = 0, INPUTS
    for _ in range(LAYERS):
        total += 4 * (circulant(CELLS, inputs) + circulant(CELLS, PROJECTION)) + circulant(PROJECTION, CELLS)
        total += (4 + 3) * CELLS  # biases, peepholes
        inputs = PROJECTION
    return total + LABELS * PROJECTION + LABELS


def seconds(n_bytes, frames, rate, nodes, bits_per_second, latency, adds_per_second):
    """Computing, exchanging and adding; nothing of the three overlaps."""
    compute = frames / rate
    if nodes == 1:
        return compute, 0.0
    volume = 2 * (nodes - 1) / nodes * n_bytes * 8 / bits_per_second
    messages = 2 * (nodes - 1) * latency
    adding = n_bytes / BYTES * (nodes - 1) / nodes / adds_per_second
    return compute, volume + messages + adding


def main():
    parser = argparse.ArgumentParser(description="MODELLED gain of data-parallel training")
    parser.add_argument("rates", nargs="+", metavar="K=FRAMES_PER_SECOND")
    parser.add_argument("--nodes", type=int, default=64)
    parser.add_argument("--cores", type=int, default=1, help="of a node, each as fast as the measured one")
    parser.add_argument("--batch", type=int, default=8, help="utterances of one node in an update")
    parser.add_argument("--frames", type=int, default=300, help="of an utterance")
    parser.add_argument("--latency", type=float, default=20e-6, help="seconds of one message")
    parser.add_argument("--adds", type=float, default=1e9, help="floats a node adds in a second")
    parser.add_argument("--gigabits", type=float, nargs="+", default=[10, 100])
    a = parser.parse_args()
    print(f"MODELLED: {a.nodes} nodes of {a.cores} cores, {a.batch} utterances of {a.frames} frames each in an update, "
          f"{1e6 * a.latency:g} us a message, {a.adds:g} additions/s")
    print("| structure | parameters | gradient | frames/s of one core | network | compute | exchange "
          "| gain |\n|---|---:|---:|---:|---:|---:|---:|---:|")
    for text in a.rates:
        k, rate = text.split("=")
        n_bytes = BYTES * parameters(int(k))
        for gigabits in a.gigabits:
            compute, exchange = seconds(n_bytes, a.batch * a.frames, float(rate) * a.cores, a.nodes,
                                        1e9 * gigabits, a.latency, a.adds)
            gain = a.nodes * compute / (compute + exchange)
            name = "dense" if k == "1" else f"k = {k}"
            print(f"| {name} | {n_bytes // BYTES:,} | {n_bytes / 1e6:.2f} MB | {float(rate):,.0f} | {gigabits:g} Gbit/s "
                  f"| {1e3 * compute:.0f} ms | {1e3 * exchange:.1f} ms | {gain:.1f} |")


main()
