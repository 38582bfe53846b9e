"""Writes Fixtures/data/truth/tf.json: for every TensorFlow sample its tensors' types, shapes and bytes (hex, little endian).

The values come from the .npz files that the samples' own scripts saved before TensorFlow wrote them. Needs numpy and ml_dtypes.
"""
import json
import pathlib

import ml_dtypes
import numpy as np

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
NAMES = {"float32": "f32", "float64": "f64", "float16": "f16", "bool": "bool", "complex64": "c64", "complex128": "c128"}
NAMES |= {f"{long}{bits}": f"{short}{bits}" for long, short in (("int", "i"), ("uint", "u")) for bits in (8, 16, 32, 64)}
# numpy's own format cannot hold these: the .npz has them widened to f32, which is exact both ways.
NARROW = {"d/bf16": ("bf16", ml_dtypes.bfloat16), "d/f8_e4m3": ("f8e4m3", ml_dtypes.float8_e4m3fn),
          "d/f8_e5m2": ("f8e5m2", ml_dtypes.float8_e5m2)}
# What TensorFlow's V1 writer takes, as make_tf.py picked it.
V1_NAMES = ("bert/embeddings/word_embeddings", "global_step", "d/f64", "d/f16", "d/i8", "d/u8", "d/i16", "d/u16", "d/i32", "d/bool",
            "d/c64", "d/scalar")


def row(name, array):
    if array.dtype.kind == "S":
        return {"dtype": "string", "shape": list(array.shape)}
    dtype, array = (NARROW[name][0], array.astype(NARROW[name][1])) if name in NARROW else (NAMES[array.dtype.name], array)
    return {"dtype": dtype, "shape": list(array.shape), "hex": np.ascontiguousarray(array).tobytes().hex()}


def part(samples, prefix):
    return {key.split("|")[1]: samples[key] for key in samples.files if key.startswith(prefix + "|")}


def own_name(name):
    """`model/enc/kernel:0` as the variable calls itself in the object graph."""
    return name.removeprefix("model/").removesuffix(":0")


samples = np.load(DATA / "formats/tf_samples.npz")
objects = part(samples, "object")
snappy = np.load(DATA / "formats/tf_v2_snappy.npz")
truth = {
    "tf_v2_dtypes/model.ckpt-7": part(samples, "dtypes"),
    "tf_v2_partitioned/model.ckpt": part(samples, "part"),
    "tf_v2_two_shards/model.ckpt-3": part(samples, "shards"),
    "tf_v2_saver/model.ckpt-200": part(samples, "saver"),
    "tf_v2_snappy/model.ckpt": {name: snappy[name] for name in snappy.files},
    "tf_v2_object/ckpt-1": {own_name(n): v for n, v in objects.items()},
    "tf_savedmodel/variables/variables": {own_name(n): v for n, v in objects.items()},
    "tf_v1_raw/old.ckpt": {name: value for name, value in part(samples, "dtypes").items() if name in V1_NAMES},
    "tf_v1_raw/old_slices.ckpt": part(samples, "part"),
    "tf_v1_saver/model.ckpt-5": part(samples, "saver"),
}
truth = {prefix: {name: row(name, np.asarray(value)) for name, value in sorted(tensors.items())}
         for prefix, tensors in truth.items()}
path = DATA / "truth/tf.json"
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps(truth, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
print(path, path.stat().st_size, "bytes")
