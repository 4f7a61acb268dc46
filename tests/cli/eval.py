"""ernn eval: every decoder on a tiny corpus, its files recounted here, two models compared.

Usage: eval.py ERNN. SPDX-License-Identifier: Apache-2.0
"""
import itertools
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import corpus

ERNN = str(pathlib.Path(sys.argv[1]).resolve())
# A word for each tone, one with two ways to say it, one of two phones.
WORDS = {"aa": "ah", "iy": "ee", "s": "hiss", "m": "hum", "uw": "ooh"}
LEXICON = "AH AA1\nEE IY0\nHISS S\nHISS(2) S S\nHUM M\nOOH UW\nMOO M UW\n"


def run(*arguments, code=0):
    done = subprocess.run([ERNN, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != code:
        sys.exit(f"ernn {' '.join(map(str, arguments))}: exit {done.returncode}: {done.stderr}")
    return done


def evaluate(*arguments):
    return json.loads(run("eval", *arguments, "--json").stdout)


def check(condition, what):
    if not condition:
        sys.exit(f"eval.py: {what}")


def write_texts(root):
    for labels in root.glob("*/*/*.PHN"):
        words = [WORDS[line.split()[2]] for line in labels.read_text().splitlines()
                 if line.split()[2] in WORDS]
        labels.with_suffix(".TXT").write_text(f"0 99999 {' '.join(words).capitalize()}.\n")


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above, row = row, [i]
        for j, y in enumerate(b, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y)))
    return row[-1]


def read_trn(path):
    lines = [line.split() for line in path.read_text().splitlines()]
    return {line[-1]: line[:-1] for line in lines}


def edits(told):
    return told["substitutions"] + told["deletions"] + told["insertions"]


def read_edits(path):
    """id -> (references, edits) from --utterances."""
    rows = [line.split("\t") for line in path.read_text().splitlines()[1:]]
    return {row[0]: (int(row[1]), sum(map(int, row[2:5]))) for row in rows}


def sclite(prefix):
    """Tokens and edits that NIST's scorer counts; its alignment weighs substitutions 4, gaps 3."""
    program = shutil.which("sclite") or "/usr/lib/sctk/bin/sclite"
    out = subprocess.run([program, "-r", f"{prefix}.ref.trn", "trn", "-h", f"{prefix}.hyp.trn", "trn",
                          "-i", "rm", "-o", "rsum", "stdout"], check=True, capture_output=True, text=True).stdout
    total = next(line for line in out.splitlines() if line.strip().startswith("| Sum"))
    numbers = [int(n) for n in total.replace("|", " ").split()[1:]]
    return {"utterances": numbers[0], "references": numbers[1], "edits": numbers[6]}


def check_against_sclite(prefix, told, name):
    theirs = sclite(prefix)
    check(theirs["references"] == told["references"], f"{name}: references of sclite")
    check(edits(told) <= theirs["edits"] <= edits(told) * 1.02 + 1, f"{name}: {edits(told)} edits, sclite {theirs}")


def files(root, model, dev):
    told = evaluate(model, "--data", dev, "--utterances", root / "u", "--trn", root / "t",
                    "--confusion", "--lexicon", root / "lexicon", "--lm", root / "train")
    rows = [line.split("\t") for line in (root / "u").read_text().splitlines()[1:]]
    check(len(rows) == told["utterances"], "rows of --utterances")
    for column, name in enumerate(("references", "substitutions", "deletions", "insertions"), 1):
        check(sum(int(row[column]) for row in rows) == told[name], f"sum of phone {name}")
        check(sum(int(row[column + 4]) for row in rows) == told["words"][name], f"word {name}")
    counts, classes = told["confusion"]["counts"], told["confusion"]["classes"]
    off = sum(counts[r][h] for r in range(39) for h in range(39) if r != h)
    check(classes[39] == "-" and len(classes) == 40, "classes of the confusion table")
    check(off == told["substitutions"] and sum(counts[39]) == told["insertions"]
          and sum(row[39] for row in counts) == told["deletions"], "sums of the confusion table")
    check(sum(map(sum, counts[:39])) == told["references"], "references of the confusion table")
    check_against_sclite(root / "t", told, "phones")
    check_against_sclite(root / "t.words", told["words"], "words")
    ref, hyp = (read_trn(root / f"t.words.{kind}.trn") for kind in ("ref", "hyp"))
    check(ref.keys() == hyp.keys(), "utterances of the word files")
    check(sum(distance(ref[u], hyp[u]) for u in ref) == edits(told["words"]), "word edits")
    check(sum(map(len, ref.values())) == told["words"]["references"], "word references")
    check(told["words"]["wer"] < 50 and told["words"]["unknown"] == 0, f"WER: {told['words']}")
    text = run("eval", model, "--data", dev, "--lexicon", root / "lexicon", "--confusion").stdout
    check("WER" in text and "silence optional" in text and "taken for" in text, text)


def decoders(root, model, dev):
    for decoder in ("greedy", "beam"):
        one, many = (evaluate(model, "--data", dev, "--decoder", decoder, "--threads", threads)
                     for threads in (1, 3))
        del one["seconds"], many["seconds"]
        check(one == many and one["decoder"] == decoder, f"{decoder}: threads")
        check(one["per"] < 30 and one["silence_optional"]["references"] == one["references"],
              f"{decoder}: {one}")
    common = ("--data", dev, "--decoder", "beam", "--lm-weight", 0.5, "--insertion-penalty", 0.1)
    made = evaluate(model, *common, "--lm", root / "train", "--save-lm", root / "lm.arpa")
    read = evaluate(model, *common, "--lm", root / "lm.arpa")
    del made["seconds"], read["seconds"]
    check(made == read and "</s>" in (root / "lm.arpa").read_text(), "a saved bigram")
    words = ("--data", dev, "--lexicon", root / "lexicon", "--lm", root / "train")
    order = [evaluate(model, *words, "--lm-order", n)["words"]["wer"] for n in (1, 2)]
    check(max(order) < 50, f"orders of the word model: {order}")
    refused = run("eval", model, "--data", dev, "--decoder", "viterbi", code=1)
    check("CTC model" in refused.stderr, refused.stderr)


def frames(root, dev):
    told = evaluate(root / "frame", "--data", dev)
    check(told["decoder"] == "viterbi" and told["per"] < 30, f"frame-trained: {told}")
    log = json.loads((root / "frame.log.json").read_text().splitlines()[-1])
    check(abs(log["best_dev_per"] - told["per"]) < 1e-6, "eval and frame training differ")
    longer = evaluate(root / "frame", "--data", dev, "--min-frames", 3, "--insertion-penalty", 1)
    check(longer["insertions"] <= told["insertions"], "insertions of long phones")
    fixed = evaluate(root / "frame.q", "--data", dev)
    check(fixed["decoder"] == "viterbi" and fixed["kind"] == "qmodel" and fixed["per"] < 35,
          f"frame-trained in integers: {fixed}")
    refused = run("eval", root / "frame", "--data", dev, "--decoder", "beam", code=1)
    check("trained on frames" in refused.stderr, refused.stderr)
    # A CTC model from its parameters forgets the frames.
    run("train", "--data", root / "train", "--dev", dev, "--from", root / "frame", "--epochs", 1,
        "-o", root / "again")
    check(evaluate(root / "again", "--data", dev)["decoder"] == "greedy", "CTC after frames")


def comparison(root, dev):
    a, b = (root / "ctc", root / "early")
    told = evaluate(a, "--data", dev, "--against", b)["against"]
    for model, name in ((a, "ua"), (b, "ub")):
        run("eval", model, "--data", dev, "--utterances", root / name)
    x, y = read_edits(root / "ua"), read_edits(root / "ub")
    differences = [x[u][1] - y[u][1] for u in x]
    references = sum(x[u][0] for u in x)
    check(abs(told["difference"] - 100 * sum(differences) / references) < 1e-6, "difference")
    far = sum(abs(sum(s * d for s, d in zip(signs, differences))) >= abs(sum(differences))
              for signs in itertools.product((1, -1), repeat=len(differences)))
    check(abs(told["p_permutation"] - far / 2 ** len(differences)) < 1e-9, "p of the comparison")
    check(told["interval"][0] <= told["difference"] <= told["interval"][1], "interval")
    check(told["better"] + told["worse"] + told["equal"] == len(x), "counts")
    same = evaluate(a, "--data", dev, "--against", a)["against"]
    check(same["p_permutation"] == 1 and same["difference"] == 0, "a model against itself")
    check("95 %" in run("eval", a, "--data", dev, "--against", b).stdout, "text of a comparison")


def usage(root, dev):
    for arguments in ([], ["--timit", root], ["--part", "dev"], ["--decoder", "x"],
                      ["--decoder", "lexicon"], ["--lexicon", "x", "--decoder", "beam"],
                      ["--lm", "x", "--decoder", "greedy"], ["--beam", 0], ["--lm-order", 3],
                      ["--lm-weight", "nan"], ["--min-frames", 51]):
        data = ["--data", dev] if arguments else []
        run("eval", root / "ctc", *data, *arguments, code=2)
    refused = run("eval", root / "ctc", "--timit", root, code=1)
    check("holds TRAIN and TEST" in refused.stderr, refused.stderr)


with tempfile.TemporaryDirectory() as folder:
    top = pathlib.Path(folder)
    sets = corpus.make(top / "train", 4, 6, 1), corpus.make(top / "dev", 2, 4, 2)
    for part in sets:
        write_texts(part)
    (top / "lexicon").write_text(LEXICON)
    common = ["--data", sets[0], "--dev", sets[1], "--threads", 2, "--spec", "gru:16", "--batch", 4,
              "--lr", 0.02, "--dropout", 0]
    run("train", *common, "--epochs", 120, "-o", top / "ctc")
    run("train", *common, "--epochs", 50, "-o", top / "early")
    run("train", *common, "--epochs", 25, "--loss", "frame", "-o", top / "frame")
    run("quantize", top / "frame", "--data", sets[0], "-o", top / "frame.q")
    files(top, top / "ctc", sets[1])
    decoders(top, top / "ctc", sets[1])
    frames(top, sets[1])
    comparison(top, sets[1])
    usage(top, sets[1])
print("eval: all checks passed")
