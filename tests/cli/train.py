"""ernn train and ernn eval: all methods on a tiny corpus, Ctrl-C and --resume, the log, sclite files.

Usage: train.py ERNN. SPDX-License-Identifier: Apache-2.0
"""
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
from xml.etree import ElementTree

import corpus

ERNN = str(pathlib.Path(sys.argv[1]).resolve())


def run(*arguments, code=0):
    done = subprocess.run([ERNN, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != code:
        sys.exit(f"ernn {' '.join(map(str, arguments))}: exit {done.returncode}: {done.stderr}")
    return done


def check(condition, what):
    if not condition:
        sys.exit(f"train.py: {what}")


def interrupt(*arguments):
    """Runs until the third epoch is complete, then asks it to stop as Ctrl-C does."""
    process = subprocess.Popen([ERNN, *map(str, arguments)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    text = ""
    for line in process.stderr:
        text += line
        if line.startswith("epoch 3 "):
            process.send_signal(signal.SIGINT)
            break
    text += process.communicate()[1]
    check(process.returncode == 1, f"interrupted: exit {process.returncode}: {text}")
    return text


def plot(root, admm):
    """The picture is SVG and names every matrix; a missing gnuplot is a line with its package."""
    if not shutil.which("gnuplot"):
        sys.exit("train.py: gnuplot is needed")
    text = "".join(ElementTree.parse(root / "admm.svg").getroot().itertext())
    for word in ("loss per label", "dev PER", "gradient norm", "finetune", *admm["residuals"]):
        check(word in text, f"plot: no {word}")
    done = subprocess.run([ERNN, "train", "--data", root / "train", "--spec", "gru:4", "--epochs", "1",
                           "-o", root / "plain", "--plot", root / "plain.svg"], text=True,
                          capture_output=True, env={"PATH": str(root / "nothing")})
    check(done.returncode == 1 and "gnuplot-nox" in done.stderr, f"no gnuplot: {done.stderr}")
    check((root / "plain").exists() and not list(root.glob("plain.svg*")), "no gnuplot: files")


def training(root, train, dev):
    common = ["--data", train, "--dev", dev, "--threads", 2]
    dense = [*common, "--spec", "gru:16", "--epochs", 60, "--batch", 4, "--lr", 0.01]
    run("train", *dense, "-o", root / "whole")
    text = interrupt("train", *dense, "-o", root / "parts")
    check("--resume" in text and str(root / "parts.checkpoint") in text, f"no way on: {text}")
    check(not (root / "parts").exists(), "a model after an interruption")
    check(len((root / "parts.log.json").read_text().splitlines()) >= 3, "log of the epochs so far")
    run("train", *dense, "-o", root / "parts", "--resume")
    check((root / "whole").read_bytes() == (root / "parts").read_bytes(), "resumed differs")
    check(not (root / "parts.checkpoint").exists(), "checkpoint left behind")

    lines = [json.loads(l) for l in (root / "whole.log.json").read_text().splitlines()]
    check([l["epoch"] for l in lines[:-1]] == list(range(1, 61)), "epochs of the log")
    check(lines[59]["loss"] < 0.5 * lines[0]["loss"], "does not learn")
    check(lines[-1]["best_dev_per"] == min(l["dev_per"] for l in lines[:-1]), "best epoch")

    blocks = ["--blocks", "input=2,recurrent=4", "--epochs", 2]
    done = run("train", *common, *blocks, "--method", "admm", "--from", root / "whole", "--rounds", 4, "--growth",
               "-o", root / "admm", "--plot", root / "admm.svg", "--json")
    note = f"starts from a dev PER of {lines[-1]['best_dev_per']:.2f} %"
    check(note + "\n" in done.stderr, f"dev PER of the start, {note}: {done.stderr}")
    admm = json.loads(done.stdout)
    check([e["phase"] for e in admm["epochs"]] == ["admm"] * 4 + ["finetune"] * 2, "phases")
    check(len(admm["residuals"]) == 6, "residuals")
    for epoch in admm["epochs"][:4]:
        check(max(epoch["residuals"].values()) == epoch["residual"] > 0, "residuals of an epoch")
    check(admm["epochs"][3]["residuals"] == admm["residuals"], "residuals at the end of ADMM")
    for epoch in admm["epochs"]:
        check(epoch["gradient_norm"] > 0 and epoch["frames_per_second"] > 0, "log of an epoch")
    check(admm["epochs"][-1]["seconds_left"] == 0 < admm["epochs"][0]["seconds_left"], "time left")
    plot(root, admm)
    run("train", *common, "--spec", "gru:16", "--epochs", 1, "--lr", 1e-6, "-o", root / "hardly")
    forms = {target: run("train", *common, *blocks, "--method", "admm", "--from", root / "hardly", "--rounds", 1,
                         "--admm-target", target, "-o", root / target).stderr for target in ("norm", "nearest")}
    check("hardly learned" in forms["norm"], f"start that knows nothing: {forms['norm']}")
    check((root / "norm").read_bytes() != (root / "nearest").read_bytes(), "--admm-target changes nothing")
    run("train", *common, *blocks, "--method", "circulant", "--spec", "gru:16", "-o", root / "direct")
    run("train", *common, *blocks, "--method", "circulant", "--from", root / "whole", "-o",
        root / "projected")
    # More forms of the audio; an utterance that cannot be read is named, and left out on request.
    forms = ["--speed", "0.9,1,1.1", "--noise-snr", "10:20", "--time-masks", "1:5", "--spec", "gru:8"]
    run("train", *common, *forms, "--epochs", 2, "-o", root / "forms")
    broken = corpus.make(root / "broken", 4, 4, 5)
    (broken / "DR1" / "FAA1" / "SX2.WAV").write_text("no audio")
    bad = ["--data", broken, "--dev", dev, "--spec", "gru:8", "--epochs", 1, "-o", root / "skipped"]
    check("SX2.WAV" in run("train", *bad, code=1).stderr, "unreadable: not named")
    text = run("train", *bad, *forms[:4], "--skip-bad").stderr
    check("1 utterances of the training set" in text and "SX2.WAV" in text, f"--skip-bad: {text}")
    # No --dev: part of the data is held out.
    run("train", "--data", train, "--spec", "gru:4", "--epochs", 1, "-o", root / "held")
    for arguments in (["--method", "admm"], ["--blocks", 8], ["--rho", "3"], ["--speed", "3"],
                      ["--noise-snr", "5"], ["--method", "x"],
                      ["--from", root / "whole", "--stack", 1]):
        run("train", *common, "-o", root / "never", *arguments, code=2)
    refused = run("train", *common, *blocks, "--method", "admm", "--from", root / "admm", "-o",
                  root / "never", code=1)
    check("dense" in refused.stderr, f"circulant start of ADMM: {refused.stderr}")
    check(not list(root.glob("never*")), "output of a refused training")


# Pruning, quantization-aware epochs, and what becomes of their models.
def compression(root, train, dev):
    common = ["--data", train, "--dev", dev, "--threads", 2]
    sparse = json.loads(run("train", *common, "--method", "prune", "--from", root / "whole", "--blocks",
                            "input=sparse:4:0.3,recurrent=sparse:2:0.2", "--prune-epochs", 3, "--epochs", 2,
                            "--quantize-aware", 2, "--weight-bits", 6, "-o", root / "sparse", "--json").stdout)
    check([e["phase"] for e in sparse["epochs"]] == ["prune"] * 3 + ["finetune"] * 2 + ["quantize"] * 2, "phases")
    densities = [e["density"] for e in sparse["epochs"]]
    check(densities[:3] == sorted(densities[:3], reverse=True) and 0.2 < densities[2] < 0.3, f"densities {densities}")
    check(densities[3] == densities[4] == densities[2] and sparse["best_epoch"] > 5, "density after pruning")
    told = json.loads(run("inspect", root / "sparse", "--json").stdout)
    check(told["sparse"][0]["index_bits"] == 4 and told["sparse"][0]["weights"] == told["matrix_parameters"], "inspect")
    run("train", *common, "--method", "circulant", "--from", root / "projected", "--epochs", 0, "--quantize-aware", 2,
        "--weight-bits", 5, "-o", root / "rounded")
    for name, bits in (("sparse", 6), ("rounded", 5)):
        run("quantize", root / name, "--data", train, "--weight-bits", bits, "-o", root / "fixed")
        check((root / "fixed").exists(), "quantised")
    refused = run("train", *common, "--spec", "gru:4", "--epochs", 0, "-o", root / "never", code=1)
    check("n_epochs is 0" in refused.stderr, refused.stderr)
    run("quantize", root / "sparse", "--data", train, "-o", root / "fixed")
    refused = run("generate", root / "fixed", "--device", "xc7a100t", "-o", root / "accelerator", code=1)
    check("sparse" in refused.stderr, refused.stderr)


def family(root, train, dev):
    """Bidirectional layers, clips and gates of their own from training to recognition; who cannot
    have them says so."""
    text = run("train", "--data", train, "--dev", dev, "--spec",
               "lstm:7p5+peephole+clip0.5+bidirectional/gru:6+bidirectional_sum/gru:5", "--method",
               "circulant", "--blocks", "input=4,recurrent=2,layer0.W_cr=1", "--epochs", 2,
               "--dropout", 0.2, "-o", root / "both").stderr
    check("parameters, " in text and "of them padding (layer0.input" in text, f"first line: {text}")
    run("eval", root / "both", "--data", dev)
    sound = next(iter(sorted(pathlib.Path(dev).rglob("*.WAV")) or sorted(pathlib.Path(dev).rglob("*.wav"))))
    first = run("recognize", root / "both", sound, "--json").stdout
    check(first == run("recognize", root / "both", sound, "--json").stdout, "recognize repeats")
    for arguments in (["recognize", root / "both", "-"],
                      ["quantize", root / "both", "--data", dev, "-o", root / "never"]):
        refused = run(*arguments, code=1).stderr
        check("layer 0 is bidirectional" in refused, f"bidirectional: {refused}")
    for network, blocks, why in (("lstm:6+clip0.5", "2", "clips its cell"),
                                 ("gru:6", "recurrent=2,layer0.W_hr=1", "its gates differ")):
        run("train", "--data", train, "--spec", network, "--method", "circulant", "--blocks", blocks,
            "--epochs", 1, "-o", root / "plain")
        run("recognize", root / "plain", sound)
        refused = run("quantize", root / "plain", "--data", dev, "-o", root / "never", code=1).stderr
        check(why in refused and refused.count("\n") == 1, f"{network}: {refused}")
    check(not (root / "never").exists(), "a quantised model of a refused network")


def evaluation(root, dev):
    dense = json.loads(run("eval", root / "whole", "--data", dev, "--json").stdout)
    small = json.loads(run("eval", root / "admm", "--data", dev, "--json").stdout)
    check(dense["parameters"] > small["parameters"], "parameters")
    check(small["blocks"] == "input=2,recurrent=4", "blocks")
    edits = dense["substitutions"] + dense["deletions"] + dense["insertions"]
    check(abs(dense["per"] - 100 * edits / dense["references"]) < 1e-6, "PER")
    log = (root / "whole.log.json").read_text().splitlines()
    check(abs(json.loads(log[-1])["best_dev_per"] - dense["per"]) < 1e-6, "eval and train differ")
    text = run("eval", root / "whole", "--data", dev, "--trn", root / "sclite").stdout
    check("silence scored" in text and "silence optional" in text, text)
    for kind in ("ref", "hyp"):
        lines = (root / f"sclite.{kind}.trn").read_text().splitlines()
        check(len(lines) == dense["utterances"] and all(l.endswith(")") for l in lines), kind)


with tempfile.TemporaryDirectory() as folder:
    top = pathlib.Path(folder)
    sets = corpus.make(top / "train", 4, 6, 1), corpus.make(top / "dev", 2, 4, 2)
    training(top, *sets)
    compression(top, *sets)
    family(top, *sets)
    evaluation(top, sets[1])
print("train and eval: all checks passed")
