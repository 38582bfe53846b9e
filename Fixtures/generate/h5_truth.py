"""What h5py, an independent reader, finds in every HDF5 fixture: Fixtures/data/hdf5/truth.json.

One row per tensor: name, dtype, shape, CRC-32C of its little-endian bytes (null where the product refuses to read it).
Values that the original program also wrote as .npz are compared with h5py's first. Run from the project folder.
"""
import glob
import io
import json

import zipfile

import h5py
import numpy as np

from crc32c import crc32c

ROOT = "Fixtures/data"
NAMES = {"float16": "f16", "float32": "f32", "float64": "f64", "bool": "bool", "complex64": "c64", "complex128": "c128"}
REFUSED_FILTERS = {"lzf", "scaleoffset"}


def little_endian(a):
    return np.ascontiguousarray(a).astype(a.dtype.newbyteorder("<"), copy=False).tobytes()


def is_bfloat16(d):
    if str(d.attrs.get("dtype", "")) == "bfloat16":
        return True
    kind = d.id.get_type()
    if isinstance(kind, h5py.h5t.TypeOpaqueID):
        return kind.get_tag() == b"bfloat16"
    return isinstance(kind, h5py.h5t.TypeFloatID) and kind.get_size() == 2 and kind.get_ebias() == 127


def raw_pairs(d):
    """The two bytes of each element as they are in the file."""
    a = np.empty(d.shape, "V2")
    kind = d.id.get_type()
    d.id.read(h5py.h5s.ALL, h5py.h5s.ALL, a, mtype=kind)
    return a.tobytes()


def row(name, d):
    if d.is_virtual:
        return [name, "opaque", [], None]
    if d.id.get_space().get_simple_extent_type() == h5py.h5s.NULL:
        return None
    if is_bfloat16(d):
        return [name, "bf16", list(d.shape), crc32c(raw_pairs(d))]
    kind = d.id.get_type()
    if isinstance(kind, h5py.h5t.TypeStringID):
        return [name, "string", list(d.shape), None]
    if isinstance(kind, h5py.h5t.TypeEnumID) and d.dtype != bool:
        dtype = d.dtype
    elif not isinstance(kind, (h5py.h5t.TypeIntegerID, h5py.h5t.TypeFloatID, h5py.h5t.TypeEnumID)) and d.dtype.kind != "c":
        return [name, "opaque", list(d.shape), None]
    dtype = NAMES.get(d.dtype.name) or d.dtype.name.replace("uint", "u").replace("int", "i")
    if d.external or d.compression in REFUSED_FILTERS or d.scaleoffset is not None:
        return [name, dtype, list(d.shape), None]
    return [name, dtype, list(d.shape), crc32c(little_endian(d[()]))]


def walk(f):
    rows, visited, queue, soft_queue = [], set(), [("", f["/"])], []
    while queue or soft_queue:
        if not queue:
            queue, soft_queue = soft_queue, []
        prefix, group = queue.pop(0)
        address = h5py.h5o.get_info(group.id).addr
        if address in visited:
            continue
        visited.add(address)
        for key in group:
            name = f"{prefix}/{key}" if prefix else key
            link = group.get(key, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                rows.append([name, "opaque", [], None])
                continue
            try:
                item = group[key]
            except (KeyError, OSError, RuntimeError):
                continue
            if item.file.filename != f.filename:
                continue
            if isinstance(item, h5py.Group):
                (soft_queue if isinstance(link, h5py.SoftLink) else queue).append((name, item))
            elif isinstance(item, h5py.Dataset):
                found = row(name, item)
                if found:
                    rows.append(found)
    return sorted(rows)


def compare(file, npz, prefix=lambda name: name):
    """Every array of the .npz is in the HDF5 file, bit for bit."""
    with h5py.File(f"{ROOT}/{file}") as f:
        arrays = np.load(f"{ROOT}/{npz}")
        found = {}
        f.visititems(lambda name, item: found.setdefault(name, item) and None)
        for key in arrays.files:
            matches = [d for name, d in found.items() if isinstance(d, h5py.Dataset) and prefix(name) == key]
            assert matches, key
            for d in matches:
                assert np.array_equal(d[()], arrays[key]), key


for model in ("hf_tf_albert", "hf_tf_bert"):
    compare(f"formats/{model}/tf_model.h5", f"formats/{model}.npz", lambda name: name.split("/", 1)[-1])
compare("formats/keras2_weights.h5", "formats/keras2.npz", lambda name: name.split("/", 1)[-1])
with h5py.File(f"{ROOT}/formats/h5_zoo.h5") as f:
    zoo = np.load(f"{ROOT}/formats/h5_zoo.npz")
    for name in ("contiguous_f32_le", "chunked_gzip_shuffle", "chunked_gzip_shuffle_fletcher", "chunked_nofilter", "be_f32"):
        assert np.array_equal(f[name][()], zoo["x"]), name
    for name in ("chunked_missing", "f16", "be_i16"):
        assert np.array_equal(f[name][()], zoo[name]), name
    assert raw_pairs(f["bf16_custom_float"]) == zoo["bf16_bits"].tobytes()
with h5py.File(f"{ROOT}/formats/h5_latest.h5") as f:
    for name in ("fixed_array_gzip", "extensible", "btree2", "contig"):
        assert np.array_equal(f[name][()], zoo["x"]), name

def opened(name):
    """The file, or the weights in a Keras archive."""
    if not name.endswith(".keras"):
        return f"{ROOT}/{name}"
    with zipfile.ZipFile(f"{ROOT}/{name}") as archive:
        return io.BytesIO(archive.read("model.weights.h5"))


files = sorted(
    name
    for pattern in ("formats/*.keras", "keras/*.keras", "formats/*.h5", "formats/hf_tf_*/*.h5", "models/**/*.h5", "models/**/*.hdf5", "hdf5/*.h5")
    for name in glob.glob(pattern, root_dir=ROOT, recursive=True)
    if "newer" not in name and "crash" not in name and ("hostile" not in name or "elsewhere" in name))
with open(f"{ROOT}/hdf5/truth.json", "w") as out:
    out.write("{\n")
    for index, name in enumerate(files):
        with h5py.File(opened(name)) as f:
            rows = ",\n  ".join(json.dumps(r, ensure_ascii=False, separators=(",", ":")) for r in walk(f))
        out.write((",\n" if index else "") + f'"{name}": [\n  {rows}\n]')
    out.write("\n}\n")
