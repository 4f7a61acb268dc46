"""ernn features: the table, the JSON and the .npy file agree; bad input ends in one line and no file.

Usage: features.py ERNN. SPDX-License-Identifier: Apache-2.0
"""
import ast
import json
import math
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import wave

ernn = sys.argv[1]


def run(*arguments, code=0):
    done = subprocess.run([ernn, "features", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == code, (arguments, done)
    if code:
        assert done.stdout == "" and done.stderr.count("\n") == 1 and done.stderr.startswith("ernn")
    return done.stdout or done.stderr


def write_wav(path, n):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, n, "NONE", ""))
        file.writeframes(b"".join(struct.pack("<h", random.randrange(-9000, 9000)) for _ in range(n)))


def read_npy(path):
    data = path.read_bytes()
    assert data[:8] == b"\x93NUMPY\x01\x00"
    size = struct.unpack("<H", data[8:10])[0]
    assert (10 + size) % 64 == 0 and data[9 + size] == ord("\n")
    header = ast.literal_eval(data[10:10 + size].decode())
    assert header["descr"] == "<f4" and header["fortran_order"] is False
    rows, columns = header["shape"]
    values = struct.unpack(f"<{rows * columns}f", data[10 + size:])
    return rows, columns, values


def main():
    random.seed(1)
    folder = pathlib.Path(tempfile.mkdtemp())
    speech, frames = folder / "a.wav", folder / "a.npy"
    write_wav(speech, 16000)
    for options, width, stacked in (((), 80, 2), (("--mfcc", "--stack", 3), 117, 3),
                                    (("--filters", 23, "--deltas", 1, "--stack", 1), 46, 1)):
        told = json.loads(run(speech, "-o", frames, "--json", *options))
        rows, columns, values = read_npy(frames)
        assert told["width"] == columns == width and told["frames"] == rows == 98 // stacked
        n = width // stacked
        for d in range(n):
            column = values[d::n]
            mean = sum(column) / len(column)
            deviation = math.sqrt(sum((x - mean) ** 2 for x in column) / len(column))
            assert math.isclose(mean, told["mean"][d], rel_tol=1e-4, abs_tol=1e-4)
            assert math.isclose(deviation, told["deviation"][d], rel_tol=1e-4, abs_tol=1e-4)
    assert "1 utterance, 49 frames" in run(speech)
    assert run("--help").count("\n") < 25
    # Failures: what, where, value; nothing is left behind.
    before = sorted(folder.iterdir())
    assert "neither" in run(folder, code=1)
    assert "none.wav" in run(folder / "none.wav", code=1)
    assert "8000 to 48000" in run(speech, "--rate", 5, code=2)
    assert "n_cepstra is 30" in run(speech, "--mfcc", "--filters", 20, "--cepstra", 30, code=1)
    run(speech, "-o", folder / "none" / "x.npy", code=1)
    run(folder, "-o", folder / "x.npy", code=2)
    write_wav(folder / "short.wav", 100)
    assert "too short" in run(folder / "short.wav", "-o", folder / "x.npy", code=1)
    cut = folder / "cut.wav"
    cut.write_bytes(speech.read_bytes()[:-3])
    assert "promises 32000 bytes, 31997 follow" in run(cut, "-o", folder / "x.npy", code=1)
    assert sorted(folder.iterdir()) == sorted([*before, folder / "short.wav", cut])
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


main()
