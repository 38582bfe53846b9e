"""Writes Fixtures/data/heads: tiny random models of transformers' classes, one folder for each head, as save_pretrained leaves them.

    encoder_heads.py OUT      (OUT: Fixtures/data/heads)

`reference.safetensors` beside the model has an input and what the class computes for it. The activation is relu everywhere,
so a head that takes another one whatever the configuration says is told from one that takes the model's. The second row is
padded, for RoBERTa on the left: only the ids say where its positions begin. Needs torch and transformers.
"""
import os
import shutil
import sys

import torch
import transformers as T
from safetensors.torch import save_file

T.utils.logging.disable_progress_bar()

V, H, L, A, I, P, LABELS = 23, 8, 2, 2, 10, 14, 3
BERT = dict(vocab_size=V, hidden_size=H, num_hidden_layers=L, num_attention_heads=A, intermediate_size=I,
            max_position_embeddings=P, hidden_act="relu", type_vocab_size=2)
CONFIGURATIONS = {
    "albert": (T.AlbertConfig, dict(BERT, embedding_size=6, classifier_dropout_prob=0)),
    "bert": (T.BertConfig, BERT),
    "roberta": (T.RobertaConfig, dict(BERT, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1)),
    "xlm_roberta": (T.XLMRobertaConfig, dict(BERT, type_vocab_size=1, pad_token_id=1)),
    "distilbert": (T.DistilBertConfig, dict(vocab_size=V, dim=H, n_layers=L, n_heads=A, hidden_dim=I,
                                            max_position_embeddings=P, activation="relu", sinusoidal_pos_embds=True)),
    "electra": (T.ElectraConfig, dict(BERT, embedding_size=6)),
    # no map where the widths are equal
    "electra_wide": (T.ElectraConfig, dict(BERT, embedding_size=H)),
}
CLASSES = {
    "sequence": "SequenceClassification", "token": "TokenClassification", "span": "QuestionAnswering", "masked": "MaskedLM",
    "discriminator": "PreTraining",
}
PREFIXES = {"albert": "Albert", "bert": "Bert", "roberta": "Roberta", "xlm_roberta": "XLMRoberta", "distilbert": "DistilBert",
            "electra": "Electra", "electra_wide": "Electra"}
MODELS = [(family, head) for family in ("roberta", "distilbert", "electra") for head in ("sequence", "token", "span", "masked")]
MODELS += [("albert", "token"), ("bert", "token"), ("roberta", "body"), ("xlm_roberta", "masked"), ("distilbert", "body"),
           ("electra", "discriminator"), ("electra_wide", "body")]


def build(family, head):
    kind, settings = CONFIGURATIONS[family]
    labels = LABELS if head in ("sequence", "token") else 2
    name = PREFIXES[family] + ("For" + CLASSES[head] if head != "body" else "Model")
    torch.manual_seed(0)
    model = getattr(T, name)(kind(**settings, num_labels=labels, attn_implementation="eager")).eval()
    generator = torch.Generator().manual_seed(17)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            scale = 0.2 if parameter.ndim == 1 else parameter.shape[1] ** -0.5
            centre = 1.0 if "norm" in name.lower() and name.endswith("weight") else 0.0
            parameter.copy_(centre + scale * noise)
    return model


def inputs(family):
    if "roberta" in family:
        ids = torch.tensor([[0, 11, 7, 19, 5, 22, 2], [1, 1, 0, 9, 14, 6, 2]])
        return dict(input_ids=ids, attention_mask=(ids != 1).long())
    ids = torch.tensor([[2, 11, 7, 19, 5, 22, 3], [2, 9, 14, 6, 3, 0, 0]])
    result = dict(input_ids=ids, attention_mask=(ids != 0).long())
    if family != "distilbert":
        result["token_type_ids"] = torch.tensor([[0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 1, 0, 0]])
    return result


def outputs(model, feeds, head):
    with torch.inference_mode():
        result = model(**feeds, output_hidden_states=True)
    tensors = {f"hidden.{i}": h for i, h in enumerate(result.hidden_states)}
    if head == "span":
        tensors |= {"start_logits": result.start_logits, "end_logits": result.end_logits}
    elif head == "masked":
        tensors["mlm_logits"] = result.logits
    elif head != "body":
        tensors["logits"] = result.logits
    elif getattr(result, "pooler_output", None) is not None:
        tensors["pooled"] = result.pooler_output
    return tensors


for family, head in MODELS:
    folder = os.path.join(sys.argv[1], f"{family}_{head}")
    shutil.rmtree(folder, ignore_errors=True)
    model, feeds = build(family, head), inputs(family)
    model.save_pretrained(folder)
    tensors = {k: v.int() for k, v in feeds.items()} | outputs(model, feeds, head)
    save_file({k: v.clone().contiguous() for k, v in tensors.items()}, os.path.join(folder, "reference.safetensors"))
    print(folder, sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder)))
