"""Keras archives and indexes that the samples do not cover, and the values that Keras itself reported, as checksums in its order.

Writes Fixtures/data/keras. Run from the project folder; needs numpy.
"""
import json
import os
import zipfile

import numpy as np

from crc32c import crc32c

ROOT = "Fixtures/data"
OUT = f"{ROOT}/keras"
os.makedirs(OUT, exist_ok=True)

with zipfile.ZipFile(f"{ROOT}/formats/keras3.keras") as archive:
    members = {name: archive.read(name) for name in archive.namelist()}


def write(name, method=zipfile.ZIP_STORED, **changes):
    with zipfile.ZipFile(f"{OUT}/{name}.keras", "w", method) as out:
        for member, data in {**members, **changes}.items():
            if data is not None:
                out.writestr(zipfile.ZipInfo(member), data, method)


write("deflated", zipfile.ZIP_DEFLATED)
write("hostile_no_weights", **{"model.weights.h5": None})
write("hostile_other_weights", **{"model.weights.h5": None, "model.weights.npz": b"PK"})
write("hostile_not_hdf5", **{"model.weights.h5": b"no signature here"})
write("hostile_bomb", zipfile.ZIP_DEFLATED, **{"model.weights.h5": bytes(80 << 20)})

truth = {}
for name in ("keras2", "keras2_archive", "keras3"):
    arrays = np.load(f"{ROOT}/formats/{name}.npz")
    truth[name] = [[key, crc32c(arrays[key].tobytes())] for key in arrays.files]
with open(f"{OUT}/values.json", "w") as out:
    json.dump(truth, out, indent=1)
    out.write("\n")
