"""Writes Fixtures/data/zarr: Zarr v2 folders as the zarr package writes them, and truth.json, the arrays that were given. What tensorstore
writes is in t5x_cases.py.

Needs zarr and numpy.
"""
import json
import pathlib
import shutil

import numcodecs
import numpy as np
import zarr

OUT = pathlib.Path(__file__).resolve().parent.parent / "data/zarr"
shutil.rmtree(OUT, ignore_errors=True)
OUT.mkdir(parents=True)
rng = np.random.default_rng(13)
NAMES = {"float32": "f32", "float64": "f64", "float16": "f16", "bool": "bool", "complex64": "c64", "complex128": "c128"}
NAMES |= {f"{long}{bits}": f"{short}{bits}" for long, short in (("int", "i"), ("uint", "u")) for bits in (8, 16, 32, 64)}


def row(array):
    little = array.astype(array.dtype.newbyteorder("<")) if array.dtype.byteorder == ">" else array
    return {"dtype": NAMES[array.dtype.name], "shape": list(array.shape), "hex": np.ascontiguousarray(little).tobytes().hex()}


truth = {"group": {}, "single": {}}

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
(OUT / "truth.json").write_text(json.dumps(truth, indent=1, sort_keys=True) + "\n")
print(sum(1 for p in OUT.rglob("*") if p.is_file()), "files,", sum(p.stat().st_size for p in OUT.rglob("*") if p.is_file()), "bytes")
