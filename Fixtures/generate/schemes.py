"""True bytes of the quantization schemes: data/schemes/*.bin, little endian. Run from Fixtures/.

q8_0 comes from ggml_ref_quant.py (generate/formats), which was checked against libggml byte for byte; int8-channel from numpy.
The matrix is [16, 320]: ordinary rows, and rows on the edge.
"""
import os
import sys

import numpy as np

sys.path.insert(0, "generate/formats")
import ggml_ref_quant as ggml  # noqa: E402

rng = np.random.default_rng(15)
np.seterr(all="ignore")
OUT = "data/schemes"
os.makedirs(OUT, exist_ok=True)

x = (rng.standard_normal((16, 320)) * 0.05).astype(np.float32)
x[4] = 0
x[5] = 0.03125
x[6] = -x[6] ** 2
x[7] = rng.standard_cauchy(320).astype(np.float32)
x[8] = np.where(rng.random(320) < 0.95, 0, x[8])
x[9] = rng.integers(-127, 128, 320)  # codes that are the values
x[9, 0] = 127
x[10] = (rng.integers(-254, 255, 320) / 2).astype(np.float32)  # ties
x[10, ::32] = 127
x[11] *= np.float32(1e-6)  # the scale is a subnormal half
x[12] *= np.float32(1e-9)  # the scale is no half at all
x[13] *= np.float32(1e-36)
x[14] *= np.float32(1e6)
x[15, 7] = -8e6  # almost the largest scale
x.tofile(f"{OUT}/matrix.bin")

blocks = ggml.quantize("Q8_0", x)
blocks.tofile(f"{OUT}/q8_0.bin")
raw = np.asarray(blocks).reshape(-1, 34)
scale = raw[:, :2].copy().view("<f2").astype(np.float32)
(raw[:, 2:].view(np.int8).astype(np.float32) * scale).tofile(f"{OUT}/q8_0_decoded.bin")

most = np.abs(x).max(axis=1, keepdims=True)
scales = np.where(most > 0, most / np.float32(127), np.float32(1)).astype(np.float32)
codes = np.clip(np.rint(x / scales), -127, 127).astype(np.int8)
codes.tofile(f"{OUT}/int8-channel.bin")
scales.tofile(f"{OUT}/int8-channel_scale.bin")
(codes.astype(np.float32) * scales).tofile(f"{OUT}/int8-channel_decoded.bin")
