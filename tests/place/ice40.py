#!/usr/bin/env python3
"""Clock of single units, placed and routed for an iCE40 HX8K, against committed floors.

    ice40.py WRITER RTL [--seeds N] [--raise FACTOR]

floors.txt has a line for each unit: name and MHz, some 10 % below the lowest nextpnr estimate of three
seeds. Below its floor a unit fails the test; far above it (30 %) too, since the floor then guards
nothing. --seeds N prints N seeds and compares nothing; --raise multiplies the floors, to see the test
fail. SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def run(command, folder):
    done = subprocess.run([str(c) for c in command], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command[0]}: {(done.stdout + done.stderr)[-600:]}")


def write_tables(writer, rtl, folder):
    """The sigmoid's tables as a generated top has them."""
    run([writer, "gru:2", 2, 2, "xc7a35t", 6, 16, 12, 1, 1, rtl, folder / "project"], folder)
    top = (folder / "project" / "rtl" / "ernn_top.v").read_text()
    tables = re.findall(r"  localparam [^;]*SIGMOID_[^;]*;", top)
    (folder / "tables.vh").write_text("\n".join(tables) + "\n")


def synthesise(unit, rtl, folder):
    run(["yosys", "-q", "-p", f"read_verilog -I. {HERE}/pins.v; hierarchy -libdir {rtl} -top pins_{unit}; "
         f"synth_ice40 -device hx -top pins_{unit} -json {unit}.json"], folder)


def place(unit, seed, folder):
    run(["nextpnr-ice40", "-q", "--hx8k", "--package", "ct256", "--seed", seed, "--freq", "150",
         "--timing-allow-fail", "--json", f"{unit}.json", "--asc", f"{unit}.asc", "--report", f"{unit}.report"], folder)
    report = json.loads((folder / f"{unit}.report").read_text())
    cells = report["utilization"]["ICESTORM_LC"]["used"]
    return min(clock["achieved"] for clock in report["fmax"].values()), cells


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("writer", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("rtl", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--seeds", type=int, default=0)
    parser.add_argument("--raise", type=float, default=1, dest="factor")
    options = parser.parse_args()
    floors = [line.split() for line in (HERE / "floors.txt").read_text().splitlines() if line and line[0] != "#"]
    failures = 0
    with tempfile.TemporaryDirectory(prefix="ernn-ice40-") as folder:
        folder = pathlib.Path(folder)
        write_tables(options.writer, options.rtl, folder)
        for unit, floor in floors:
            synthesise(unit, options.rtl, folder)
            floor = float(floor) * options.factor
            for seed in range(1, max(options.seeds, 1) + 1):
                clock, cells = place(unit, seed, folder)
                print(f"{unit:6} seed {seed}: {clock:6.1f} MHz (nextpnr estimate), floor {floor:.1f}, {cells} logic cells")
                failures += not options.seeds and not floor <= clock <= 1.3 * floor
    if failures:
        sys.exit(f"{failures} of {len(floors)} units are off their floors")


if __name__ == "__main__":
    main()
