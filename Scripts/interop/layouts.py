"""Quantized layouts of other programs, judged by them: each `--layout` and scheme is written from one model, opened by the program it is for
(mlx, bitsandbytes, transformers with compressed-tensors; GPTQ by numpy from its published packing), and every number must be the one that
`convert --dtype f32` gives. A program that is not installed is skipped with a line that says so.

    WEIGHTSMITH=... python layouts.py [MODEL]
"""
import importlib.util
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
from safetensors.numpy import load_file as load_numpy

TOOL = os.environ["WEIGHTSMITH"]
MODEL = sys.argv[1] if len(sys.argv) > 1 else "Fixtures/data/trained/tiny_bert/hf"
CASES = [("mlx", "int4-g64"), ("mlx", "int3-g32-bias-bf16"), ("mlx", "int8-g64-bias-f16"), ("mlx", "int6-g64"),
         ("compressed-tensors", "int8"), ("compressed-tensors", "int8-channel"), ("compressed-tensors", "int8-channel-asym"),
         ("compressed-tensors", "int4-g32"), ("compressed-tensors", "int4-g32-asym"), ("compressed-tensors", "int4-channel"),
         ("compressed-tensors", "fp8-e4m3"), ("compressed-tensors", "fp8-e4m3-tensor"),
         ("bitsandbytes", "nf4"), ("bitsandbytes", "nf4-dq"), ("bitsandbytes", "fp4"), ("bitsandbytes", "int8-channel"),
         ("gptq", "int4-g32-asym"), ("gptq", "int4-g64"), ("gptq", "int8-channel-asym"), ("gptq", "int2-g32")]


def torch_file(folder):
    from safetensors.torch import load_file
    return load_file(f"{folder}/model.safetensors")


def mlx(folder, config):
    import mlx.core as mx
    tensors = mx.load(f"{folder}/model.safetensors")
    found = {}
    for name in [n for n in tensors if n.endswith(".scales")]:
        stem = name[: -len(".scales")]
        own = config["quantization"].get(stem, config["quantization"])
        values = mx.dequantize(tensors[stem + ".weight"], tensors[name], tensors[stem + ".biases"], own["group_size"], own["bits"])
        found[stem + ".weight"] = np.array(values.astype(mx.float32))
    return found


def bitsandbytes(folder, config):
    import bitsandbytes.functional as bnb
    tensors = torch_file(folder)
    found = {}
    for name in [n for n in tensors if ".quant_state." in n]:
        weight = name[: name.index(".quant_state.")]
        parts = {n[len(weight) + 1:]: t for n, t in tensors.items() if n.startswith(weight + ".")}
        state = bnb.QuantState.from_dict(parts, device="cpu")
        found[weight] = bnb.dequantize_4bit(tensors[weight], state).numpy()
    for name in [n for n in tensors if n.endswith(".SCB")]:
        weight = name[: -len("SCB")] + "weight"
        codes, peaks = tensors[weight], tensors[name]
        exact = codes.float() * peaks[:, None] / 127
        # The library multiplies by a constant near 1 / 127.
        assert (bnb.int8_vectorwise_dequant(codes, peaks) - exact).abs().max() <= 2e-7 * peaks.max(), name
        found[weight] = exact.numpy()
    return found


def decompressed(folder, config):
    """By the library's compressor alone: transformers 5.24 expects packed zeros in the shape of unpacked ones."""
    import torch
    from compressed_tensors.compressors.base import BaseCompressor
    from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme
    tensors = torch_file(folder)
    found = {}
    for group in config["quantization_config"]["config_groups"].values():
        scheme = QuantizationScheme(targets=["Linear"], weights=QuantizationArgs(**group["weights"]))
        compressor = BaseCompressor.get_value_from_registry(group["format"])
        for name in [n for n in tensors if n.endswith(".weight_scale")]:
            stem = name[: -len(".weight_scale")]
            parts = {n[len(stem) + 1:]: t for n, t in tensors.items() if n.startswith(stem + ".weight")}
            found[stem + ".weight"] = compressor.decompress(parts, scheme)["weight"].to(torch.float32).numpy()
    return found


def compressed(folder, config):
    import torch
    from transformers import AutoModelForPreTraining
    groups = config["quantization_config"]["config_groups"].values()
    if any(not g["weights"]["symmetric"] and g["format"] == "pack-quantized" for g in groups):
        return decompressed(folder, config)
    model = AutoModelForPreTraining.from_pretrained(folder, dtype=torch.float32)
    ids = torch.tensor([[2, 7, 19, 4, 3]])
    with torch.no_grad():
        model(input_ids=ids)  # decompresses what is decompressed on first use
    stored = load_numpy_names(folder)
    modules = dict(model.named_modules())
    found = {}
    for name in [n for n in stored if n.endswith(".weight_scale")]:
        stem = name[: -len(".weight_scale")]
        if stem in modules:
            found[stem + ".weight"] = modules[stem].weight.detach().to(torch.float32).numpy()
    return found


def gptq(folder, config):
    entry = config["quantization_config"]
    bits = entry["bits"]
    tensors = load_numpy(f"{folder}/model.safetensors")
    found = {}

    def stream(words):
        rows = np.unpackbits(np.ascontiguousarray(words).view(np.uint8), axis=1, bitorder="little").reshape(len(words), -1, bits)
        return (rows.astype(np.int32) << np.arange(bits)).sum(-1)

    for name in [n for n in tensors if n.endswith(".qweight")]:
        stem = name[: -len(".qweight")]
        codes = stream(tensors[name].T)  # [out, in]
        zeros = (stream(tensors[stem + ".qzeros"]) + 1) & (2 ** bits - 1)  # [groups, out]
        scales, group = tensors[stem + ".scales"].astype(np.float32), tensors[stem + ".g_idx"]
        size = entry["group_size"] if entry["group_size"] > 0 else len(group)
        assert (group == np.arange(len(group)) // size).all(), stem
        found[stem + ".weight"] = (codes - zeros.T[:, group]).astype(np.float32) * scales.T[:, group]
    return found


READERS = {"mlx": (mlx, "mlx"), "bitsandbytes": (bitsandbytes, "bitsandbytes"), "compressed-tensors": (compressed, "compressed_tensors"),
           "gptq": (gptq, "numpy")}


def main():
    failed = checked = 0
    with tempfile.TemporaryDirectory() as scratch:
        for layout, scheme in CASES:
            reader, package = READERS[layout]
            if importlib.util.find_spec(package) is None:
                print(f"skipped: {layout} {scheme}: {package} is not installed")
                continue
            out, plain = f"{scratch}/{layout}-{scheme}", f"{scratch}/{layout}-{scheme}-f32"
            # compressed-tensors' unpacker of zeros fails for matrices of so few rows that one word holds them.
            subprocess.run([TOOL, "quantize", MODEL, out, "--layout", layout, "--scheme", scheme, "--keep", "heads.nsp.*"], check=True, capture_output=True)
            subprocess.run([TOOL, "convert", out, plain, "--dtype", "f32"], check=True, capture_output=True)
            ours = load_numpy(f"{plain}/model.safetensors")
            with open(f"{out}/config.json") as file:
                theirs = reader(out, json.load(file))
            bad = [n for n in theirs if theirs[n].shape != ours[n].shape or not (theirs[n] == ours[n]).all()]
            quantized = sum(n.endswith((".scales", ".weight_scale", ".absmax", ".SCB")) for n in load_numpy_names(out))
            right = len(theirs) == quantized > 0 and not bad
            checked += 1
            failed += not right
            print(f"{'ok' if right else 'FAILED'}: {layout} {scheme}: {len(theirs)} of {quantized} matrices, {len(bad)} differ {bad[:2]}")
    print(f"{checked - failed} of {checked} layouts hold")
    return 1 if failed else 0


def load_numpy_names(folder):
    with open(f"{folder}/model.safetensors", "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        return json.loads(file.read(size))


if __name__ == "__main__":
    sys.exit(main())
