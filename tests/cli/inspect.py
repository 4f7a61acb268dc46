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

    # structures of every kind: what is stored, its padding and its bits, counted from the file
    mixed = pathlib.Path(folder) / "mixed.safetensors"
    run([make_model, mixed, "lstm:13p7+clip50+bidirectional/gru:6",
         "input=sparse:4:0.1,recurrent=4,layer0.W_or=1,layer1.recurrent=sparse:6:0.05"])
    told = json.loads(run([ernn, "inspect", "--json", "--bits", 10, mixed]))
    assert told["spec"] == "lstm:13p7+clip50+bidirectional/gru:6", told["spec"]
    padding = bits = plain = 0
    for tensor in told["tensors"]:
        name, rows, cols = tensor["name"], tensor["rows"], tensor["cols"]
        if not ("W_" in name and name.startswith("layer")):
            continue
        plain += 10 * rows * cols
        if tensor["structure"].startswith("sparse"):
            n_zeros = 0
            for pe in numbers(mixed, name + ".positions"):
                gaps = [int(b - a) - 1 for a, b in zip([-1, *pe], pe)]
                n_zeros += sum(gap // 16 for gap in gaps)
            kept = sum(map(len, numbers(mixed, name + ".values")))
            assert (tensor["numbers"], tensor["padding"]) == (kept, n_zeros), tensor
            assert tensor["bits"] == 14 * (kept + n_zeros), tensor
        else:
            k = int(tensor["structure"])
            assert tensor["padding"] == tensor["numbers"] - math.ceil(rows * cols / k), tensor
            assert tensor["bits"] == 10 * tensor["numbers"]
            padding += tensor["padding"]
        bits += tensor["bits"]
    assert (told["matrix_bits"], told["matrix_bits_dense"]) == (bits, plain)
    assert told["padding"] == padding > 0
    text = run([ernn, "inspect", mixed])
    assert "layer0.reverse.W_ym" in text and "sparse:6:0.05" in text and "of them padding" in text
    assert "a whole number from 1 to 32" in run([ernn, "inspect", "--bits", 33, mixed], 2)

    assert "No such file" in run([ernn, "inspect", folder + "/none"], 1)
    assert "one file is wanted" in run([ernn, "inspect"], 2)
    whole = model.read_bytes()
    model.write_bytes(whole[:-1])
    assert "small.safetensors" in run([ernn, "inspect", model], 1)
    model.write_bytes(b"RIFF" + whole[4:])
    assert "is it a safetensors file" in run([ernn, "inspect", model], 1)
