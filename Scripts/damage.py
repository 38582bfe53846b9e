#!/usr/bin/env python3
"""Flips the sign of the first 64 numbers of one f32 tensor in a safetensors file, in place.

    Scripts/damage.py FILE.safetensors TENSOR
"""
import json
import struct
import sys


def main():
    path, tensor = sys.argv[1:]
    with open(path, "r+b") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        entry = json.loads(file.read(length)).get(tensor)
        if entry is None or entry["dtype"] != "F32":
            sys.exit(f"{path}: no f32 tensor {tensor}")
        begin, end = entry["data_offsets"]
        count = min(64, (end - begin) // 4)
        file.seek(8 + length + begin)
        values = struct.unpack(f"<{count}f", file.read(4 * count))
        file.seek(8 + length + begin)
        file.write(struct.pack(f"<{count}f", *(-v for v in values)))
    print(f"{tensor}: the sign of {count} of {(end - begin) // 4} numbers is flipped")


if __name__ == "__main__":
    main()
