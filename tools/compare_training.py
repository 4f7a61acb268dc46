#!/usr/bin/env python3
"""The comparison that the papers make: dense, C-LSTM (direct), projection + fine-tuning, E-RNN (ADMM)
and ESE (balanced pruning) on the same speech, at equal epochs, over several seeds.

    tools/compare_training.py --speech ../shared/speech                # train what is missing, write the page
    tools/compare_training.py --speech ../shared/speech --list         # what there is and what is missing
    tools/compare_training.py --report                                 # the page alone

Trains with build/cli/ernn into results/training/CORPUS/NETWORK/ARM/SEED; what is there is kept, what was
interrupted resumes from its checkpoint. What was measured is kept in docs/results-training.tsv, a row for each
training with the edits of every test utterance, and docs/results-training.md is written from those rows; a
training that has a row is not repeated unless another one starts from its model (--fresh: forget the rows).
SPDX-License-Identifier: Apache-2.0
"""
import argparse
import concurrent.futures
import json
import math
import os
import pathlib
import random
import statistics
import subprocess
import sys
import threading
import time

import training_plot

ROOT = pathlib.Path(__file__).resolve().parent.parent
ERNN = ROOT / "build" / "cli" / "ernn"

# Epochs: every arm but "dense, start" has DENSE + ROUNDS + FINETUNE in all.
PLANS = {
    "small": {"dense": 12, "rounds": 6, "finetune": 26},
    "large": {"dense": 12, "rounds": 4, "finetune": 10},
    "trained": {"dense": 26, "rounds": 4, "finetune": 10},  # from a start that has learned
}

# name -> ernn's spec, its plan, batch, peak of the learning rate, whether other forms of ADMM are shown
NETWORKS = {
    "gru-256": {"spec": "gru:256,256", "plan": "small", "batch": 4, "lr": 2e-3, "has_ablations": True},
    "lstm-256": {"spec": "lstm:256,256+peephole", "plan": "small", "batch": 4, "lr": 2e-3},
    "lstm-1024": {"spec": "lstm:1024p512,1024p512+peephole", "plan": "large", "batch": 8, "lr": 1e-3},
    "lstm-1024-long": {"spec": "lstm:1024p512,1024p512+peephole", "plan": "trained", "batch": 8, "lr": 1e-3},
}

# Tuned on an4's development set with seed 1, arm by arm (docs/results-training.md says how).
# Rates are relative to the network's own.
DENSE = ["--lr", "1", "--dropout", "0.3"]
COMPRESSED = ["--lr", "1", "--dropout", "0.1"]
DIRECT = ["--lr", "0.5", "--dropout", "0.1", "--init-scale", "2"]
TEACHER = ["--distillation", "0.5"]
# The Euclidean projection of the paper, which averages the norm away.
NEAREST = ["--admm-target", "nearest"]


# Balanced over 32 PEs, at the stored bits of blocks of 8 and 16 with 12-bit weights, relative indices of the
# width that lets the most weights stay (6 and 7 bits; ESE's 4 cannot reach the bits of 16) and padding zeros.
DENSITY = {"k8": "sparse:32:0.083", "k16": "sparse:32:0.039"}


def blocks_of(name):
    return {"k4": "4", "k8": "8", "k16": "16", "mixed": "input=16,recurrent=8,projection=8"}[name]


class Arm:
    """One way to train: what it starts from, and the options of ernn train."""

    def __init__(self, name, title, options, start=None, is_distilled=False):
        self.name, self.title, self.options = name, title, options
        self.start, self.is_distilled = start, is_distilled


def admm(k, plan, *more):
    """The options of ADMM, all rounds of the plan; rounds of 0 is projection + fine-tuning."""
    return ["--method", "admm", "--blocks", blocks_of(k), "--rounds", str(plan["rounds"]),
            "--epochs", str(plan["finetune"]), *more] + COMPRESSED


def arms_of(network):
    plan = PLANS[NETWORKS[network]["plan"]]
    whole = plan["dense"] + plan["rounds"] + plan["finetune"]
    at_once = {"rounds": 0, "finetune": plan["rounds"] + plan["finetune"]}
    arms = [
        Arm("start", "dense, where the others start", DENSE + ["--epochs", str(plan["dense"])]),
        Arm("dense", "dense", DENSE + ["--epochs", str(whole)]),
    ]
    for k in ("k4", "k8", "k16", "mixed"):
        arms.append(Arm(f"admm-{k}", f"E-RNN (ADMM), {k}", admm(k, plan), "start"))
    for k in ("k8", "k16"):
        arms.append(Arm(f"projected-{k}", f"projection + fine-tuning, {k}", admm(k, at_once), "start"))
        arms.append(Arm(f"direct-{k}", f"C-LSTM (direct), {k}",
                        ["--method", "circulant", "--blocks", blocks_of(k),
                         "--epochs", str(whole)] + DIRECT))
        arms.append(Arm(f"pruned-{k}", f"ESE (pruned) at the bits of {k}",
                        ["--method", "prune", "--blocks", DENSITY[k], "--prune-epochs", str(plan["rounds"] * 2),
                         "--epochs", str(plan["finetune"] - plan["rounds"])] + COMPRESSED, "start"))
    if NETWORKS[network].get("has_ablations"):
        arms.append(Arm("admm-k8-taught", "E-RNN (ADMM), k8, with the start as a teacher", admm("k8", plan), "start",
                        is_distilled=True))
        arms.append(Arm("admm-k8-growth", "E-RNN (ADMM), k8, by way of 2 and 4", admm("k8", plan, "--growth"), "start"))
    for k in ("k4", "k8", "k16", "mixed"):
        arms.append(Arm(f"admm-{k}-nearest", f"E-RNN (ADMM), {k}, norms not kept", admm(k, plan, *NEAREST), "start"))
    for k in ("k8", "k16"):
        arms.append(Arm(f"projected-{k}-nearest", f"projection + fine-tuning, {k}, norms not kept",
                        admm(k, at_once, *NEAREST), "start"))
    return arms


# ---- Jobs ----

class Job:
    """One training with one seed, and what is measured on it."""

    def __init__(self, folder, data, network, arm, seed):
        self.folder, self.data, self.network, self.arm, self.seed = folder, data, network, arm, seed
        self.place = folder / arm.name / str(seed)
        self.model = self.place / "model.safetensors"
        self.needs = folder / arm.start / str(seed) / "model.safetensors" if arm.start else None

    def name(self):
        return "/".join(self.place.parts[-4:])

    def key(self):
        return (*self.folder.parts[-2:], self.arm.name, str(self.seed))

    def is_done(self):
        return (self.place / "result.json").exists()

    def options(self):
        """Those of the arm, the learning rate times the network's own."""
        options = list(self.arm.options)
        at = options.index("--lr") + 1
        options[at] = f"{float(options[at]) * NETWORKS[self.network]['lr']:g}"
        return options

    def train_command(self):
        command = [str(ERNN), "train", "--data", str(self.data / "train"), "--dev", str(self.data / "dev"),
                   "--seed", str(self.seed), "--threads", "1", "--batch", str(NETWORKS[self.network]["batch"]),
                   "-o", str(self.model)] + self.options()
        if self.needs:
            command += ["--from", str(self.needs)]
        else:
            command += ["--spec", NETWORKS[self.network]["spec"]]
        if self.arm.is_distilled:
            command += ["--teacher", str(self.needs)] + TEACHER
        if pathlib.Path(str(self.model) + ".checkpoint").exists():
            command.append("--resume")
        return command

    def run(self):
        self.place.mkdir(parents=True, exist_ok=True)
        began = time.time()
        if not self.model.exists():
            with open(self.place / "train.txt", "a") as log:
                subprocess.run(self.train_command(), check=True, stdout=log, stderr=log)
            with open(self.place / "seconds", "a") as seconds:
                print(time.time() - began, file=seconds)
        result = {"float": evaluate(self.model, self.data, self.place / "float")}
        fixed = self.place / "fixed.safetensors"
        if not fixed.exists():
            subprocess.run([str(ERNN), "quantize", str(self.model), "--data", str(self.data / "train"),
                            "--weight-bits", "12", "--signal-bits", "16", "-o", str(fixed)],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        result["fixed"] = evaluate(fixed, self.data, self.place / "fixed")
        write(self.place / "result.json", json.dumps(result, indent=1))


def write(path, text):
    """A file that appears whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    part.replace(path)


def evaluate(model, data, prefix):
    """PER of a model on the test set, with the edits of every utterance."""
    utterances = prefix.with_name(prefix.name + ".utterances.tsv")
    out = subprocess.run([str(ERNN), "eval", str(model), "--data", str(data / "test"), "--threads", "1",
                          "--json", "--utterances", str(utterances)], check=True, capture_output=True)
    return json.loads(out.stdout)


# ---- What was measured ----

RECORDS = ROOT / "docs" / "results-training.tsv"
COLUMNS = ["corpus", "network", "arm", "seed", "parameters", "bits", "seconds", "references", "float", "fixed"]


class Record:
    """What the page needs of one training: `float` and `fixed` are edits, test utterances in order of their ids."""

    def __init__(self, fields):
        self.fields = fields
        self.key = tuple(fields[:4])
        self.parameters, self.bits, self.references = int(fields[4]), int(fields[5]), int(fields[7])
        self.seconds = float(fields[6])
        self.edits = {kind: [int(n) for n in text.split(",")] for kind, text in zip(("float", "fixed"), fields[8:])}

    def per(self, kind):
        return 100 * sum(self.edits[kind]) / self.references


def record_of(job):
    """From the files of a training that is done."""
    result = json.loads((job.place / "result.json").read_text())
    seconds = sum(float(line) for line in open(job.place / "seconds"))
    edits = [",".join(str(n) for _, n in sorted(edits_of(job.place, kind).items())) for kind in ("float", "fixed")]
    return Record([*job.key(), str(result["float"]["parameters"]), str(stored_bits(job.model)), f"{seconds:.0f}",
                   str(result["float"]["references"]), *edits])


def stored_bits(model):
    """Of the recurrent layers' matrices at 12 bits, indices included."""
    out = subprocess.run([str(ERNN), "inspect", str(model), "--json"], check=True, capture_output=True)
    facts = json.loads(out.stdout)
    if facts.get("sparse"):
        return min(row["bits"] for row in facts["sparse"])
    return 12 * facts["matrix_parameters"]


def edits_of(place, kind):
    """Edits of every utterance, by its id."""
    rows = [line.split("\t") for line in (place / f"{kind}.utterances.tsv").read_text().splitlines()]
    return {row[0]: sum(map(int, row[2:5])) for row in rows if not row[0].startswith("#")}


def read_records():
    """key -> record; a table with other columns is no table of ours."""
    if not RECORDS.exists():
        return {}
    lines = RECORDS.read_text().splitlines()
    if lines[0].split("\t") != COLUMNS:
        sys.exit(f"compare_training: {RECORDS}: line 1: other columns than {' '.join(COLUMNS)}; --fresh makes a new one")
    return {record.key: record for record in (Record(line.split("\t")) for line in lines[1:])}


def write_records(records):
    rows = ["\t".join(COLUMNS)] + ["\t".join(records[key].fields) for key in sorted(records)]
    write(RECORDS, "\n".join(rows) + "\n")


class Progress:
    """A line for each training that ends, with the time left at the pace so far."""

    def __init__(self, n):
        self.n, self.done, self.began, self.lock = n, 0, time.time(), threading.Lock()

    def step(self, job, seconds):
        with self.lock:
            self.done += 1
            left = (time.time() - self.began) / self.done * (self.n - self.done)
            print(f"{self.done} of {self.n}: {job.name()}, {seconds:.0f} s; about {left / 60:.0f} min left",
                  flush=True)


def missing(jobs, records):
    """Jobs to run: without a record, and those whose model one of them starts from."""
    todo = [job for job in jobs if job.key() not in records]
    needed = {job.needs for job in todo if job.needs and not job.needs.exists()}
    return [job for job in jobs if job in todo or job.model in needed]


def run_all(todo, n_parallel):
    """Runs `todo`, each after what it starts from; returns the failures."""
    todo = list(todo)
    progress = Progress(len(todo))
    failures = []
    running = {}
    with concurrent.futures.ThreadPoolExecutor(n_parallel) as pool:
        def timed(job):
            began = time.time()
            job.run()
            progress.step(job, time.time() - began)

        while todo or running:
            for job in list(todo):
                if len(running) < n_parallel and (not job.needs or job.needs.exists()):
                    todo.remove(job)
                    running[pool.submit(timed, job)] = job
            if not running:
                failures += [(job, "what it starts from is missing") for job in todo]
                break
            done, _ = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in done:
                job = running.pop(future)
                if future.exception():
                    failures.append((job, str(future.exception())))
                    print(f"failed: {job.name()}: see {job.place}/train.txt", file=sys.stderr, flush=True)
    return failures


# ---- The page ----

def mean_and_deviation(values):
    return statistics.mean(values), statistics.stdev(values) if len(values) > 1 else float("nan")


def paired_test(ours, theirs, n_draws=20000):
    """Two-sided p of the hypothesis that two ways do the same edits: the signs of the differences
    utterance by utterance (summed over the seeds) are exchangeable. Seeded random permutations."""
    differences = [sum(a) - sum(b) for a, b in zip(zip(*ours), zip(*theirs))]
    differences = [d for d in differences if d]
    observed = abs(sum(differences))
    rng = random.Random(1)
    extreme = sum(abs(sum(d if rng.getrandbits(1) else -d for d in differences)) >= observed
                  for _ in range(n_draws))
    return (extreme + 1) / (n_draws + 1)


class Row:
    """All seeds of one arm."""

    def __init__(self, arm, records):
        self.arm, self.records = arm, records

    def per(self, kind):
        return mean_and_deviation([record.per(kind) for record in self.records])

    def text(self, kind):
        """Mean and deviation; two seeds have none worth the name and stand side by side."""
        if len(self.records) == 2:
            return " / ".join(f"{record.per(kind):.2f}" for record in self.records)
        return pm(*self.per(kind))

    def pairs(self, other):
        """(ours, theirs) for each seed that both have."""
        theirs = {record.key[3]: record for record in other.records}
        return [(record, theirs[record.key[3]]) for record in self.records if record.key[3] in theirs]

    def difference(self, other):
        """PER above that of the other over the seeds that both have."""
        pairs = self.pairs(other)
        return statistics.mean(a.per("float") - b.per("float") for a, b in pairs) if pairs else float("nan")

    def against(self, other, kind="float"):
        """p of the paired test over the seeds that both have."""
        pairs = self.pairs(other)
        return paired_test([a.edits[kind] for a, _ in pairs], [b.edits[kind] for _, b in pairs]) if pairs else float("nan")


def pm(mean, deviation):
    return f"{mean:.2f}" if math.isnan(deviation) else f"{mean:.2f} ± {deviation:.2f}"


def p_text(p):
    return "" if math.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"


def rival_of(arm):
    """ADMM with the same structure, which every other way to it is compared with."""
    for form in ("-nearest", "-taught", "-growth"):
        if arm.name.endswith(form):
            return arm.name[:-len(form)]
    for way in ("projected", "direct"):
        if arm.name.startswith(way):
            return "admm" + arm.name[len(way):]
    return "admm" + arm.name[len("pruned"):] if arm.name.startswith("pruned") else None


def dense_of(rows):
    """What the others are compared with: dense training of as many epochs, else their start."""
    by_name = {row.arm.name: row for row in rows}
    return by_name.get("dense") or by_name.get("start") or rows[0]


def table(rows):
    """Markdown of one network on one corpus."""
    by_name = {row.arm.name: row for row in rows}
    dense = dense_of(rows)
    lines = ["| | parameters | kbit | float PER % | 12-bit PER % | to dense | p to dense | p to ADMM | seeds | s |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        rival = by_name.get(rival_of(row.arm))
        lines.append("| " + " | ".join([
            row.arm.title, f"{row.records[0].parameters:,}", f"{row.records[0].bits / 1000:,.0f}",
            row.text("float"), row.text("fixed"),
            "" if row is dense else f"{row.difference(dense):+.2f}",
            "" if row is dense else p_text(row.against(dense)),
            p_text(row.against(rival)) if rival else "", str(len(row.records)), f"{statistics.mean(r.seconds for r in row.records):.0f}"]) + " |")
    return "\n".join(lines)


def panel_of(title, rows):
    """Over the seeds that all ways have; those of a way with more of them would be another mean."""
    reference = dense_of(rows)
    drawn = [row for row in rows if training_plot.series_of(row.arm.name) or row is reference]
    shared = set.intersection(*({record.key[3] for record in row.records} for row in drawn
                                if not row.arm.name.endswith("-nearest")))
    points = {}
    for row in (Row(row.arm, [record for record in row.records if record.key[3] in shared]) for row in drawn):
        if row.records:
            series = training_plot.series_of(row.arm.name) or "dense"
            points.setdefault(series, []).append((row.records[0].bits / 1000, *row.per("float")))
    return training_plot.panel(title, points.pop("dense", [(0, math.nan, 0)])[0][1], points)


def page(records):
    """docs/results-training.md and its picture from the results that there are."""
    parts = [(ROOT / "tools" / "results-training.head.md").read_text().rstrip()]
    panels = []
    for corpus in dict.fromkeys(key[0] for key in sorted(records)):
        for network in NETWORKS:
            mine = {key: records[key] for key in sorted(records) if key[:2] == (corpus, network)}
            plan = PLANS[NETWORKS[network]["plan"]]
            rows = [Row(arm, [record for key, record in mine.items() if key[2] == arm.name]) for arm in arms_of(network)]
            rows = [row for row in rows if row.records]
            if not rows:
                continue
            first = rows[0].records[0]
            title = f"{corpus}, {NETWORKS[network]['spec']}, start of {plan['dense']} epochs"
            parts.append(f"## {title}\n\n"
                         f"{len(first.edits['float'])} test utterances, {first.references:,} reference phones. Epochs: "
                         f"{plan['dense']} dense, then {plan['rounds']} rounds of ADMM and {plan['finetune']} of "
                         f"fine-tuning; every other way takes the same {sum(plan.values())} in all.\n\n" + table(rows))
            panels.append(panel_of(title, rows))
    try:
        training_plot.draw(ROOT / "docs" / "results-training.svg", panels)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"compare_training: docs/results-training.svg: gnuplot: {error}; apt-get install gnuplot-nox")
    write(ROOT / "docs" / "results-training.md", "\n\n".join(parts) + "\n")


def make_jobs(arguments):
    """(corpus, network) -> jobs, the ones that others start from first."""
    made = {}
    for corpus in arguments.corpora.split(","):
        for network in arguments.networks.split(","):
            if network not in NETWORKS:
                sys.exit(f"compare_training: --networks: '{network}' is none of {', '.join(NETWORKS)}")
            arms = arms_of(network)
            if arguments.arms:
                by_name = {arm.name: arm for arm in arms}
                wanted = arguments.arms.split(",")
                for name in wanted:
                    if name not in by_name:
                        sys.exit(f"compare_training: --arms: '{name}' is none of {', '.join(by_name)}")
                arms = [by_name[name] for name in wanted]
            folder = pathlib.Path(arguments.output) / corpus / network
            data = pathlib.Path(arguments.speech) / corpus
            made[corpus, network] = [Job(folder, data, network, arm, seed)
                                     for seed in range(arguments.first_seed, arguments.seeds + 1) for arm in arms]
    return made


def main():
    global ERNN
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", default=str(ROOT / ".." / "shared" / "speech"))
    parser.add_argument("--output", default=str(ROOT / "results" / "training"))
    parser.add_argument("--corpora", default="an4", help="an4,speechocean762")
    parser.add_argument("--networks", default="gru-256,lstm-256", help=", ".join(NETWORKS))
    parser.add_argument("--arms", default="", help="only these; default all")
    parser.add_argument("--seeds", type=int, default=3, help="the last one")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="trainings at a time, one thread each")
    parser.add_argument("--fresh", action="store_true", help="forget the rows of docs/results-training.tsv first")
    parser.add_argument("--ernn", default=str(ERNN), help="the command to train with")
    parser.add_argument("--list", action="store_true", help="what is there and what is missing")
    parser.add_argument("--report", action="store_true", help="write the page, train nothing")
    arguments = parser.parse_args()
    ERNN = pathlib.Path(arguments.ernn)
    made = make_jobs(arguments)
    jobs = [job for group in made.values() for job in group]
    records = {} if arguments.fresh else read_records()
    records.update({job.key(): record_of(job) for job in jobs if job.is_done()})
    if arguments.list:
        for job in jobs:
            print("done   " if job.key() in records else "missing", job.name())
        return 0
    failures = []
    if not arguments.report:
        for (corpus, _) in made:
            if not (pathlib.Path(arguments.speech) / corpus).is_dir():
                sys.exit(f"compare_training: {arguments.speech}/{corpus}: no such corpus; --speech FOLDER")
        if not ERNN.exists():
            sys.exit(f"compare_training: {ERNN}: not built; meson setup build && ninja -C build")
        failures = run_all(missing(jobs, records), arguments.jobs)
    records.update({job.key(): record_of(job) for job in jobs if job.is_done()})
    write_records(records)
    page(records)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
