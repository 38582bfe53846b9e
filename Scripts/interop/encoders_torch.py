"""transformers 5 (PyTorch) loads every encoder sample as weightsmith converts it, and must compute what the original programs computed."""
import numpy
import torch
import transformers

import encoders
from checks import Failure

DIRECTION = "HF folder → PyTorch class"
AUTOMATIC = "HF folder → AutoModel"


def loaded(cls, folder, surplus=""):
    """The model as from_pretrained gives it; a key it misses or does not expect is a failure."""
    model, report = cls.from_pretrained(folder, output_loading_info=True, dtype=torch.float32)
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs"):
        keys = sorted(key for key in map(str, report.get(kind) or []) if not encoders.is_surplus(key, surplus))
        if cls is transformers.BertForQuestionAnswering:  # the class has no pooler, Google's checkpoint does
            keys = [key for key in keys if not key.startswith("bert.pooler.")]
        if keys:
            raise Failure(f"{cls.__name__}: {kind} {keys[:3]}")
    return model.eval()


def computed(model, arrays):
    feeds = {key: torch.from_numpy(value.astype(numpy.int64)) for key, value in encoders.inputs(arrays).items()}
    with torch.inference_mode():
        result, core, config = model(**feeds, output_hidden_states=True), model.base_model, model.config

        def embedded():
            return core.embeddings(**{key: value for key, value in feeds.items() if key != "attention_mask"})

        def pooled():
            return core(**feeds).pooler_output

        blocks = config.num_hidden_layers * getattr(config, "inner_group_num", 1)
        return list(encoders.compared(arrays, result, blocks, embedded, pooled))


def automatic(folder):
    """The class without a head finds its tensors among the head's."""
    model, report = transformers.AutoModel.from_pretrained(folder, output_loading_info=True)
    missing = sorted(key for key in report["missing_keys"] if not key.startswith("pooler."))
    if missing:
        raise Failure(f"{type(model).__name__} misses {missing[:3]}")
    return type(model).__name__


def judge(score, folder):
    for index, sample in enumerate(encoders.encoders(score)):
        out = folder / f"encoder{index}"

        def body():
            sample.written(out, "safetensors")
            model = loaded(getattr(transformers, encoders.architecture(out)), out, sample.surplus)
            return encoders.judged(computed(model, sample.arrays()))

        score.check(f"{sample.title} → {DIRECTION}", body, group=(sample.family, DIRECTION))
        if out.is_dir():
            score.check(f"{sample.title} → {AUTOMATIC}", lambda: automatic(out), group=(sample.family, AUTOMATIC))
