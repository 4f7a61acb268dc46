"""Reads a model file with the standard library alone: the format of docs/format.md as a program.

Usage: read_model.py FILE [TENSOR]
Prints kind, network and tensors; with TENSOR its numbers, a circulant matrix expanded.
SPDX-License-Identifier: Apache-2.0
"""
import array
import json
import math
import struct
import sys

TYPES = {"U8": "B", "I16": "h", "I32": "i", "I64": "q", "F32": "f", "F64": "d"}


def read_file(path):
    """Returns the metadata and {name: (dtype, shape, numbers)}."""
    with open(path, "rb") as file:
        data = file.read()
    header_bytes = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + header_bytes])
    data = data[8 + header_bytes:]
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        numbers = array.array(TYPES[entry["dtype"]], data[begin:end])
        if sys.byteorder == "big":
            numbers.byteswap()
        assert len(numbers) == math.prod(entry["shape"]), name
        tensors[name] = entry["dtype"], entry["shape"], numbers
    return metadata, tensors


def expand(shape, numbers):
    """Rows of the matrix that [p, q, k] stands for, padding included: W[r][c] = w[(r - c) mod k]."""
    p, q, k = shape
    return [[numbers[(r // k * q + c // k) * k + (r - c) % k] for c in range(q * k)]
            for r in range(p * k)]


def main():
    metadata, tensors = read_file(sys.argv[1])
    if len(sys.argv) > 2:
        _, shape, numbers = tensors[sys.argv[2]]
        if len(shape) < 2:
            rows = [numbers]
        elif len(shape) == 2:
            rows = [numbers[r * shape[1]:(r + 1) * shape[1]] for r in range(shape[0])]
        else:
            rows = expand(shape, numbers)
        for row in rows:
            print(*(f"{value:.9g}" for value in row))
        return
    for key, value in sorted(metadata.items()):
        print(f"{key}: {value}")
    for name, (dtype, shape, _) in sorted(tensors.items()):
        print(f"{name:20} {dtype} {shape}")


main()
