"""ernn inspect against the file itself, read by examples/read_model.py, which is tested with it.

Usage: inspect.py ERNN MAKE_MODEL READ_MODEL. SPDX-License-Identifier: Apache-2.0
"""
import json
import math
import pathlib
import subprocess
import sys
import tempfile

ernn, make_model, read_model = sys.argv[1:]


def run(command, code=0):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == code, (command, done)
    if code:
        assert done.stdout == "" and done.stderr.count("\n") == 1 and done.stderr.startswith("ernn")
    return done.stderr if code else done.stdout


def numbers(model, tensor):
    return [[float(x) for x in line.split()]
            for line in run([sys.executable, read_model, model, tensor]).splitlines()]


with tempfile.TemporaryDirectory() as folder:
    model = pathlib.Path(folder) / "small.safetensors"
    run([make_model, model])
    told = json.loads(run([ernn, "inspect", "--json", model]))
    assert told["kind"] == "model" and told["spec"] == "lstm:13p7,6+peephole"
    assert told["bytes"] == model.stat().st_size and told["phones"] == "48"
    listing = run([sys.executable, read_model, model])
    assert "ernn.kind: model" in listing and "layer0.W_ix" in listing

    # every tensor: sizes, range, and the circulant structure of the expanded matrix
    total = dense = stored = 0
    for tensor in told["tensors"]:
        rows = numbers(model, tensor["name"])
        k = tensor["block"]
        flat = [x for row in rows for x in row]
        assert math.isclose(min(flat), tensor["lowest"], rel_tol=1e-6), tensor
        assert math.isclose(max(flat), tensor["highest"], rel_tol=1e-6), tensor
        if k > 1:
            assert len(rows) == math.ceil(tensor["rows"] / k) * k
            assert len(rows[0]) == math.ceil(tensor["cols"] / k) * k
            for r, row in enumerate(rows):
                for c, x in enumerate(row):
                    assert x == rows[r // k * k + (r - c) % k][c // k * k]
            assert tensor["numbers"] * k == len(flat)
        total += tensor["numbers"]
        if ".W_" in tensor["name"]:
            stored += tensor["numbers"]
            dense += tensor["rows"] * tensor["cols"]
    assert total == told["parameters"] and stored == told["matrix_parameters"]
    assert dense == told["matrix_parameters_dense"]
    assert math.isclose(told["compression"], dense / stored, rel_tol=1e-6)

    text = run([ernn, "inspect", model])
    assert "lstm:13p7,6+peephole" in text and f"{dense / stored:.2f} to 1" in text
    assert all(tensor["name"] in text for tensor in told["tensors"])
    assert len(run([ernn, "inspect", "--help"]).splitlines()) < 25

    assert "No such file" in run([ernn, "inspect", folder + "/none"], 1)
    assert "one file is wanted" in run([ernn, "inspect"], 2)
    whole = model.read_bytes()
    model.write_bytes(whole[:-1])
    assert "small.safetensors" in run([ernn, "inspect", model], 1)
    model.write_bytes(b"RIFF" + whole[4:])
    assert "is it a safetensors file" in run([ernn, "inspect", model], 1)
