"""Writes Fixtures/data/encoder/<sample>.safetensors: canonical weights, configuration, inputs and reference outputs.

    encoder_canonical.py SAMPLES OUT      (SAMPLES: Fixtures/data/models; OUT: Fixtures/data/encoder)

The weights are made by the value rule of the samples (make_tf_from_names.values), the outputs are those of the original
programs (reference.npz). The names are mapped here by hand, on purpose: the product's own dialect tables must not be both
sides of a test. Needs numpy and safetensors.
"""
import json
import os
import re
import sys
import types

import numpy as np
from safetensors.numpy import save_file

samples, out = sys.argv[1:3]
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "models"))
sys.modules.setdefault("tensorflow", types.SimpleNamespace(compat=types.SimpleNamespace(v1=None)))
import make_tf_from_names as rule  # noqa: E402

ROLES = [  # after the block's prefix; ALBERT's spelling or BERT's
    (r"attention(?:_1)?/self/(query|key|value)/", "attention.{}"),
    (r"attention(?:_1)?/output/dense/", "attention.output"),
    (r"ffn_1/intermediate/output/dense/", "feedForward.down"),
    (r"(?:ffn_1/)?intermediate/dense/", "feedForward.up"),
    (r"output/dense/", "feedForward.down"),
    (r"(?:attention/output/)?LayerNorm/", "attention.norm"),
    (r"(?:output/LayerNorm|LayerNorm_1)/", "feedForward.norm"),
]
FIXED = {
    "bert/embeddings/word_embeddings": "embeddings.word",
    "bert/embeddings/position_embeddings": "embeddings.position",
    "bert/embeddings/token_type_embeddings": "embeddings.tokenType",
    "cls/predictions/output_bias": "heads.mlm.bias",
    "output_weights": "heads.sequence.weight",
    "output_bias": "heads.sequence.bias",
    "cls/squad/output_weights": "heads.span.weight",
    "cls/squad/output_bias": "heads.span.bias",
}
SCOPES = {
    "bert/embeddings/LayerNorm/": "embeddings.norm",
    "bert/encoder/embedding_hidden_mapping_in/": "embeddings.projection",
    "bert/pooler/dense/": "pooler",
    "cls/predictions/transform/dense/": "heads.mlm.dense",
    "cls/predictions/transform/LayerNorm/": "heads.mlm.norm",
}
BLOCK = r"bert/encoder/(?:transformer/group_(\d+)/inner_group_(\d+)|layer_(\d+)|layer_shared)/(.*)"


def canonical(values, inner, pair):
    """`pair` is what cls/seq_relationship is called: nsp or sop."""
    result = {}

    def put(scope, name, value):
        kind = name.rsplit("/", 1)[-1]
        matrix = kind == "kernel"
        result[f"{scope}.{'weight' if kind in ('kernel', 'gamma') else 'bias'}"] = value.T if matrix else value

    for name, value in values.items():
        scope = next((s for s in SCOPES if name.startswith(s)), None)
        block = re.fullmatch(BLOCK, name)
        if name in FIXED:
            result[FIXED[name]] = value
        elif name.startswith("cls/seq_relationship/output_"):
            result[f"heads.{pair}.{'weight' if name.endswith('weights') else 'bias'}"] = value
        elif scope:
            put(SCOPES[scope], name, value)
        elif block:
            group, k, layer, rest = block.groups()
            index = int(group) * inner + int(k) if group else int(layer or 0)
            match, role = next((m, role) for p, role in ROLES if (m := re.match(p, rest)))
            put(f"blocks.{index}.{role.format(*match.groups())}", name, value)
        elif name != "bert/embeddings/word_embeddings_2":
            raise SystemExit(f"no rule for {name}")
    if "bert/embeddings/word_embeddings_2" in values:  # albert_zh: the factors multiplied are a BERT's table
        factor = values["bert/embeddings/word_embeddings_2"]
        result["embeddings.word"] = (values["bert/embeddings/word_embeddings"].astype(np.float64) @ factor).astype(np.float32)
    return result


def schedule(config):
    layers, groups = config["num_hidden_layers"], config.get("num_hidden_groups")
    if groups is None:
        return [0] * layers if "embedding_size" in config else list(range(layers))
    inner = config.get("inner_group_num", 1)
    return [int(i / layers * groups) * inner + k for i in range(layers) for k in range(inner)]


def outputs(reference):
    """Reference outputs under the names of our taps."""
    names = {"embeddings": "embeddings", "pooled": "pooled", "mlm_logits": "heads.mlm.logits",
             "nsp_logits": "heads.nsp.logits", "sop_logits": "heads.sop.logits", "logits": "heads.sequence.logits"}
    result = {names[k]: v for k, v in reference.items() if k in names}
    result |= {f"layers.{k.split('.')[1]}.output": v for k, v in reference.items() if k.startswith("layer_output.")}
    if "start_logits" in reference:
        result["heads.span.logits"] = np.stack([reference["start_logits"], reference["end_logits"]], -1)
    return result


os.makedirs(out, exist_ok=True)
for sample in ("albert/google_tf", "albert/google_tf_groups", "albert_zh/preln", "albert_zh/postln", "bert/google_tf",
               "bert/google_tf_finetuned_classifier", "bert/google_tf_finetuned_squad"):
    folder = os.path.join(samples, sample)
    config = json.load(open(os.path.join(folder, next(f for f in os.listdir(folder) if f.endswith("config.json")))))
    reference = dict(np.load(os.path.join(folder, "reference.npz")))
    weights = canonical(dict(rule.values(sample)), config.get("inner_group_num", 1),
                        "sop" if sample.startswith("albert") else "nsp")
    projected = "embeddings.projection.weight" in weights
    configuration = {
        "vocabularySize": config["vocab_size"], "hiddenSize": config["hidden_size"],
        "embeddingSize": config["embedding_size"] if projected else config["hidden_size"],
        "headCount": config["num_attention_heads"], "intermediateSize": config["intermediate_size"],
        "positionCount": config["max_position_embeddings"], "tokenTypeCount": config["type_vocab_size"],
        "schedule": schedule(config), "activation": "geluTanh", "layerNormEpsilon": 1e-12,
        "additiveMask": -10000.0,
        "normPlacement": "pre" if config.get("ln_type") == "preln" else "post", "hasProjection": projected,
    }
    inputs = {"input." + k: reference[k].astype(np.int32) for k in ("input_ids", "attention_mask", "token_type_ids")}
    tensors = {"parameter." + k: v for k, v in weights.items()} | inputs
    tensors |= {"output." + k: v for k, v in outputs(reference).items()}
    path = os.path.join(out, sample.replace("/", "_") + ".safetensors")
    save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, path,
              metadata={"configuration": json.dumps(configuration)})
    print(path, os.path.getsize(path), len(weights), "parameters")
