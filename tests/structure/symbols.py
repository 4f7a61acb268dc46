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


def main():
    static, shared = sys.argv[1:3]
    faults = []
    defined = list(symbols(nm("--extern-only", "--defined-only", static)))
    faults += [f"external symbol {n} ({k})" for n, k in defined if not n.startswith("ernn_")]
    exported = list(symbols(nm("--dynamic", "--defined-only", shared)))
    faults += [f"exported symbol {n}" for n, _ in exported if not n.startswith("ernn_")]
    writable = [n for n, k in symbols(nm("--defined-only", static)) if k in "dDbBC"]
    faults += [f"writable global {n}" for n in writable if not n.startswith((".", "__"))]
    if len(defined) < 50 or len(exported) < 30:
        faults.append(f"only {len(defined)} external and {len(exported)} exported symbols seen")
    print("\n".join(faults) or f"{len(defined)} external symbols, {len(exported)} exported")
    sys.exit(1 if faults else 0)


main()
