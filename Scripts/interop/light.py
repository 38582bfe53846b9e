"""Independent readers over our output, without PyTorch: the safetensors package and our own Python bundle reader against the
source files as h5py and that reader see them.

    WEIGHTSMITH=path/to/weightsmith python light.py
"""
import pathlib
import sys
import tempfile

import h5py
from safetensors.numpy import load_file

import samples
from checks import Score, convert, same_tensors


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


def main():
    score = Score()
    with tempfile.TemporaryDirectory(prefix="weightsmith-interop.") as scratch:
        folder = pathlib.Path(scratch)
        original_to_hugging_face(score, folder)
        keras_to_hugging_face(score, folder)
        there_and_back(score, folder)
        to_hdf5(score, folder)
    print(f"{len(score.rows)} checks, {score.failures} failed")
    return 1 if score.failures else 0


if __name__ == "__main__":
    sys.exit(main())
