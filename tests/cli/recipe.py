"""ernn train --timit --recipe on a miniature of TIMIT: the grid, killed and taken up again, the table.

Usage: recipe.py ERNN. SPDX-License-Identifier: Apache-2.0
"""
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

import corpus

ERNN = str(pathlib.Path(sys.argv[1]).resolve())
ROWS = {"table1": ["2-2-2", "4-4-4", "4-4", "4-8", "8-4", "8-8", "4-4", "4-8", "8-4", "8-8", "8-16",
                   "16-8", "16-16"]}


def check(condition, what):
    if not condition:
        sys.exit(f"recipe.py: {what}")


def timit(root):
    rng = random.Random(3)
    for half, speakers in (("TRAIN", ("FAAA0", "MBBB0", "MCCC0")),
                           ("TEST", ("FAKS0", "FDAC1", "MDAB0", "MWBT0", "FXXX0"))):
        for speaker in speakers:
            folder = root / half / "DR1" / speaker
            folder.mkdir(parents=True)
            for name in ("SA1", "SX1", "SI2", "SX3"):
                samples, lines = corpus.utterance(rng)
                corpus.write_wav(folder / f"{name}.WAV", samples)
                (folder / f"{name}.PHN").write_text("\n".join(lines) + "\n")
    return root


def command(root, out, *more, recipe="table1"):
    return [ERNN, "train", "--timit", str(root / "TIMIT"), "--recipe", recipe, "-o", str(root / out),
            *map(str, more)]


def run(arguments, code=0):
    done = subprocess.run(arguments, capture_output=True, text=True)
    check(done.returncode == code, f"{arguments}: exit {done.returncode}: {done.stderr}")
    return done


def main():
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        timit(root / "TIMIT")
        small = ["--recipe-scale", 64, "--epochs", 1, "--rounds", 1, "--batch", 3, "--threads", 2]
        whole = json.loads(run(command(root, "whole", *small, "--json")).stdout)
        lines = whole["rows"]
        check([l["blocks"] for l in lines if l["blocks"] != "none"] == ROWS["table1"], "rows")
        dense = [l for l in lines if l["blocks"] == "none"]
        check([(l["cells"], l["layers"]) for l in dense] == [(256, 3), (512, 2), (1024, 2)], "networks")
        check(dense[2]["spec"] == "lstm:16p8,16p8+peephole", f"shape: {dense[2]}")
        check({l["references"] for l in lines} == {lines[0]["references"]}, "reference counts")
        check(dense[2]["paper_per_unverified"] == 20.01, "the paper's figure")
        per = None
        for line in lines:
            per = line["per"] if line["blocks"] == "none" else per
            check(abs(line["degradation"] - (line["per"] - per)) < 1e-5, "degradation")
        for line, model in (("4-8", "lstm-512x2-4-8"), ("none", "lstm-1024x2-dense")):
            check((root / "whole" / f"{model}.safetensors").exists(), f"{model}: no model")
        blocks = run([ERNN, "inspect", str(root / "whole" / "lstm-1024x2-8-16.safetensors")]).stdout
        check("16" in blocks, blocks)

        # Killed twice in the middle, the same command ends with the same figures.
        for count in (3, 9):
            process = subprocess.Popen(command(root, "killed", *small), stderr=subprocess.DEVNULL)
            while len(list((root / "killed").glob("*.safetensors"))) < count and process.poll() is None:
                time.sleep(0.005)
            process.kill()
            process.wait()
        check(not (root / "killed" / "table1.json").exists(), "killed: was done already")
        text = run(command(root, "killed", *small)).stdout
        check("unverified" in text and "trial run" in text and text.count("\n") == 18, text)
        check(json.loads((root / "killed" / "table1.json").read_text()) == whole, "killed: differs")
        for model in (root / "whole").glob("*.safetensors"):
            check(model.read_bytes() == (root / "killed" / model.name).read_bytes(), f"{model.name}: differs")

        other = run(command(root, "whole", *small, "--lr", 0.5), code=1)
        check("other options" in other.stderr, other.stderr)
        incomplete = run(command(root, "never", "--epochs", 1), code=1)
        check("462" in incomplete.stderr, f"an incomplete TIMIT: {incomplete.stderr}")
        run(command(root, "never", "--data", "x"), code=2)
        run([ERNN, "train", "--timit", "x", "-o", str(root / "never")], code=2)
        if "--all" in sys.argv:
            run(command(root, "gru", *small, recipe="table2"))
        shutil.rmtree(root / "whole")
    print("recipe: all checks passed")


main()
