"""NumPy archives and Flax's MessagePack files that weightsmith wrote from other containers, value by value: numpy and the msgpack package, with
Flax's extension types undone by hand here; flax itself where it is installed.
"""
import importlib.util
import json

import msgpack
import numpy
from safetensors.numpy import load_file

import samples
from checks import ROOT, Failure, convert, same_tensors, weightsmith
from foreign import same, stored

DATA = ROOT / "Fixtures/data"
# Models and odd files in every container, for `--names keep`.
SOURCES = ["models/albert/google_tf", "models/bert/hf", "formats/hf_tf_bert_sharded", "formats/keras3.weights.h5", "formats/tf_v2_partitioned",
           "formats/safetensors_sharded", "npz/orders_deflated.npz", "npz/kinds.npz", "zarr/group/types", "onnx/external.onnx"]
# With types that numpy has not.
WIDE = ["formats/safetensors_torch_dtypes.safetensors", "flax/arrays.msgpack", "flax/chunked.msgpack", "flax/scalars.msgpack", "flax/sharded"]
TYPES = {"bf16": "bfloat16", "f8e4m3": "float8_e4m3fn", "f8e5m2": "float8_e5m2", "f8e8m0": "float8_e8m0fnu", "f8e4m3fnuz": "float8_e4m3fnuz",
         "f8e5m2fnuz": "float8_e5m2fnuz", "bool": "bool", "c64": "complex64", "c128": "complex128"}
TYPES |= {f"{kind}{bits}": f"{name}{bits}" for kind, name in (("u", "uint"), ("i", "int"), ("f", "float")) for bits in (8, 16, 32, 64)}


def undone(code, payload):
    if code != 1:
        raise Failure(f"extension type {code}")
    shape, name, data = msgpack.unpackb(payload, raw=False)
    return name, tuple(shape), data


def flat(tree, prefix=""):
    """Name to (type, shape, bytes)."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}/")
        else:
            yield prefix + key, value


def again(tree):
    """The same tree by the msgpack package, as flax.serialization packs it."""
    def pack(value):
        name, shape, data = value.content
        return msgpack.ExtType(1, msgpack.packb((shape, name, data), use_bin_type=True))

    class Leaf:
        def __init__(self, content):
            self.content = content

    def leaves(node):
        return {key: leaves(value) if isinstance(value, dict) else Leaf(value) for key, value in node.items()}

    return msgpack.packb(leaves(tree), default=pack, strict_types=True)


def listed(path):
    """Name to type and shape by our own reader of the source; its values are checked by the other judges."""
    rows = json.loads(weightsmith("inspect", path, "--json"))["tensors"]
    return {row["name"]: (row["dtype"], tuple(row["shape"])) for row in rows if row["dtype"] not in ("string", "opaque")}


def to_npz(score, folder):
    for index, name in enumerate(SOURCES):
        def body():
            out = convert(DATA / name, folder / f"any{index}.npz", "--names", "keep")
            through = convert(DATA / name, folder / f"any{index}-safetensors", "--to", "safetensors", "--names", "keep") \
                if "kinds" not in name and "orders" not in name else None
            with numpy.load(out, allow_pickle=False) as archive:
                arrays = {key: archive[key] for key in archive.files}
            types = {key: (TYPES[kind], shape) for key, (kind, shape) in listed(DATA / name).items()}
            if {key: (array.dtype.name, array.shape) for key, array in arrays.items()} != types:
                raise Failure("other names, types or shapes")
            if through is None:
                with numpy.load(DATA / name, allow_pickle=False) as archive:
                    wanted = {key: archive[key].astype(archive[key].dtype.newbyteorder("<")) for key in archive.files}
                return same_tensors(arrays, wanted)
            return same({key: (list(array.shape), array.tobytes()) for key, array in arrays.items()}, stored(through))

        score.check(f"{name} to NumPy's archive under its own names", body)


def to_msgpack(score, folder):
    for index, name in enumerate(SOURCES + WIDE):
        def body():
            out = convert(DATA / name, folder / f"any{index}.msgpack", "--names", "keep")
            tree = msgpack.unpackb(out.read_bytes(), ext_hook=undone, raw=False)
            got = dict(flat(tree))
            types = {key: (TYPES[kind], shape) for key, (kind, shape) in listed(DATA / name).items()}
            if {key: value[:2] for key, value in got.items()} != types:
                raise Failure("other names, types or shapes")
            if again(tree) != out.read_bytes():
                raise Failure("other bytes than the msgpack package packs")
            return same({key: (list(shape), data) for key, (_, shape, data) in got.items()}, wanted_bytes(name, folder / f"wanted{index}"))

        score.check(f"{name} to MessagePack under its own names", body)


def wanted_bytes(name, folder):
    """Shape and bytes: of Flax's and NumPy's files what flax and numpy gave, of others what they are as safetensors."""
    if name.startswith(("flax/", "npz/")):
        kind, file = name.split("/")
        key = file if kind == "npz" else file.removesuffix(".msgpack")
        rows = json.loads((DATA / kind / "truth.json").read_text(encoding="utf-8"))[key]
        return {key: (row["shape"], bytes.fromhex(row["hex"])) for key, row in rows.items()}
    return stored(convert(DATA / name, folder, "--to", "safetensors", "--names", "keep"))


def by_flax(score, folder):
    """What flax.serialization restores, and that it would have written the same bytes."""
    if not importlib.util.find_spec("flax"):
        score.skip("flax reads our MessagePack files", "flax is not installed")
        return
    from flax import serialization

    for index, name in enumerate(SOURCES + WIDE):
        def body():
            out = convert(DATA / name, folder / f"flax{index}.msgpack", "--names", "keep")
            tree = serialization.msgpack_restore(out.read_bytes())
            if serialization.to_bytes(tree) != out.read_bytes():
                raise Failure("other bytes than flax.serialization.to_bytes gives")
            got = {key: (list(value.shape), value.tobytes()) for key, value in flat(tree)}
            return same(got, wanted_bytes(name, folder / f"flax-wanted{index}"))

        score.check(f"{name} → MessagePack → flax, its own bytes", body)

    for index, sample in enumerate(samples.HUGGING_FACE):
        def shards():
            out = convert(sample.path, folder / f"shards{index}", "--to", "msgpack", "--names", "keep", "--max-shard-size", "4kB")
            weights = json.loads((out / "flax_model.msgpack.index.json").read_text())["weight_map"]
            got = {}
            for file in sorted(set(weights.values())):
                part = dict(flat(serialization.msgpack_restore((out / file).read_bytes())))
                if any(weights[key] != file for key in part):
                    raise Failure(f"{file} has what the index has elsewhere")
                got |= part
            return f"{len(set(weights.values()))} shards, " + same_tensors(got, load_file(sample.path / "model.safetensors"))

        score.check(f"{sample.title} → sharded MessagePack → flax", shards)
