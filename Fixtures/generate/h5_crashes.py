"""HDF5 files on which libhdf5 1.10.8 crashes, hangs or takes gigabytes: a few bytes of metadata changed. Writes Fixtures/data/hdf5,
with an ending under which no test opens them in its own process.

Run from the project folder; needs h5py and numpy.
"""
import h5py
import numpy as np

OUT = "Fixtures/data/hdf5"


def base():
    """One dataset and one attribute of variable length: its text is in a global heap."""
    name = f"{OUT}/crash_base.tmp"
    with h5py.File(name, "w") as f:
        f["w"] = np.arange(4, dtype="f4")
        f.attrs["backend"] = "tensorflow of some length"
    with open(name, "rb") as f:
        data = f.read()
    import os
    os.remove(name)
    return data


def write(name, data, at, value, width):
    changed = bytearray(data)
    changed[at:at + width] = value.to_bytes(width, "little")
    with open(f"{OUT}/crash_{name}.h5_", "wb") as f:
        f.write(changed)


data = base()
heap = data.index(b"GCOL")
reference = data.index(heap.to_bytes(8, "little"))  # length (4) before it, index of the heap's object (4) behind
write("heap_index", data, reference + 8, 0x7FFFFFFF, 4)
write("text_length", data, reference - 4, 0xFFFFFFFF, 4)
free = heap + 16 + 16 + 32  # behind the heap's header and its one object: the object 0, which is the space left
assert data[free:free + 2] == b"\0\0" and int.from_bytes(data[free + 8:free + 16], "little") > 3000
write("heap_hang", data, free + 8, 0, 8)

# Found by changing every byte of names.h5: no structure is aimed at.
with open(f"{OUT}/names.h5", "rb") as f:
    data = f.read()
for at in (1963, 6268):
    write(f"byte_{at}", data, at, data[at] ^ 0xFF, 1)
