"""The peer: gguf-py reads a GGUF file, quantizes its matrices and writes another.

    python peer_gguf.py SOURCE.gguf OUTPUT.gguf q8_0|q4_0
"""
import sys

import gguf

KEPT = ("position_embd.weight", "token_types.weight")


def main():
    source, output, scheme = sys.argv[1:]
    kind = gguf.GGMLQuantizationType[scheme.upper()]
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(output, "bert")
    for tensor in reader.tensors:
        if len(tensor.shape) == 2 and tensor.name not in KEPT:
            writer.add_tensor(tensor.name, gguf.quants.quantize(tensor.data, kind), raw_dtype=kind)
        else:
            writer.add_tensor(tensor.name, tensor.data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
