"""True values for element conversion: data/conversion/*.bin, little endian. Run from Fixtures/. numpy and ml_dtypes."""
import os
from fractions import Fraction

import ml_dtypes
import numpy as np

rng = np.random.default_rng(7)
OUT = "data/conversion"
os.makedirs(OUT, exist_ok=True)
np.seterr(all="ignore")


def save(name, array):
    array.tofile(f"{OUT}/{name}.bin")


def nearest(value, significand_bits, least_exponent, greatest):
    """The nearest multiple of the format's unit, ties to even, by exact arithmetic; a float, or an infinity."""
    exact = Fraction(value)
    if exact == 0:
        return value
    sign, magnitude = (-1 if exact < 0 else 1), abs(exact)
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if Fraction(2) ** exponent > magnitude:
        exponent -= 1
    unit = Fraction(2) ** (max(exponent, least_exponent) - significand_bits + 1)
    rounded = round(magnitude / unit) * unit  # Python rounds half to even
    if rounded > greatest:
        return sign * float("inf")
    return sign * float(rounded) if rounded else (-0.0 if sign < 0 else 0.0)




GREATEST_BF16 = Fraction(255, 128) * Fraction(2) ** 127
def bf16(values):
    near = [v if v in (np.inf, -np.inf) else nearest(v, 8, -126, GREATEST_BF16) for v in values]
    return (np.array(near, np.float64).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)


def f16(values):
    near = [v if v in (np.inf, -np.inf) else nearest(v, 11, -14, Fraction(65504)) for v in values]
    return np.array(near, np.float64).astype(np.float16).view(np.uint16)


# Every half, as numpy widens it; every 8-bit float, as ml_dtypes does.
save("f16_as_f32", np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float32))
for name in ["float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "float8_e4m3fnuz", "float8_e5m2fnuz"]:
    short = "f8" + name.split("_")[1].removesuffix("fnu" if name.endswith("fnu") else "fn")
    save(f"{short}_as_f32", np.arange(256, dtype=np.uint8).view(getattr(ml_dtypes, name)).astype(np.float32))

# Floats of every exponent, the borders of the narrow types, exact ties and their neighbours.
bits = rng.integers(0, 2**32, 6000, dtype=np.uint32)
half = np.arange(0, 0x7C00, 23, dtype=np.uint16).view(np.float16).astype(np.float32)
tie = half + np.spacing(half.astype(np.float16)).astype(np.float32) / 2
brain = rng.integers(0, 0x7F80, 1000, dtype=np.uint32) << 16
edges = np.array([0, 65504, 65519.996, 65520, 65536, 2**-14, 2**-24, 2**-25, np.nextafter(np.float32(2**-25), np.float32(1)),
                  3.3895314e38, 3.4028235e38, np.inf, 1e-45, 2**-133, 2**-134], np.float32)
f32 = np.concatenate([bits.view(np.float32), half, tie, np.nextafter(tie, np.float32(0)),
                      np.nextafter(tie, np.float32(np.inf)), (brain | 0x8000).view(np.float32),
                      (brain | 0x7FFF).view(np.float32), (brain | 0x8001).view(np.float32), edges])
f32 = np.concatenate([f32, -f32])
f32 = f32[~np.isnan(f32)]
save("f32", f32)
save("f32_as_f16", f32.astype(np.float16).view(np.uint16))
save("f32_as_bf16", f32.astype(ml_dtypes.bfloat16).view(np.uint16))

# Doubles a hair beside a tie: rounding them to f32 first would go wrong.
hair = np.concatenate([f32[::7].astype(np.float64) * (1 + s * 2.0**-45) for s in (-1, 0, 1)])
wild = rng.integers(0, 2**63, 1500, dtype=np.uint64).view(np.float64)
f64 = np.concatenate([hair, wild, -wild, [3.4028235677973366e38, 3.4028235677973365e38, 5e-324, 1e308, 65519.99999999999]])
f64 = f64[~np.isnan(f64)]
save("f64", f64)
save("f64_as_f32", f64.astype(np.float32))
save("f64_as_f16", f16(f64))
save("f64_as_bf16", bf16(f64))

whole = np.concatenate([rng.integers(-2**63, 2**63 - 1, 1000) >> rng.integers(0, 63, 1000),
                        (2**np.arange(10, 62)) + 1, 2**62 + 2**np.arange(0, 62), [2**63 - 1, -2**63, 0, -1]])
save("i64", whole)
save("i64_as_f64", whole.astype(np.float64))
save("i64_as_f32", np.array([nearest(int(v), 24, -126, Fraction(2) ** 128) for v in whole], np.float64).astype(np.float32))
save("i64_as_bf16", bf16([int(v) for v in whole]))
save("i64_as_f16", f16([int(v) for v in whole]))
