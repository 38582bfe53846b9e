"""A third of an HDF5 file again, in chunks with shuffle and gzip, as h5py writes them.

    python make_deflated.py SOURCE.h5 OUTPUT.h5
"""
import pathlib
import sys

import h5py

source, output = map(pathlib.Path, sys.argv[1:])
part = output.with_suffix(".part")
with h5py.File(source) as file, h5py.File(part, "w") as made:
    datasets = []
    file.visititems(lambda name, item: datasets.append(name) if isinstance(item, h5py.Dataset) else None)
    for name in datasets[::3]:
        made.create_dataset(name, data=file[name][...], chunks=True, shuffle=True, compression="gzip")
part.rename(output)
