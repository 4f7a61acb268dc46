"""docs/results-training.md says what docs/results-training.tsv holds: made again from the rows it is the same
page, and another page once a row changes.

Usage: results.py SOURCE_ROOT. SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile


def page_of(root, change):
    """The page made in a copy of what it is made of, `change` applied to its rows."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder)
        (copy / "docs").mkdir()
        shutil.copytree(root / "tools", copy / "tools")
        rows = (root / "docs" / "results-training.tsv").read_text().splitlines()
        (copy / "docs" / "results-training.tsv").write_text("\n".join(change(rows)) + "\n")
        subprocess.run([sys.executable, copy / "tools" / "compare_training.py", "--report"], check=True)
        picture = (copy / "docs" / "results-training.svg").read_text()
        assert picture.startswith("<?xml") and picture.rstrip().endswith("</svg>"), "the picture is no SVG"
        return (copy / "docs" / "results-training.md").read_text()


def few(rows):
    """Two ways of the first network: enough to see a change, and no minute of permutations."""
    first = rows[1].split("\t")[:2]
    return rows[:1] + [row for row in rows[1:]
                       if row.split("\t")[:2] == first and row.split("\t")[2] in ("dense", "admm-k8")]


def one_more_edit(rows):
    rows = few(rows)
    fields = rows[1].split("\t")
    edits = fields[8].split(",")
    edits[0] = str(int(edits[0]) + 1)
    fields[8] = ",".join(edits)
    return [rows[0], "\t".join(fields)] + rows[2:]


def main():
    root = pathlib.Path(sys.argv[1])
    kept = (root / "docs" / "results-training.md").read_text()
    if page_of(root, lambda rows: rows) != kept:
        sys.exit("docs/results-training.md is not what its rows give: tools/compare_training.py --report")
    if page_of(root, one_more_edit) == page_of(root, few):
        sys.exit("docs/results-training.md does not follow its rows")
    print("docs/results-training.md is what its rows give")


main()
