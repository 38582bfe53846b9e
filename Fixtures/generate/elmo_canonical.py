"""Writes Fixtures/data/elmo/canonical.safetensors: canonical weights of the sample, its configuration, input and reference outputs.

    elmo_canonical.py SAMPLE OUT      (SAMPLE: Fixtures/data/models/elmo; OUT: Fixtures/data/elmo)

The outputs are those of the original graph (reference.npz). The names are mapped here by hand, on purpose: the product's own dialect
tables must not be both sides of a test. Needs numpy, h5py and safetensors.
"""
import json
import os
import sys

import h5py
import numpy as np
from safetensors.numpy import save_file

sample, out = sys.argv[1:3]
options = json.load(open(os.path.join(sample, "options.json")))
weights = {}
with h5py.File(os.path.join(sample, "weights.hdf5")) as file:
    file.visititems(lambda name, node: weights.update({name: node[()]}) if hasattr(node, "shape") else None)

cnn, lstm = options["char_cnn"], options["lstm"]
canonical = {"embeddings.character": weights["char_embed"]}
for i in range(len(cnn["filters"])):
    canonical[f"embeddings.convolutions.{i}.weight"] = weights[f"CNN/W_cnn_{i}"][0].transpose(2, 0, 1)
    canonical[f"embeddings.convolutions.{i}.bias"] = weights[f"CNN/b_cnn_{i}"]
for i in range(cnn["n_highway"]):
    for role in ("carry", "transform"):
        canonical[f"embeddings.highways.{i}.{role}.weight"] = weights[f"CNN_high_{i}/W_{role}"].T
        canonical[f"embeddings.highways.{i}.{role}.bias"] = weights[f"CNN_high_{i}/b_{role}"]
canonical["embeddings.projection.weight"] = weights["CNN_proj/W_proj"].T
canonical["embeddings.projection.bias"] = weights["CNN_proj/b_proj"]
for d, direction in enumerate(("forward", "backward")):
    for layer in range(lstm["n_layers"]):
        cell = f"RNN_{d}/RNN/MultiRNNCell/Cell{layer}/LSTMCell/"
        scope = f"blocks.{layer}.{direction}"
        kernel, width = weights[cell + "W_0"], lstm["dim"]
        for g, gate in enumerate(("inputGate", "candidate", "forgetGate", "outputGate")):
            columns = slice(g * width, (g + 1) * width)
            canonical[f"{scope}.{gate}.input.weight"] = kernel[: lstm["projection_dim"], columns].T
            canonical[f"{scope}.{gate}.state.weight"] = kernel[lstm["projection_dim"] :, columns].T
            canonical[f"{scope}.{gate}.bias"] = weights[cell + "B"][columns]
        canonical[f"{scope}.projection.weight"] = weights[cell + "W_P_0"].T

reference = np.load(os.path.join(sample, "reference.npz"))
tensors = {f"parameter.{name}": value for name, value in canonical.items()}
tensors["input.char_ids"] = reference["char_ids"].astype(np.int32)
tensors["output.embeddings"] = reference["token_embeddings"]
for layer in range(lstm["n_layers"] + 1):
    tensors[f"output.outputs.{layer}"] = reference["lm_embeddings"][:, layer]
tensors = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
os.makedirs(out, exist_ok=True)
save_file(tensors, os.path.join(out, "canonical.safetensors"), metadata={"options": json.dumps(options)})
