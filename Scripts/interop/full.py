"""The heavy judges: transformers loads what we wrote and must compute what the original programs computed; TensorFlow's own
reader reads our bundles; MiniLM's real weights go through.

    WEIGHTSMITH=path/to/weightsmith python full.py REPORT.md ROWS.json

ROWS.json is what transformers4.py found in its own environment. A judge that is not installed is reported as "skipped".
"""
import importlib.util
import json
import os
import pathlib
import platform
import sys
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import numpy
import torch
import transformers

import containers_numpy
import containers_torch
import encoders
import encoders_torch
import minilm
import report
import samples
from checks import Failure, Measure, Row, Score, convert, same_tensors

transformers.utils.logging.disable_progress_bar()


def trained_models(score, folder):
    """The trained models answer their cloze questions as before, through original TF and back."""
    questions = json.loads((samples.TRAINED / "cloze.json").read_text())
    for name, source, cls in (("tiny_albert", "tiny_albert/google_tf", transformers.AlbertForPreTraining),
                              ("tiny_albert", "tiny_albert/hf", transformers.AlbertForPreTraining),
                              ("tiny_bert", "tiny_bert/hf", transformers.BertForPreTraining)):
        def body():
            first = convert(samples.TRAINED / source, folder / f"cloze-{source.replace('/', '-')}", "--to", "tf")
            out = convert(first, f"{first}-hf", "--to", "safetensors")
            model, right = encoders_torch.loaded(cls, out), 0
            rows = questions[name]["rows"]
            with torch.inference_mode():
                for row in rows:
                    logits = model(input_ids=torch.tensor([row["ids"]])).prediction_logits
                    answer = int(logits[0, row["mask_at"]].argmax())
                    if answer != row["top1"]:
                        raise Failure(f"{row['sentence']}: token {answer}, the trained model said {row['top1']}")
                    right += answer == row["right"]
            return f"{right} of {len(rows)} right, every answer as trained"

        score.check(f"trained/{source} → original TF → HF → transformers: cloze questions", body)


def tensorflow_reads(score, folder):
    if not importlib.util.find_spec("tensorflow"):
        score.skip("TensorFlow reads our bundles", "TensorFlow is not installed")
        return
    import tensorflow

    for index, sample in enumerate(samples.ORIGINAL + samples.HUGGING_FACE):
        def body():
            out = convert(sample.path, folder / f"tf{index}", "--to", "tf")
            (written,) = out.glob("*.index")
            reader = tensorflow.train.load_checkpoint(str(written)[:-len(".index")])
            got = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
            if sample in samples.ORIGINAL:
                wanted = samples.parameters_only(samples.read_bundle_folder(sample.path))
                return same_tensors(got, {name.removeprefix("module/"): value for name, value in wanted.items()})
            return same_tensors(got, samples.read_bundle_folder(out))

        score.check(f"{sample.title} → original TF → TensorFlow's reader", body)


def versions():
    modules = [transformers, torch, numpy] + [sys.modules[name] for name in ("tensorflow", "flax") if name in sys.modules]
    return [*(f"{module.__name__} {module.__version__}" for module in modules), f"Python {platform.python_version()}"]


def of_transformers4(path):
    """Versions, notes and rows of the other environment; one row that says so where there is none."""
    if not path.is_file():
        return ["transformers 4.44"], [], [Row("TensorFlow's and Flax's classes of transformers", "not installed", "skipped")]
    found = json.loads(path.read_text(encoding="utf-8"))
    rows = [Row(what, Measure(*measured) if isinstance(measured, list) else measured, verdict, tuple(group))
            for what, measured, verdict, group in found["rows"]]
    return found["versions"], found["notes"], rows


def write_report(path, ours, theirs):
    introduction = [
        "Written by `Scripts/interop.sh --full`: independent programs read what weightsmith wrote. transformers' classes load it without a",
        "missing, unexpected or misshapen tensor, and their outputs are compared with the original programs' reference outputs, at most",
        f"{encoders.LIMIT:.0e} apart; tensors are compared byte for byte. The encoder samples are all folders of the encoder families in",
        "`Fixtures/data/models` and `Fixtures/data/heads`; what holds is one line for each family and direction, the rest is listed. Where",
        "weightsmith has to refuse, it did, with the reason given.", "",
        f"{platform.system()} {platform.machine()}.",
    ]
    report.write(path, introduction, [("transformers 5 with PyTorch, and the containers' own readers", *ours),
                                      ("transformers 4.44 with TensorFlow and Flax", *theirs)])


def main():
    destination, other = map(pathlib.Path, sys.argv[1:])
    score = Score()
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory(prefix="weightsmith-interop.") as scratch:
        folder = pathlib.Path(scratch)
        encoders_torch.judge(score, folder)
        trained_models(score, folder)
        tensorflow_reads(score, folder)
        containers_torch.judge(score, folder)
        containers_numpy.by_flax(score, folder)
        minilm.judge(score, folder)
    theirs = of_transformers4(other)
    write_report(destination, (versions(), [], score.rows), theirs)
    rows = score.rows + theirs[2]
    print(f"{report.counts(rows)}; {destination} is written")
    return 1 if any(row.verdict == "FAILS" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
