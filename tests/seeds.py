"""Seeded random runs from the command line: what to draw and check is the caller's.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import pathlib
import sys


def run(places, count, check, agreed):
    """`places`: names of the arguments, the last one a folder for the runs. check(options, folder, seed) gives what
    is wrong, "" when nothing is, and what was drawn. Prints the line that repeats a failure; true when one failed."""
    parser = argparse.ArgumentParser()
    for name in places:
        parser.add_argument(name)
    parser.add_argument("--count", type=int, default=count)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--only", type=int)
    options = parser.parse_args()
    seeds = [options.only] if options.only is not None else range(options.first, options.first + options.count)
    given = [getattr(options, name) for name in places]
    pathlib.Path(given[-1]).mkdir(parents=True, exist_ok=True)
    failed = 0
    for seed in seeds:
        wrong, drawn = check(options, pathlib.Path(given[-1]) / str(seed), seed)
        if wrong:
            failed += 1
            print(f"{wrong}\nFAILED: {pathlib.Path(sys.argv[0]).name} {' '.join(given)} --only {seed}   # {drawn}",
                  flush=True)
    print(f"{len(seeds) - failed} of {len(seeds)} {agreed}")
    return failed != 0
