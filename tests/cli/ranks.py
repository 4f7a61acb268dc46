"""ernn train under mpirun: the same bytes for any number of ranks, the curve of one process with the larger batch,
a rank that is killed, another number of ranks afterwards, and errors that are said once.

Usage: ranks.py ERNN HAS_MPI. SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import corpus

ERNN = str(pathlib.Path(sys.argv[1]).resolve())
if sys.argv[2] != "true":
    print("built without MPI: install openmpi-bin and libopenmpi-dev")
    sys.exit(77)
MPIRUN = ["mpirun", "--oversubscribe"] + (["--allow-run-as-root"] if os.getuid() == 0 else [])
# Leaks of Open MPI are not ours; containers refuse its way of copying between processes.
ENVIRONMENT = {**os.environ, "OMPI_MCA_btl_vader_single_copy_mechanism": "none"}
ENVIRONMENT["ASAN_OPTIONS"] = "detect_leaks=0"
SECONDS = 120


def check(condition, what):
    if not condition:
        sys.exit(f"ranks.py: {what}")


def command(ranks, arguments):
    own = [ERNN, "train", *map(str, arguments)]
    return [*MPIRUN, "-np", str(ranks), *own] if ranks else own


def run(ranks, *arguments, code=0):
    """`ranks` 0: without mpirun."""
    done = subprocess.run(command(ranks, arguments), capture_output=True, text=True, env=ENVIRONMENT,
                          timeout=SECONDS)
    check(done.returncode == code, f"{ranks} ranks, {arguments}: exit {done.returncode}: {done.stderr}")
    return done


def column(model, name):
    lines = pathlib.Path(f"{model}.log.json").read_text().splitlines()
    return [json.loads(l).get(name) for l in lines[:-1]]


def same_curve(a, b):
    """Another order of additions: the last bits differ, and training lets them grow."""
    one, two = column(a, "loss"), column(b, "loss")
    check(len(one) == len(two), f"{a}: {len(one)} epochs, {b}: {len(two)}")
    worst = max(abs(x - y) / abs(y) for x, y in zip(one, two))
    check(worst < 1e-3, f"{a}: the curve differs from {b} by {worst}: {one} {two}")


def same_training(a, b):
    check(a.read_bytes() == b.read_bytes(), f"{a.name} differs from {b.name}")
    for name in ("loss", "dev_per", "residual", "gradient_norm", "learning_rate"):
        check(column(a, name) == column(b, name), f"{name} of {a.name} differs from {b.name}")


def numbers_of_ranks(root, common):
    """24 utterances: batches of 10 leave an incomplete one, and of 4 parts two are smaller."""
    def three(name, options, ranks, batch):
        options = [*common, *options]
        paths = [root / f"{name}-{what}" for what in ("ranks", "parts", "whole")]
        done = run(ranks, *options, "--batch", batch, "-o", paths[0])
        check(done.stdout.count("best epoch") == 1, f"said more than once: {done.stdout}")
        run(0, *options, "--batch", batch, "--parts", ranks, "-o", paths[1])
        run(0, *options, "--batch", batch * ranks, "-o", paths[2])
        same_training(paths[0], paths[1])
        same_curve(paths[0], paths[2])
        return paths[0]

    dense = three("dense2", ["--spec", "gru:16"], 2, 5)
    blocks = ["--blocks", "input=2,recurrent=4"]
    three("dense4", ["--spec", "lstm:16p8+peephole", "--threads", 2], 4, 3)
    three("circulant", [*blocks, "--spec", "gru:16", "--method", "circulant"], 2, 5)
    admm = ["--method", "admm", "--from", dense, *blocks, "--rounds", 3]
    three("admm", admm, 2, 5)
    run(3, *common, *admm, "--batch", 5, "--parts", 2, "-o", root / "idle")  # one rank has no part
    same_training(root / "idle", root / "admm-ranks")
    run(1, *common, "--spec", "gru:16", "--batch", 10, "-o", root / "one")
    same_training(root / "one", root / "dense2-whole")


def pid_of(mpirun, rank):
    children = pathlib.Path(f"/proc/{mpirun.pid}/task/{mpirun.pid}/children").read_text().split()
    for child in children:
        environment = pathlib.Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
        if f"OMPI_COMM_WORLD_RANK={rank}".encode() in environment:
            return int(child)
    sys.exit(f"ranks.py: rank {rank} not found among {children}")


def strike(number, rank, *arguments):
    """Sends a signal to one rank after the third epoch; what the job says, its exit, its seconds."""
    mpirun = subprocess.Popen(command(2, arguments), stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    text, struck = "", 0
    for line in mpirun.stderr:
        text += line
        if line.startswith("epoch 3 ") and not struck:
            struck = time.monotonic()
            os.kill(pid_of(mpirun, rank), number)
    mpirun.wait(timeout=SECONDS)
    return text, mpirun.returncode, time.monotonic() - struck


def a_rank_dies(root, common):
    options = [*common, "--spec", "gru:24", "--epochs", 40, "--batch", 3]
    run(0, *options, "--parts", 2, "-o", root / "whole")
    text, code, seconds = strike(signal.SIGKILL, 1, *options, "-o", root / "killed")
    checkpoint = root / "killed.checkpoint"
    check(code not in (0, None), f"killed: exit {code}")
    check(seconds < 30, f"the job ended {seconds:.0f} s after its rank")
    lines = [l for l in text.splitlines() if l.startswith("ernn: ")]
    check(len(lines) == 1 and str(checkpoint) in lines[0] and "--resume" in lines[0], text)
    check("rank 1" in text, f"which rank died: {text}")
    check(not (root / "killed").exists(), "a model of a killed job")
    for ranks in (0, 3):
        path = root / f"resumed{ranks}"
        shutil.copy(checkpoint, f"{path}.checkpoint")
        run(ranks, *options, "-o", path, "--resume")
        same_training(path, root / "whole")
    path = root / "other"
    shutil.copy(checkpoint, f"{path}.checkpoint")
    refused = run(0, *options, "-o", path, "--resume", "--parts", 3, code=1)
    check("parts=2" in refused.stderr, refused.stderr)
    # Ctrl-C that reaches any rank stops all of them after the present update.
    text, code, _ = strike(signal.SIGINT, 1, *options, "-o", root / "stopped")
    check(code == 1 and "stopped in epoch" in text, f"stopped: exit {code}: {text}")
    run(0, *options, "-o", root / "stopped", "--resume")
    same_training(root / "stopped", root / "whole")


def errors_are_said_once(root, common):
    for arguments, code in ((["--data", root / "nowhere", "-o", root / "x"], 1),
                            ([*common, "--stack", 99, "-o", root / "x"], 2)):
        text = run(2, *arguments, code=code).stderr
        check(len([l for l in text.splitlines() if l.startswith("ernn")]) == 1, text)

    def two_commands(first, second):
        done = subprocess.run([*MPIRUN, "-np", "1", ERNN, "train", *map(str, first), ":", "-np", "1", ERNN,
                               "train", *map(str, second)], capture_output=True, text=True,
                              env=ENVIRONMENT, timeout=SECONDS)
        check(done.returncode == 1, f"{first}, {second}: exit {done.returncode}: {done.stderr}")
        return done.stderr

    good = [*common, "--spec", "gru:4", "-o", root / "x"]
    text = two_commands(good, ["--data", root / "nowhere", "-o", root / "x"])
    check(f"ernn: rank 1: {root / 'nowhere'}" in text, text)
    text = two_commands(good, [*good, "--lr", 0.02])
    check("the 2 ranks have different options" in text, text)
    check(not (root / "x").exists(), "a model of ranks that do not agree")


with tempfile.TemporaryDirectory() as folder:
    top = pathlib.Path(folder)
    data = corpus.make(top / "train", 4, 6, 1), corpus.make(top / "dev", 2, 5, 2)
    shared = ["--data", data[0], "--dev", data[1], "--epochs", 3, "--lr", 0.01, "--threads", 1]
    numbers_of_ranks(top, shared)
    a_rank_dies(top, shared)
    errors_are_said_once(top, shared)
print("ranks: all checks passed")
