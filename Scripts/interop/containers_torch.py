"""torch judges our PyTorch files: torch.load(weights_only=True) of what we wrote, value by value and byte by byte; and what we read of
torch's own files, through the safetensors package."""
import argparse
import json
import pathlib

import torch
import transformers
from safetensors.torch import load_file

from checks import Failure, convert
import samples

DATA = samples.ROOT / "Fixtures" / "data"
MODELS = sorted(path.parent.relative_to(DATA).as_posix() for path in (DATA / "models").glob("**/pytorch_model.bin"))
# plain dictionaries of tensors, whatever their types and strides
DICTIONARIES = ["torch/types.pt", "torch/views.pt", "torch/big_endian.pt", "torch/saved.bin", "models/llama/meta/consolidated.00.pth"]


def same(got, wanted):
    """Names, types, shapes and every byte."""
    if got.keys() != wanted.keys():
        raise Failure(f"names differ: {sorted(got.keys() ^ wanted.keys())[:3]}")
    for name, value in wanted.items():
        value, other = value.detach().contiguous(), got[name].contiguous()
        if value.dtype != other.dtype or value.shape != other.shape:
            raise Failure(f"{name}: {other.dtype} {tuple(other.shape)}, expected {value.dtype} {tuple(value.shape)}")
        if value.numel() and not torch.equal(value.reshape(-1).view(torch.uint8), other.reshape(-1).view(torch.uint8)):
            raise Failure(f"{name}: values differ")
    return f"{len(wanted)} tensors byte-identical"


def shards_of(folder):
    index = json.loads((folder / "pytorch_model.bin.index.json").read_text())
    got = {}
    for name in sorted(set(index["weight_map"].values())):
        part = torch.load(folder / name, weights_only=True)
        wrong = [key for key in part if index["weight_map"][key] != name]
        if wrong or got.keys() & part.keys():
            raise Failure(f"{name} holds {wrong[:2]}")
        got |= part
    total = sum(value.numel() * value.element_size() for value in got.values())
    if index["metadata"]["total_size"] != total or len({*index["weight_map"].values()}) < 2:
        raise Failure(f"total_size {index['metadata']['total_size']}, the shards hold {total}")
    return got


def by_conversion_script(args, state):
    """`convert_roberta_original_pytorch_checkpoint_to_pytorch.py` of transformers 4.44, on a state dict instead of fairseq's modules."""
    prefix = "encoder.sentence_encoder."
    words, width = state[prefix + "embed_tokens.weight"].shape
    model = transformers.RobertaForMaskedLM(transformers.RobertaConfig(
        vocab_size=words, hidden_size=args.encoder_embed_dim, num_hidden_layers=args.encoder_layers,
        num_attention_heads=args.encoder_attention_heads, intermediate_size=args.encoder_ffn_embed_dim,
        max_position_embeddings=args.max_positions + 2, type_vocab_size=1, layer_norm_eps=1e-5)).eval()
    embeddings = model.roberta.embeddings
    embeddings.word_embeddings.weight.data = state[prefix + "embed_tokens.weight"]
    embeddings.position_embeddings.weight.data = state[prefix + "embed_positions.weight"]
    embeddings.token_type_embeddings.weight.data = torch.zeros(1, width)

    def assign(module, name):
        module.weight.data, module.bias.data = state[name + ".weight"], state[name + ".bias"]

    assign(embeddings.LayerNorm, prefix + "layernorm_embedding")
    for index, layer in enumerate(model.roberta.encoder.layer):
        own = f"{prefix}layers.{index}."
        assign(layer.attention.self.query, own + "self_attn.q_proj")
        assign(layer.attention.self.key, own + "self_attn.k_proj")
        assign(layer.attention.self.value, own + "self_attn.v_proj")
        assign(layer.attention.output.dense, own + "self_attn.out_proj")
        assign(layer.attention.output.LayerNorm, own + "self_attn_layer_norm")
        assign(layer.intermediate.dense, own + "fc1")
        assign(layer.output.dense, own + "fc2")
        assign(layer.output.LayerNorm, own + "final_layer_norm")
    assign(model.lm_head.dense, "encoder.lm_head.dense")
    assign(model.lm_head.layer_norm, "encoder.lm_head.layer_norm")
    assign(model.lm_head.decoder, "encoder.lm_head")
    return model


def judge(score, folder):
    folder = pathlib.Path(folder)
    for index, name in enumerate(MODELS):
        wanted = torch.load(DATA / name / "pytorch_model.bin", weights_only=True)

        def one_file():
            out = convert(DATA / name / "pytorch_model.bin", folder / f"torch{index}.bin", "--to", "torch", "--names", "keep")
            return same(torch.load(out, weights_only=True), wanted)

        def shards():
            size = sum(value.numel() * value.element_size() for value in wanted.values()) // 3
            out = convert(DATA / name / "pytorch_model.bin", folder / f"torch-shards{index}", "--to", "torch", "--names", "keep",
                          "--max-shard-size", str(size))
            return same(shards_of(out), wanted)

        score.check(f"{name}/pytorch_model.bin → torch → torch.load(weights_only=True)", one_file)
        score.check(f"{name}/pytorch_model.bin → torch in shards → torch.load(weights_only=True)", shards)

    for index, name in enumerate(DICTIONARIES):
        wanted = torch.load(DATA / name, weights_only=True)

        def written():
            out = convert(DATA / name, folder / f"dictionary{index}.bin", "--to", "torch", "--names", "keep")
            got = torch.load(out, weights_only=True)
            measured = same(got, wanted)
            again = folder / "again" / out.name
            again.parent.mkdir(exist_ok=True)
            torch.save({key: value.clone() for key, value in got.items()}, again)
            if again.read_bytes() != out.read_bytes():
                raise Failure("not the bytes that torch.save writes")
            return f"{measured}; the file is torch.save's, byte for byte"

        score.check(f"{name} → torch → torch.load(weights_only=True)", written)

    def read_views():
        out = convert(DATA / "torch/views.pt", folder / "views.safetensors", "--to", "safetensors", "--names", "keep")
        return same(load_file(out), torch.load(DATA / "torch/views.pt", weights_only=True))

    def read_fairseq():
        path = DATA / "models/roberta/fairseq_style/model_fused_qkv_decoder_prefix.pt"
        out = convert(path, folder / "fairseq", "--to", "safetensors", "--names", "keep")
        return same(load_file(out / "model.safetensors"), torch.load(path, weights_only=False)["model"])

    def to_fairseq():
        """What we write for fairseq, in transformers' class by the assignments of its own conversion script, against fairseq's outputs."""
        source = DATA / "models/roberta/fairseq_sequence"
        out = convert(source / "model.pt", folder / "fairseq-written", "--to", "torch", "--names", "fairseq")
        with torch.serialization.safe_globals([argparse.Namespace]):
            state = torch.load(out / "model.pt", weights_only=True)
        if not (state["optimizer_history"][-1]["criterion_name"] and state["extra_state"] == {}):
            raise Failure("not what fairseq's loader looks for")
        model = by_conversion_script(state["args"], state["model"])
        wanted = load_file(source / "reference.safetensors")
        with torch.no_grad():
            found = model(wanted["input_ids"].long(), output_hidden_states=True)
        worst = max((a - b).abs().max().item() for a, b in [
            (found.logits, wanted["mlm_logits"]), *((state, wanted[f"hidden.{i}"]) for i, state in enumerate(found.hidden_states))])
        if not worst < 2e-5:
            raise Failure(f"differs by {worst:.1e}")
        return f"{len(state['model'])} tensors; outputs within {worst:.1e}"

    def in_transformers():
        out = convert(DATA / "models/albert/google_tf", folder / "albert-torch", "--to", "torch")
        ours = transformers.AlbertForPreTraining.from_pretrained(out)
        other = convert(DATA / "models/albert/google_tf", folder / "albert-safetensors", "--to", "safetensors")
        return same(ours.state_dict(), transformers.AlbertForPreTraining.from_pretrained(other).state_dict())

    score.check("torch/views.pt → safetensors, against torch.load", read_views)
    score.check("fairseq's RoBERTa with its Namespace → safetensors, against torch.load", read_fairseq)
    score.check("fairseq's RoBERTa → model.pt for fairseq → transformers' conversion script, against fairseq's outputs", to_fairseq)
    score.check("models/albert/google_tf → pytorch_model.bin → transformers, as through safetensors", in_transformers)
