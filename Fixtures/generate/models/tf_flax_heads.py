"""The heads of TensorFlow's and Flax's classes in transformers, as their own `save_pretrained` writes them, with what they compute.
transformers 4.44, TF 2.15, Flax. A head's two files hold the same values, and the two libraries must agree before anything counts.

Made: models/FAMILY/{keras,flax}_HEAD. The classes that models/FAMILY/hf* has in all forms are not made again. Only Flax's: `untied`, a
masked-language head with a decoder of its own (Keras always takes the word table), and ALBERT's `groups`."""
import os, shutil, sys

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu")
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import jax
import jax.numpy as jnp
import numpy as np
import tensorflow as tf
import transformers as T
from flax.traverse_util import flatten_dict, unflatten_dict
from safetensors.numpy import save_file

import common as C

# The answer-span classes call a method that jax has since dropped.
for array in (type(jnp.zeros(1)), jax.core.Tracer):
    array.split = jnp.split

SIZES = dict(vocab_size=37, hidden_size=12, num_attention_heads=3, intermediate_size=20, max_position_embeddings=14)
NO_DROPOUT = dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)

#         configuration, beginning of the classes' names, settings, heads
FAMILIES = {
    "albert": (T.AlbertConfig, "Albert", dict(SIZES, **NO_DROPOUT, embedding_size=8, num_hidden_groups=1), ["base", "groups", "mlm", "untied", "sequence", "token", "span"]),
    "bert": (T.BertConfig, "Bert", dict(SIZES, **NO_DROPOUT), ["base", "mlm", "untied", "nsp", "sequence", "token", "span"]),
    "roberta": (T.RobertaConfig, "Roberta", dict(SIZES, **NO_DROPOUT, type_vocab_size=1, layer_norm_eps=1e-5), ["base", "untied", "sequence", "token", "span"]),
    "distilbert": (
        T.DistilBertConfig, "DistilBert",
        dict(vocab_size=37, dim=12, n_heads=3, hidden_dim=20, max_position_embeddings=14, dropout=0.0, attention_dropout=0.0, seq_classif_dropout=0.0, qa_dropout=0.0),
        ["base", "untied", "sequence", "token", "span"]),
    "electra": (T.ElectraConfig, "Electra", dict(SIZES, **NO_DROPOUT, embedding_size=8), ["base", "untied", "sequence", "token", "span"]),
}
CLASSES = {
    "base": "Model", "groups": "Model", "mlm": "ForMaskedLM", "untied": "ForMaskedLM", "nsp": "ForNextSentencePrediction", "sequence": "ForSequenceClassification", "token": "ForTokenClassification",
    "span": "ForQuestionAnswering",
}
SETTINGS = {
    "sequence": dict(num_labels=3), "token": dict(num_labels=5), "untied": dict(tie_word_embeddings=False),
    "groups": dict(num_hidden_layers=4, num_hidden_groups=2, inner_group_num=2),
}


def role(path):
    """One spelling for both libraries' names of a parameter: its values come from that."""
    parts = [part for part in path.split(":")[0].replace("_._", "/").split("/") if not part.startswith(("tf_", "tfx"))]
    text = "/".join(part.split("___")[-1] for part in parts)
    for theirs, ours in (("gamma", "scale"), ("beta", "bias"), ("word_embeddings/weight", "word_embeddings/embedding"), ("_embeddings/embeddings", "_embeddings/embedding")):
        text = text.removesuffix(theirs) + ours if text.endswith(theirs) else text
    return text


def value(name, shape):
    # The class adds only the decoder's bias (what another library calls the head's bias); one that trains leaves the other behind.
    if name == "predictions/bias:unused":
        return C.weight(name, shape) + 1
    return C.weight({"predictions/decoder/bias": "predictions/bias"}.get(name, name), shape)


def keras(family, config, head, feeds):
    model = getattr(T, "TF" + FAMILIES[family][1] + CLASSES[head])(config)
    model(feeds)
    for variable in model.weights:
        name = role(variable.name)
        if family == "albert" and name == "predictions/bias":
            name += ":unused"
        variable.assign(value(name, variable.shape))
    return model, model(feeds, output_hidden_states=True)


def flax(family, config, head, feeds):
    model = getattr(T, "Flax" + FAMILIES[family][1] + CLASSES[head])(config, input_shape=(1, 7))
    parameters = flatten_dict(model.params)
    scope = "" if CLASSES[head] != "Model" else FAMILIES[family][1].lower() + "/"
    model.params = unflatten_dict({path: jnp.asarray(value(role(scope + "/".join(path)), p.shape)) for path, p in parameters.items()})
    return model, model(**feeds, output_hidden_states=True)


def reference(family, head, feeds, out):
    found = dict(feeds)
    states = out.hidden_states
    found["embeddings_projected" if family in ("albert", "electra") else "embeddings"] = states[0]
    inner = SETTINGS.get(head, {}).get("inner_group_num", 1)  # what is seen is the last block's of each layer
    for layer, state in enumerate(states[1:], 1):
        found[f"layer_output.{layer * inner - 1}"] = state
    if getattr(out, "pooler_output", None) is not None:
        found["pooled"] = out.pooler_output
    for name in ("start_logits", "end_logits"):
        if name in out:
            found[name] = out[name]
    if "logits" in out:
        found[{"mlm": "mlm_logits", "untied": "mlm_logits", "nsp": "nsp_logits"}.get(head, "logits")] = out.logits
    return {name: np.ascontiguousarray(np.asarray(array)) for name, array in found.items()}


def make(family, head):
    Config, _, settings, _ = FAMILIES[family]
    # One block, which HDF5 needs 25 kB for: models/FAMILY/hf* shows how the next ones are called.
    settings = dict(settings, **{"n_layers" if family == "distilbert" else "num_hidden_layers": 2 if family == "albert" else 1})
    settings.update(SETTINGS.get(head, {}))
    ids, mask, types = C.inputs(37, low=5)
    if family == "roberta":
        ids[mask == 0] = 1  # positions are counted over what is no padding
    feeds = dict(input_ids=ids, attention_mask=mask)
    if family not in ("roberta", "distilbert"):
        feeds["token_type_ids"] = types
    seen = {}
    for ecosystem, build in (("keras", keras), ("flax", flax))[1 if head in ("untied", "groups") else 0:]:
        tf.keras.backend.clear_session()
        model, out = build(family, Config(**settings), head, feeds)
        seen[ecosystem] = reference(family, head, feeds, out)
        folder = os.path.join(C.HERE, family, f"{ecosystem}_{head}")
        shutil.rmtree(folder, ignore_errors=True)
        model.save_pretrained(folder)
        save_file(seen[ecosystem], os.path.join(folder, "reference.safetensors"), metadata={"note": f"computed by {type(model).__name__}, f32"})
    shapes = [f"{name} {list(array.shape)}" for name, array in seen["flax"].items() if "logits" in name or name == "pooled"]
    if "keras" not in seen:
        print(f"{family} {head}: Flax alone;", *shapes)
        return
    a, b = seen["keras"], seen["flax"]
    assert a.keys() == b.keys(), (family, head, a.keys() ^ b.keys())
    worst = max((C.maxdiff(a[name], b[name]), name) for name in a)
    print(f"{family} {head}: Keras and Flax differ by at most {worst[0]:.1e} ({worst[1]});", *shapes)
    assert worst[0] < 1e-5, worst


if __name__ == "__main__":
    T.logging.set_verbosity_error()
    for family in sys.argv[1:] or FAMILIES:
        for head in FAMILIES[family][3]:
            make(family, head)
