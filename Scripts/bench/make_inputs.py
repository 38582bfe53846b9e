"""Makes the benchmark's inputs in a folder, once: a BERT-large TF bundle and a safetensors file of 50,000 tensors.

    python make_inputs.py FOLDER
"""
import json
import pathlib
import struct
import sys

import numpy

import tensor_bundle

BERT_LARGE = {
    "attention_probs_dropout_prob": 0.1, "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "hidden_size": 1024,
    "initializer_range": 0.02, "intermediate_size": 4096, "max_position_embeddings": 512, "num_attention_heads": 16,
    "num_hidden_layers": 24, "type_vocab_size": 2, "vocab_size": 30522,
}


def dense(scope, inputs, outputs):
    return {f"{scope}/kernel": (inputs, outputs), f"{scope}/bias": (outputs,)}


def norm(scope, width):
    return {f"{scope}/LayerNorm/gamma": (width,), f"{scope}/LayerNorm/beta": (width,)}


def bert_shapes(config):
    """Google's variable names and shapes of an encoder with its pooler."""
    width, inner = config["hidden_size"], config["intermediate_size"]
    shapes = {
        "bert/embeddings/word_embeddings": (config["vocab_size"], width),
        "bert/embeddings/position_embeddings": (config["max_position_embeddings"], width),
        "bert/embeddings/token_type_embeddings": (config["type_vocab_size"], width),
        **norm("bert/embeddings", width), **dense("bert/pooler/dense", width, width),
    }
    for layer in range(config["num_hidden_layers"]):
        scope = f"bert/encoder/layer_{layer}"
        for part in ("self/query", "self/key", "self/value", "output/dense"):
            shapes |= dense(f"{scope}/attention/{part}", width, width)
        shapes |= norm(f"{scope}/attention/output", width) | norm(f"{scope}/output", width)
        shapes |= dense(f"{scope}/intermediate/dense", width, inner) | dense(f"{scope}/output/dense", inner, width)
    return shapes


def make_bert(folder, config):
    random = numpy.random.default_rng(1)

    def values(name, shape):
        spread = random.standard_normal(shape, dtype=numpy.float32)
        spread *= numpy.float32(0.02)
        if name.endswith("gamma"):
            spread += numpy.float32(1)
        return spread

    folder.mkdir(parents=True, exist_ok=True)
    tensor_bundle.write_bundle(str(folder / "bert_model.ckpt"), bert_shapes(config), values)
    (folder / "bert_config.json").write_text(json.dumps(config, indent=2) + "\n")


def make_many_tensors(path, count):
    """A header of 7 MB over very little data, in names as a mixture of experts would have them."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for index in range(count):
        layer, expert = divmod(index, 800)
        name = f"model.layers.{layer}.block_sparse_moe.experts.{expert:03d}.feed_forward.down_projection.weight"
        header[name] = {"dtype": "F32", "shape": [2, 2], "data_offsets": [offset, offset + 16]}
        offset += 16
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(offset))


def main():
    folder = pathlib.Path(sys.argv[1])
    stamp = folder / "made-by-version-1"
    if stamp.exists():
        return
    make_bert(folder / "bert_large", BERT_LARGE)
    make_many_tensors(folder / "many.safetensors", 50_000)
    stamp.touch()


if __name__ == "__main__":
    main()
