"""ernn train when things go wrong: killed at any moment, a full disk, a loss that diverges.

Usage: faults.py ERNN. SPDX-License-Identifier: Apache-2.0
"""
import json
import pathlib
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time

import corpus

ERNN = str(pathlib.Path(sys.argv[1]).resolve())


def check(condition, what):
    if not condition:
        sys.exit(f"faults.py: {what}")


def run(*arguments, code=0, **more):
    done = subprocess.run([ERNN, "train", *map(str, arguments)], capture_output=True, text=True, **more)
    check(done.returncode == code, f"{arguments}: exit {done.returncode}: {done.stderr}")
    return done


def kill_and_resume(root, name, arguments, rng):
    """Kills at five random moments of one training; the end must be that of an undisturbed one."""
    started = time.monotonic()
    run(*arguments, "-o", root / f"{name}-whole")
    length = time.monotonic() - started
    model, checkpoint = root / f"{name}-killed", root / f"{name}-killed.checkpoint"
    kills, within = 0, 0
    for _ in range(5):
        command = [ERNN, "train", *map(str, arguments), "-o", str(model), "--checkpoint-updates", "3"]
        process = subprocess.Popen(command + (["--resume"] if checkpoint.exists() else []),
                                   stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            process.wait(timeout=rng.uniform(0.1, 0.4) * length)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
        if model.exists():
            break
    check(kills >= 2, f"{name}: killed {kills} times only")
    if not model.exists():
        run(*arguments, "-o", model, "--checkpoint-updates", 3,
            *(["--resume"] if checkpoint.exists() else []))
    check(model.read_bytes() == (root / f"{name}-whole").read_bytes(), f"{name}: killed and resumed differs")
    logs = [(root / f"{name}-{kind}.log.json").read_text().splitlines() for kind in ("whole", "killed")]
    losses = [[json.loads(line).get("loss") for line in log] for log in logs]
    check(losses[0] == losses[1], f"{name}: losses differ")
    check(not list(root.glob(f"{name}-killed.checkpoint*")), f"{name}: files left behind")
    return kills


def full_disk(root, arguments):
    """A limit on file sizes stands for the full disk: a line, the checkpoint before is intact."""
    model, checkpoint = root / "disk", root / "disk.checkpoint"
    run(*arguments, "-o", root / "disk-whole")
    process = subprocess.Popen([ERNN, "train", *map(str, arguments), "-o", str(model),
                                "--checkpoint-updates", "1"], stderr=subprocess.DEVNULL)
    while not checkpoint.exists() and process.poll() is None:
        time.sleep(0.005)
    process.kill()
    process.wait()
    for stale in root.glob("disk.checkpoint.tmp*"):
        stale.unlink()
    before = checkpoint.read_bytes()
    limit = len(before) // 2
    done = run(*arguments, "-o", model, "--resume", "--checkpoint-updates", 1, code=1,
               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    lines = [line for line in done.stderr.splitlines() if line.startswith("ernn: ")]
    check(len(lines) == 1 and str(checkpoint) in lines[0] and "too large" in lines[0],
          f"full disk: {done.stderr}")
    check(checkpoint.read_bytes() == before, "full disk: the checkpoint before is not intact")
    check(not list(root.glob("disk.checkpoint.tmp*")) and not model.exists(), "full disk: half a file")
    run(*arguments, "-o", model, "--resume")
    check(model.read_bytes() == (root / "disk-whole").read_bytes(), "full disk: resumed differs")


def divergence(root, arguments):
    done = run(*arguments, "--optimiser", "sgd", "--momentum", 0.99, "--lr", 1, "--clip", 1000,
               "--schedule", "constant", "-o", root / "diverged", code=1)
    check("lower learning rate" in done.stderr and "warm-up" in done.stderr, f"diverged: {done.stderr}")


with tempfile.TemporaryDirectory() as folder:
    top = pathlib.Path(folder)
    train, dev = corpus.make(top / "train", 4, 6, 1), corpus.make(top / "dev", 2, 4, 2)
    common = ["--data", train, "--dev", dev, "--threads", 2, "--batch", 2, "--lr", 0.01]
    moments = random.Random(4)
    dense = [*common, "--spec", "gru:24,24", "--epochs", 14]
    killed = kill_and_resume(top, "dense", dense, moments)
    admm = [*common, "--method", "admm", "--from", top / "dense-whole", "--blocks", 4, "--growth",
            "--rounds", 4, "--round-epochs", 2, "--epochs", 8]
    killed += kill_and_resume(top, "admm", admm, moments)
    short = [*common, "--spec", "gru:24,24", "--epochs", 3]
    full_disk(top, short)
    divergence(top, [*common, "--spec", "gru:16", "--epochs", 30])
    print(f"faults of training: all checks passed, killed {killed} times")
