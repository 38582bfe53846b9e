"""Writes Fixtures/data/onnx: ONNX models with every element type in raw and typed form, packed and not, Constant nodes, subgraphs,
functions, sparse tensors, and external data; and truth.json, what the onnx package's own reader says of these and of formats/onnx_*.

Needs onnx, numpy and ml_dtypes.
"""
import json
import pathlib
import struct

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
OUT = DATA / "onnx"
(OUT / "below").mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(11)

LISTED = {T.FLOAT: "f32", T.UINT8: "u8", T.INT8: "i8", T.UINT16: "u16", T.INT16: "i16", T.INT32: "i32", T.INT64: "i64",
          T.STRING: "string", T.BOOL: "bool", T.FLOAT16: "f16", T.DOUBLE: "f64", T.UINT32: "u32", T.UINT64: "u64",
          T.COMPLEX64: "c64", T.COMPLEX128: "c128", T.BFLOAT16: "bf16", T.FLOAT8E4M3FN: "f8e4m3",
          T.FLOAT8E4M3FNUZ: "f8e4m3fnuz", T.FLOAT8E5M2: "f8e5m2", T.FLOAT8E5M2FNUZ: "f8e5m2fnuz", T.UINT4: "u8", T.INT4: "i8",
          T.FLOAT8E8M0: "f8e8m0", T.UINT2: "u8", T.INT2: "i8"}


def values(kind, shape):
    """An array of the type, extremes among its numbers."""
    dtype = np.dtype(helper.tensor_dtype_to_np_dtype(kind))
    count = int(np.prod(shape))
    if kind == T.BOOL:
        return (np.arange(count) % 3 == 0).reshape(shape)
    if kind in (T.UINT4, T.INT4, T.UINT2, T.INT2):
        low, bits = (-8, 4) if kind == T.INT4 else (-2, 2) if kind == T.INT2 else (0, 4 if kind == T.UINT4 else 2)
        return (low + np.arange(count) * 5 % 2 ** bits).astype(dtype).reshape(shape)
    if np.issubdtype(dtype, np.integer):
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max, count, dtype, endpoint=True).reshape(shape)
    if kind in (T.COMPLEX64, T.COMPLEX128):
        return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(dtype)
    return (np.abs(rng.standard_normal(shape)) if kind == T.FLOAT8E8M0 else rng.standard_normal(shape)).astype(dtype)


def raw(name, kind, shape):
    tensor = numpy_helper.from_array(values(kind, shape), name)
    assert tensor.data_type == kind and tensor.HasField("raw_data")
    return tensor


def typed(name, kind, shape):
    """The same in the field of its type. The onnx package's helper packs small integers."""
    array = values(kind, shape)
    if kind in (T.FLOAT16, T.BFLOAT16):
        bits = array.view(np.uint16)
    elif array.dtype.itemsize == 1 and array.dtype.kind not in "iub":
        bits = array.view(np.uint8)
    else:
        bits = array
    tensor = T(name=name, data_type=kind, dims=shape)
    flat = bits.flatten()
    if kind in (T.UINT4, T.INT4, T.UINT2, T.INT2):
        width = 4 if kind in (T.UINT4, T.INT4) else 2
        per = 8 // width
        codes = [int(v) & (2 ** width - 1) for v in flat] + [0] * (-len(flat) % per)
        numbers = [sum(c << width * i for i, c in enumerate(codes[k:k + per])) for k in range(0, len(codes), per)]
    elif array.dtype.kind == "c":
        numbers = [part for v in flat for part in (v.real, v.imag)]
    else:
        numbers = (flat.astype(np.uint8) if flat.dtype == bool else flat).tolist()
    getattr(tensor, helper.tensor_dtype_to_field(kind)).extend(numbers)
    return tensor


def varint(value):
    value &= 2 ** 64 - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def unpacked(tensor):
    """The wire form with a tag for each number, dims packed: what the schema's annotations forbid and readers must take."""
    out = b""
    dims = b"".join(varint(d) for d in tensor.dims)
    out += b"\x0a" + varint(len(dims)) + dims if dims else b""
    out += b"\x10" + varint(tensor.data_type) + b"\x42" + varint(len(tensor.name)) + tensor.name.encode()
    for number in tensor.float_data:
        out += b"\x25" + struct.pack("<f", number)
    for number in tensor.double_data:
        out += b"\x51" + struct.pack("<d", number)
    for field, numbers in ((5, tensor.int32_data), (7, tensor.int64_data), (11, tensor.uint64_data)):
        for number in numbers:
            out += varint(field << 3) + varint(number)
    return out


def model(initializers, nodes=(), **graph):
    nodes = list(nodes) or [helper.make_node("Identity", ["x"], ["y"])]
    info = helper.make_tensor_value_info
    made = helper.make_graph(nodes, "g", [info("x", T.FLOAT, [1])], [info("y", T.FLOAT, [1])], initializers, **graph)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 21)], producer_name="weightsmith fixtures")


def save(name, made):
    (OUT / name).write_bytes(made.SerializeToString())


# 1. every type, raw and typed
kinds = [k for k in LISTED if k != T.STRING]
both = [make(f"{how}/{T.DataType.Name(k)}", k, [3, 5]) for k in kinds for how, make in (("raw", raw), ("typed", typed))]
both += [raw("scalar", T.FLOAT, []), raw("empty", T.FLOAT, [0, 4]), helper.make_tensor("text", T.STRING, [2], [b"ab", b""])]
types = model(both)
for key, value in (("source", "made by hand"), ("\u017c\u00f3\u0142w", "\u2713"), ("empty", "")):
    types.metadata_props.add(key=key, value=value)
save("types.onnx", types)

# 2. one tag per number
apart = [typed(f"apart/{T.DataType.Name(k)}", k, [7]) for k in kinds]
graph = b"".join(b"\x2a" + varint(len(t)) + t for t in map(unpacked, apart))
graph += b"\x12\x01g"
(OUT / "unpacked.onnx").write_bytes(b"\x08\x0a" + b"\x3a" + varint(len(graph)) + graph + b"\x42\x02\x10\x15")

# 3. Constant nodes, both branches of an If with one name in each, a function, a sparse tensor
info = helper.make_tensor_value_info
constant = lambda out, *shape, **kw: helper.make_node("Constant", [], [out], value=numpy_helper.from_array(
    rng.standard_normal(shape).astype(np.float32)), **kw)
branch = lambda name: helper.make_graph([constant("inner", 2), helper.make_node("Add", ["inner", "w"], ["b"])], name, [],
                                        [info("b", T.FLOAT, [2])], [raw("w", T.FLOAT, [2])])
nodes = [constant("c", 2, 3, name="Constant_0"), constant("d", 2), helper.make_node("Constant", [], ["e"], value_float=1.0),
         helper.make_node("If", ["cond"], ["y"], name="choose", then_branch=branch("then"), else_branch=branch("else")),
         helper.make_node("If", ["cond"], ["z"], then_branch=branch("then"), else_branch=branch("else"))]
dense = model([raw("cond", T.BOOL, [])], nodes, sparse_initializer=[helper.make_sparse_tensor(
    numpy_helper.from_array(np.float32([1, 2]), "sparse"), numpy_helper.from_array(np.int64([0, 3]), "at"), [2, 2])])
dense.functions.append(helper.make_function("own", "Fill", [], ["out"], [constant("out", 3)], [helper.make_opsetid("", 21)]))
save("constants.onnx", dense)

# 4. external data: two tensors in one file, one in a folder below, one without a length
outside = [raw(name, kind, shape) for name, kind, shape in (
    ("first", T.FLOAT, [3, 4]), ("second", T.INT4, [5]), ("below", T.FLOAT16, [6]), ("whole", T.INT64, [2]))]
files = {"first": ("data.bin", 64), "second": ("data.bin", 4096), "below": ("below/more.bin", 3), "whole": ("whole.bin", 0)}
blobs = {}
for tensor in outside:
    location, offset = files[tensor.name]
    blob = blobs.setdefault(location, bytearray())
    blob.extend(bytes(offset + len(tensor.raw_data) - len(blob)))
    blob[offset:offset + len(tensor.raw_data)] = tensor.raw_data
    entries = {"location": location, "offset": str(offset), "length": str(len(tensor.raw_data)), "checksum": "0" * 40}
    if tensor.name == "whole":
        entries = {"location": location}
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)
    tensor.data_location = T.EXTERNAL
    tensor.ClearField("raw_data")
for location, blob in blobs.items():
    (OUT / location).write_bytes(blob)
save("external.onnx", model(outside + [raw("inline", T.FLOAT, [2])]))


def row(tensor, folder):
    listed = LISTED[tensor.data_type]
    if listed == "string":
        return {"dtype": listed, "shape": list(tensor.dims)}
    array = numpy_helper.to_array(tensor, str(folder))
    if tensor.data_type in (T.UINT4, T.UINT2, T.INT4, T.INT2):
        array = array.astype(np.uint8 if listed == "u8" else np.int8)
    return {"dtype": listed, "shape": list(tensor.dims), "hex": np.ascontiguousarray(array).tobytes().hex()}


def walk(graph, folder, prefix=""):
    """Every tensor under its name, as Docs/Formats/onnx.md says."""
    for tensor in getattr(graph, "initializer", ()):
        yield prefix + tensor.name, row(tensor, folder)
    seen = set()
    for number, node in enumerate(graph.node):
        path = node.name if node.name and node.name not in seen else f"{node.name or node.op_type}#{number}"
        seen.add(node.name)
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from walk(attribute.g, folder, f"{prefix}{path}/{attribute.name}/")
            if attribute.type == onnx.AttributeProto.TENSOR and node.op_type == "Constant":
                yield prefix + node.output[0], row(attribute.t, folder)


truth = {}
for path in sorted([*OUT.glob("*.onnx"), *(DATA / "formats").glob("*.onnx")]):
    made = onnx.load(path, load_external_data=False)
    rows = dict(walk(made.graph, path.parent))
    for function in made.functions:
        rows |= dict(walk(function, path.parent, function.name + "/"))
    truth[path.relative_to(DATA).as_posix()] = rows
(OUT / "truth.json").write_text(json.dumps(truth, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
for path in sorted(OUT.rglob("*")):
    print(path.relative_to(DATA), path.stat().st_size)
