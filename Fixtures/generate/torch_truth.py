"""What torch loads from every PyTorch fixture: Fixtures/data/torch/truth.json.

One row per tensor: name, dtype, shape, CRC-32C of its little-endian bytes in row-major order. Names are dotted paths, written down
here without looking at the product; quantized tensors are their integer codes. Run from the project folder, after torch_cases.py.
"""
import glob
import json
import sys
import types

import numpy as np
import torch

from crc32c import crc32c

ROOT = "Fixtures/data"
NAMES = {"float16": "f16", "float32": "f32", "float64": "f64", "bfloat16": "bf16", "complex64": "c64", "complex128": "c128", "bool": "bool",
         "float8_e4m3fn": "f8e4m3", "float8_e5m2": "f8e5m2", "float8_e4m3fnuz": "f8e4m3fnuz", "float8_e5m2fnuz": "f8e5m2fnuz",
         "float8_e8m0fnu": "f8e8m0", "quint8": "u8", "qint8": "i8"}
WRAPPERS = {"state_dict", "model", "model_state_dict", "module", "generator", "ema"}

class Net(torch.nn.Module):
    pass


class Tagged(torch.Tensor):
    pass


project = types.ModuleType("project")
project.Net, project.Tagged = Net, Tagged
sys.modules["project"] = project


def short(name):
    return NAMES.get(name) or name.replace("uint", "u").replace("int", "i")


def row(name, value):
    if isinstance(value, torch.Tensor):
        value = value.detach()
        dtype = str(value.dtype).removeprefix("torch.")
        if value.is_quantized:
            value = value.int_repr()
        value = value.as_subclass(torch.Tensor).contiguous()
        data = value.reshape(-1).view(torch.uint8).numpy().tobytes() if value.numel() else b""
        return [name, short(dtype), list(value.shape), crc32c(data)]
    if value.dtype.kind in "OU":
        return [name, "opaque", list(value.shape), None]
    little = np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<"))
    return [name, short(value.dtype.name), list(value.shape), crc32c(little.tobytes())]


def walk(path, value):
    name = ".".join(path) or "tensor"
    if isinstance(value, torch.Tensor) and value.layout == torch.sparse_coo:
        # Its class is rebuilt from these two; we list them where they stand among the arguments.
        yield row(f"{name}.arg1.0", value._indices())
        yield row(f"{name}.arg1.1", value._values())
    elif isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        yield row(name, value)
        if isinstance(value, torch.Tensor) and value.is_quantized and value.qscheme() == torch.per_channel_affine:
            yield row(f"{name}.scales", value.q_per_channel_scales())
            yield row(f"{name}.zero_points", value.q_per_channel_zero_points())
    elif isinstance(value, torch.nn.Module):
        yield from walk(path, value.state_dict())
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from walk(path + [str(key)], item)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from walk(path + [str(index)], item)


def unwrapped(loaded):
    """Names without the one wrapper that holds a model."""
    rows = list(walk([], loaded))
    if not isinstance(loaded, dict):
        return rows
    holding = [key for key, value in loaded.items() if key in WRAPPERS and isinstance(value, dict) and list(walk([], value))]
    if len(holding) != 1:
        return rows
    return [[r[0].removeprefix(holding[0] + "."), *r[1:]] for r in rows]


def load(name):
    if name == "formats/torch_legacy.pt":
        # torch 2.15 writes float8 into the legacy stream and cannot read it back; the same script saved the same tensors as a zip.
        return [r for r in load("formats/torch_zip.pt") if r[0] not in ("d.u16", "d.u32")]
    if "script" in name:
        module = torch.jit.load(f"{ROOT}/{name}")
        rows = list(walk([], module.state_dict()))
        constants = module.code_with_constants[1].const_mapping
        return rows + [row(f"constants.{key.removeprefix('c')}", value) for key, value in constants.items()]
    return unwrapped(torch.load(f"{ROOT}/{name}", weights_only=False))


files = sorted(
    name for pattern in ("formats/torch_*.pt", "formats/torch_*/*.bin", "models/**/pytorch_model.bin", "models/**/*.pth", "models/**/*.pt", "torch/*.pt", "torch/saved*.bin")
    for name in glob.glob(pattern, root_dir=ROOT, recursive=True))

# The scripts of the samples kept the values before torch.save saw them.
samples = np.load(f"{ROOT}/formats/torch_samples.npz")
for file, prefix in (("formats/torch_zip.pt", ""), ("formats/torch_script.pt", "script.")):
    loaded = torch.jit.load(f"{ROOT}/{file}").state_dict() if prefix else torch.load(f"{ROOT}/{file}", weights_only=False)
    for key, value in loaded.items():
        value = value.detach()
        array = value.int_repr().numpy() if value.is_quantized else (value.float() if value.dtype.itemsize < 4 and value.is_floating_point() and value.dtype != torch.float16 else value).numpy()
        assert np.array_equal(array, samples[prefix + key]), key

with open(f"{ROOT}/torch/truth.json", "w") as out:
    out.write("{\n")
    for index, name in enumerate(files):
        rows = ",\n  ".join(json.dumps(r, ensure_ascii=False, separators=(",", ":")) for r in load(name))
        out.write((",\n" if index else "") + f'"{name}": [\n  {rows}\n]')
    out.write("\n}\n")
print(len(files), "files")
