"""transformers 4.44, the last with TensorFlow and Flax classes, loads the Keras and Flax files that weightsmith writes, and must compute
what the original programs computed. A program of its own, because its packages and those of full.py exclude each other.

    WEIGHTSMITH=path/to/weightsmith python transformers4.py ROWS.json
"""
import json
import os
import pathlib
import platform
import sys
import tempfile

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu", HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")

import flax
import jax
import numpy
import tensorflow
import tf_keras
import transformers

import encoders
import encoders_flax
import encoders_tf
from checks import Failure, Score

LIBRARIES = (encoders_tf, encoders_flax)
SHARD = "8KB"  # the samples are that small


def whole(score, folder, library):
    """One form of every model: what the other forms read as is full.py's to find out."""
    for index, sample in enumerate(encoders.encoders(score)):
        if sample.again:
            continue

        def body():
            out = sample.written(folder / f"{library.CONTAINER}{index}", library.CONTAINER)
            return encoders.judged(library.computed(out, sample.arrays(), sample.surplus))

        score.check(f"{sample.title} → {library.DIRECTION}", body, group=(sample.family, library.DIRECTION))


def sharded(score, folder, library):
    """The first sample of each family whose name says that it is transformers' own."""
    seen = set()
    direction = f"sharded {library.DIRECTION}"
    for sample in encoders.encoders(Score(quiet=True)):
        if sample.again or sample.family in seen or not sample.path.parent.name.startswith("hf"):
            continue
        seen.add(sample.family)

        def body():
            out = sample.written(folder / f"{library.CONTAINER}-{sample.family}", library.CONTAINER, "--max-shard-size", SHARD)
            if len(list(out.glob("*-of-*"))) < 2:
                raise Failure("is not sharded")
            return encoders.judged(library.computed(out, sample.arrays(), sample.surplus))

        score.check(f"{sample.title} → {direction}", body, group=(sample.family, direction))


def main():
    score = Score()
    with tempfile.TemporaryDirectory(prefix="weightsmith-interop.") as scratch:
        folder = pathlib.Path(scratch)
        for library in LIBRARIES:
            library.repair()
            whole(score, folder, library)
            sharded(score, folder, library)
    modules = (transformers, tensorflow, tf_keras, flax, jax, numpy)
    versions = [f"{module.__name__} {module.__version__}" for module in modules] + [f"Python {platform.python_version()}"]
    found = {"versions": versions, "notes": [library.NOTE for library in LIBRARIES], "rows": score.rows}
    pathlib.Path(sys.argv[1]).write_text(json.dumps(found), encoding="utf-8")
    print(f"{len(score.rows)} checks, {score.failures} failed")


if __name__ == "__main__":
    main()
