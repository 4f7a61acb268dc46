"""Each public header compiles alone, as C11 and as C++17, and includes only what it may.

Usage: headers.py SOURCE_ROOT. SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import re
import subprocess
import sys

STANDARD = {"stddef.h", "stdint.h", "stdbool.h"}


def main():
    root = pathlib.Path(sys.argv[1])
    headers = sorted((root / "include" / "ernn").glob("*.h"))
    faults = []
    for header in headers:
        source = f'#include "ernn/{header.name}"\n'
        for compiler, standard, language in (("cc", "c11", "c"), ("c++", "c++17", "c++")):
            run = subprocess.run(
                [compiler, f"-std={standard}", "-Wall", "-Wextra", "-pedantic", "-Werror", "-x",
                 language, "-fsyntax-only", f"-I{root / 'include'}", "-"],
                input=source, capture_output=True, text=True)
            if run.returncode:
                faults.append(f"{header.name} as {standard}: {run.stderr.splitlines()[0]}")
        for name in re.findall(r'#include [<"]([^>"]+)[>"]', header.read_text()):
            if name not in STANDARD and not name.startswith("ernn/"):
                faults.append(f"{header.name}: includes {name}")
    print("\n".join(faults) or f"{len(headers)} headers stand alone")
    sys.exit(1 if faults or len(headers) < 8 else 0)


main()
