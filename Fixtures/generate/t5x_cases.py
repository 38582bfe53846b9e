"""Writes Fixtures/data/t5x: checkpoints laid out as T5X lays them out, their arrays written by tensorstore, their trees by
flax.serialization, and truth.json: what the zarr package and flax read back.

    checkpoint_1000   what T5X writes today: specs as tensorstore prints them
    google_20         written inside Google: the store is gfile, paths end in a slash, level 1
    before_0114       tensorstore before 0.1.14: the path stands beside the store, which is Google's cloud
    orbax             the first Orbax: placeholders, names without `optimizer`
    scanned           layers stacked on axis 1 (scan_layers), a chunk that the edge cuts, a scalar and an array of nothing outside

Needs tensorstore, zarr, flax, numpy and ml_dtypes.
"""
import json
import pathlib
import shutil

import flax.serialization
import ml_dtypes
import numpy as np
import tensorstore
import zarr

OUT = pathlib.Path(__file__).resolve().parent.parent / "data/t5x"
NAMES = {"float32": "f32", "float16": "f16", "bfloat16": "bf16", "int32": "i32", "int64": "i64"}
rng = np.random.default_rng(17)


def make(*shape, dtype=np.float32):
    return rng.standard_normal(shape).astype(np.float32).astype(dtype)


def written(folder, name, array, chunks, level=None):
    """Writes the array as T5X does, and returns the spec that T5X keeps."""
    compressor = {"id": "gzip"} | ({"level": level} if level else {})
    spec = {"driver": "zarr", "dtype": array.dtype.name, "kvstore": {"driver": "file", "path": name},
            "metadata": {"shape": list(array.shape), "chunks": list(chunks), "compressor": compressor}}
    kept = tensorstore.Spec(spec).to_json()
    spec["kvstore"]["path"] = str(folder / name)
    tensorstore.open(spec, create=True).result().write(array).result()
    return kept


def today(spec):
    return spec


def google(spec):
    spec["kvstore"] = {"driver": "gfile", "path": spec["kvstore"]["path"].rstrip("/") + "/"}
    return spec


def before_0114(spec):
    path = spec["kvstore"]["path"].rstrip("/")
    return {"driver": "zarr", "dtype": spec["dtype"], "kvstore": {"driver": "gcs", "bucket": "somewhere"}, "metadata": spec["metadata"], "path": path}


def orbax(spec):
    return "PLACEHOLDER://" + spec["kvstore"]["path"].rstrip("/")


def nested(flat):
    tree = {}
    for path, value in flat.items():
        *folders, last = path.split("/")
        place = tree
        for folder in folders:
            place = place.setdefault(folder, {})
        place[last] = value
    return tree


def read_back(folder, inside, outside):
    """Name to array, by readers that are not the writers: zarr for folders, flax for the tree."""
    tree = flax.serialization.msgpack_restore((folder / "checkpoint").read_bytes())
    tree = tree.get("optimizer", tree)
    arrays = {}
    for path in inside:
        place = tree
        for key in path.split("/"):
            place = place[key]
        arrays[path] = np.asarray(place)
    for path, array in outside.items():
        name = path.replace("/", ".")
        if array.dtype == ml_dtypes.bfloat16:  # a dtype that the zarr package cannot name
            meta = folder / name / ".zarray"
            kept = meta.read_text()
            meta.write_text(kept.replace('"bfloat16"', '"<u2"'))
            arrays[path] = zarr.open_array(folder / name, mode="r", zarr_format=2)[...].view(ml_dtypes.bfloat16)
            meta.write_text(kept)
        else:
            arrays[path] = zarr.open_array(folder / name, mode="r", zarr_format=2)[...]
        assert arrays[path].tobytes() == array.tobytes(), path
    return arrays


def checkpoint(title, inside, outside, style, level=None, wrap=True):
    """`outside` is path to (array, chunks)."""
    folder = OUT / title
    folder.mkdir(parents=True)
    specs = {path: style(written(folder, path.replace("/", "."), array, chunks, level)) for path, (array, chunks) in outside.items()}
    flat = {path: (inside | specs)[path] for path in sorted(inside | specs)}
    tree = {"optimizer": nested(flat), "version": 3} if wrap else nested(flat)
    (folder / "checkpoint").write_bytes(flax.serialization.msgpack_serialize(tree))
    arrays = read_back(folder, inside, {path: array for path, (array, _) in outside.items()})
    return {path: {"dtype": NAMES[a.dtype.name], "shape": list(a.shape), "hex": np.ascontiguousarray(a).tobytes().hex()} for path, a in arrays.items()}


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    bf16 = ml_dtypes.bfloat16
    truth = {}
    truth["checkpoint_1000"] = checkpoint(
        "checkpoint_1000",
        {"target/encoder/encoder_norm/scale": make(6), "target/decoder/decoder_norm/scale": make(6, dtype=bf16), "state/step": np.array(1000, np.int32),
         "state/param_states/encoder/encoder_norm/scale/v": make(6)},
        {"target/encoder/layers_0/attention/key/kernel": (make(6, 8), (4, 4)), "target/encoder/layers_0/mlp/wi/kernel": (make(6, 10), (6, 10)),
         "target/token_embedder/embedding": (make(11, 6), (4, 6)), "target/decoder/logits_dense/kernel": (make(6, 11, dtype=bf16), (4, 4)),
         "target/decoder/zeros/kernel": (np.zeros((4, 4), np.float32), (4, 4)),
         "state/param_states/encoder/layers_0/attention/key/kernel/v_row": (make(8), (8,))}, today)
    small = {"target/encoder/norm/scale": make(4), "state/step": np.array(20, np.int32)}
    truth["google_20"] = checkpoint("google_20", small, {"target/encoder/w/kernel": (make(4, 3), (2, 3))}, google, level=1)
    truth["before_0114"] = checkpoint("before_0114", small, {"target/encoder/w/kernel": (make(4, 3, dtype=np.float16), (4, 3))}, before_0114)
    truth["orbax"] = checkpoint("orbax", {"step": np.array(7, np.int64)}, {"params/w": (make(5, 3), (5, 3)), "params/b": (make(3), (2,))}, orbax, wrap=False)
    truth["scanned"] = checkpoint(
        "scanned", {"state/step": np.array(3, np.int32)},
        {"target/encoder/encoder/attention/query/kernel": (make(6, 3, 5), (4, 2, 5)), "target/scalar": (np.array(2.5, np.float32), ()),
         "target/nothing": (np.zeros((0, 3), np.float32), (1, 3))}, today)
    (OUT / "truth.json").write_text(json.dumps(truth, indent=1, sort_keys=True) + "\n")
    files = [path for path in OUT.rglob("*") if path.is_file()]
    print(len(files), "files,", sum(path.stat().st_size for path in files), "bytes")


main()
