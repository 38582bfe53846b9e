"""BERT in llama.cpp's words: gguf-py's own table of names finds every tensor, its keys every setting, and the tokens are the vocabulary's.

`llama-embedding` itself cannot be had from PyPI without a compiler. Where WEIGHTSMITH_LLAMA_EMBEDDING names one, it must take the file.
"""
import json
import os
import subprocess

import gguf
import numpy
from safetensors.numpy import load_file

import samples
from checks import Failure, Unjudged, convert

SOURCE = samples.TRAINED / "tiny_bert/hf"
ARCHITECTURE = gguf.MODEL_ARCH.BERT
LEFT_OUT = ("pooler.", "cls.")  # what llama.cpp's converter leaves out too


def value(reader, key):
    field = reader.get_field(key.format(arch="bert"))
    if field is None:
        raise Failure(f"no {key}")
    return field.contents()


def tensors(reader, config):
    names = gguf.get_tensor_name_map(ARCHITECTURE, config["num_hidden_layers"])
    theirs = {tensor.name: tensor.data for tensor in reader.tensors}
    wanted = {name.removeprefix("bert."): value for name, value in load_file(SOURCE / "model.safetensors").items()}
    wanted = {name: value for name, value in wanted.items() if not name.startswith(LEFT_OUT) and not name.endswith("position_ids")}
    for name, array in wanted.items():
        stored = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if stored not in theirs or not numpy.array_equal(theirs[stored].reshape(array.shape), array):
            raise Failure(f"{name} is not {stored}")
    if len(theirs) != len(wanted):
        raise Failure(f"{len(theirs)} tensors for {len(wanted)}")
    return len(wanted)


def settings(reader, config):
    keys = gguf.Keys
    for key, wanted in ((keys.LLM.BLOCK_COUNT, config["num_hidden_layers"]), (keys.LLM.CONTEXT_LENGTH, config["max_position_embeddings"]),
                        (keys.LLM.EMBEDDING_LENGTH, config["hidden_size"]), (keys.LLM.FEED_FORWARD_LENGTH, config["intermediate_size"]),
                        (keys.Attention.HEAD_COUNT, config["num_attention_heads"]), (keys.Attention.CAUSAL, False),
                        (keys.Attention.LAYERNORM_EPS, float(numpy.float32(config["layer_norm_eps"]))), (keys.General.ARCHITECTURE, "bert"),
                        (keys.Tokenizer.TOKEN_TYPE_COUNT, config["type_vocab_size"]), (keys.Tokenizer.MODEL, "bert")):
        if value(reader, key) != wanted:
            raise Failure(f"{key} is {value(reader, key)}, not {wanted}")
    words = (SOURCE / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]
    kinds = value(reader, keys.Tokenizer.TOKEN_TYPE)
    for word, token, kind in zip(words, value(reader, keys.Tokenizer.LIST), kinds):
        special = word in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
        if token != (word if special else word[2:] if word.startswith("##") else "\u2581" + word):
            raise Failure(f"{word} became {token}")
        if kind != (gguf.TokenType.CONTROL if special else gguf.TokenType.NORMAL):
            raise Failure(f"{word} is of type {kind}")
    if len(kinds) != config["vocab_size"]:
        raise Failure(f"{len(kinds)} tokens for {config['vocab_size']} rows")


def check(score, folder):
    def body():
        config = json.loads((SOURCE / "config.json").read_text())
        reader = gguf.GGUFReader(convert(SOURCE, folder / "llama.gguf", "--to", "gguf"))
        settings(reader, config)
        return f"{tensors(reader, config)} tensors equal"

    def embedding():
        program = os.environ.get("WEIGHTSMITH_LLAMA_EMBEDDING")
        if not program:
            raise Unjudged("llama-embedding is not installed")
        printed = folder / "llama.json"  # to a file: into a pipe it loses what it printed last
        with printed.open("w") as out:
            code = subprocess.call([program, "-m", folder / "llama.gguf", "-p", "the cat", "--pooling", "mean", "--embd-output-format", "json", "-lv", "0"],
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL)
        if code != 0:
            raise Failure(f"exit {code}")
        vector = json.loads(printed.read_text())["data"][0]["embedding"]
        return f"a vector of {len(vector)}"

    score.check("trained/tiny_bert/hf → GGUF: names, settings and vocabulary by gguf-py's tables", body)
    score.check("  llama-embedding takes it", embedding)
