"""A small BERT as llama.cpp keeps it: Fixtures/data/llama/bert (random weights, a made-up vocabulary, a sentence-transformers pooling) and
what llama.cpp's own convert_hf_to_gguf.py makes of it in f32, f16 and q8_0; and an importance matrix as llama-imatrix writes it (made-up sums),
once more as vectors under canonical names, with what llama-quantize makes of the f32 file with it. Run from Fixtures/ with LLAMA_CPP=folder
of llama.cpp's source (`vendor/llama.cpp` in the PyPI sdist llama-cpp-python 0.3.36) and LLAMA_QUANTIZE=its program. Needs gguf, tokenizers, torch
and transformers.

The converter knows a pre-tokenizer by the hash of one text's ids, so a made-up vocabulary has none; it gets the one of uncased BERT.
"""
import json
import os
import shutil
import subprocess
import sys

import numpy
import torch
import transformers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

LLAMA = os.environ["LLAMA_CPP"]
sys.path[:0] = [LLAMA, LLAMA + "/gguf-py"]
OUT = "data/llama"
MODEL = f"{OUT}/bert"
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ["the", "cat", "sat", "on", "mat", "hello", "world", "!", ".", "##s", "##ing", "##", "#", "é", "##\u093e", "\u093e", "\u4e2d", "▁", "un", "##known"]

shutil.rmtree(OUT, ignore_errors=True)
os.makedirs(f"{MODEL}/1_Pooling")
torch.manual_seed(44)
vocabulary = SPECIALS + WORDS
config = transformers.BertConfig(
    vocab_size=len(vocabulary) + 3, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96,
    max_position_embeddings=16, type_vocab_size=2)
model = transformers.BertForMaskedLM(config)
for parameter in model.parameters():
    parameter.data += 0.05 * torch.randn_like(parameter)
model.save_pretrained(MODEL)
with open(f"{MODEL}/vocab.txt", "w", encoding="utf-8") as file:
    file.writelines(word + "\n" for word in vocabulary)
tokenizer = Tokenizer(models.WordPiece({w: i for i, w in enumerate(vocabulary)}, unk_token="[UNK]"))
tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
tokenizer.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in SPECIALS])
tokenizer.save(f"{MODEL}/tokenizer.json")
files = {
    "tokenizer_config.json": {"tokenizer_class": "BertTokenizer", "do_lower_case": True, **{
        f"{name}_token": f"[{name.upper()}]" for name in ("unk", "sep", "pad", "cls", "mask")}},
    "modules.json": [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}],
    "1_Pooling/config.json": {"word_embedding_dimension": 64, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False},
}
for name, value in files.items():
    with open(f"{MODEL}/{name}", "w") as file:
        json.dump(value, file, indent=1)
        file.write("\n")

import convert_hf_to_gguf as converter  # noqa: E402
from conversion.base import TextModel  # noqa: E402

TextModel.get_vocab_base_pre = lambda self, tokenizer: "jina-v2-en"
for kind in ("f32", "f16", "q8_0"):
    sys.argv = ["convert_hf_to_gguf.py", MODEL, "--outtype", kind, "--outfile", f"{OUT}/bert-{kind}.gguf", "--model-name", "bert"]
    converter.main()

import gguf  # noqa: E402

rng = numpy.random.default_rng(45)
CANONICAL = {"attn_q": "attention.query", "attn_k": "attention.key", "attn_v": "attention.value", "attn_output": "attention.output",
             "ffn_up": "feedForward.up", "ffn_down": "feedForward.down"}
writer = gguf.GGUFWriter(f"{OUT}/imatrix.gguf", "")
writer.add_type("imatrix")
writer.add_array("imatrix.datasets", ["made up"])
writer.add_uint32("imatrix.chunk_count", 4)
writer.add_uint32("imatrix.chunk_size", 16)
vectors = {}
for block in range(2):
    for name, canonical in CANONICAL.items():
        width = 96 if name == "ffn_down" else 64
        count = numpy.float32(0 if (block, name) == (1, "attn_v") else 64)  # nothing counted: all columns alike
        sums = (rng.exponential(1, width) * numpy.exp(2 * rng.standard_normal(width)) * count).astype(numpy.float32)
        writer.add_tensor(f"blk.{block}.{name}.weight.in_sum2", sums.reshape(1, width))
        writer.add_tensor(f"blk.{block}.{name}.weight.counts", count.reshape(1, 1))
        vectors[f"blocks.{block}.{canonical}.weight"] = sums / count if count else numpy.ones(width, numpy.float32)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
numpy.savez(f"{OUT}/importance.npz", **vectors)
for kind in ("q4_0", "iq4_nl"):
    command = [os.environ["LLAMA_QUANTIZE"], "--pure", "--imatrix", f"{OUT}/imatrix.gguf", f"{OUT}/bert-f32.gguf", f"{OUT}/bert-{kind}-weighed.gguf", kind.upper()]
    subprocess.run(command, check=True)
