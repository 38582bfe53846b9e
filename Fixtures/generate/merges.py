"""A second model of one configuration, and what linear and spherical merges of the two are (mergekit's formulas, in numpy).

    python merges.py DATA              writes DATA/merges/ from DATA/models/bert/hf
"""
import pathlib
import shutil
import sys

import numpy
from safetensors.numpy import load_file, save_file

T = 0.3


def lerp(t, a, b):
    return (1 - t) * a + t * b


def slerp(t, a, b, threshold=0.9995, eps=1e-8):
    """mergekit/merge_methods/slerp.py, in f64."""
    def normalized(v):
        length = numpy.linalg.norm(v)
        return v / length if length > eps else v
    dot = (normalized(a) * normalized(b)).sum()
    if abs(dot) > threshold:
        return lerp(t, a, b)
    angle = numpy.arccos(dot)
    return numpy.sin(angle - angle * t) / numpy.sin(angle) * a + numpy.sin(angle * t) / numpy.sin(angle) * b


def main():
    data = pathlib.Path(sys.argv[1])
    base = load_file(data / "models/bert/hf/model.safetensors")
    random = numpy.random.default_rng(11)
    other, kinds = {}, ["equal", "near", "far", "zero", "opposite"]
    for index, (name, value) in enumerate(sorted(base.items())):
        kind = kinds[index % len(kinds)]
        noise = random.standard_normal(value.shape).astype(numpy.float32)
        other[name] = {"equal": value, "near": value * (1 + 0.01 * noise), "far": noise * 0.3,
                       "zero": value * 0, "opposite": -value}[kind].astype(numpy.float32)
    # The file's copies of tied tensors stay copies.
    for copy, original in (("cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight"),
                           ("cls.predictions.decoder.bias", "cls.predictions.bias")):
        if copy in other:
            other[copy] = other[original].copy()
    folder = data / "merges"
    (folder / "other").mkdir(parents=True, exist_ok=True)
    shutil.copy(data / "models/bert/hf/config.json", folder / "other/config.json")
    save_file(other, folder / "other/model.safetensors", metadata={"format": "pt"})
    for method, function in (("linear", lerp), ("slerp", slerp)):
        merged = {name: function(T, value.astype(numpy.float64), other[name].astype(numpy.float64)).astype(numpy.float32)
                  for name, value in base.items()}
        save_file(merged, folder / f"{method}.safetensors")


if __name__ == "__main__":
    main()
