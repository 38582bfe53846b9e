"""Two independent readers of GGUF: gguf-py, and where it can be loaded ggml's own C library through its PyPI package libggml-python."""
import ctypes
import importlib.util
import pathlib

import gguf
import numpy

from checks import Failure


def tensors(path):
    """Name to (ggml type, array); blocks as bytes, [..., bytes of a row]."""
    return {t.name: (t.tensor_type.name, numpy.array(t.data)) for t in gguf.GGUFReader(path).tensors}


def metadata(path):
    """Rows of key, types and value, in the file's order, without what the reader adds of its own."""
    fields = gguf.GGUFReader(path).fields.items()
    return [(key, [t.name for t in f.types], f.contents()) for key, f in fields if not key.startswith("GGUF.")]


def plain_arrays(path):
    """Plain tensors as numpy arrays; bf16 as its bits."""
    arrays = {}
    for name, (kind, data) in tensors(path).items():
        if kind == "BF16":
            data = data.view(numpy.uint16)
        arrays[name] = data
    return arrays


class InitParams(ctypes.Structure):
    _fields_ = [("no_alloc", ctypes.c_bool), ("ctx", ctypes.POINTER(ctypes.c_void_p))]


def c_library():
    """libggml-base, or None where the package is not there or does not load."""
    spec = importlib.util.find_spec("libggml")
    for folder in spec.submodule_search_locations if spec else []:
        for found in sorted(pathlib.Path(folder).rglob("libggml-base.*")):
            try:
                library = ctypes.CDLL(str(found))
            except OSError:
                continue
            library.gguf_init_from_file.restype = ctypes.c_void_p
            library.gguf_init_from_file.argtypes = [ctypes.c_char_p, InitParams]
            for name in ("gguf_get_n_tensors", "gguf_get_n_kv"):
                getattr(library, name).restype = ctypes.c_int64
                getattr(library, name).argtypes = [ctypes.c_void_p]
            library.gguf_get_tensor_name.restype = ctypes.c_char_p
            library.gguf_get_tensor_name.argtypes = [ctypes.c_void_p, ctypes.c_int64]
            library.gguf_free.argtypes = [ctypes.c_void_p]
            library.ggml_get_tensor.restype = ctypes.c_void_p
            library.ggml_get_tensor.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
            library.ggml_get_data.restype = ctypes.c_void_p
            library.ggml_get_data.argtypes = [ctypes.c_void_p]
            library.ggml_nbytes.restype = ctypes.c_size_t
            library.ggml_nbytes.argtypes = [ctypes.c_void_p]
            library.ggml_free.argtypes = [ctypes.c_void_p]
            return library
    return None


def check_with_c(library, path):
    """The C library opens the file with its data loaded and holds gguf-py's names and bytes; the number of tensors."""
    context = ctypes.c_void_p()
    file = library.gguf_init_from_file(str(path).encode(), InitParams(False, ctypes.pointer(context)))
    if not file:
        raise Failure("libggml refuses it")
    try:
        expected = tensors(path)
        names = [library.gguf_get_tensor_name(file, i).decode() for i in range(library.gguf_get_n_tensors(file))]
        if names != list(expected):
            raise Failure(f"libggml sees other names: {names[:3]}")
        for name, (_, data) in expected.items():
            tensor = library.ggml_get_tensor(context, name.encode())
            size = library.ggml_nbytes(tensor)
            if ctypes.string_at(library.ggml_get_data(tensor), size) != data.tobytes():
                raise Failure(f"{name}: libggml holds other bytes")
        return len(names)
    finally:
        library.gguf_free(file)
        library.ggml_free(context)
