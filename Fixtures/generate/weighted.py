"""What numpy and torch make of the transforms' smaller problems: casts, factorizations in a weighted norm, least squares over blocks.

    python weighted.py DATA            writes DATA/transforms/casts.json, factors.json, squares.json
"""
import json
import pathlib
import sys

import numpy
import torch

TYPES = {"f16": torch.float16, "bf16": torch.bfloat16}


def casts():
    random = numpy.random.default_rng(3)
    edges = [0.0, -0.0, 65504, 65519.99, 65520, -65520, 1e5, -3.4e38, 3.39e38, 6.1035156e-5, 6.0975e-5, 5.9604645e-8, 2.98e-8, 2.9802322e-8,
             -1e-8, 1e-38, 1.1754944e-38, 1.1754942e-38, 1e-40, 1.4e-45, float("inf"), float("-inf"), float("nan")]
    spread = numpy.sign(random.standard_normal(5000)) * 10.0 ** random.uniform(-46, 38, 5000)
    for name, values in (("edges", edges), ("spread", spread), ("weights", random.standard_normal(3000) * 1e-3)):
        given = numpy.array(values, numpy.float32)
        source = torch.from_numpy(given)
        for label, kind in TYPES.items():
            made = source.to(kind)
            tiny, finite = torch.finfo(kind).tiny, source.isfinite()
            normal = source.abs() >= torch.finfo(torch.float32).tiny
            yield {"name": name, "type": label, "bits": given.view(numpy.uint32).tolist(),
                   "overflows": int((made.isinf() & finite).sum()), "underflows": int(((made == 0) & (source != 0)).sum()),
                   "subnormals": int(((made != 0) & (made.abs().double() < tiny) & normal).sum()),
                   "largest": float(source[finite].abs().max())}


def best(matrix, rows, gram, rank):
    """The matrix of that rank nearest in ‖diag(√rows)·(M − M')·L‖ with gram = L·Lᵀ, and that distance."""
    left, right = numpy.sqrt(rows), numpy.linalg.cholesky(gram)
    u, s, v = numpy.linalg.svd(left[:, None] * matrix @ right)
    cut = (u[:, :rank] * s[:rank]) @ v[:rank]
    return numpy.linalg.solve(right.T, cut.T).T / left[:, None], float(numpy.sqrt((s[rank:] ** 2).sum()))


def factors():
    random = numpy.random.default_rng(5)
    for m, n in ((24, 10), (10, 24), (12, 12)):
        matrix = random.standard_normal((m, n)).astype(numpy.float32)
        inputs = random.standard_normal((200, n)) * numpy.exp(random.standard_normal(n)) + 0.5
        gram, counts = inputs.T @ inputs, random.integers(1, 1000, m).astype(float)
        one = numpy.ones(m)
        for name, rows, norm in (("rows", counts, numpy.eye(n)), ("gram", one, gram), ("both", counts, gram)):
            for rank in (1, 4, 9):
                found, error = best(matrix.astype(float), rows, norm, rank)
                yield {"name": name, "shape": [m, n], "matrix": matrix.ravel().tolist(), "rank": rank, "best": found.ravel().tolist(),
                       "rows": rows.tolist() if name != "gram" else None, "gram": norm.ravel().tolist() if name != "rows" else None, "error": error}


def squares():
    random = numpy.random.default_rng(9)
    for outputs, inputs, count in ((6, 5, 3), (4, 8, 2)):
        blocks, stacked, wanted = [], [], []
        for _ in range(count):
            weight, bias = random.standard_normal((outputs, inputs)).astype(numpy.float32), random.standard_normal(outputs).astype(numpy.float32)
            x = random.standard_normal((40, inputs)) @ random.standard_normal((inputs, inputs)) + 0.3
            augmented = numpy.concatenate([x, numpy.ones((len(x), 1))], axis=1)
            stacked.append(augmented)
            wanted.append(x @ weight.T + bias)
            blocks.append({"weight": weight.ravel().tolist(), "bias": bias.tolist(), "gram": (augmented.T @ augmented).ravel().tolist()})
        solution, *_ = numpy.linalg.lstsq(numpy.concatenate(stacked), numpy.concatenate(wanted), rcond=None)
        yield {"outputs": outputs, "inputs": inputs, "blocks": blocks, "weight": solution[:-1].T.ravel().tolist(), "bias": solution[-1].tolist()}


def main():
    folder = pathlib.Path(sys.argv[1]) / "transforms"
    for name, rows in (("casts", casts()), ("factors", factors()), ("squares", squares())):
        (folder / f"{name}.json").write_text(json.dumps(list(rows)) + "\n")


if __name__ == "__main__":
    main()
