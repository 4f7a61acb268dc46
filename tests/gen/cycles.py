#!/usr/bin/env python3
"""The account of a frame's cycles (bench/accelerator_cycles.py) on small layers: the trace has as many
cycles a frame as the model, the classes of every array add up to them, and the block products are those
of the matrices. cycles.py WRITER RTL. SPDX-License-Identifier: Apache-2.0
"""
import json
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import accelerator_cycles

# spec, inputs, block size, elements, streams, {array: block columns of all its passes}
LAYERS = [
    ("lstm:64p32+peephole", 24, 8, 20, 1, {"gates": 2 * 4 + 2 * 3, "projection": 8}),
    ("lstm:64p32+peephole", 24, 8, 20, 2, None),
    ("gru:48", 9, 4, 9, 1, None),
    ("gru:48+reset_before", 9, 4, 6, 1, None),
]


def main():
    writer, rtl = sys.argv[1:]
    failed = 0
    for spec, inputs, k, pes, streams, work in LAYERS:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([writer, spec, str(inputs), str(k), "xcku060", str(pes), "16", "12", "2", "1", rtl, folder,
                            f"streams={streams}"], check=True)
            manifest = json.loads((pathlib.Path(folder) / "manifest.json").read_text())
            arrays, way_back, cycles = accelerator_cycles.account(folder)
            modelled = manifest["modelled"]["cycles_per_frame"]
            print(f"{spec} streams {streams}: {cycles} cycles, {modelled} modelled: {arrays} {way_back}")
            failed |= abs(cycles - modelled) >= 1
            for array, columns in (work or {}).items():
                products = sum(n for what, n in arrays[array].items() if what.startswith("block products"))
                failed |= products + arrays[array].get("elements without a row", 0) != columns
    return failed


if __name__ == "__main__":
    sys.exit(main())
