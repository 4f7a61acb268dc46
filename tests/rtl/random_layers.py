#!/usr/bin/env python3
"""Layers of random configurations under Icarus, every output word compared with src/rt.

    random_layers.py VECTORS SOURCE_ROOT FOLDER [--count N] [--first SEED] [--only SEED]

Configuration SEED is the same on every machine: cell, sizes (1, 31, 33, 153 among them), block size of
each matrix, elements, lanes, streams, word lengths, stalls; 50 frames of each stream from a random
state, then resets and loads. A failure prints the line that repeats it. SPDX-License-Identifier:
Apache-2.0
"""
import os
import pathlib
import random
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import seeds  # noqa: E402


def power_of_two(rng, limit):
    return 1 << rng.randint(0, limit)


# Of a chain: larger designs say no more and take minutes to simulate.
MULTIPLIERS = 30


def elements(rng, words, log2_k):
    """From one element of a chain to one for each block row, MULTIPLIERS in all at most."""
    rows = -(-words // (1 << log2_k))
    most = max(1, min(rows, MULTIPLIERS // (3 << log2_k >> 1 or 1)))
    return rng.choice([1, most, rng.randint(1, most)])


def configuration(seed):
    """The bench's module and its keys."""
    rng = random.Random(seed)
    is_gru = rng.random() < 0.5
    is_after = rng.random() < 0.6
    is_projected = not is_gru and rng.random() < 0.5
    n_inputs = rng.choice([1, 2, 7, 16, 31, 33, 153, rng.randint(1, 40)])
    n_cells = rng.choice([1, 3, 8, 31, 33, rng.randint(1, 33)])
    n_outputs = rng.choice([1, 5, 17, 31, rng.randint(1, 33)]) if is_projected else n_cells
    recurrent = rng.choice([0, 1, 2, 2, 3, 3, 4, 4, 5])
    is_shared = not (is_gru and not is_after) and rng.random() < 0.5
    log2_k = {"input": recurrent if is_shared else rng.choice([0, 1, 2, 2, 3, 3, 4, 4, 5]), "recurrent": recurrent}
    if is_projected:
        log2_k["projection"] = rng.choice([0, 1, 2, 2, 3, 3, 4, 4, 5])
    if is_gru and not is_after:
        log2_k["candidate"] = recurrent
    if min(log2_k.values()) < 2:  # one word at a time takes minutes to simulate
        n_inputs, n_cells, n_outputs = min(n_inputs, 17), min(n_cells, 9), min(n_outputs, 9)
    lanes = power_of_two(rng, min(min(log2_k.values()), 4))
    keys = [f"seed={seed}", f"is_gru={int(is_gru)}", f"is_reset_after={int(is_after)}",
            f"is_projected={int(is_projected)}", f"is_peephole={int(not is_gru and rng.random() < 0.6)}",
            f"n_inputs={n_inputs}", f"n_cells={n_cells}", f"n_outputs={n_outputs}",
            f"lanes={lanes}", f"cell_lanes={min(lanes, power_of_two(rng, 4))}",
            f"signal_bits={rng.choice([8, 12, 16, 16, 18])}",
            f"weight_bits={rng.choice([4, 8, 12, 12, 16])}", f"stalls={int(rng.random() < 0.7)}"]
    if not (is_gru and not is_after):
        keys.append(f"streams={rng.choice([1, 1, 1, 2])}")
    keys.append("input_pes=0" if is_shared else
                f"input_pes={elements(rng, n_cells, log2_k['input'])}")
    keys.append(f"recurrent_pes={elements(rng, n_cells, recurrent)}")
    if is_projected:
        keys.append(f"projection_pes={elements(rng, n_outputs, log2_k['projection'])}")
    keys += [f"{name}_log2_k={k}" for name, k in log2_k.items()]
    return ("dut_gru_layer" if is_gru else "dut_lstm_layer"), keys


def check(options, path, seed):
    dut, keys = configuration(seed)
    run = os.path.join(options.root, "tests", "rtl", "run.sh")
    done = subprocess.run(["sh", run, "icarus", options.vectors, options.root, str(path), "tb_stream", dut, "layer"] + keys,
                          capture_output=True, text=True, check=False)
    wrong = (done.stdout[-600:] + done.stderr[-600:] or "failed") if done.returncode else ""
    return wrong, f"{dut} {' '.join(keys)}"


if __name__ == "__main__":
    sys.exit(seeds.run(["vectors", "root", "folder"], 200, check, "configurations agree with src/rt in every word"))
