"""The picture of the comparison: PER over stored bits, a panel for each network on a corpus, by gnuplot.

SPDX-License-Identifier: Apache-2.0
"""
import math
import pathlib
import subprocess

WIDTH, HEIGHT = 520, 380  # of a panel
# Series in the order of the key: name, colour, dash type, point type
STYLES = [
    ("E-RNN (ADMM)", "#0060ad", 1, 7),
    ("E-RNN, norms not kept", "#7fb0d8", 2, 6),
    ("ESE (pruned)", "#008060", 1, 5),
    ("projection + fine-tuning", "#c04000", 1, 9),
    ("C-LSTM (direct)", "#8040a0", 1, 13),
]


def series_of(arm_name):
    """The series that an arm is a point of, None: not in the picture."""
    if arm_name.endswith(("-taught", "-growth")):
        return None
    if arm_name.endswith("-nearest"):
        return STYLES[1][0] if arm_name.startswith("admm") else None
    ways = {"admm": STYLES[0][0], "pruned": STYLES[2][0], "projected": STYLES[3][0], "direct": STYLES[4][0]}
    return ways.get(arm_name.split("-")[0])


def panel(title, dense, points):
    """`dense`: its PER, NaN without one; `points`: series -> [(kbit, PER, deviation)]. None: nothing to draw."""
    plots = [] if math.isnan(dense) else [f"{dense} w l lc rgb '#555555' dt 3 lw 2 t 'dense'"]
    blocks = []
    for at, (name, colour, dash, mark) in enumerate(STYLES):
        if not points.get(name):
            continue
        rows = "\n".join(f"{kbit} {per} {0 if math.isnan(deviation) else deviation}"
                         for kbit, per, deviation in sorted(points[name]))
        # Beside each other where bits are equal, so that bars do not cover each other.
        shift = 1 + 0.025 * (at - 2)
        blocks.append(f"$d{at} << EOD\n{rows}\nEOD")
        look = f"lc rgb '{colour}' dt {dash} lw 2"
        plots.append(f"$d{at} u ($1*{shift}):2 w l {look} notitle")
        plots.append(f"$d{at} u ($1*{shift}):2:3 w yerrorbars pt {mark} ps 0.7 lc rgb '{colour}' lw 1 t '{name}'")
    return "\n".join(blocks + [f"set title '{title}'", "plot " + ", ".join(plots)]) if blocks else None


def draw(path, panels):
    """Writes the SVG `path`; panels as of panel(). Raises OSError or CalledProcessError."""
    panels = [panel for panel in panels if panel]
    if not panels:
        return
    columns = 2 if len(panels) > 1 else 1
    rows = (len(panels) + columns - 1) // columns
    part = pathlib.Path(f"{path}.part")
    script = "\n".join(
        [f"set terminal svg size {columns * WIDTH},{rows * HEIGHT} background rgb 'white' font 'sans,11' noenhanced",
         f"set output '{part}'", f"set multiplot layout {rows},{columns}",
         "set logscale x 2", "set grid", "set key top right font ',9' samplen 2",
         "set xlabel 'stored kbit of the recurrent layers, 12-bit weights, indices included'",
         "set ylabel 'PER on the test set, %'", "set offsets graph 0.1, graph 0.1, graph 0.25, graph 0.05"] +
        panels + ["unset multiplot"])
    subprocess.run(["gnuplot"], input=script, text=True, check=True, capture_output=True)
    part.replace(path)
