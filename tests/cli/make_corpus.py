"""ernn corpus make as a user meets it: summary, JSON, usage, a missing synthesiser, Ctrl-C.

Usage: make_corpus.py ERNN. SPDX-License-Identifier: Apache-2.0
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

ERNN = str(pathlib.Path(sys.argv[1]).resolve())
faults = []


def check(condition, text):
    if not condition:
        faults.append(text)


def run(*arguments, **environment):
    return subprocess.run([ERNN, "corpus", *map(str, arguments)], capture_output=True, text=True,
                          env=dict(os.environ, **environment))


def usage(root):
    out = root / "never"
    for arguments, words in (
            (["make"], "-o FOLDER is missing"), ([], "'make' is wanted"), (["brew"], "'brew'"),
            (["make", "-o", out, "--voices", "festival"], "flite, espeak or all"),
            (["make", "-o", out, "--sentences", "0"], "1 to 100000"),
            (["make", "-o", out, "--snr", "nan"], "10 to 100"),
            (["make", "-o", out, "extra"], "'extra'"), (["make", "--bogus"], "'--bogus'"),
            (["make", "--seed"], "--seed: a value")):
        done = run(*arguments)
        check(done.returncode == 2 and words in done.stderr and done.stderr.count("\n") == 1,
              f"{arguments}: exit {done.returncode}, {done.stderr!r}")
    helped = run("make", "--help")
    check(helped.returncode == 0 and helped.stdout.count("\n") < 25 and "Example" in helped.stdout,
          "--help")


def missing_tool(root):
    # Nothing on PATH: one line that names the tool and its package; nothing is written.
    done = run("make", "-o", root / "missing", "--voices", "flite", PATH=str(root / "empty"))
    lines = [line for line in done.stderr.splitlines() if line.startswith("ernn")]
    check(done.returncode == 1 and len(lines) == 1 and "flite: program not found" in lines[0]
          and "Debian package flite" in lines[0], f"missing flite: {done.stderr!r}")
    check(not list(root.glob("missing*")), "missing flite: output left behind")


def good(root):
    done = run("make", "-o", root / "good", "--voices", "flite", "--sentences", 12,
               "--test-sentences", 4, "--speakers", 5, "--test-speakers", 2, "--json")
    check(done.returncode == 0, f"good: {done.stderr}")
    summary = json.loads(done.stdout)
    found = {name: sorted((root / "good" / name.upper()).glob("DR*/*/*.WAV"))
             for name in ("train", "test")}
    check(summary["train_utterances"] == len(found["train"]) == 12, "training utterances")
    check(summary["test_utterances"] == len(found["test"]) == 4, "test utterances")
    check(summary["train_speakers"] == len({f.parent for f in found["train"]}) == 5, "speakers")
    for wave in found["train"]:
        check(wave.stat().st_size == 44 + 2 * int(wave.with_suffix(".TXT").read_text().split()[1]),
              f"{wave.name}: size")
    again = run("make", "-o", root / "good", "--voices", "flite")
    check(again.returncode == 1 and "--force" in again.stderr, "existing folder")


def interrupted(root):
    process = subprocess.Popen([ERNN, "corpus", "make", "-o", str(root / "stopped"), "--voices",
                                "flite", "--sentences", "3000"], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(root.glob("stopped.tmp*/TRAIN/DR*/*/*.TXT")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    text = process.communicate(timeout=60)[1]
    check(process.returncode == 1 and "stopped" in text, f"Ctrl-C: {process.returncode}, {text!r}")
    check(not list(root.glob("stopped*")), "Ctrl-C: output left behind")


def main():
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        usage(root)
        missing_tool(root)
        if not shutil.which("flite"):
            print("SKIPPED: flite is needed")
            sys.exit(77)
        good(root)
        interrupted(root)
    print("\n".join(faults) or "ernn corpus make behaves")
    sys.exit(1 if faults else 0)


main()
