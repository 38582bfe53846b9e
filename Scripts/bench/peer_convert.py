"""The peer: a container's own Python library reads all tensors, the safetensors package writes them.

    python peer_convert.py safetensors|tf|npz|torch|hdf5|deflated SOURCE OUTPUT.safetensors|-      prints seconds, imports not counted
"""
import importlib
import os
import pathlib
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""


def read_hdf5(path):
    tensors = {}
    with importlib.import_module("h5py").File(path) as file:
        file.visititems(lambda name, item: tensors.update({name: item[...]}) if hasattr(item, "dtype") else None)
    return tensors


def read_tf(path):
    (index,) = pathlib.Path(path).glob("*.index")
    reader = importlib.import_module("tensorflow").train.load_checkpoint(str(index)[:-len(".index")])
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def read_npz(path):
    with importlib.import_module("numpy").load(path) as file:
        return {name: file[name] for name in file.files}


READERS = {
    "safetensors": ("safetensors.numpy", lambda path: importlib.import_module("safetensors.numpy").load_file(path)),
    "torch": ("torch", lambda path: importlib.import_module("torch").load(path, weights_only=True)),
    "tf": ("tensorflow", read_tf), "npz": ("numpy", read_npz), "hdf5": ("h5py", read_hdf5), "deflated": ("h5py", read_hdf5),
}


def main():
    container, source, output = sys.argv[1:]
    module, read = READERS[container]
    importlib.import_module(module)
    save = None
    if output != "-":
        save = importlib.import_module("safetensors.torch" if container == "torch" else "safetensors.numpy").save_file
    begin = time.perf_counter()
    tensors = read(source)
    if save:
        save(tensors, output)
    print(time.perf_counter() - begin)


main()
