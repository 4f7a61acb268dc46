"""Every external symbol of the library starts with ernn_, the shared library exports nothing else,
and the library holds no writable global state.

Usage: symbols.py STATIC_LIBRARY SHARED_LIBRARY. SPDX-License-Identifier: Apache-2.0
"""
import subprocess
import sys


def nm(*arguments):
    return subprocess.run(["nm", *arguments], check=True, capture_output=True, text=True).stdout


def symbols(text):
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 3 and len(fields[-2]) == 1:
            yield fields[-1], fields[-2]


def writable(text):
    """Names of data that can change: constant tables of pointers, which only the loader writes, lie
    in .data.rel.ro."""
    for line in text.splitlines():
        fields = [field.strip() for field in line.split("|")]
        if len(fields) == 7 and fields[3] != "SECTION" and not fields[0].startswith((".", "__")):
            section = fields[6]
            if section == "*COM*" or (section.startswith((".data", ".bss", ".tbss", ".tdata"))
                                      and not section.startswith(".data.rel.ro")):
                yield fields[0]


def main():
    static, shared = sys.argv[1:3]
    faults = []
    defined = list(symbols(nm("--extern-only", "--defined-only", static)))
    faults += [f"external symbol {n} ({k})" for n, k in defined if not n.startswith("ernn_")]
    exported = list(symbols(nm("--dynamic", "--defined-only", shared)))
    faults += [f"exported symbol {n}" for n, _ in exported if not n.startswith("ernn_")]
    faults += [f"writable global {n}" for n in writable(nm("--format=sysv", "--defined-only", static))]
    if len(defined) < 50 or len(exported) < 30:
        faults.append(f"only {len(defined)} external and {len(exported)} exported symbols seen")
    print("\n".join(faults) or f"{len(defined)} external symbols, {len(exported)} exported")
    sys.exit(1 if faults else 0)


main()
