"""What transformers computes for the trained models when every linear layer multiplies bytes: weights under one scale per output,
activations under one scale per token, both max|x| / 127 with halves to even, integer sums.

    python int8_forward.py FIXTURES OUT        torch 2, transformers 5; makes OUT/int8_forward.npz

An activation that lies on a half takes another code after any rounding, and the logits jump by a tenth. The input is therefore one on
which the same program in f32, in f64 and with weights moved by one rounding gives the same logits to 1e-3.
"""
import sys
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForMaskedLM

fixtures, out = Path(sys.argv[1]), Path(sys.argv[2])
def rows(x):
    scale = x.abs().amax(dim=-1, keepdim=True) / 127
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    return torch.round(x / scale), scale


class Bytes(torch.nn.Module):
    def __init__(self, linear):
        super().__init__()
        self.codes, self.scale = rows(linear.weight.detach())
        self.bias = linear.bias

    def forward(self, x):
        codes, scale = rows(x)
        sums = (codes.double() @ self.codes.double().T).float()
        y = sums * scale * self.scale.squeeze(-1)
        return y if self.bias is None else y + self.bias


def replace(module):
    for name, child in module.named_children():
        if isinstance(child, torch.nn.Linear):
            setattr(module, name, Bytes(child))
        else:
            replace(child)


def logits(name, ids, dtype=torch.float32, moved=1.0):
    model = AutoModelForMaskedLM.from_pretrained(fixtures / "trained" / name / "hf").eval().to(dtype)
    table = model.get_input_embeddings().weight
    replace(model)
    codes, scale = rows(table.detach())
    model.get_input_embeddings().weight = torch.nn.Parameter(codes * scale * moved)
    with torch.no_grad():
        return model(ids).logits


def is_calm(name, ids):
    first = logits(name, ids)
    others = [logits(name, ids, torch.float64), logits(name, ids, moved=1 + 2e-7), logits(name, ids, moved=1 - 2e-7)]
    return all((first.double() - other.double()).abs().max() < 1e-3 for other in others)


names = ["tiny_bert", "tiny_albert"]
for seed in range(100):
    ids = torch.randint(4, 90, (2, 4), generator=torch.Generator().manual_seed(seed))
    if all(is_calm(name, ids) for name in names):
        break
else:
    sys.exit("no calm input")
arrays = {"input_ids": ids.numpy()} | {name: logits(name, ids).numpy() for name in names}
np.savez(out / "int8_forward.npz", **arrays)
