#!/usr/bin/env python3
"""npz archives by numpy, and what numpy reads from them: type, shape and little-endian bytes in row order.

Needs numpy. Usage: npz_cases.py OUTPUT_FOLDER
"""
import json
import sys
from pathlib import Path

import numpy as np

TYPES = {
    "b1": "bool", "i1": "i8", "u1": "u8", "i2": "i16", "u2": "u16", "i4": "i32", "u4": "u32", "i8": "i64", "u8": "u64",
    "f2": "f16", "f4": "f32", "f8": "f64", "c8": "c64", "c16": "c128",
}


def values(random, code, shape):
    count = int(np.prod(shape))
    if code == "b1":
        return (random.integers(0, 2, count) == 1).reshape(shape)
    size = int(code[1:])
    return np.frombuffer(random.bytes(count * size), "<" + code).reshape(shape)


def kinds(random):
    arrays = {f"kinds/{name}": values(random, code, (2, 3)) for code, name in TYPES.items()}
    arrays["scalar"] = np.float32(2.5)
    arrays["vector"] = np.arange(5, dtype=np.int64)
    arrays["empty"] = np.zeros((0, 3), np.float16)
    arrays["deep"] = np.arange(24, dtype=np.int16).reshape(1, 2, 3, 2, 2, 1)
    arrays["\u00fc \u6a21:0"] = np.arange(3, dtype=np.uint8)
    return arrays


def orders(random):
    arrays = {}
    for code, name in TYPES.items():
        arrays[f"big/{name}"] = values(random, code, (3, 4)).astype(">" + code)
        arrays[f"fortran/{name}"] = np.asfortranarray(values(random, code, (3, 5)))
        arrays[f"both/{name}"] = np.asfortranarray(values(random, code, (2, 3, 4)).astype(">" + code))
    arrays["tall"] = np.asfortranarray(values(random, "i4", (1500, 3, 2)))
    arrays["wide"] = np.asfortranarray(values(random, "i2", (2, 1500)))
    arrays["four"] = np.asfortranarray(values(random, "u1", (3, 4, 5, 6)))
    arrays["vector"] = np.asfortranarray(values(random, "f4", (7,)))
    arrays["none"] = np.asfortranarray(values(random, "f4", (3, 0, 2)))
    return arrays


def main():
    folder = Path(sys.argv[1])
    truth = {}
    for name, make in (("kinds", kinds), ("orders", orders)):
        arrays = make(np.random.default_rng(20260301))
        for suffix, save in (("", np.savez), ("_deflated", np.savez_compressed)):
            file = f"{name}{suffix}.npz"
            save(folder / file, **arrays)
            with np.load(folder / file, allow_pickle=False) as archive:
                truth[file] = {key: row(archive[key]) for key in archive.files}
    np.savez(folder / "words.npz", words=np.array(["a", "bcd"]), bytes=np.array([b"x"]), number=np.float32(1),
             objects=np.array([{"a": 1}], object), when=np.array(["2026-01-01"], "M8[D]"),
             records=np.array([(1, 2.0)], [("a", "i4"), ("b", "f8")]))
    reference(folder / "reference.npz")
    (folder / "truth.json").write_text(json.dumps(truth, ensure_ascii=False, separators=(",", ":")) + "\n")


def reference(path):
    """The outputs of a sample model as people save them: 64-bit ids, a mask of truths, deflated, column by column, with a remark."""
    model = Path(__file__).resolve().parents[1] / "data/models/albert/google_tf"
    with np.load(model / "reference.npz", allow_pickle=False) as archive:
        arrays = {key: np.asfortranarray(archive[key]) for key in archive.files}
    arrays["input_ids"] = arrays["input_ids"].astype(np.int64)
    arrays["attention_mask"] = arrays["attention_mask"] == 1
    arrays["mlm_logits"] = arrays["mlm_logits"].astype(">f8")
    np.savez_compressed(path, remark=np.array("computed by the original program"), **arrays)
    arrays["pooled"][1, 3] *= -1
    np.savez_compressed(path.with_name("reference_wrong.npz"), **arrays)


def row(array):
    kind = TYPES[array.dtype.kind + str(array.dtype.itemsize)]
    little = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<")))
    return {"dtype": kind, "shape": list(array.shape), "hex": little.tobytes().hex()}


main()
