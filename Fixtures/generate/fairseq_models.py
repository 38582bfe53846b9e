"""Writes Fixtures/data/models/roberta/fairseq_*: tiny random RoBERTa models of fairseq's own code, and what that code computes.

    fairseq_models.py OUT     (OUT: Fixtures/data/models/roberta)

fairseq_sequence        as its trainer saves a model today: settings in `cfg`, the fast path's second copies, `version`, one classification
                        head beside the masked-language head
fairseq_untied_sequence settings in `args`, a decoder of its own, two classification heads, the trainer's wrapping `module.` not taken off

`reference.safetensors` has an input without padding (fairseq sets padded places to zero between the layers, where others compute on),
the embeddings, each layer, and the logits. Needs fairseq 0.12.2 (with omegaconf 2.0 and hydra 1.0) and torch.
"""
import argparse
import dataclasses
import inspect
import os
import sys
import types

if sys.version_info >= (3, 11):
    # fairseq's settings have mutable defaults, which Python refuses since 3.11; and its compiled parts, for which there is no wheel, are
    # of no use to a model.
    source = inspect.getsource(dataclasses._get_field).replace("f.default.__class__.__hash__ is None", "False")
    exec(compile(source, "dataclasses", "exec"), dataclasses.__dict__)
    for name, functions in {
        "data_utils_fast": ("batch_by_size_fn", "batch_by_size_vec", "batch_fixed_shapes_fast"),
        "token_block_utils_fast": ("_get_slice_indices_fast", "_get_block_to_dataset_index_fast"),
    }.items():
        module = sys.modules["fairseq.data." + name] = types.ModuleType(name)
        for function in functions:
            setattr(module, function, None)

import torch
from omegaconf import OmegaConf
from safetensors.torch import save_file

from fairseq.data import Dictionary
from fairseq.dataclass.utils import convert_namespace_to_omegaconf
from fairseq.models.roberta import RobertaModel

WORDS, CLASSES = 32, {"mnli": 3, "topic": 5}


def dictionary():
    words = Dictionary()
    for word in range(WORDS):
        words.add_symbol("w%d" % word, n=WORDS - word)
    words.add_symbol("<mask>")
    return words


def build(heads, seed, **settings):
    args = argparse.Namespace(
        arch="roberta_base", task="masked_lm", criterion="masked_lm", encoder_layers=2, encoder_embed_dim=12,
        encoder_ffn_embed_dim=20, encoder_attention_heads=3, max_positions=12, dropout=0.0, attention_dropout=0.0,
        data="data", **settings)
    task = argparse.Namespace(source_dictionary=dictionary(), max_positions=lambda: 12)
    model = RobertaModel.build_model(args, task)
    for head in heads:
        model.register_classification_head(head, num_classes=CLASSES[head])
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * 0.3 + (1 if "norm.weight" in name else 0))
    # The second copies of a block's tensors, for its fast path, are made when a state is loaded.
    model.load_state_dict(model.state_dict())
    return args, model


def outputs(model, head):
    ids = torch.tensor([[0, 7, 21, 36, 5, 30, 2], [0, 4, 4, 19, 33, 11, 2]])
    # A block that was trained computes by its own code, and not by PyTorch's fast path; there is no dropout.
    model.train()
    model(ids)
    model.eval()
    with torch.no_grad():
        found = model.encoder.sentence_encoder(ids, return_all_hiddens=True)
        reference = {"input_ids": ids.to(torch.int32)}
        for layer, states in enumerate(found["encoder_states"]):
            reference["hidden.%d" % layer] = states.transpose(0, 1).contiguous()
        reference["mlm_logits"] = model(ids)[0]
        features = model(ids, features_only=True)[0]
        reference["logits"] = model.classification_heads[head](features)
        assert torch.equal(reference["logits"], model(ids, classification_head_name=head)[0])
    return reference


def save(folder, state, reference):
    os.makedirs(folder, exist_ok=True)
    torch.save(state, os.path.join(folder, "model.pt"))
    save_file(reference, os.path.join(folder, "reference.safetensors"))


def main(out):
    history = [{"criterion_name": "MaskedLmLoss", "optimizer_name": "FairseqAdam", "lr_scheduler_state": {}, "num_updates": 7}]
    extra = {"train_iterator": {"epoch": 3, "iterations_in_epoch": 0, "shuffle": True}, "val_loss": 1.5}

    args, model = build(["mnli"], 11)
    cfg = OmegaConf.to_container(convert_namespace_to_omegaconf(args), resolve=True, enum_to_str=True)
    state = {"args": None, "cfg": cfg, "model": model.state_dict(), "criterion": None, "optimizer_history": history,
             "task_state": {}, "extra_state": extra, "last_optimizer_state": None}
    save(os.path.join(out, "fairseq_sequence"), state, outputs(model, "mnli"))

    args, model = build(["mnli", "topic"], 12, untie_weights_roberta=True)
    tensors = {"module." + name: tensor for name, tensor in model.state_dict().items()}
    state = {"args": args, "model": tensors, "optimizer_history": history, "extra_state": extra, "last_optimizer_state": None}
    save(os.path.join(out, "fairseq_untied_sequence"), state, outputs(model, "topic"))


if __name__ == "__main__":
    main(*sys.argv[1:])
