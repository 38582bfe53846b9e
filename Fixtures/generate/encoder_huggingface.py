"""Writes Fixtures/data/encoder/bert_huggingface.safetensors: a tiny random BERT and what transformers computes with it.

    encoder_huggingface.py OUT      (OUT: Fixtures/data/encoder)

Beside the outputs with the exact gelu, the last hidden state with each other activation is there as `activation.<name>`.
One row is all padding: only the value of the mask decides what comes out of it. Needs torch and transformers.
"""
import json
import os
import sys

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForPreTraining

ACTIVATIONS = {"gelu": "gelu", "geluTanh": "gelu_new", "geluFast": "gelu_fast", "quickGelu": "quick_gelu", "relu": "relu",
               "silu": "silu", "tanh": "tanh", "linear": "linear"}
LAYER = {
    "attention.self.query": "attention.query", "attention.self.key": "attention.key",
    "attention.self.value": "attention.value", "attention.output.dense": "attention.output",
    "attention.output.LayerNorm": "attention.norm", "intermediate.dense": "feedForward.up",
    "output.dense": "feedForward.down", "output.LayerNorm": "feedForward.norm",
}
FIXED = {
    "bert.embeddings.word_embeddings.weight": "embeddings.word",
    "bert.embeddings.position_embeddings.weight": "embeddings.position",
    "bert.embeddings.token_type_embeddings.weight": "embeddings.tokenType",
    "cls.predictions.bias": "heads.mlm.bias",
}
SCOPES = {
    "bert.embeddings.LayerNorm": "embeddings.norm", "bert.pooler.dense": "pooler",
    "cls.predictions.transform.dense": "heads.mlm.dense", "cls.predictions.transform.LayerNorm": "heads.mlm.norm",
    "cls.seq_relationship": "heads.nsp",
}


def canonical(name):
    if name in FIXED:
        return FIXED[name]
    scope, kind = name.rsplit(".", 1)
    if scope.startswith("bert.encoder.layer."):
        layer, role = scope.removeprefix("bert.encoder.layer.").split(".", 1)
        return f"blocks.{layer}.{LAYER[role]}.{kind}"
    return f"{SCOPES[scope]}.{kind}"


def model(activation):
    config = BertConfig(vocab_size=37, hidden_size=12, num_hidden_layers=3, num_attention_heads=3, intermediate_size=20,
                        max_position_embeddings=16, type_vocab_size=2, hidden_act=activation, attn_implementation="eager")
    result = BertForPreTraining(config).eval()
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for name, parameter in result.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            scale = 0.2 if parameter.ndim == 1 else parameter.shape[1] ** -0.5
            parameter.copy_((name.endswith("LayerNorm.weight") and 1.0) + scale * noise)
    return result


ids = torch.tensor([[19, 20, 28, 35, 5, 8, 31], [35, 12, 14, 32, 17, 0, 0], [3, 4, 5, 6, 7, 8, 9]])
mask = torch.tensor([[1] * 7, [1] * 5 + [0] * 2, [0] * 7])
types = torch.tensor([[0, 0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 0, 0], [0] * 7])
tensors = {"input.input_ids": ids.int(), "input.attention_mask": mask.int(), "input.token_type_ids": types.int()}
with torch.inference_mode():
    for name, spelling in ACTIVATIONS.items():
        bert = model(spelling)
        result = bert(ids, attention_mask=mask, token_type_ids=types, output_hidden_states=True)
        tensors[f"activation.{name}"] = result.hidden_states[-1]
        if name == "gelu":
            tensors |= {f"parameter.{canonical(k)}": v for k, v in bert.named_parameters()}
            tensors["output.embeddings"] = result.hidden_states[0]
            tensors |= {f"output.layers.{i}.output": h for i, h in enumerate(result.hidden_states[1:])}
            tensors["output.heads.mlm.logits"] = result.prediction_logits
            tensors["output.heads.nsp.logits"] = result.seq_relationship_logits
configuration = {
    "vocabularySize": 37, "embeddingSize": 12, "hiddenSize": 12, "headCount": 3, "intermediateSize": 20,
    "positionCount": 16, "tokenTypeCount": 2, "schedule": [0, 1, 2], "activation": "gelu", "layerNormEpsilon": 1e-12,
    "normPlacement": "post", "hasProjection": False,
}
path = os.path.join(sys.argv[1], "bert_huggingface.safetensors")
save_file({k: v.clone().contiguous() for k, v in tensors.items()}, path, metadata={"configuration": json.dumps(configuration)})
print(path, os.path.getsize(path))
