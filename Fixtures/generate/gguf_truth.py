"""What gguf-py, an independent reader, finds in every GGUF fixture: Fixtures/data/truth/gguf.json.

Per file `metadata`, rows of key, kind ("i32", or "[i32]" for an array) and the values as text (floats as the number of their bits),
`tensors`, rows of name, type, shape (row-major) and CRC-32C of the little-endian bytes, and `decoded`, rows of name and CRC-32C of the
f32 values that blocks stand for. What the makers also wrote as .npz is
compared with gguf-py's view first. Of a split model each part is a row of its own; the blocks of the big-endian file are those of its
little-endian twin, from which gguf-py's tool made it. Needs gguf and numpy. Run from the project folder.
"""
import glob
import json
import struct

import gguf
import numpy as np

from crc32c import crc32c

ROOT = "Fixtures/data"
KINDS = {"UINT8": "u8", "INT8": "i8", "UINT16": "u16", "INT16": "i16", "UINT32": "u32", "INT32": "i32", "UINT64": "u64",
         "INT64": "i64", "FLOAT32": "f32", "FLOAT64": "f64", "BOOL": "bool", "STRING": "string"}


def little_endian(a):
    return np.ascontiguousarray(a).astype(a.dtype.newbyteorder("<"), copy=False).tobytes()


def text(kind, value):
    if kind == "string":
        return value
    if kind == "f32":
        return str(struct.unpack("<I", struct.pack("<f", value))[0])
    if kind == "f64":
        return str(struct.unpack("<Q", struct.pack("<d", value))[0])
    return str(int(value))


def metadata(reader):
    rows = []
    for key, field in reader.fields.items():
        if key.startswith("GGUF."):
            continue
        kind = KINDS[field.types[-1].name]
        value = field.contents()
        if field.types[0] == gguf.GGUFValueType.ARRAY:
            rows.append([key, f"[{kind}]", [text(kind, v) for v in value]])
        else:
            rows.append([key, kind, [text(kind, value)]])
    return rows


def tensors(reader):
    return [[t.name, t.tensor_type.name.lower(), t.shape.tolist()[::-1], crc32c(little_endian(t.data))] for t in reader.tensors]


def decoded(reader):
    return [[t.name, crc32c(gguf.quants.dequantize(t.data, t.tensor_type).astype("<f4").tobytes())]
            for t in reader.tensors if gguf.constants.GGML_QUANT_SIZES[t.tensor_type][0] > 1]


reader = gguf.GGUFReader(f"{ROOT}/formats/gguf_alltypes.gguf")
arrays = np.load(f"{ROOT}/formats/gguf_alltypes.npz")
found = {t.name: t for t in reader.tensors}
assert np.array_equal(found["plain.f32"].data, arrays["source_f32"])
for key in arrays.files:
    if key.startswith("plain."):
        assert np.array_equal(found[key].data, arrays[key]), key
    if key.startswith("deq."):
        tensor = found[key.replace("deq.", "q.")]
        assert np.array_equal(gguf.quants.dequantize(tensor.data, tensor.tensor_type), arrays[key]), key

truth = {}
for path in sorted(glob.glob("formats/gguf_*.gguf", root_dir=ROOT) + glob.glob("gguf/*.gguf", root_dir=ROOT)):
    reader = gguf.GGUFReader(f"{ROOT}/{path}")
    truth[path] = {"metadata": metadata(reader), "tensors": tensors(reader), "decoded": decoded(reader)}
big, little = (truth[f"gguf/blocks_{order}.gguf"] for order in ("be", "le"))
assert big["metadata"] == little["metadata"] and [t[:3] for t in big["tensors"]] == [t[:3] for t in little["tensors"]]
assert [t[3] for t in big["tensors"] if t[1] in ("f16", "f32")] == [t[3] for t in little["tensors"] if t[1] in ("f16", "f32")]
big["tensors"], big["decoded"] = little["tensors"], little["decoded"]
with open(f"{ROOT}/truth/gguf.json", "w") as out:
    out.write("{\n")
    for index, (path, rows) in enumerate(truth.items()):
        parts = []
        for name, values in rows.items():
            lines = ",\n   ".join(json.dumps(v, ensure_ascii=False, separators=(",", ":")) for v in values)
            parts.append(f'  "{name}": [\n   {lines}\n  ]')
        out.write((",\n" if index else "") + f'"{path}": {{\n' + ",\n".join(parts) + "\n}")
    out.write("\n}\n")
