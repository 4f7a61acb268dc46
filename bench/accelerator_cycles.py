"""Where the cycles of a frame go: a trace of one layer's arrays in the steady state, each cycle named.

account(folder, work): folder is a generated project of one layer. Icarus runs its Verilog with
bench/accelerator_trace.v; every cycle between the last beats of two frames is put into one class for
the gates' array, and into one for the projection's or the input product's own. The classes of an array
add up to the cycles of a frame; cycles in which some elements have no row count in part.
SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import re
import subprocess

BENCH = pathlib.Path(__file__).resolve().parent
FRAMES = 5   # and two of each stream
# The way of y back to the array.
BACK = ("y comes back: out of the array", "y comes back: cells", "y comes back: projection",
        "y comes back: transform")
# In the order in which they are printed.
CLASSES = ("block products of y", "block products of x", "block products of m", "elements without a row",
           "pass ends: chain gives out the one before", *BACK, "u comes back", "waits for x", "waits for m", "no job")


def paths(top):
    """Scopes of the layer and of the sequences of its arrays, and elements of a chain of each."""
    def parameter(name):
        return int(re.search(rf"[.]{name} +[(]([0-9]+)", top)[1])
    instance = re.search(r"\b(u_l0_\w+) \(", top)[1]
    layer = f"u_top.{instance}"
    is_lstm = "lstm_layer" in top
    is_after = not is_lstm and parameter("IS_RESET_AFTER")
    is_before = not is_lstm and not is_after
    inside = layer if is_lstm else f"{layer}.g_after" if is_after else f"{layer}.g_before"
    recurrence = f"{inside}.u_recurrence"
    arrays = {"gates": (f"{recurrence}.u_array.u_sequence", parameter("RECURRENT_PES"))}
    if parameter("INPUT_PES"):
        own = recurrence if is_before else f"{recurrence}.g_own"
        arrays["input"] = (f"{own}.u_input.u_array.u_sequence", parameter("INPUT_PES"))
    if is_lstm and parameter("IS_PROJECTED"):
        arrays["projection"] = (f"{layer}.g_projection.u_array.u_sequence", parameter("PROJECTION_PES"))
    return layer, inside, arrays, is_before


def simulate(folder, layer, inside, arrays, streams, top):
    """The record of a run."""
    beat_bits = int(re.search(r"\[(\d+):0\]\s+s_x_data", top)[1]) + 1
    lanes = int(re.search(r"[.]LANES +[(]([0-9]+)", top)[1])
    inputs = int(re.search(r"[.]N_INPUTS +[(]([0-9]+)", top)[1])
    dumps = "".join(f"    $dumpvars(1, {scope});\n" for scope in [layer] + [scope for scope, _ in arrays.values()])
    if inside != layer:
        dumps += f"    $dumpvars(1, {inside});\n"
    (folder / "trace.vh").write_text(
        f"localparam BEAT_BITS = {beat_bits};\nlocalparam BEATS = {-(-inputs // lanes)};\n"
        f"localparam FRAMES = {FRAMES + 2 * streams};\ntask record;\n  begin\n{dumps}  end\nendtask\n")
    subprocess.run(["iverilog", "-g2005", "-I", ".", "-y", "rtl", "-s", "accelerator_trace", "-o", "trace",
                    str(BENCH / "accelerator_trace.v"), "rtl/ernn_top.v"], cwd=folder, check=True)
    log = subprocess.run(["vvp", "-N", "trace"], cwd=folder, check=True, capture_output=True, text=True).stdout
    if "PASS" not in log:
        raise RuntimeError(f"trace: {log[-300:]}")


def cycles_of(path):
    """The values of all recorded signals in each cycle, {scope.name: int or None}."""
    names, scope, values, cycles = {}, [], {}, []
    clock = None
    with open(path, encoding="ascii") as lines:
        for line in lines:
            words = line.split()
            if not words:
                continue
            if words[0] == "$scope":
                scope.append(words[2])
            elif words[0] == "$upscope":
                scope.pop()
            elif words[0] == "$var":
                names.setdefault(words[3], []).append(".".join(scope[1:] + [words[4]]))
                if words[4] == "clk" and len(scope) == 1:
                    clock = words[3]
            elif line[0] in "01xz":
                if line[1:].strip() == clock and line[0] == "1":
                    cycles.append(dict(values))   # what stood before the edge
                else:
                    set_all(values, names.get(line[1:].strip(), ()), line[0])
            elif line[0] == "b":
                set_all(values, names.get(words[1], ()), words[0][1:])
    return cycles


def set_all(values, names, bits):
    number = int(bits, 2) if set(bits) <= {"0", "1"} else None
    for name in names:
        values[name] = number


class Stage:
    """Counts what a frame's way back to the array has passed, to say where an awaited column is."""

    def __init__(self, layer, inside, is_before, is_projected):
        self.layer, self.inside, self.is_before, self.is_projected = layer, inside, is_before, is_projected
        self.jobs = self.blocks = self.cells = self.rows = 0

    def expect(self, streams, frame, columns):
        """frame: block rows, rows of cells and rows of y that a frame makes; columns: blocks of y."""
        self.streams, self.frame, self.columns = streams, frame, columns

    def name(self, column):
        """Where that column of the next frame of this stream is."""
        blocks, cells, rows = self.frame
        before = self.jobs - self.streams
        part = (column + 1) / self.columns
        made = 1 if self.is_projected else part   # a projection needs all cells
        if self.blocks < (before + made) * blocks - 1e-9:
            return BACK[0]
        if self.cells < (before + made) * cells - 1e-9:
            return BACK[1]
        if self.rows < (before + part) * rows - 1e-9:
            return BACK[2]
        return BACK[3]

    def step(self, cycle, done):
        """done: a frame's last gates' product ends in this cycle."""
        def signal(name):
            return cycle.get(name) or 0
        self.jobs += done
        self.blocks += (signal(f"{self.inside}.block_valid") >> 2 & 1 if self.is_before
                        else signal(f"{self.inside}.recurrent_block_valid"))
        self.rows += signal(f"{self.layer}.y_valid")
        self.cells += signal(f"{self.layer}.cell_valid" if self.is_projected else f"{self.layer}.y_valid")


def classify(array, cycle, place, stage, is_before):
    """[(class, share of the cycle)] of one array in one cycle."""
    scope, pes = place

    def signal(name):
        return cycle.get(f"{scope}.{name}") or 0
    kind = signal("kind_q")
    is_x = array == "input" or (array == "gates" and not is_before and kind == 1)
    if signal("issue"):
        work = "m" if array == "projection" else "x" if is_x else "y"
        share = signal("rows") / pes
        return [(f"block products of {work}", share), ("elements without a row", 1 - share)]
    if not signal("is_running_q"):
        return [("no job", 1)]
    if signal("i_has_column"):
        return [("pass ends: chain gives out the one before", 1)]
    if array == "projection":
        return [("waits for m", 1)]
    if is_x:
        return [("waits for x", 1)]
    return [("u comes back", 1) if is_before and kind == 2 else (stage.name(signal("column_q")), 1)]


def account(folder):
    """{array: {class: cycles}} of one frame, {stage: cycles} of y's way back, and the frame's cycles."""
    folder = pathlib.Path(folder)
    top = (folder / "rtl" / "ernn_top.v").read_text()
    streams = int(re.search(r"[.]STREAMS +[(]([0-9]+)", top)[1])
    layer, inside, arrays, is_before = paths(top)
    simulate(folder, layer, inside, arrays, streams, top)
    cycles = cycles_of(folder / "trace.vcd")
    ends = [n for n, cycle in enumerate(cycles) if cycle.get("frame_leaves")]
    first, last = ends[-1 - 2 * streams], ends[-1 - streams]
    if last - first != ends[-1] - last:
        raise RuntimeError("trace: frames differ in their cycles")
    sums = {array: dict.fromkeys(CLASSES, 0.0) for array in arrays}
    back = dict.fromkeys(BACK, 0.0)
    scope, _ = arrays["gates"]
    last_kind = 2 if is_before else 0
    stage = Stage(layer, inside, is_before, "projection" in arrays)
    for cycle in cycles[first + 1:last + 1]:
        stage.step(cycle, False)
    frame = (stage.blocks // streams, stage.cells // streams, stage.rows // streams)
    columns = 1 + max(cycle.get(f"{scope}.last_column") or 0 for cycle in cycles
                  if cycle.get(f"{scope}.kind_q") == (1 if is_before else 0))
    stage = Stage(layer, inside, is_before, "projection" in arrays)
    stage.expect(streams, frame, columns)
    is_away = False
    for n, cycle in enumerate(cycles):
        issues = cycle.get(f"{scope}.issue")
        kind = cycle.get(f"{scope}.kind_q")
        # The next frame's first job works on y.
        if issues and (kind == 1 if is_before else kind == 0):
            is_away = False
        if first < n <= last:
            for array, place in arrays.items():
                for what, share in classify(array, cycle, place, stage, is_before):
                    sums[array][what] += share / streams
            if is_away:
                back[stage.name(0)] += 1 / streams
        ends_job = bool(cycle.get(f"{scope}.o_done") and kind == last_kind)
        is_away = is_away or ends_job
        stage.step(cycle, ends_job)
    period = (last - first) / streams
    for array, classes in sums.items():
        if abs(sum(classes.values()) - period) > 1e-6:
            raise RuntimeError(f"trace: {array}: the classes add up to {sum(classes.values())}, not to {period}")
    shown = {array: {what: cycles for what, cycles in classes.items() if cycles > 1e-9}
             for array, classes in sums.items()}
    return shown, {what.split(": ")[1]: cycles for what, cycles in back.items()}, period

