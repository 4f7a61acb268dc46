#!/usr/bin/env python3
"""Generated projects of random networks under Icarus: every output word is that of src/rt, cycles are
those of the model.

    random_networks.py WRITER ERNN RTL FOLDER [--count N] [--first SEED] [--only SEED]

Network SEED is the same on every machine: one to three layers of either cell, sizes, block sizes of
each matrix, elements, word lengths, streams, an output layer or none; 20 frames of each stream from a
random state and from zero, with stalls and without (tests/rtl/random_layers.py has longer runs of
single layers). A failure prints the line that repeats it.
SPDX-License-Identifier: Apache-2.0
"""
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import seeds  # noqa: E402

SIZES = [1, 2, 3, 5, 8, 9, 16, 17, 24, 31, 33]
BLOCKS = [1, 2, 4, 4, 8, 8, 16, 32]  # 16 and 32 in single layers: transforms take Icarus minutes
PES = 4  # place of the number of elements in WRITER's arguments


def blocks_of(rng, spec, has_output):
    """For each class its own block size, for the whole network or layer by layer."""
    layers = spec.count("/") + 1
    blocks = BLOCKS if layers == 1 else BLOCKS[:-2]

    def sizes(prefix):
        recurrent = rng.choice(blocks)
        return [f"{prefix}input={rng.choice([recurrent, recurrent, rng.choice(blocks)])}",
                f"{prefix}recurrent={recurrent}", f"{prefix}projection={rng.choice(blocks)}"]

    by_layer = layers > 1 and rng.random() < 0.5
    parts = [s for l in range(layers) for s in sizes(f"layer{l}.")] if by_layer else sizes("")
    if has_output and rng.random() < 0.4:
        parts.append(f"output={rng.choice([2, 4, 8, 16])}")
    return ",".join(parts)


def layer_of(rng, has_streams):
    n = rng.choice(SIZES)
    if rng.random() < 0.5:
        return f"gru:{n}" + ("+reset_before" if not has_streams and rng.random() < 0.4 else "")
    projection = f"p{rng.choice(SIZES)}" if rng.random() < 0.4 else ""
    return f"lstm:{n}{projection}" + ("+peephole" if rng.random() < 0.5 else "")


def network(seed):
    """Arguments of WRITER, the place of the project left out."""
    rng = random.Random(seed)
    streams = rng.choice([1, 1, 2, 3])
    spec = "/".join(layer_of(rng, streams > 1) for _ in range(rng.choice([1, 1, 2, 2, 3])))
    has_output = rng.random() < 0.5
    labels = rng.choice([2, 3, 5, 16, 39, 40])
    arguments = [spec, str(rng.choice([1, 2, 7, 13, 16, 31, 40])), blocks_of(rng, spec, has_output), "xcku060",
                 str(rng.choice([12, 24, 30, 60])), str(rng.choice([9, 12, 13, 16, 16, 18])),
                 str(rng.choice([4, 8, 12, 12, 16])), str(20 * streams), str(seed)]
    return arguments, [f"labels={labels}", f"streams={streams}"] + ["output"] * has_output


def write(writer, rtl, path, seed):
    """The project; with as many elements as the network can have, when its writer names other limits."""
    arguments, more = network(seed)
    shutil.rmtree(path, ignore_errors=True)
    for _ in range(2):
        done = subprocess.run([writer, *arguments, rtl, str(path), *more], capture_output=True, text=True, check=False)
        limits = re.search(r"(\d+) to (\d+)$", done.stderr.strip())
        if done.returncode == 0 or not limits:
            break
        arguments[PES] = str(random.Random(seed).randint(int(limits[1]), int(limits[2])))
    return done


def run(writer, ernn, rtl, path, seed):
    """What is wrong, or nothing."""
    done = write(writer, rtl, path, seed)
    if done.returncode:
        return done.stderr[-600:] or "not written"
    done = subprocess.run([ernn, "simulate", "--tool", "icarus", "--json", str(path)], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        return done.stderr[-600:] + done.stdout[-300:]
    result = json.loads(done.stdout)
    for name in ("cycles_per_frame", "latency_cycles"):
        value, modelled = result[name], result["modelled_" + name]
        if abs(value - modelled) > 0.02 * value + 2:
            return f"{name}: {value}, modelled {modelled}"
    shutil.rmtree(path)
    return "" if result["pass"] and result["frames"] >= 20 else f"{result}"


def check(options, path, seed):
    arguments, more = network(seed)
    return run(options.writer, options.ernn, options.rtl, path, seed), " ".join(arguments + more)


if __name__ == "__main__":
    sys.exit(seeds.run(["writer", "ernn", "rtl", "folder"], 100, check,
                       "networks agree with src/rt in every word and with the model in cycles"))
