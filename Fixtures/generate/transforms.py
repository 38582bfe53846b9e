"""What numpy and scipy compute of the transforms' parts, in f64: singular values, best errors, assignments, means.

    python transforms.py DATA          writes DATA/transforms/truth.json from DATA/trained and DATA/models
"""
import json
import pathlib
import sys

import numpy
from safetensors.numpy import load_file
from scipy.optimize import linear_sum_assignment

RANKS = (1, 4, 16, 31)


def decomposition(matrix):
    values = numpy.linalg.svd(matrix.astype(numpy.float64), compute_uv=False)
    errors = {str(rank): float(numpy.sqrt((values[rank:] ** 2).sum())) for rank in RANKS if rank < len(values)}
    return {"values": values.tolist(), "errors": errors}


def assignments():
    random = numpy.random.default_rng(7)
    for size in (1, 2, 7, 30):
        for costs in (random.integers(-50, 50, (size, size)).astype(float), random.standard_normal((size, size))):
            rows, columns = linear_sum_assignment(costs)
            yield {"size": size, "costs": costs.ravel().tolist(), "total": float(costs[rows, columns].sum())}


def means(tensors, layers, parts):
    names = {part: [f"bert.encoder.layer.{layer}.{part}" for layer in layers] for part in parts}
    return {part: numpy.mean([tensors[name].astype(numpy.float64) for name in found], axis=0).astype(numpy.float32).ravel().tolist()
            for part, found in names.items()}


def main():
    data = pathlib.Path(sys.argv[1])
    trained = load_file(data / "trained/tiny_bert/hf/model.safetensors")
    small = load_file(data / "models/bert/hf/model.safetensors")
    words = next(value for name, value in trained.items() if name.endswith("word_embeddings.weight"))
    down = next(value for name, value in sorted(trained.items()) if name.endswith("layer.0.output.dense.weight"))
    truth = {
        "embeddings.word": decomposition(words), "blocks.0.feedForward.down.weight": decomposition(down),
        "assignments": list(assignments()),
        "means": means(small, (0, 1, 2), ("attention.self.query.weight", "attention.self.query.bias", "output.dense.weight")),
    }
    target = data / "transforms/truth.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(truth, indent=1) + "\n")


if __name__ == "__main__":
    main()
