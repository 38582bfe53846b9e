"""What the safetensors package reads from the samples, and what it writes: data/safetensors/. Run from Fixtures/.

samples.json   for every data/formats/*.safetensors: metadata, and dtype, shape, bytes (hex) of each tensor
written_*.safetensors   files of the package's own writer: our writer must give the same bytes
"""
import glob
import json
import os

import numpy as np
import safetensors
from safetensors import safe_open

os.makedirs("data/safetensors", exist_ok=True)
samples = {}
for path in sorted(glob.glob("data/formats/*.safetensors") + glob.glob("data/formats/safetensors_sharded/*.safetensors")):
    with open(path, "rb") as file:
        tensors = safetensors.deserialize(file.read())
    with safe_open(path, "np") as file:
        metadata = file.metadata() or {}
    samples[path.removeprefix("data/")] = {
        "metadata": metadata,
        "tensors": {n: {"dtype": t["dtype"], "shape": t["shape"], "data": bytes(t["data"]).hex()} for n, t in tensors},
    }
with open("data/safetensors/samples.json", "w") as file:
    json.dump(samples, file, indent=0, sort_keys=True)

bits = {"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
        "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
        "C64": 64, "F64": 64, "I64": 64, "U64": 64}
# The names the Python writer takes.
spelled = {"BOOL": "bool", "F4": "float4_e2m1fn_x2", "U8": "uint8", "I8": "int8", "F8_E5M2": "float8_e5m2",
           "F8_E4M3": "float8_e4m3fn", "F8_E8M0": "float8_e8m0fnu", "F8_E4M3FNUZ": "float8_e4m3fnuz",
           "F8_E5M2FNUZ": "float8_e5m2fnuz", "I16": "int16", "U16": "uint16", "F16": "float16", "BF16": "bfloat16",
           "I32": "int32", "U32": "uint32", "F32": "float32", "C64": "complex64", "F64": "float64", "I64": "int64",
           "U64": "uint64"}


buffers = []


def spec(dtype, shape, data):
    buffer = np.frombuffer(data or b"x", np.uint8)
    buffers.append(buffer)  # the writer keeps only the address
    return safetensors.TensorSpec(dtype=dtype, shape=shape, data_ptr=buffer.ctypes.data, data_len=len(data))


def tensor(name, shape, start):
    count = 1
    for dimension in shape:
        count *= dimension
    size = count * bits[name] // 8
    shape = [*shape[:-1], shape[-1] // 2] if name == "F4" else shape  # the writer counts pairs
    return spec(spelled[name], shape, bytes((start + i) % 251 for i in range(size)))


every = {}
for index, name in enumerate(spelled):
    for prefix in ("z", "B", "ż", 'q"\\/\n\u0001\u007f\U0001f917'):
        every[f"{prefix}.{name}.{index}"] = tensor(name, [3, 4], index)
every["scalar"] = spec("float32", [], b"\0\0\x80\x3f")
every["empty"] = spec("float32", [0, 4], b"")
every[""] = tensor("I8", [5], 9)
safetensors.serialize_file(every, "data/safetensors/written_every.safetensors", {"format": "pt"})
plain = {n: tensor("F32", [2, 2], 5) for n in ("layer.10.weight", "layer.2.weight", "layer.1.bias", "Layer")}
safetensors.serialize_file(plain, "data/safetensors/written_plain.safetensors", None)
safetensors.serialize_file({}, "data/safetensors/written_empty.safetensors", None)
