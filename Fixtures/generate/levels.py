"""True codes of the schemes of levels and small floats (formats §11.1, models §15): data/levels/*. Run from Fixtures/.

codes.json has for each scheme the CRC-32C of each component and of the f32 values they stand for, on the matrix of data/schemes: by numpy
in float32, with which bitsandbytes (nf4, fp4, double quantization) and torch (fp8) must agree. Needs bitsandbytes, numpy and torch.
"""
import json
import os
import sys

import numpy as np
import torch
from bitsandbytes import functional as bnb

sys.path[:0] = ["generate"]
from crc32c import crc32c  # noqa: E402

F = np.float32
np.seterr(all="ignore")
x = np.fromfile("data/schemes/matrix.bin", F).reshape(24, 512)
found = {}


def add(name, parts, values):
    found[name] = {"components": [crc32c(np.ascontiguousarray(part).tobytes()) for part in parts], "values": crc32c(values.astype(F).tobytes())}


dynamic = np.array(bnb.create_dynamic_map().tolist(), F)
for kind in ("nf4", "fp4"):
    blocks = x.reshape(-1, 64)
    scale = np.abs(blocks).max(1)
    stored, state = bnb.quantize_4bit(torch.from_numpy(x), blocksize=64, quant_type=kind)
    levels = state.code.numpy()
    ratio = np.where(scale[:, None] > 0, blocks / scale[:, None], 0).astype(F)
    q = np.abs(ratio[..., None] - levels).argmin(-1)
    if kind == "fp4":  # of its two zeros the second is for positive values
        q = np.where((q == 0) & (ratio > 0), 8, q)
    bytes_ = (q[:, 0::2] << 4 | q[:, 1::2]).astype(np.uint8)
    theirs = stored.numpy().reshape(-1, 32)
    # Of a block of zeros bitsandbytes' codes are whatever 0 / 0 gives; of one with a subnormal scale its reciprocal may be infinite.
    sound = scale > 1e-30
    assert (theirs[sound] == bytes_[sound]).all() and (scale == state.absmax.numpy()).all()
    add(kind, [bytes_, scale, levels], levels[q] * scale[:, None])

    offset = F(scale.astype(np.float64).sum() / len(scale))
    rest = (scale - offset).astype(F)
    blocks2 = np.split(rest, range(256, len(rest), 256))
    most = np.array([np.abs(b).max() for b in blocks2], F)
    codes = np.concatenate([np.abs((b / m)[:, None] - dynamic).argmin(1) for b, m in zip(blocks2, most)]).astype(np.uint8)
    again = (dynamic[codes] * most.repeat(256)[:len(codes)] + offset).astype(F)
    _, nested = bnb.quantize_4bit(torch.from_numpy(x), blocksize=64, quant_type=kind, compress_statistics=True)
    # The last bit of a mean depends on the order of its additions.
    assert np.isclose(offset, nested.offset.item(), rtol=1e-6) and (nested.absmax.numpy() == codes).all()
    assert np.allclose(nested.state2.absmax.numpy(), most, rtol=1e-6) and (nested.state2.code.numpy() == dynamic).all()
    add(kind + "-dq", [bytes_, codes, levels, dynamic, most, np.array([offset], F)], levels[q] * again[:, None])

for kind, dtype, top in (("e4m3", torch.float8_e4m3fn, 448), ("e5m2", torch.float8_e5m2, 57344)):
    for place, most in (("", np.abs(x).max(1, keepdims=True)), ("-tensor", np.abs(x).max().reshape(1, 1))):
        scale = np.where(most / F(top) > 0, most / F(top), F(1)).astype(F)
        small = torch.from_numpy(np.clip(x / scale, -top, top)).to(dtype)
        values = small.to(torch.float32).numpy() * scale
        add(f"fp8-{kind}{place}", [small.view(torch.uint8).numpy(), scale], values)

os.makedirs("data/levels", exist_ok=True)
with open("data/levels/codes.json", "w") as file:
    file.write("{\n" + ",\n".join(f'"{name}": {json.dumps(row)}' for name, row in found.items()) + "\n}\n")
