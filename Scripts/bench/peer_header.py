"""Reads a safetensors header in Python, again and again: json.loads of it, or the safetensors package's own reader.

    python peer_header.py json|safetensors FILE REPETITIONS

Prints the seconds of each repetition, start-up and imports not counted.
"""
import json
import struct
import sys
import time


def with_json(path):
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        return len(json.loads(file.read(length)))


def with_safetensors(path):
    with safe_open(path, "np") as file:
        return len(file.keys())


reader, path, repetitions = sys.argv[1], sys.argv[2], int(sys.argv[3])
if reader == "safetensors":
    import numpy  # noqa: F401  safe_open would import it in the first repetition
    from safetensors import safe_open
for _ in range(repetitions):
    begin = time.perf_counter()
    (with_json if reader == "json" else with_safetensors)(path)
    print(time.perf_counter() - begin)
