#!/usr/bin/env python3
"""Flax files by flax.serialization, and what it restores from them: type, shape and little-endian bytes.

Needs flax, jax, numpy, ml_dtypes and msgpack. Usage: flax_cases.py OUTPUT_FOLDER
"""
import json
import sys
from pathlib import Path

import flax.serialization as fs
import ml_dtypes
import msgpack
import numpy as np

TYPES = {
    "bool": "bool", "uint8": "u8", "int8": "i8", "uint16": "u16", "int16": "i16", "uint32": "u32", "int32": "i32",
    "uint64": "u64", "int64": "i64", "float16": "f16", "bfloat16": "bf16", "float32": "f32", "float64": "f64",
    "complex64": "c64", "complex128": "c128", "float8_e4m3fn": "f8e4m3", "float8_e5m2": "f8e5m2",
    "float8_e8m0fnu": "f8e8m0", "float8_e4m3fnuz": "f8e4m3fnuz", "float8_e5m2fnuz": "f8e5m2fnuz",
}
random = np.random.default_rng(20260302)


def values(name, shape):
    dtype = np.dtype(name)
    if name == "bool":
        return random.integers(0, 2, shape) == 1
    return np.frombuffer(random.bytes(int(np.prod(shape)) * dtype.itemsize), dtype).reshape(shape)


def arrays():
    """No key in alphabetical order; keys, maps and payloads of every length class."""
    return {
        "z": {"types": {name: values(name, (2, 3)) for name in TYPES}},
        "a": {"b": {"c": {"kernel": values("float32", (3, 4)), "bias": values("float32", (4,))}},
              "after": values("int16", (5,))},
        "sizes": {str(count): values("uint8", (count,)) for count in (1, 2, 6, 200, 240, 255, 256, 300, 65_500, 70_000)},
        "a key of more than thirty-one bytes \u017c\u00f3\u0142w": values("int8", (1, 1)),
        "k" * 300: values("int8", (300, 1)),
        "scalar": np.asarray(2.5, np.float32),
        "empty": np.zeros((0, 3), np.float16),
        "deep rank": values("uint8", (1,) * 17 + (2,)),
        "": values("uint8", (2,)),
        "end": {"": {"": values("uint8", (3,))}},
    }


def scalars():
    return {
        "ints": {str(value): value for value in (0, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63 - 1, 2**63,
                                                 2**64 - 1, -1, -32, -33, -128, -129, -32768, -32769, -2**31, -2**31 - 1,
                                                 -2**63)},
        "float": 0.1, "complex": 1.5 - 2j, "true": True, "false": False, "none": None, "text": "\u017c\u00f3\u0142w",
        "numpy": {name: values(name, ())[()] for name in TYPES},
        "list": [values("float32", (2,)), {"x": 3}], "tuple": (1, 2.0), "nothing": {}, "no list": [],
    }


def flatten(tree, prefix=""):
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from flatten(value, f"{prefix}{key}/")
    elif isinstance(tree, (list, tuple)):
        yield from flatten({str(index): value for index, value in enumerate(tree)}, prefix)
    else:
        yield prefix[:-1], tree


def rows(tree):
    """What is a number; plain ones as 64 bits, a float by MessagePack is a double."""
    result = {}
    for name, value in flatten(tree):
        if value is None or isinstance(value, str):
            continue
        if isinstance(value, bool):
            value = np.asarray(value)
        elif isinstance(value, int):
            value = np.asarray(value, np.uint64 if value >= 2**63 else np.int64)
        array = np.asarray(value)
        result[name] = {"dtype": TYPES[array.dtype.name], "shape": list(array.shape), "hex": array.tobytes().hex()}
    return result


def shards(folder):
    """As transformers' flax_shard_checkpoint leaves them."""
    parts = [{"model": {"wte": values("float32", (4, 2)), "ln": {"scale": values("bfloat16", (2,))}}},
             {"model": {"ln": {"bias": values("bfloat16", (2,))}}, "head": {"kernel": values("float32", (2, 4))}}]
    names = [f"flax_model-0000{index}-of-00002.msgpack" for index in (1, 2)]
    weights, total, truth = {}, 0, {}
    for name, part in zip(names, parts):
        (folder / name).write_bytes(fs.to_bytes(part))
        weights |= {key: name for key, _ in flatten(part)}
        total += sum(value.nbytes for _, value in flatten(part))
        truth |= rows(part)
    text = json.dumps({"metadata": {"total_size": total}, "weight_map": weights}, indent=2, sort_keys=True) + "\n"
    (folder / "flax_model.msgpack.index.json").write_text(text)
    return truth


def raw(tree):
    """Before MessagePack told text from bytes: both as text, also in arrays."""
    def pack(value):
        return msgpack.ExtType(1, msgpack.packb((value.shape, value.dtype.name, value.tobytes()), use_bin_type=False))
    return msgpack.packb(tree, default=pack, use_bin_type=False)


def main():
    folder = Path(sys.argv[1])
    (folder / "sharded").mkdir(exist_ok=True)
    trees = {"arrays": arrays(), "scalars": scalars()}
    truth = {}
    for name, tree in trees.items():
        (folder / f"{name}.msgpack").write_bytes(fs.to_bytes(tree))
        truth[name] = rows(fs.msgpack_restore((folder / f"{name}.msgpack").read_bytes()))
    large = {"b": {"f4": values("float32", (7, 5)), "f8": values("float64", (3, 3, 13)), "u1": values("uint8", (101,))},
             "a": values("bfloat16", (4, 8)), "c": values("bfloat16", (3, 11))}
    fs.MAX_CHUNK_SIZE = 64
    (folder / "chunked.msgpack").write_bytes(fs.to_bytes(large))
    truth["chunked"] = rows(fs.msgpack_restore((folder / "chunked.msgpack").read_bytes()))
    old = {"w": values("float32", (2, 2)), "half": values("bfloat16", (3,))}
    (folder / "raw.msgpack").write_bytes(raw(old))
    truth["raw"] = rows(old)
    truth["sharded"] = shards(folder / "sharded")
    (folder / "truth.json").write_text(json.dumps(truth, ensure_ascii=False, separators=(",", ":")) + "\n")


main()
