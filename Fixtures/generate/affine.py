"""True codes of the schemes with a scale and a zero per group (models §15, MLX's quantizer formats §9): data/affine/codes.json. Run from Fixtures/.

For each scheme the CRC-32C of each component and of the f32 values they stand for, by numpy in float32 on the matrix of data/schemes.
Needs numpy.
"""
import json
import os
import sys

import numpy as np

sys.path[:0] = ["generate"]
from crc32c import crc32c  # noqa: E402

F = np.float32
np.seterr(all="ignore")
x = np.fromfile("data/schemes/matrix.bin", F).reshape(24, 512)


def pack(codes, bits):
    """Rows of codes as a stream of bits, the first code in the lowest bits."""
    planes = (codes[..., None] >> np.arange(bits)) & 1
    return np.packbits(planes.reshape(len(codes), -1).astype(np.uint8), axis=1, bitorder="little")


def rounded(values):
    return np.rint(np.clip(values, -1024, 1024)).astype(np.int32)


def symmetric(w, bits):
    top = 2 ** (bits - 1) - 1
    scale = np.abs(w).max(-1, keepdims=True) / F(top)
    scale = np.where(scale > 0, scale, F(1)).astype(F)
    least = -top if bits == 8 else -top - 1
    q = np.clip(rounded(w / scale), least, top)
    return q if bits == 8 else q + top + 1, [scale], q.astype(F) * scale


def with_zero(w, bits):
    top = 2 ** bits - 1
    lo, hi = np.minimum(w.min(-1, keepdims=True), 0), np.maximum(w.max(-1, keepdims=True), 0)
    scale = (hi - lo) / F(top)
    scale = np.where(scale > 0, scale, F(1)).astype(F)
    zero = np.clip(rounded(-lo / scale), 0, top)
    q = np.clip(rounded(w / scale) + zero, 0, top)
    return q, [scale, zero.astype(np.uint8)], (q - zero).astype(F) * scale


def with_bias(w, bits):
    top = 2 ** bits - 1
    lo, hi = w.min(-1, keepdims=True), w.max(-1, keepdims=True)
    scale = np.maximum((hi - lo) / F(top), F(1e-7))
    low = np.abs(lo) > np.abs(hi)
    scale, edge = np.where(low, scale, -scale), np.where(low, lo, hi)
    whole = np.rint(edge / scale)
    scale = np.where(whole != 0, edge / whole, scale).astype(F)
    bias = np.where(whole != 0, edge, F(0)).astype(F)
    q = np.clip(rounded((w - bias) / scale), 0, top)
    return q, [scale, bias], q.astype(F) * scale + bias


found = {}
for bits in range(2, 9):
    for place, size in (("", x.size), ("-channel", 512), ("-g32", 32), ("-g64", 64), ("-g128", 128)):
        for kind, quantize in (("", symmetric), ("-asym", with_zero), ("-bias", with_bias)):
            if kind == "-bias" and (size > 128 or bits == 7):
                continue
            q, others, values = quantize(x.reshape(-1, size), bits)
            q = q.reshape(x.shape)
            codes = q.astype(np.int8 if kind == "" else np.uint8) if bits == 8 else pack(q, bits)
            parts = [codes] + others
            found[f"int{bits}{place}{kind}"] = {
                "components": [crc32c(part.tobytes()) for part in parts], "values": crc32c(values.astype(F).tobytes())}

os.makedirs("data/affine", exist_ok=True)
with open("data/affine/codes.json", "w") as file:
    file.write("{\n" + ",\n".join(f'"{name}": {json.dumps(row)}' for name, row in found.items()) + "\n}\n")
