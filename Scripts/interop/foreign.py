"""Containers that weightsmith reads and does not write: what it makes of them, as safetensors, against the library of the format or the arrays
that the files were made from.
"""
import json

import numpy
import onnx
from onnx import numpy_helper

from checks import ROOT, Failure, convert

DATA = ROOT / "Fixtures/data"
ONNX_MODELS = ["formats/onnx_inline.onnx", "formats/onnx_external.onnx", "onnx/constants.onnx", "onnx/external.onnx"]
# Folders of fixtures that were written from arrays, and the file that keeps their bytes.
FROM_ARRAYS = [("zarr/group/types", "zarr/truth.json", "group", "types/"), ("zarr/group/missing", "zarr/truth.json", "group", "missing/"),
               ("zarr/single", "zarr/truth.json", "single", ""),
               ("formats/tf_v1_raw/old.ckpt", "truth/tf.json", "tf_v1_raw/old.ckpt", ""),
               ("formats/tf_v1_raw/old_slices.ckpt", "truth/tf.json", "tf_v1_raw/old_slices.ckpt", "")]


def stored(folder):
    """Name to (shape, bytes) of a safetensors file, read without its package, which lacks numpy types for some."""
    content = (folder / "model.safetensors").read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header.pop("__metadata__", None)
    return {name: (row["shape"], content[start + row["data_offsets"][0]:start + row["data_offsets"][1]]) for name, row in header.items()}


def same(got, wanted):
    for name, (shape, content) in wanted.items():
        if name not in got:
            raise Failure(f"{name} is missing")
        if got[name] != (shape, content):
            raise Failure(f"{name}: shape {got[name][0]}, expected {shape}, or other values")
    return f"{len(wanted)} tensors byte-identical"


def array_bytes(tensor, folder):
    array = numpy_helper.to_array(tensor, str(folder))
    if array.dtype.itemsize == 1 and "int" in array.dtype.name:  # 4 bits and fewer, one a byte
        array = array.astype(numpy.uint8 if array.dtype.name.startswith("u") else numpy.int8)
    return list(tensor.dims), numpy.ascontiguousarray(array).tobytes()


def onnx_models(score, folder):
    for index, name in enumerate(ONNX_MODELS):
        def body():
            graph = onnx.load(DATA / name, load_external_data=False).graph
            wanted = {tensor.name: array_bytes(tensor, (DATA / name).parent) for tensor in graph.initializer}
            for node in graph.node:
                for attribute in node.attribute:
                    if node.op_type == "Constant" and attribute.name == "value":
                        wanted[node.output[0]] = array_bytes(attribute.t, folder)
            out = convert(DATA / name, folder / f"onnx{index}", "--to", "safetensors", "--names", "keep")
            return same(stored(out), wanted)

        score.check(f"{name} as the onnx package reads it", body)


def from_arrays(score, folder):
    for index, (name, truth, part, prefix) in enumerate(FROM_ARRAYS):
        def body():
            rows = json.loads((DATA / truth).read_text(encoding="utf-8"))[part]
            wanted = {key.removeprefix(prefix): (row["shape"], bytes.fromhex(row["hex"]))
                      for key, row in rows.items() if key.startswith(prefix)}
            out = convert(DATA / name, folder / f"arrays{index}", "--to", "safetensors", "--names", "keep")
            return same(stored(out), wanted)

        score.check(f"{name} as it was given", body)
