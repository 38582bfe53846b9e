"""The samples and what their conversions must hold, derived in Python from the source files alone."""
import pathlib
import re
import sys

import h5py
import numpy

import tensor_bundle

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = ROOT / "Fixtures" / "data" / "models"
TRAINED = ROOT / "Fixtures" / "data" / "trained"
sys.path.insert(0, str(ROOT / "Fixtures" / "generate" / "models"))

import canon  # noqa: E402  (the sample makers' own name map, checked against the original programs by ref_numpy.py)

SLOTS = ("/adam_m", "/adam_v")


class Sample:
    """One model: where it is, which family and head, and its depth."""

    def __init__(self, path, family, layers, head="pretraining"):
        self.path, self.family, self.layers, self.head = path, family, layers, head

    @property
    def title(self):
        return self.path.relative_to(ROOT / "Fixtures" / "data").as_posix()


def model(path, family, layers, head="pretraining"):
    return Sample(MODELS / path, family, layers, head)


ORIGINAL = [
    model("albert/google_tf", "albert", 4),
    model("albert/google_tf_groups", "albert", 6),
    model("albert/google_tf_hub_module_prefix", "albert", 4),
    model("albert/google_tf_slots", "albert", 2),
    model("bert/google_tf", "bert", 3),
    model("bert/google_tf_slots", "bert", 3),
    model("bert/google_tf_finetuned_classifier", "bert", 3, head="classifier"),
    model("bert/google_tf_finetuned_squad", "bert", 3, head="span"),
    Sample(TRAINED / "tiny_albert/google_tf", "albert", 4),
]
HUGGING_FACE = [
    model("albert/hf", "albert", 4),
    model("albert/hf_groups", "albert", 6),
    model("bert/hf", "bert", 3),
    Sample(TRAINED / "tiny_albert/hf", "albert", 4),
    Sample(TRAINED / "tiny_bert/hf", "bert", 4),
]
KERAS = [
    model("albert/hf/tf_model.h5", "albert", 4),
    model("albert/hf_groups/tf_model.h5", "albert", 6),
    model("bert/hf/tf_model.h5", "bert", 3),
]


def read_bundle_folder(folder, check_tensors=True):
    (index,) = pathlib.Path(folder).glob("*.index")
    return tensor_bundle.read(str(index)[:-len(".index")], check_tensors)


def parameters_only(variables):
    """Without optimizer slots and step counter."""
    return {n: v for n, v in variables.items() if not n.endswith(SLOTS) and n != "global_step"}


def expected_from_original(sample, variables):
    """Hugging Face names and values of Google's variables, by the sample makers' map."""
    canonical = canon.tf_bertlike(variables)
    if sample.family == "albert":
        return canon.to_hf_albert(canonical)
    wanted = canon.to_hf_bert(canonical, sample.layers)
    if sample.head == "classifier":
        wanted |= {"classifier.weight": variables["output_weights"], "classifier.bias": variables["output_bias"]}
    if sample.head == "span":
        wanted |= {"qa_outputs.weight": variables["cls/squad/output_weights"],
                   "qa_outputs.bias": variables["cls/squad/output_bias"]}
    return wanted


KERAS_ENDINGS = {"kernel:0": "weight", "gamma:0": "weight", "embeddings:0": "weight", "weight:0": "weight",
                 "beta:0": "bias", "bias:0": "bias"}


def expected_from_keras(path):
    """Hugging Face names and values of a tf_model.h5 written by transformers."""
    wanted = {}

    def visit(name, item):
        if not isinstance(item, h5py.Dataset):
            return
        parts = name.split("/")
        parts = parts[next(i for i, part in enumerate(parts) if part.startswith("tf_")) + 1:]
        value = item[()]
        value = value.T if parts[-1] == "kernel:0" else value
        parts[-1] = KERAS_ENDINGS[parts[-1]]
        target = re.sub(r"_\._(\d+)", r".\1", ".".join(parts))
        target = target.replace("mlm___cls.", "cls.").replace("nsp___cls.", "cls.")
        # the forward pass adds decoder/bias; the other copy is not used
        target = target.replace("predictions.decoder.bias", "predictions.bias")
        assert target not in wanted or numpy.array_equal(wanted[target], value), f"{name}: two values"
        wanted[target] = value

    with h5py.File(path) as file:
        file.visititems(visit)
    return wanted
