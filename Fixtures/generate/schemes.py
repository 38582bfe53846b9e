"""True bytes of the quantization schemes: data/schemes/*, little endian. Run from Fixtures/.

The blocks are those of ggml's own C library (the PyPI package libggml-python), which ggml_ref_quant.py (generate/formats), written
from the formulas, must repeat where it knows the type; int8-channel comes from numpy. `decoded.json` has the CRC-32C of the f32 values
that the blocks stand for: libggml's, with which gguf-py must agree where it decodes the type. The matrix is [24, 512]: ordinary rows, and
rows on the edge of what all schemes hold; `-weighed` are those blocks with `importance.bin` as the importance of each column. q8_k is written by libggml and only read by us. Needs gguf, libggml-python and numpy.
"""
import ctypes
import glob
import importlib.util
import json
import os
import sys

import gguf
import numpy as np

sys.path[:0] = ["generate/formats", "generate"]
import ggml_ref_quant as model  # noqa: E402
from crc32c import crc32c  # noqa: E402

rng = np.random.default_rng(15)
np.seterr(all="ignore")
OUT = "data/schemes"
os.makedirs(OUT, exist_ok=True)
for old in glob.glob(f"{OUT}/*"):
    os.remove(old)

F = np.float32
COLUMNS = 512


def exponents(low, high, count=COLUMNS):
    return np.ldexp(rng.standard_normal(count), rng.integers(low, high, count))


x = (rng.standard_normal((24, COLUMNS)) * 0.05).astype(F)
x[4] = 0
x[5] = 0.03125
x[6] = -x[6] ** 2
x[7] = np.clip(rng.standard_cauchy(COLUMNS), -6e4, 6e4)
x[8] = np.where(rng.random(COLUMNS) < 0.95, 0, x[8])
x[9] = rng.integers(-127, 128, COLUMNS)  # codes that are the values
x[9, 0] = 127
x[10] = rng.integers(-254, 255, COLUMNS) / 2  # ties
x[10, ::32] = 127
x[11] *= F(1e-6)  # the scale is a subnormal half
x[12] *= F(1e-9)  # the scale is no half at all
x[13] *= F(1e-36)
x[14] *= F(1e5)
x[15, 7] = -65500  # almost the largest scale of all
x[16] = rng.integers(0, 1 << 23, COLUMNS, dtype=np.uint32).view(F)  # subnormal numbers
x[16, 256:] = x[16, 256:] * np.sign(rng.standard_normal(256))
x[17] = exponents(-149, 5)
x[18] = exponents(-18, 6)
x[19] = rng.choice([-1, 1], COLUMNS)  # both ends as large
x[20] = rng.choice([0, F(-0.0)], COLUMNS)
x[20, 300:] = -0.0
x[21] = np.abs(x[21]) + 3
x[22] = np.nextafter(F(2) ** rng.integers(-30, 10, COLUMNS).astype(F), F(0))  # log2 rounds up to a whole number
x[23] = np.repeat(exponents(-60, 8, COLUMNS // 16), 16) * rng.standard_normal(COLUMNS)  # sub-blocks far apart
x = np.ascontiguousarray(x, F)
x.tofile(f"{OUT}/matrix.bin")

(library,) = [f for folder in importlib.util.find_spec("libggml").submodule_search_locations
              for f in sorted(glob.glob(f"{folder}/**/libggml-base.so", recursive=True))]
ggml = ctypes.CDLL(library)
ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
ggml.ggml_quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p] + [ctypes.c_int64] * 3 + [ctypes.c_void_p]
T = gguf.GGMLQuantizationType
decoded = {}


def decode(kind, blocks):
    values = np.zeros(x.size, F)
    row = getattr(ggml, "dequantize_row_" + kind.name.lower().replace("_k", "_K"))
    row.restype, row.argtypes = None, [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
    row(blocks.ctypes.data, values.ctypes.data, x.size)
    return values


for kind in (T.Q8_0, T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q2_K, T.Q3_K, T.Q4_K, T.Q5_K, T.Q6_K, T.IQ4_NL, T.IQ4_XS, T.TQ1_0, T.TQ2_0, T.MXFP4,
             T.Q8_K):
    name = kind.name.lower()
    length, size = gguf.constants.GGML_QUANT_SIZES[kind]
    blocks = np.zeros((x.size // length, size), np.uint8)
    if kind == T.Q8_K:
        ggml.quantize_row_q8_K_ref.restype = None
        ggml.quantize_row_q8_K_ref.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
        ggml.quantize_row_q8_K_ref(x.ctypes.data, blocks.ctypes.data, x.size)
    else:
        written = ggml.ggml_quantize_chunk(kind, x.ctypes.data, blocks.ctypes.data, 0, len(x), COLUMNS, None)
        assert written == blocks.size, name
        # numpy's conversions differ from C's where a reciprocal overflows, and it takes another zero for the extreme: libggml alone there
        rows = [r for r in range(len(x)) if r not in (13, 16, 17, 20)]
        again = model.quantize(kind.name, x[rows]).reshape(len(rows), -1)
        assert (again == blocks.reshape(len(x), -1)[rows]).all(), name
        assert np.isfinite(decode(kind, blocks)).all(), name
    values = decode(kind, blocks)
    if kind != T.Q8_K:
        assert gguf.quants.dequantize(blocks, kind).astype(F).tobytes() == values.tobytes(), name
    blocks.tofile(f"{OUT}/{name}.bin")
    decoded[name] = crc32c(values.tobytes())

# With the importance of each column, as libggml alone computes it: some columns count for nothing, some far more than others.
importance = np.where(rng.random(COLUMNS) < 0.1, 0, rng.exponential(1, COLUMNS) * np.exp(rng.standard_normal(COLUMNS))).astype(F)
importance[64:96] = 0
importance.tofile(f"{OUT}/importance.bin")
for kind in (T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q2_K, T.Q3_K, T.Q4_K, T.Q5_K, T.Q6_K, T.IQ4_NL, T.IQ4_XS):
    length, size = gguf.constants.GGML_QUANT_SIZES[kind]
    blocks = np.zeros((x.size // length, size), np.uint8)
    written = ggml.ggml_quantize_chunk(kind, x.ctypes.data, blocks.ctypes.data, 0, len(x), COLUMNS, importance.ctypes.data)
    assert written == blocks.size and np.isfinite(decode(kind, blocks)).all(), kind.name
    blocks.tofile(f"{OUT}/{kind.name.lower()}-weighed.bin")

most = np.abs(x).max(axis=1, keepdims=True)
scales = np.where(most > 0, most / F(127), F(1)).astype(F)
codes = np.clip(np.rint(x / scales), -127, 127).astype(np.int8)
codes.tofile(f"{OUT}/int8-channel.bin")
scales.tofile(f"{OUT}/int8-channel_scale.bin")
decoded["int8-channel"] = crc32c((codes.astype(F) * scales).tobytes())
with open(f"{OUT}/decoded.json", "w") as file:
    json.dump(decoded, file, indent=1)
    file.write("\n")
