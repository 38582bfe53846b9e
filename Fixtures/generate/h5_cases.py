"""HDF5 files that the samples do not cover: filters, indexes, user block, hostile files. Writes Fixtures/data/hdf5.

Run from the project folder; needs numpy and h5py, and the system's libhdf5 for one option that h5py does not offer.
"""
import ctypes
import ctypes.util
import json
import os
import zlib

import h5py
import numpy as np

OUT = "Fixtures/data/hdf5"
os.makedirs(OUT, exist_ok=True)
rng = np.random.default_rng(7)
x = rng.standard_normal((13, 11)).astype(np.float32)
cube = rng.integers(-1000, 1000, (5, 6, 7))


def path(name):
    return f"{OUT}/{name}"


def filters():
    with h5py.File(path("filters.h5"), "w") as f:
        def add(name, data, chunks, **options):
            f.create_dataset(name, data=data, chunks=chunks, **options)

        add("gzip", x.astype("<f8"), (4, 5), compression="gzip")
        add("shuffle", cube.astype("<i2"), (2, 4, 3), shuffle=True)
        add("fletcher_even", x, (13, 2), fletcher32=True)
        add("fletcher_odd", cube[0, 0].astype("u1"), (3,), fletcher32=True)
        add("fletcher_long", np.full((400, 500), 255, "u1"), (400, 500), fletcher32=True, compression="gzip")
        add("all_big_endian", x.astype(">f8"), (5, 4), compression="gzip", shuffle=True, fletcher32=True)
        add("cube_gzip_shuffle", cube.astype("<i8"), (2, 4, 3), compression="gzip", shuffle=True)
        add("edge", x[0], (4,), compression="gzip")
        add("one_chunk", x, (13, 11), compression="gzip")
        add("larger_chunk", x[:2, :3], (8, 8), maxshape=(None, None))
        add("half", x.astype("f2"), (4, 4), compression="gzip", shuffle=True)
        add("bool", x > 0, (4, 4), compression="gzip")
        add("complex_big_endian", (x + 1j * x[::-1]).astype(">c16"), (6, 6), compression="gzip", shuffle=True)
        add("four_dimensions", rng.standard_normal((3, 4, 5, 6)).astype("f4"), (2, 2, 2, 4), compression="gzip")
        d = f.create_dataset("missing_big_endian", (9, 4), ">i4", chunks=(2, 3), fillvalue=-7, compression="gzip")
        d[4:6, 0:3] = 11
        f.create_dataset("never_written", (3, 3), ">f4", fillvalue=1.5)
        d = f.create_dataset("masked", (8,), "<f4", chunks=(4,), compression="gzip", shuffle=True)
        shuffled = x[1, :4].view("u1").reshape(4, 4).T.tobytes()
        d.id.write_direct_chunk((0,), x[0, :4].tobytes(), 0b11)
        d.id.write_direct_chunk((4,), shuffled, 0b10)
        f.create_dataset("int_order", data=cube.astype(">u8"))
        f.create_dataset("enum_colour", data=np.array([2, 0, 1], "i2"), dtype=h5py.enum_dtype({"R": 0, "G": 1, "B": 2}, "i2"))
        f.create_dataset("array_type", (2,), dtype=np.dtype(("f4", (3,))))
        f.create_dataset("record", data=np.zeros(2, [("a", "f4"), ("b", "i4")]))
        f.attrs["note"] = "zażółć"
        f.attrs["fixed"] = np.array([b"one", b"two"], "S8")
        f.attrs["number"] = 3



def indexes():
    with h5py.File(path("indexes.h5"), "w", libver=("v110", "v110")) as f:
        f.create_dataset("fixed_array", data=x, chunks=(4, 4))
        f.create_dataset("fixed_array_gzip", data=x, chunks=(4, 4), compression="gzip")
        f.create_dataset("extensible_array", data=x, chunks=(4, 4), maxshape=(None, 11), compression="gzip")
        f.create_dataset("btree2", data=x, chunks=(4, 4), maxshape=(None, None), fletcher32=True)
        f.create_dataset("single", data=x, chunks=(13, 11), compression="gzip", shuffle=True)
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((4, 4))
        plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        space = h5py.h5s.create_simple(x.shape)
        h5py.Dataset(h5py.h5d.create(f.id, b"implicit", h5py.h5t.IEEE_F32LE, space, plist))[...] = x
    with h5py.File(path("many_chunks.h5"), "w", libver=("v110", "v110")) as f:
        d = f.create_dataset("many", (3000,), "i1", chunks=(1,), fillvalue=9)
        d[:2500] = np.arange(2500).astype("i1")
        f.create_dataset("many_gzip", data=np.arange(4200, dtype=">i2"), chunks=(2,), compression="gzip")


def partial_chunks_unfiltered():
    """An option of the file format that h5py does not reach."""
    lib = ctypes.CDLL(ctypes.util.find_library("hdf5_serial") or ctypes.util.find_library("hdf5"))
    h, n = ctypes.c_int64, ctypes.c_uint64

    def call(name, *arguments):
        function = getattr(lib, name)
        function.restype = h
        result = function(*arguments)
        assert result >= 0, name
        return result

    call("H5open")
    def constant(name):
        return h.in_dll(lib, name)

    access = call("H5Pcreate", constant("H5P_CLS_FILE_ACCESS_ID_g"))
    call("H5Pset_libver_bounds", h(access), 2, 2)
    file = call("H5Fcreate", path("partial_unfiltered.h5").encode(), 2, h(0), h(access))
    dims = (n * 2)(*x.shape)
    space = call("H5Screate_simple", 2, dims, None)
    plist = call("H5Pcreate", constant("H5P_CLS_DATASET_CREATE_ID_g"))
    call("H5Pset_chunk", h(plist), 2, (n * 2)(4, 4))
    call("H5Pset_deflate", h(plist), 6)
    call("H5Pset_chunk_opts", h(plist), 2)
    kind = constant("H5T_IEEE_F32LE_g")
    dataset = call("H5Dcreate2", h(file), b"x", kind, h(space), h(0), h(plist), h(0))
    call("H5Dwrite", h(dataset), kind, h(0), h(0), h(0), x.ctypes.data_as(ctypes.c_void_p))
    for close, identity in (("H5Dclose", dataset), ("H5Fclose", file)):
        call(close, h(identity))


def user_block():
    with h5py.File(path("user_block.h5"), "w", userblock_size=1024) as f:
        f["contiguous"] = x
        f.create_dataset("chunked", data=x, chunks=(4, 4), compression="gzip")
        f.create_dataset("many", data=np.arange(10, dtype="i1"), chunks=(3,))
    with open(path("user_block.h5"), "r+b") as f:
        f.write(b"a user block".ljust(1024, b"."))


def names():
    """Hard and soft aliases, loops, a group under two names, split lists."""
    with h5py.File(path("names.h5"), "w") as f:
        f["a/w"] = x[:1]
        f["hard"] = f["a/w"]
        f["soft"] = h5py.SoftLink("/a/w")
        f["b"] = f["a"]
        f["soft_group"] = h5py.SoftLink("/a")
        f["a/up"] = f["/"]
        f["loop1"] = h5py.SoftLink("/loop2")
        f["loop2"] = h5py.SoftLink("/loop1")
        f["dangling"] = h5py.SoftLink("/nowhere/w")
        f["żółw/kernel:0"] = x[:1]
        f["type"] = np.dtype("f4")
        for part in range(3):
            f["a"].attrs[f"weight_names{part}"] = np.array([f"w{part}", f"v{part}"], dtype="S4")
        f["a"].attrs["empty"] = np.zeros(0)


def small():
    """A few KB for truncation and flipped bytes; the places of its data go into places.json."""
    with h5py.File(path("small.h5"), "w") as f:
        f["contiguous"] = x[:2, :2]
        f.create_dataset("deflated", data=x, chunks=(13, 11), compression="gzip")
        f.create_dataset("summed", data=x[:4], chunks=(4, 11), fletcher32=True)
        f.attrs["backend"] = "tensorflow"
        return {name: [f[name].id.get_chunk_info(0).byte_offset, f[name].id.get_chunk_info(0).size] for name in ("deflated", "summed")}


def newer():
    """The chunk layout message of HDF5 2.0, which no library before it can read."""
    if h5py.version.hdf5_version_tuple >= (2, 0, 0):
        with h5py.File(path("newer_library.h5"), "w", libver="latest") as f:
            f.create_dataset("x", data=x, chunks=(4, 4), compression="gzip")


def chunk_outside():
    with h5py.File(path("hostile_chunk_outside.h5"), "w") as f:
        f.create_dataset("x", data=x, chunks=(4, 4), compression="gzip")
        place = f["x"].id.get_chunk_info(2).byte_offset
    with open(path("hostile_chunk_outside.h5"), "r+b") as f:
        data = f.read()
        at = data.index(place.to_bytes(8, "little"))
        f.seek(at)
        f.write((1 << 40).to_bytes(8, "little"))


def hostile():
    with h5py.File(path("hostile_bomb.h5"), "w") as f:
        d = f.create_dataset("longer", (4, 4), "f4", chunks=(4, 4), compression="gzip")
        d.id.write_direct_chunk((0, 0), zlib.compress(bytes(500_000)))
        d = f.create_dataset("shorter", (4, 4), "f4", chunks=(4, 4), compression="gzip")
        d.id.write_direct_chunk((0, 0), zlib.compress(bytes(63)))
        d = f.create_dataset("stored_too_large", (4, 4), "f4", chunks=(4, 4), compression="gzip")
        d.id.write_direct_chunk((0, 0), zlib.compress(rng.bytes(5000)))
        d = f.create_dataset("not_deflate", (4, 4), "f4", chunks=(4, 4), compression="gzip")
        d.id.write_direct_chunk((0, 0), b"this is not deflate")
        d = f.create_dataset("short_unfiltered", (4, 4), "f4", chunks=(4, 4), compression="gzip")
        d.id.write_direct_chunk((0, 0), bytes(10), 1)
    with h5py.File(path("hostile_shape.h5"), "w") as f:
        f.create_dataset("x", (10**12,), "f4", chunks=(1024,))
    with h5py.File(path("hostile_shape_overflow.h5"), "w") as f:
        f.create_dataset("x", (2**40, 2**40), "f4", chunks=(16, 16))
    with h5py.File(path("hostile_sum.h5"), "w") as f:
        for i in range(40):
            f.create_dataset(f"x{i}", (2**20,), "f8", chunks=(2**16,))
    with h5py.File(path("hostile_chunk_size.h5"), "w") as f:
        f.create_dataset("x", (8,), "f4", maxshape=(None,), chunks=(2**28,))
    with h5py.File(path("hostile_deep.h5"), "w", libver=("v110", "v110")) as f:
        f["/".join("g" for _ in range(70)) + "/w"] = x[0]
    with h5py.File(path("hostile_rank.h5"), "w") as f:
        f.create_dataset("x", (1,) * 20, "f4")
    with h5py.File(path("hostile_elsewhere.h5"), "w") as f:
        f["w"] = x
        f["external"] = h5py.ExternalLink("small.h5", "/contiguous")
        f["through/soft"] = h5py.SoftLink("/external")
        f["external_group"] = h5py.ExternalLink("small.h5", "/")
        f["through/group"] = h5py.SoftLink("/external_group/contiguous")
        f.create_dataset("storage", (4,), "<f4", external=[("small.h5", 0, 16)])
        layout = h5py.VirtualLayout((2, 2), "f4")
        layout[...] = h5py.VirtualSource("small.h5", "contiguous", (2, 2))
        f.create_virtual_dataset("virtual", layout)
        f.create_dataset("scaled", data=np.arange(8), chunks=(4,), scaleoffset=0)
        f.create_dataset("lzf", data=x, chunks=(4, 4), compression="lzf")


filters()
indexes()
partial_chunks_unfiltered()
user_block()
names()
places = small()
newer()
chunk_outside()
hostile()
json.dump(places, open(path("places.json"), "w"))
