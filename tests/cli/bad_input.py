"""Bad input to the command: one line on stderr that says what and where, exit 1, nothing left behind.

Usage: bad_input.py ERNN. SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

import corpus

ERNN = str(pathlib.Path(sys.argv[1]).resolve())
faults, checks = [], 0


def run(*arguments, path=None):
    env = dict(os.environ, **({"PATH": path} if path is not None else {}))
    return subprocess.run([ERNN, *map(str, arguments)], capture_output=True, text=True, env=env)


def refuse(name, words, *arguments, output=None, path=None):
    """`arguments` must fail with one line that holds every one of `words`, and leave no output."""
    global checks
    checks += 1
    done = run(*arguments, path=path)
    lines = [l for l in done.stderr.splitlines() if l.startswith("ernn")]
    wrong = []
    if done.returncode != 1:
        wrong.append(f"exit {done.returncode}")
    if len(lines) != 1:
        wrong.append(f"{len(lines)} lines")
    wrong += [f"'{w}' missing" for w in words if w not in done.stderr]
    if output is not None:
        left = [p.name for p in pathlib.Path(output).parent.iterdir()
                if p.name.startswith(pathlib.Path(output).name)]
        if left:
            wrong.append(f"left behind: {left}")
    if wrong:
        faults.append(f"{name}: {', '.join(wrong)}: {done.stderr.strip()[:300]}")


def accept(*arguments):
    done = run(*arguments)
    if done.returncode:
        sys.exit(f"ernn {' '.join(map(str, arguments))}: {done.stderr}")


def copy(source, name):
    return pathlib.Path(shutil.copytree(source, source.parent / name))


def corpora(root, good):
    out = root / "never.safetensors"

    def train(name, words, data):
        refuse(name, words, "train", "--data", data, "--epochs", 1, "-o", out, output=out)

    bad = copy(good, "truncated")
    wav = bad / "DR1/FAA0/SX0.WAV"
    wav.write_bytes(wav.read_bytes()[:3000])
    train("truncated WAV", ["SX0.WAV"], bad)

    bad = copy(good, "sphere")
    (bad / "DR1/FAA0/SX1.WAV").write_bytes(b"NIST_1A\n   9999\nnonsense\n" + bytes(4000))
    train("wrong SPHERE header", ["SX1.WAV"], bad)

    bad = copy(good, "unlabelled")
    (bad / "DR1/FAA1/SX0.PHN").unlink()
    train("missing PHN", ["SX0.PHN"], bad)

    bad = copy(good, "unknown")
    phn = bad / "DR1/FAA1/SX1.PHN"
    phn.write_text(phn.read_text().replace("h#", "qq", 1))
    train("unknown phone", ["SX1.PHN", "qq"], bad)

    bad = copy(good, "backwards")
    phn = bad / "DR1/FAA1/SX1.PHN"
    phn.write_text("500 100 aa\n")
    train("times out of order", ["SX1.PHN"], bad)

    (root / "empty").mkdir()
    train("empty corpus", ["empty"], root / "empty")
    train("no corpus", ["nowhere"], root / "nowhere")


def models(root, good, model):
    data = bytearray(model.read_bytes())
    header = struct.unpack("<Q", data[:8])[0]
    nan = root / "nan.safetensors"
    nan.write_bytes(data[:8 + header] + struct.pack("<f", float("nan")) + data[12 + header:])
    refuse("NaN in a model", ["nan.safetensors"], "eval", nan, "--data", good)
    short = root / "short.safetensors"
    short.write_bytes(data[:-5])
    refuse("truncated model", ["short.safetensors"], "eval", short, "--data", good)
    noise = root / "noise.safetensors"
    noise.write_bytes(os.urandom(4000))
    refuse("noise as a model", ["noise.safetensors"], "eval", noise, "--data", good)
    out = root / "never.q.safetensors"
    refuse("noise to quantize", ["noise.safetensors"], "quantize", noise, "--data", good, "-o", out,
           output=out)
    shape = root / "shape.safetensors"
    text = bytes(data[8:8 + header]).replace(b"gru:9", b"gru:8")
    if text == bytes(data[8:8 + header]):
        text = bytes(data[8:8 + header]).replace(b"\\\"cells\\\":9", b"\\\"cells\\\":8")
    shape.write_bytes(bytes(data[:8]) + text + bytes(data[8 + header:]))
    if text != bytes(data[8:8 + header]):
        refuse("shape that does not fit", ["shape.safetensors"], "eval", shape, "--data", good)
    refuse("not audio", ["noise.safetensors"], "recognize", model, noise)
    refuse("missing model", ["absent"], "recognize", root / "absent", noise)


def hardware(root, quantised):
    out = root / "accelerator"

    def generate(name, words, *arguments):
        refuse(name, words, "generate", quantised, *arguments, "-o", out, output=out)

    generate("PEs beyond the rows", ["100000"], "--device", "xc7a100t", "--pes", 100000)
    accept("generate", quantised, "--device", "xc7a100t", "--pes", 3, "-o", out)
    refuse("output exists", ["accelerator"], "generate", quantised, "--device", "xc7a100t", "--pes",
           3, "-o", out)
    refuse("missing verilator", ["verilator"], "simulate", out, path="/nonexistent")
    refuse("missing yosys", ["yosys"], "synth", out, path="/nonexistent")


def main():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        good = corpus.make(root / "good", speakers=2, sentences=4, seed=1)
        model = root / "dense.safetensors"
        accept("train", "--data", good, "--dev", good, "--spec", "gru:9", "--epochs", 1, "-o", model)
        corpora(root, good)
        models(root, good, model)
        blocked = root / "k4.safetensors"
        accept("train", "--data", good, "--dev", good, "--spec", "gru:9", "--method", "circulant",
               "--blocks", "4", "--epochs", 1, "-o", blocked)
        quantised = root / "k4.q.safetensors"
        accept("quantize", blocked, "--data", good, "-o", quantised)
        hardware(root, quantised)
    print("\n".join(faults) or f"{checks} kinds of bad input refused in one line each")
    sys.exit(1 if faults or checks < 15 else 0)


main()
