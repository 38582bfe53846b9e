"""Fits the polynomials of Sources/CKernels/math_f32.h and prints them with their largest weighted error.

Needs numpy and mpmath. The error is weighted so that it is relative to the function's value (absolute, for erf
near 1); f32 rounds at 6e-8, so anything far below that is lost in the rounding of the evaluation itself.
"""
import math

import mpmath as mp
import numpy as np

mp.mp.dps = 40


def fit(function, low, high, degree, weight, points=400):
    """Near-minimax: least squares on Chebyshev nodes, reweighted towards the largest errors."""
    x = [(low + high) / 2 + (high - low) / 2 * math.cos(math.pi * (i + 0.5) / points) for i in range(points)]
    powers = np.array([[xi**k for k in range(degree + 1)] for xi in x])
    target = np.array([float(function(mp.mpf(xi))) for xi in x])
    weights, boost = np.array([weight(xi) for xi in x]), np.ones(points)
    for _ in range(60):
        w = weights * np.sqrt(boost)
        c = np.linalg.lstsq(powers * w[:, None], target * w, rcond=None)[0]
        error = np.abs(powers @ c - target) * weights
        boost *= error / error.max() + 1e-3
        boost /= boost.mean()
    return c, error.max()


def show(name, result):
    coefficients, error = result
    print(f"{name}: error {error:.1e}\n  " + ", ".join(f"{c:.9g}f" for c in coefficients))


half_ln2 = math.log(2) / 2 * 1.01
show("exp: (eʳ - 1 - r) / r², |r| ≤ ln2 / 2",
     fit(lambda r: (mp.e**r - 1 - r) / (r * r), -half_ln2, half_ln2, 4, lambda r: r * r))
show("tanh: (tanh(x) / x - 1) / x² in x², |x| ≤ 0.64",
     fit(lambda z: (mp.tanh(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, 1e-9, 0.64**2, 4, lambda z: z))
show("erf: erf(x) / x - 1 in x², |x| ≤ 0.93",
     fit(lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 1, 1e-9, 0.93**2, 6, lambda z: 1))
show("erf: log(1 - erf(x)), 0.91 ≤ x ≤ 4",
     fit(lambda x: mp.log(mp.erfc(x)), 0.91, 4.0, 7, lambda x: float(mp.erfc(x))))
