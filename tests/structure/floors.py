"""The floors of the house as a test: no include goes up or sideways, every source file is named in
the source tour (docs/design.md), and src/rt stands on <stdint.h> alone.

Usage: floors.py SOURCE_ROOT. SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import re
import sys

FLOOR = {
    "base": 0, "rt": 0, "num": 1, "store": 1, "circ": 2, "nn": 3, "speech": 3, "train": 4,
    "fixed": 4, "runtime": 4, "hw": 4, "gen": 5, "explore": 6, "report": 6, "cli": 7,
}
# The room in which each public header is implemented.
HOME = {
    "status": "base", "circ": "circ", "sparse": "circ", "spec": "nn", "model": "nn",
    "speech": "speech", "decode": "speech",
    "synthesis": "speech", "train": "train", "quant": "fixed", "hw": "hw", "gen": "gen",
    "explore": "explore", "report": "report", "ernn": "cli",
}
# Neighbours on one floor that may see each other's public header, with the reason.
SIDEWAYS = {
    ("nn", "speech"): "a model carries its feature settings and phone set",
    ("fixed", "train"): "both return one ernn_evaluation",
}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def room_of(path, root):
    parts = path.relative_to(root).parts
    if parts[0] == "src":
        return parts[1]
    return "cli" if parts[0] == "cli" else None


def check_include(room, name, is_system):
    """Returns what is wrong with `room` including `name`, or None."""
    if room == "rt" and name != "stdint.h" and not name.startswith("rt/"):
        return "rt includes nothing but <stdint.h> and itself"
    if is_system and not name.startswith("ernn/"):
        return None
    folder, _, rest = name.partition("/")
    if folder == "ernn":
        target = HOME.get(rest.removesuffix(".h"))
        if target is None:
            return "unknown public header"
        allowed = (room, target) in SIDEWAYS
    else:
        if room == "cli":
            return None if not rest else "the command uses public headers only"
        if not rest:
            return "includes carry their folder"
        target, allowed = folder, False
    if target not in FLOOR:
        return f"'{target}' is not a room"
    if target == room or allowed or FLOOR[target] < FLOOR[room]:
        return None
    direction = "sideways" if FLOOR[target] == FLOOR[room] else "upward"
    return f"{direction} include: {room} (floor {FLOOR[room]}) -> {target} ({FLOOR[target]})"


def main():
    root = pathlib.Path(sys.argv[1])
    faults, seen = [], 0
    tour = (root / "docs" / "design.md").read_text()
    for path in sorted([*root.glob("src/**/*.[ch]"), *root.glob("cli/*.[ch]")]):
        room = room_of(path, root)
        seen += 1
        if path.name not in tour:
            faults.append(f"{path.relative_to(root)}: not in the source tour docs/design.md")
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            wrong = match and check_include(room, match[2], match[1] == "<")
            if wrong:
                faults.append(f"{path.relative_to(root)}:{number}: {match[2]}: {wrong}")
    # The checker must be able to fail: three includes that are wrong by construction.
    for room, name in (("num", "nn/net.h"), ("train", "fixed/qmodel.h"), ("cli", "nn/net.h")):
        if check_include(room, name, False) is None:
            faults.append(f"the check itself misses {room} -> {name}")
    print("\n".join(faults) or f"{seen} files, every arrow goes down")
    if seen < 20:
        sys.exit(f"only {seen} files found below {root}")
    sys.exit(1 if faults else 0)


main()
