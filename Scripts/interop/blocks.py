"""ggml's blocks: what `quantize` writes is what ggml's C library writes, and gguf-py reads it as the values we compute with."""
import ctypes
import json

import gguf
import numpy
from safetensors.numpy import load_file, save_file

import gguf_readers
from checks import Failure, convert, same_tensors, weightsmith

SCHEMES = ("q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "iq4_nl", "iq4_xs", "tq1_0", "tq2_0", "mxfp4")
WIDTH, INNER = 256, 768


def make_model(folder):
    """A BERT of two blocks whose rows are whole super-blocks."""
    rng = numpy.random.default_rng(4)
    shapes = {"embeddings.word_embeddings.weight": (64, WIDTH), "embeddings.position_embeddings.weight": (32, WIDTH),
              "embeddings.token_type_embeddings.weight": (2, WIDTH), "pooler.dense.weight": (WIDTH, WIDTH), "pooler.dense.bias": (WIDTH,)}
    norms = ["embeddings.LayerNorm"]
    for layer in range(2):
        at = f"encoder.layer.{layer}."
        norms += [at + "attention.output.LayerNorm", at + "output.LayerNorm"]
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes |= {f"{at}{part}.weight": (WIDTH, WIDTH), f"{at}{part}.bias": (WIDTH,)}
        shapes |= {at + "intermediate.dense.weight": (INNER, WIDTH), at + "intermediate.dense.bias": (INNER,),
                   at + "output.dense.weight": (WIDTH, INNER), at + "output.dense.bias": (WIDTH,)}
    tensors = {name: (rng.standard_normal(shape) * 0.05).astype(numpy.float32) for name, shape in shapes.items()}
    tensors["encoder.layer.0.intermediate.dense.weight"] *= rng.standard_cauchy((INNER, 1)).astype(numpy.float32)
    tensors["encoder.layer.1.output.dense.weight"][::3] = 0
    for norm in norms:
        tensors |= {f"{norm}.weight": numpy.ones(WIDTH, numpy.float32), f"{norm}.bias": numpy.zeros(WIDTH, numpy.float32)}
    folder.mkdir()
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({
        "model_type": "bert", "hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": INNER,
        "hidden_act": "gelu", "max_position_embeddings": 32, "type_vocab_size": 2, "vocab_size": 64, "layer_norm_eps": 1e-12}))
    return tensors


def reference_blocks(library, kind, values):
    """libggml's blocks of a matrix, [rows, bytes of a row]."""
    length, size = gguf.constants.GGML_QUANT_SIZES[kind]
    rows, columns = values.shape
    blocks = numpy.zeros((rows, columns // length * size), numpy.uint8)
    quantize = library.ggml_quantize_chunk
    quantize.restype = ctypes.c_size_t
    quantize.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p] + [ctypes.c_int64] * 3 + [ctypes.c_void_p]
    if quantize(kind, values.ctypes.data, blocks.ctypes.data, 0, rows, columns, None) != blocks.size:
        raise Failure("libggml wrote another size")
    return blocks


def quantized(score, folder):
    library = gguf_readers.c_library()
    tensors = make_model(folder / "wide")
    matrices = {name for name, value in tensors.items()
                if value.ndim == 2 and "position" not in name and "token_type" not in name}
    for scheme in SCHEMES:
        kind = gguf.GGMLQuantizationType[scheme.upper()]

        def body():
            codes, blocks = folder / f"{scheme}-codes", folder / f"{scheme}.gguf"
            weightsmith("quantize", folder / "wide", codes, "--scheme", scheme)
            weightsmith("quantize", folder / "wide", blocks, "--scheme", scheme, "--to", "gguf", "--names", "hf")
            ours = load_file(codes / "model.safetensors")
            theirs = {t.name: t for t in gguf.GGUFReader(blocks).tensors}
            for name in matrices:
                if library is not None and (ours[name] != reference_blocks(library, kind, tensors[name])).any():
                    raise Failure(f"{name}: other blocks than libggml's")
                if theirs[name].tensor_type != kind or theirs[name].data.tobytes() != ours[name].tobytes():
                    raise Failure(f"{name}: other blocks in GGUF")
            wanted = {name: gguf.quants.dequantize(t.data, t.tensor_type).astype(numpy.float32) for name, t in theirs.items()}
            for number, source in enumerate((codes, blocks)):
                plain = convert(source, folder / f"{scheme}-{number}.safetensors", "--names", "keep", "--dtype", "f32")
                same = same_tensors(load_file(plain), wanted)
            judge = "libggml's blocks" if library is not None else "libggml is not installed"
            return f"{len(matrices)} matrices, {judge}; gguf-py's values: {same}"

        score.check(f"quantize --scheme {scheme}", body)
