"""Writes Fixtures/data/elmo/lstm.json: what torch.nn.LSTM, torch.nn.Conv1d and plain NumPy compute for the kernels that ELMo runs on.

    lstm_torch.py OUT      (OUT: Fixtures/data/elmo/lstm.json)

torch's LSTM has the projection and the lengths of a batch, but no clips and no bias of the forget gate: those cases are NumPy's, in
double precision. Weights are given with the gates input, candidate, forget, output. Needs torch and numpy.
"""
import json
import sys

import numpy as np
import torch

r = np.random.default_rng(11)
LENGTHS, P, D = [4, 1, 6], 3, 5
sigmoid = lambda x: 1 / (1 + np.exp(-x))


def numbers(*shape):
    return np.round(r.standard_normal(shape), 3).astype(np.float32)


def split(rows):
    return np.split(rows, np.cumsum(LENGTHS)[:-1])


def cell(name, w, u, b, m, forget, cell_clip, state_clip, reverse):
    """One direction over all sequences in double precision."""
    outs = []
    for x in split(X.astype(np.float64)):
        x, c, h, states = x[::-1] if reverse else x, np.zeros(D), np.zeros(len(u[0])), []
        for step in x:
            i, j, f, o = np.split(w @ step + u @ h + b, 4)
            c = sigmoid(f + forget) * c + sigmoid(i) * np.tanh(j)
            c = c if cell_clip is None else np.clip(c, -cell_clip, cell_clip)
            h = sigmoid(o) * np.tanh(c)
            if m is not None:
                h = m @ h if state_clip is None else np.clip(m @ h, -state_clip, state_clip)
            states.append(h)
        outs.append(np.array(states[::-1] if reverse else states))
    return {"name": name, "forgetBias": forget, "cellClip": cell_clip, "stateClip": state_clip, "reversed": reverse,
            "projected": m is not None, "states": np.concatenate(outs).ravel().tolist()}


def torch_cell(name, w, u, b, m, reverse):
    """torch's own kernel; its gates are input, forget, candidate, output."""
    order = lambda a: torch.from_numpy(np.concatenate([np.split(a, 4)[k] for k in (0, 2, 1, 3)]))
    lstm = torch.nn.LSTM(P, D, proj_size=P if m is not None else 0, bidirectional=False)
    with torch.no_grad():
        lstm.weight_ih_l0.copy_(order(w)), lstm.weight_hh_l0.copy_(order(u))
        lstm.bias_ih_l0.copy_(order(b)), lstm.bias_hh_l0.zero_()
        if m is not None:
            lstm.weight_hr_l0.copy_(torch.from_numpy(m))
        outs = []
        for x in split(X):
            x = torch.from_numpy((x[::-1] if reverse else x).copy())
            out = lstm(x[:, None])[0][:, 0].numpy()
            outs.append(out[::-1] if reverse else out)
    return {"name": name, "forgetBias": 0, "cellClip": None, "stateClip": None, "reversed": reverse,
            "projected": m is not None, "states": np.concatenate(outs).ravel().tolist()}


X, W, U, B, M = numbers(sum(LENGTHS), P), numbers(4 * D, P), numbers(4 * D, P), numbers(4 * D), numbers(P, D)
# Without a projection the state is as wide as the memory.
V = numbers(4 * D, D)
cases = [
    torch_cell("torch, projected", W, U, B, M, False), torch_cell("torch, projected, backward", W, U, B, M, True),
    torch_cell("torch, not projected", W, V, B, None, False),
    cell("forget bias", W, U, B, M, 1, None, None, False), cell("memory clipped", W, U, B, M, 1, 0.4, None, True),
    cell("state clipped", W, U, B, M, 1, None, 0.3, False), cell("both clipped", W, U, B, M, 1, 0.5, 0.25, True),
    cell("clip without projection", W, V, B, None, 1, 0.4, 0.1, False),
]
# torch's float32 against NumPy's float64: the two agree on what torch can do.
for case, check in ((cases[0], cell("", W, U, B, M, 0, None, None, False)), (cases[1], cell("", W, U, B, M, 0, None, None, True)),
                    (cases[2], cell("", W, V, B, None, 0, None, None, False))):
    assert np.abs(np.array(case["states"]) - check["states"]).max() < 1e-6

C, N, WIDTH, LENGTH = 3, 4, 2, 7
chars, filters, bias = numbers(2, LENGTH, C), numbers(N, WIDTH, C), numbers(N)
conv = torch.nn.functional.conv1d(torch.from_numpy(chars).transpose(1, 2), torch.from_numpy(filters.transpose(0, 2, 1).copy()),
                                  torch.from_numpy(bias))
pooled = torch.relu(conv.max(-1).values).numpy()
x, carry, cb, transform, tb = numbers(3, N), numbers(N, N), numbers(N), numbers(N, N), numbers(N)
gate = sigmoid(x.astype(np.float64) @ carry.T + cb)
highway = gate * np.maximum(x.astype(np.float64) @ transform.T + tb, 0) + (1 - gate) * x

flat = lambda a: [float(v) for v in np.asarray(a).ravel()]
made = {
    "lengths": LENGTHS, "stateWidth": P, "memoryWidth": D, "x": flat(X), "input": flat(W), "state": flat(U), "wideState": flat(V),
    "bias": flat(B), "projection": flat(M), "cases": cases,
    "convolution": {"length": LENGTH, "width": WIDTH, "columns": C, "x": flat(chars), "filters": flat(filters), "bias": flat(bias),
                    "pooled": flat(pooled)},
    "highway": {"width": N, "x": flat(x), "carry": flat(carry), "carryBias": flat(cb), "transform": flat(transform),
                "transformBias": flat(tb), "out": flat(highway)},
}
with open(sys.argv[1], "w") as file:
    json.dump(made, file)
    file.write("\n")
