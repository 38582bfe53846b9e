"""Writes Fixtures/data/zarr: Zarr v2 folders as the zarr package writes them (group), as tensorstore does (t5x, by hand: gzip chunks
beside a Flax msgpack file), and truth.json, the arrays that were given.

Needs zarr, numpy, msgpack and ml_dtypes.
"""
import gzip
import json
import pathlib
import shutil

import ml_dtypes
import msgpack
import numcodecs
import numpy as np
import zarr

OUT = pathlib.Path(__file__).resolve().parent.parent / "data/zarr"
shutil.rmtree(OUT, ignore_errors=True)
OUT.mkdir(parents=True)
rng = np.random.default_rng(13)
NAMES = {"float32": "f32", "float64": "f64", "float16": "f16", "bool": "bool", "complex64": "c64", "complex128": "c128", "bfloat16": "bf16"}
NAMES |= {f"{long}{bits}": f"{short}{bits}" for long, short in (("int", "i"), ("uint", "u")) for bits in (8, 16, 32, 64)}


def row(array):
    little = array.astype(array.dtype.newbyteorder("<")) if array.dtype.byteorder == ">" else array
    return {"dtype": NAMES[array.dtype.name], "shape": list(array.shape), "hex": np.ascontiguousarray(little).tobytes().hex()}


truth = {"group": {}, "single": {}, "t5x": {}}

# 1. what the zarr package writes
GZIP, ZLIB = numcodecs.GZip(level=5), numcodecs.Zlib(level=9)
f32 = rng.standard_normal((7, 5)).astype(np.float32)
cases = {  # name: array, chunks, compressor, order, separator, fill
    "plain": (f32, (3, 2), None, "C", ".", 0), "gzip": (f32, (3, 2), GZIP, "C", ".", 0), "zlib": (f32, (4, 5), ZLIB, "C", ".", None),
    "fortran": (f32, (3, 2), GZIP, "F", ".", 0), "fortran_plain": (f32, (7, 5), None, "F", ".", 0),
    "slash": (f32, (2, 5), GZIP, "C", "/", 0), "big": (f32.astype(">f4"), (3, 4), None, "C", ".", 2.5),
    "big_f64": (f32.astype(">f8"), (7, 1), GZIP, "F", "/", 0), "one_chunk": (f32, (100, 100), GZIP, "C", ".", 0),
    "scalar": (np.array(2.5), (), GZIP, "C", ".", 0), "empty": (np.zeros((0, 3), np.float32), (1, 3), None, "C", ".", 0),
    "cube": (rng.integers(-99, 99, (3, 4, 5)).astype(np.int16), (2, 3, 2), GZIP, "C", ".", 0),
    "cube_f": (rng.integers(-99, 99, (3, 4, 5)).astype(np.int16), (2, 3, 2), GZIP, "F", "/", 0),
    "c64": ((rng.standard_normal(6) + 1j * rng.standard_normal(6)).astype(np.complex64), (4,), GZIP, "C", ".", 0),
    "big_c128": ((rng.standard_normal(3) + 1j).astype(">c16"), (2,), None, "C", ".", 0),
}
for kind in ("bool", "int8", "uint8", "uint16", "int32", "uint32", "int64", "uint64", "float16"):
    array = (np.arange(9) % 2 == 0) if kind == "bool" else rng.integers(0, 99, 9).astype(kind)
    cases["types/" + kind] = (array, (4,), GZIP, "C", ".", 0)
root = zarr.create_group(OUT / "group", zarr_format=2)
for name, (array, chunks, compressor, order, separator, fill) in cases.items():
    made = root.create_array(name, shape=array.shape, dtype=array.dtype, chunks=chunks, compressors=compressor, order=order, fill_value=fill,
                             chunk_key_encoding={"name": "v2", "separator": separator})
    made[...] = array
    truth["group"][name] = row(array)

# chunks that were never written are their fill value
for name, dtype, fill, low in (("missing/f32", "<f4", -1.5, 3), ("missing/nan", "<f2", np.nan, 3), ("missing/i64", ">i8", -7, 1),
                               ("missing/u64", "<u8", 2**63 + 2048, 2), ("missing/all", "<f8", np.inf, 9), ("missing/bool", "|b1", True, 4)):
    made = root.create_array(name, shape=(9,), dtype=dtype, chunks=(2,), compressors=None, fill_value=fill)
    array = np.full(9, fill, dtype)
    array[low:] = np.arange(9 - low)
    if low < 9:
        start = low + low % 2
        array[low:start] = fill
        made[start:] = array[start:]
    truth["group"][name] = row(array)
single = zarr.create_array(OUT / "single", shape=(5,), dtype="<i4", chunks=(2,), compressors=GZIP, zarr_format=2)
single[...] = np.arange(5)
truth["single"]["single"] = row(np.arange(5, dtype="<i4"))

# the zarr package reads its own back
for name, (array, *_) in cases.items():
    assert np.array_equal(root[name][...], array), name
for path in OUT.rglob(".zattrs"):
    path.unlink()


# 2. a T5X checkpoint: msgpack with small arrays inline, large ones in folders of gzip chunks that tensorstore writes
def ndarray(array):
    return msgpack.ExtType(1, msgpack.packb((array.shape, array.dtype.name, array.tobytes()), use_bin_type=True))


def outside(name, array, chunks):
    """A TensorStore spec, and the folder that it names."""
    folder = OUT / "t5x/checkpoint_1000" / name
    folder.mkdir(parents=True)
    dtype = "bfloat16" if array.dtype == ml_dtypes.bfloat16 else array.dtype.str
    meta = {"chunks": list(chunks), "compressor": {"id": "gzip"}, "dimension_separator": ".", "dtype": dtype, "fill_value": None,
            "filters": None, "order": "C", "shape": list(array.shape), "zarr_format": 2}
    (folder / ".zarray").write_text(json.dumps(meta, separators=(",", ":")))
    grid = [range(-(-size // chunk)) for size, chunk in zip(array.shape, chunks)]
    for index in np.ndindex(*map(len, grid)):
        block = np.zeros(chunks, array.dtype)
        part = array[tuple(slice(i * c, (i + 1) * c) for i, c in zip(index, chunks))]
        block[tuple(map(slice, part.shape))] = part
        if block.any():  # tensorstore leaves out chunks that are all zeros
            (folder / ".".join(map(str, index))).write_bytes(gzip.compress(block.tobytes(), mtime=0))
    small = {key: meta[key] for key in ("chunks", "compressor", "shape")}
    return {"driver": "zarr", "dtype": array.dtype.name, "kvstore": {"driver": "file", "path": name}, "metadata": small}


make = lambda *shape: rng.standard_normal(shape).astype(np.float32)
tree = {"encoder/layers_0/attention/key/kernel": make(6, 8), "encoder/layers_0/mlp/wi/kernel": make(6, 10), "token_embedder/embedding": make(11, 6),
        "decoder/logits_dense/kernel": make(6, 11).astype(ml_dtypes.bfloat16), "decoder/zeros/kernel": np.zeros((4, 4), np.float32)}
inline = {"encoder/encoder_norm/scale": make(6), "decoder/decoder_norm/scale": make(6).astype(ml_dtypes.bfloat16)}
target = {}


def put(path, value):
    *folders, last = path.split("/")
    place = target
    for folder in folders:
        place = place.setdefault(folder, {})
    place[last] = value


for path, array in tree.items():
    put(path, outside("target." + path.replace("/", "."), array, (4, 4)))
for path, array in inline.items():
    put(path, ndarray(array))
state = {"step": ndarray(np.array(1000, np.int32)), "param_states": {"encoder": {"v": outside("state.param_states.encoder.v", make(5, 3), (5, 3))}}}
(OUT / "t5x/checkpoint_1000/checkpoint").write_bytes(msgpack.packb({"version": 3, "optimizer": {"target": target, "state": state}}, use_bin_type=True))
truth["t5x"] = {"target." + path.replace("/", "."): row(array) for path, array in tree.items()}
truth["t5x"] |= {"target." + path.replace("/", "."): row(array) for path, array in inline.items()}
(OUT / "truth.json").write_text(json.dumps(truth, indent=1, sort_keys=True) + "\n")
print(sum(1 for p in OUT.rglob("*") if p.is_file()), "files,", sum(p.stat().st_size for p in OUT.rglob("*") if p.is_file()), "bytes")
