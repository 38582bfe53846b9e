"""The peer: the same conversion with TensorFlow's own reader and the safetensors package.

    python peer_tensorflow.py PREFIX OUTPUT.safetensors
"""
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy
import tensorflow
from safetensors.numpy import save_file

RENAMES = (("/kernel", "/weight"), ("/gamma", "/weight"), ("/beta", "/bias"), ("layer_", "layer."), ("/", "."))


def main():
    prefix, output = sys.argv[1:]
    reader = tensorflow.train.load_checkpoint(prefix)
    tensors = {}
    for name in reader.get_variable_to_shape_map():
        value = reader.get_tensor(name)
        if name.endswith("/kernel"):
            value = numpy.ascontiguousarray(value.T)
        target = name
        for old, new in RENAMES:
            target = target.replace(old, new)
        if target.endswith("_embeddings"):
            target += ".weight"
        tensors[target] = value
    save_file(tensors, output, metadata={"format": "pt"})


if __name__ == "__main__":
    main()
