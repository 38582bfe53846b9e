"""GPTQ as its paper has it (Frantar et al. 2022, algorithm 1 without blocks), in f64 with numpy, for matrices with correlated inputs.

    python gptq.py OUT        makes OUT/gptq.npz: weights, the Gram matrix of the inputs, and for each scheme codes, scales and zeros;
                              and OUT/empty.txt
"""
import sys
from pathlib import Path

import numpy as np

rows, columns, count = 24, 192, 500
rng = np.random.default_rng(11)
mix = rng.normal(size=(columns, columns)) * (rng.random((columns, columns)) < 0.1) + np.eye(columns)
x = (rng.normal(size=(count, columns)) * rng.lognormal(0, 1, columns)) @ mix
x[:, 7] = 0  # nobody ever reads this column
weights = (rng.normal(size=(rows, columns)) * 0.05).astype(np.float32)
gram = (x.T @ x).astype(np.float32)


def symmetric(group, bits):
    scale = np.abs(group).max() / (2 ** (bits - 1) - 1)
    return np.float32(scale if scale > 0 else 1), 0


def asymmetric(group, bits):
    low, high = min(group.min(), 0), max(group.max(), 0)
    scale = (high - low) / (2**bits - 1)
    scale = scale if scale > 0 else 1
    return np.float32(scale), np.clip(np.round(-low / scale), 0, 2**bits - 1)


def gptq(weights, gram, bits, group, has_zero):
    w = weights.astype(np.float64)
    h = gram.astype(np.float64)
    dead = np.diag(h) == 0
    h[dead, dead] = 1
    w[:, dead] = 0
    h += np.eye(columns) * 0.01 * np.diag(h).mean()
    u = np.linalg.cholesky(np.linalg.inv(h)).T
    codes = np.zeros(w.shape, np.int16)
    scales = np.zeros((rows, columns // group), np.float32)
    zeros = np.zeros((rows, columns // group), np.float32)
    least, most = (0, 2**bits - 1) if has_zero else (-(2 ** (bits - 1)) + (bits == 8), 2 ** (bits - 1) - 1)
    for j in range(columns):
        if j % group == 0:
            for r in range(rows):
                fit = asymmetric if has_zero else symmetric
                scales[r, j // group], zeros[r, j // group] = fit(w[r, j : j + group], bits)
        s, z = scales[:, j // group].astype(np.float64), zeros[:, j // group]
        q = np.clip(np.round(w[:, j] / s) + z, least, most)
        codes[:, j] = q
        error = (w[:, j] - (q - z) * s) / u[j, j]
        w[:, j + 1 :] -= np.outer(error, u[j, j + 1 :])
    return codes, scales, zeros


arrays = {"weights": weights, "gram": gram}
for name, bits, group, has_zero in [
    ("int4-g32", 4, 32, False), ("int4-g64-asym", 4, 64, True), ("int3-channel", 3, columns, False),
    ("int8-channel", 8, columns, False), ("int2-g32-asym", 2, 32, True),
]:
    for part, value in zip(["codes", "scales", "zeros"], gptq(weights, gram, bits, group, has_zero)):
        arrays[f"{name}.{part}"] = value
np.savez_compressed(Path(sys.argv[1]) / "gptq.npz", **arrays)
# A calibration file with nothing in it.
(Path(sys.argv[1]) / "empty.txt").touch()
