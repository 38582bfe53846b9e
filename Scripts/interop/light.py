"""Independent readers over our output, without PyTorch: the safetensors package, gguf-py, ggml's C library, Hugging Face's tokenizers and our own
Python bundle reader against the source files as h5py and those readers see them.

    WEIGHTSMITH=path/to/weightsmith python light.py
"""
import pathlib
import sys
import tempfile

import h5py
import numpy
from safetensors.numpy import load_file

import blocks
import containers_numpy
import gguf_readers
import foreign
import llama
import samples
import texts
from checks import ROOT, Failure, Score, convert, same_tensors


def original_to_hugging_face(score, folder):
    for index, sample in enumerate(samples.ORIGINAL):
        def body():
            wanted = samples.expected_from_original(sample, samples.read_bundle_folder(sample.path))
            out = convert(sample.path, folder / f"hf{index}", "--to", "safetensors")
            return same_tensors(load_file(out / "model.safetensors"), wanted)

        score.check(f"{sample.title} to HF safetensors", body)


def keras_to_hugging_face(score, folder):
    for index, sample in enumerate(samples.KERAS):
        def body():
            out = convert(sample.path, folder / f"keras{index}", "--to", "safetensors")
            return same_tensors(load_file(out / "model.safetensors"), samples.expected_from_keras(sample.path))

        score.check(f"{sample.title} to HF safetensors", body)


def there_and_back(score, folder):
    """Original TF to Hugging Face and back, and Hugging Face to original TF and back: every tensor byte for byte."""
    for index, sample in enumerate(samples.ORIGINAL):
        def body():
            middle = convert(sample.path, folder / f"there{index}", "--to", "safetensors")
            back = convert(middle, folder / f"back{index}", "--to", "tf")
            wanted = samples.parameters_only(samples.read_bundle_folder(sample.path))
            wanted = {name.removeprefix("module/"): value for name, value in wanted.items()}
            return same_tensors(samples.read_bundle_folder(back), wanted)

        score.check(f"{sample.title} to HF and back to original TF", body)
    for index, sample in enumerate(samples.HUGGING_FACE):
        def body():
            middle = convert(sample.path, folder / f"hf-there{index}", "--to", "tf")
            back = convert(middle, folder / f"hf-back{index}", "--to", "safetensors")
            return same_tensors(load_file(back / "model.safetensors"), load_file(sample.path / "model.safetensors"))

        score.check(f"{sample.title} to original TF and back to HF", body)
    for index, sample in enumerate(samples.HUGGING_FACE):
        def body():
            middle = convert(sample.path, folder / f"keras-there{index}", "--to", "safetensors", "--names", "keras")
            back = convert(middle, folder / f"keras-back{index}", "--to", "safetensors", "--names", "hf")
            return same_tensors(load_file(back / "model.safetensors"), load_file(sample.path / "model.safetensors"))

        score.check(f"{sample.title} to Keras names and back to HF", body)


def to_hdf5(score, folder):
    """Hugging Face to tf_model.h5 and any names to HDF5, as h5py reads them."""
    for index, sample in enumerate(samples.HUGGING_FACE):
        wanted = load_file(sample.path / "model.safetensors")

        def keras():
            out = convert(sample.path, folder / f"h5-{index}", "--to", "hdf5")
            return same_tensors(samples.expected_from_keras(out / "tf_model.h5"), wanted)

        def kept():
            out = convert(sample.path, folder / f"kept-{index}.h5", "--names", "keep")
            with h5py.File(out) as file:
                return same_tensors({name: file[name][()] for name in file}, wanted)

        score.check(f"{sample.title} to tf_model.h5", keras)
        score.check(f"{sample.title} to HDF5 with its own names", kept)
    source = samples.ROOT / "Fixtures" / "data" / "hdf5" / "filters.h5"
    with h5py.File(source) as file:
        wanted = {name: data[()] for name, data in file.items() if data.dtype.kind in "fiubc"}

    def types():
        out = convert(source, folder / "types.h5", "--names", "keep")
        with h5py.File(out) as file:
            got = {name: file[name][()] for name in wanted}
        little = {name: value.astype(value.dtype.newbyteorder("<")) for name, value in wanted.items()}
        return same_tensors(got, little)

    score.check("types and layouts of HDF5 to HDF5", types)
def to_npz(score, folder):
    """Any names to an archive as numpy reads it, and byte for byte as numpy writes it."""
    for index, sample in enumerate(samples.HUGGING_FACE):
        def body():
            out = convert(sample.path, folder / f"kept-{index}.npz", "--names", "keep")
            with numpy.load(out, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            numpy.savez(folder / "own.npz", **arrays)
            if out.read_bytes() != (folder / "own.npz").read_bytes():
                raise Failure("other bytes than numpy.savez writes")
            return same_tensors(arrays, load_file(sample.path / "model.safetensors"))

        score.check(f"{sample.title} to NumPy's archive", body)


def to_gguf(score, folder):
    """Container to container: gguf-py finds the source's values, and ggml's C library takes the file."""
    library = gguf_readers.c_library()
    data = ROOT / "Fixtures" / "data"
    written = []
    for index, sample in enumerate(samples.HUGGING_FACE[2:3] + samples.HUGGING_FACE[4:]):
        def body():
            out = convert(sample.path, folder / f"kept{index}.gguf", "--to", "gguf", "--names", "keep")
            written.append((sample.title, out))
            return same_tensors(gguf_readers.plain_arrays(out), load_file(sample.path / "model.safetensors"))

        score.check(f"{sample.title} to GGUF under its own names", body)
    for name, options in (("formats/gguf_alltypes.gguf", []), ("gguf/blocks_be.gguf", []), ("gguf/blocks_le.gguf", []),
                          ("gguf/split-00001-of-00003.gguf", [])):
        def body():
            out = convert(data / name, folder / pathlib.Path(name).name, "--to", "gguf", "--names", "keep", *options)
            written.append((name, out))
            return same_gguf(out, data / name)

        score.check(f"{name} to GGUF, metadata typed and in order", body)

    def parts():
        out = convert(data / "gguf/split-00001-of-00003.gguf", folder / "parts", "--to", "gguf", "--names", "keep",
                      "--max-shard-size", "150B")
        found = sorted(out.glob("*.gguf"))
        written.extend((f"part {path.name}", path) for path in found)
        read = {name: array for path in found for name, array in gguf_readers.plain_arrays(path).items()}
        wanted = {}
        for path in sorted((data / "gguf").glob("split-*.gguf")):
            wanted |= gguf_readers.plain_arrays(path)
        return f"{len(found)} files, {same_tensors(read, wanted)}"

    score.check("a split model to a split GGUF", parts)
    if library is None:
        print("skip   ggml's C library over the same files: libggml-python is not installed")
        return
    for title, path in written:
        score.check(f"ggml's C library opens {title}", lambda: f"{gguf_readers.check_with_c(library, path)} tensors")


def same_gguf(got, wanted):
    """Everything gguf-py sees; what we add to quantized files that lack it, and what a split says of itself, apart."""
    own = ("general.quantization_version", "split.no", "split.count", "split.tensors.count")
    rows = [[row for row in gguf_readers.metadata(path) if row[0] not in own] for path in (got, wanted)]
    if rows[0] != rows[1]:
        raise Failure("other metadata")
    first, second = gguf_readers.tensors(got), gguf_readers.tensors(wanted)
    if "split" in wanted.name:
        for path in sorted(wanted.parent.glob("split-*.gguf"))[1:]:
            second |= gguf_readers.tensors(path)
    if {n: k for n, (k, _) in first.items()} != {n: k for n, (k, _) in second.items()}:
        raise Failure("other names or types")
    if "_be" in wanted.name:  # gguf-py leaves the words inside blocks as they are
        second = gguf_readers.tensors(wanted.with_name(wanted.name.replace("_be", "_le")))
    return f"{len(rows[0])} entries, " + same_tensors({n: d for n, (_, d) in first.items()}, {n: d for n, (_, d) in second.items()})


def main():
    score = Score()
    with tempfile.TemporaryDirectory(prefix="weightsmith-interop.") as scratch:
        folder = pathlib.Path(scratch)
        original_to_hugging_face(score, folder)
        keras_to_hugging_face(score, folder)
        there_and_back(score, folder)
        to_hdf5(score, folder)
        to_gguf(score, folder)
        to_npz(score, folder)
        containers_numpy.to_npz(score, folder)
        containers_numpy.to_msgpack(score, folder)
        foreign.onnx_models(score, folder)
        foreign.from_arrays(score, folder)
        blocks.quantized(score, folder)
        llama.check(score, folder)
        texts.check(score)
    print(f"{len(score.rows)} checks, {score.failures} failed")
    return 1 if score.failures else 0


if __name__ == "__main__":
    sys.exit(main())
