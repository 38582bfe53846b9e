"""GGUF files in forms the samples lack, made by gguf-py: a split model, and blocks and arrays in both byte orders (turned around by
gguf-py's own gguf_convert_endian). Fixtures/data/gguf. Needs gguf and numpy. Run from the project folder."""
import argparse
import builtins
import glob
import os
import shutil

import gguf
import numpy as np
from gguf.scripts.gguf_convert_endian import convert_byteorder

OUT = "Fixtures/data/gguf"
T = gguf.GGMLQuantizationType
rng = np.random.default_rng(19)


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


for old in glob.glob(f"{OUT}/split-*.gguf"):
    os.remove(old)
split = gguf.GGUFWriter(f"{OUT}/split.gguf", "bert", split_max_tensors=2)
split.add_name("split in three")
split.add_array("tokenizer.ggml.tokens", ["[PAD]", "[UNK]", "▁the"])
for index in range(5):
    split.add_tensor(f"blk.{index}.weight", rng.standard_normal((3, 4 + index)).astype(np.float32))
finish(split)

# the block bytes of the samples, which gguf_truth.py compares with gguf-py's decoder
blocks = {t.name: t for t in gguf.GGUFReader("Fixtures/data/formats/gguf_alltypes.gguf").tensors}
little = gguf.GGUFWriter(f"{OUT}/blocks_le.gguf", "test")
little.add_array("t.words", ["a", "", "żółw"])
little.add_array("t.shorts", [1, -2, 300])
little.add_float64("t.f64", -0.1)
for name, kind in (("q4_0", T.Q4_0), ("q8_0", T.Q8_0), ("q4_k", T.Q4_K), ("q6_k", T.Q6_K), ("mxfp4", T.MXFP4)):
    little.add_tensor(name, blocks[f"q.{name}"].data.copy(), raw_dtype=kind)
little.add_tensor("f16", rng.standard_normal((2, 7)).astype(np.float16))
little.add_tensor("f32", rng.standard_normal(3).astype(np.float32))
finish(little)
shutil.copy(f"{OUT}/blocks_le.gguf", f"{OUT}/blocks_be.gguf")
builtins.input = lambda _: "YES"
reader = gguf.GGUFReader(f"{OUT}/blocks_be.gguf", "r+")
convert_byteorder(reader, argparse.Namespace(order="big", dry_run=False))
reader.data.flush()
