"""Command lines that a verb cannot take: which line is said, and exit 2; abbreviations and joined
tables; every verb's --help. Usage: options.py ERNN. SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import subprocess
import sys

ERNN = str(pathlib.Path(sys.argv[1]).resolve())
WHOLE, NUMBER, PAIR = "a whole number from", "a number from", "two numbers"
# Verb and arguments; the usage line up to "; see".
CASES = [
    ("corpus make --snr 9", f"--snr: '9', {NUMBER} 10 to 100 is wanted"),
    ("corpus make --voices kal", "--voices: 'kal', flite, espeak or all is wanted"),
    ("corpus make --colour", "'--colour' is no option"),
    ("corpus make -o", "--output: a value is wanted"),
    ("corpus make", "-o FOLDER is missing"),
    ("eval m --decoder word", "--decoder: 'word', one of greedy beam viterbi lexicon is wanted"),
    ("eval m --lm-weight 1x", f"--lm-weight: '1x', {NUMBER} 0 to 100 is wanted"),
    ("eval m --part dev --data d", "--part goes with --timit"),
    ("eval m --colour", "'--colour' is no option"),
    ("explore --method admm", "'--method' is no option"),
    ("explore --epo 0", f"--epochs: '0', {WHOLE} 1 to 10000 is wanted"),
    ("explore --spec gru:0",
     "--spec: 'gru:0': '0' at character 5, a number of cells from 1 to 8192 is wanted"),
    ("explore --noise 11", f"--noise: '11', {NUMBER} 0 to 10 is wanted"),
    ("explore --data d", "--data and --device are wanted"),
    ("features --deltas 3 f", f"--deltas: '3', {WHOLE} 0 to 2 is wanted"),
    ("features", "one corpus or audio file is wanted"),
    ("generate q --streams 17", f"--streams: '17', {WHOLE} 1 to 4 is wanted"),
    ("generate q --device z80", "--device: 'z80' is not known"),
    ("generate q --colour=3", "'--colour=3' is no option"),
    ("generate q -x", "'-x' is no option"),
    ("generate --force", "0 models given, one is wanted"),
    ("inspect --bits 33 f", f"--bits: '33', {WHOLE} 1 to 32 is wanted"),
    ("place p --frame-ms 0", f"--frame-ms: '0', {NUMBER} 0.001 to 10000 is wanted"),
    ("place p --clock", "--clock: a value is wanted"),
    ("quantize m --data", "--data: a value is wanted"),
    ("quantize m --data d", "--output is missing"),
    ("quantize m --signal 7", f"--signal-bits: '7', {WHOLE} 8 to 18 is wanted"),
    ("recognize m", "a model and an audio file (or -) are wanted"),
    ("report a b", "one folder is wanted"),
    ("simulate p --tool vcs", "--tool: 'vcs', verilator or icarus is wanted"),
    ("simulate", "0 project folders given, one is wanted"),
    ("synth p --limit -1", f"--limit: '-1', {WHOLE} 1 to 86400 is wanted"),
    ("train --rho 2", f"--rho: '2', {PAIR} FIRST:LAST are wanted"),
    ("train --rho 2:1", f"--rho: '1', {NUMBER} 2 to 1e+09 is wanted"),
    ("train --time-masks 2:1001", f"--time-masks: '1001', {WHOLE} 1 to 1000 is wanted"),
    ("train --seed -1", f"--seed: '-1', {WHOLE} 0 to 2147483647 is wanted"),
    ("train --labels 40", "--labels: '40', one of 61 48 39 is wanted"),
    ("train --speed 0.9,3", f"--speed: '3', {NUMBER} 0.5 to 2 is wanted"),
    ("train --json=1", "--json: it takes no value"),
    ("train --re x", "'--re' could be one of --resume --recipe --recipe-scale"),
    ("train --data d -o o --spec gru:9 --from m",
     "--spec, --features, --stack, --normalise and --labels come from the model given with --from"),
    ("train --data d -o o x", "'x' is one argument too many"),
]
VERBS = sorted({line.split()[0] for line, _ in CASES})
faults = []


def run(arguments):
    return subprocess.run([ERNN, *arguments], capture_output=True, text=True)


def check(line, words):
    arguments = line.split()
    verb = "corpus make" if arguments[0] == "corpus" else arguments[0]
    done = run(arguments)
    said = done.stderr.splitlines()
    if done.returncode != 2 or said != [f"ernn {verb}: {words}; see ernn {verb} --help"] or done.stdout:
        faults.append(f"{line}: exit {done.returncode}: {done.stderr.strip()}")


for case in CASES:
    check(*case)
for verb in VERBS:
    for ask in ("--help", "-h", "--hel" if verb not in ("corpus", "explore", "train") else "-h"):
        done = run([verb, ask])
        if done.returncode or done.stderr or not done.stdout.startswith(f"ernn {verb}"):
            faults.append(f"{verb} {ask}: exit {done.returncode}: {done.stderr.strip()}")
one, two = (run([verb, "--help-training"]).stdout for verb in ("train", "explore"))
if one != two or one.count("\n  --") < 30 or "default 0.3; 0.1 for circulant" not in one:
    faults.append("--help-training: " + one[:200])
print("\n".join(faults) or f"{len(CASES)} command lines refused, {len(VERBS)} verbs helped")
sys.exit(1 if faults else 0)
