"""Writes Fixtures/data/elmo/bilm*: models that bilm-tf's own training program made, its own dumps of them, and what its own graph computes.

    elmo_bilm.py BILM OUT      (BILM: the unpacked package bilm 0.1.post5; OUT: Fixtures/data/elmo)

For two layers and for one: `bilm*/` is the training's folder (checkpoint and options.json as they are left), `bilm*_dump/` what
`dump_weights` makes of it, with the one number changed that bilm-tf's README says to change. A second folder of the one-layer model has
the names that the loaders look for, since they do not find what was dumped. Outputs are of zero states. Needs TensorFlow 2.15 (the
package itself is for 1.2; the names are the same), h5py, numpy and safetensors.
"""
import glob
import json
import os
import random
import shutil
import sys

import h5py
import numpy as np
import tensorflow
from safetensors.numpy import save_file

package, out = sys.argv[1:3]
tf = tensorflow.compat.v1
tf.disable_v2_behavior()
sys.modules["tensorflow"] = tf
sys.path.insert(0, package)
from bilm import Batcher, BidirectionalLanguageModel  # noqa: E402
from bilm.data import BidirectionalLMDataset, UnicodeCharsVocabulary  # noqa: E402
from bilm.training import dump_weights, train  # noqa: E402

SENTENCES = [["Hello", "wörld", ",", "pneumonoultramicroscopicsilicovolcanoconiosis-and-more", "long"], ["ok", "."]]
WORDS = sorted({word for sentence in SENTENCES for word in sentence} | {"a", "few", "words", "more"})


def options(layers):
    return {
        "bidirectional": True,
        "char_cnn": {
            "activation": "relu", "embedding": {"dim": 3}, "filters": [[1, 4], [2, 4], [3, 6]],
            "max_characters_per_token": 50, "n_characters": 261, "n_highway": 2,
        },
        "dropout": 0.1,
        "lstm": {
            "cell_clip": 3, "dim": 7, "n_layers": layers, "proj_clip": 3, "projection_dim": 5,
            "use_skip_connections": True,
        },
        "all_clip_norm_val": 10.0, "batch_size": 2, "n_epochs": 1, "n_negative_samples_batch": 4,
        "n_tokens_vocab": len(WORDS) + 3, "n_train_tokens": 40, "unroll_steps": 5,
    }


def trained(layers, folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    scratch = os.path.join(folder, "scratch")
    os.makedirs(scratch)
    with open(scratch + "/vocab.txt", "w") as file:
        file.write("\n".join(["<S>", "</S>", "<UNK>"] + WORDS) + "\n")
    with open(scratch + "/text.txt", "w") as file:
        file.write("\n".join(" ".join(sentence) for sentence in SENTENCES * 4) + "\n")
    for seed in (random.seed, np.random.seed):
        seed(7)
    tf.reset_default_graph()
    tf.set_random_seed(7 + layers)
    vocabulary = UnicodeCharsVocabulary(scratch + "/vocab.txt", 50, validate_file=True)
    train(options(layers), BidirectionalLMDataset(scratch + "/text.txt", vocabulary), 1, folder, scratch)
    return scratch


def dumped(folder, target):
    shutil.rmtree(target, ignore_errors=True)
    os.makedirs(target)
    tf.reset_default_graph()
    dump_weights(folder, target + "/weights.hdf5")
    made = json.load(open(folder + "/options.json"))
    made["char_cnn"]["n_characters"] = 262
    with open(target + "/options.json", "w") as file:
        json.dump(made, file, indent=2)
        file.write("\n")


def computed(folder, vocabulary):
    """What bilm's own inference graph gives for the sentences; a fresh session starts from zero states."""
    tf.reset_default_graph()
    ids = Batcher(vocabulary, 50).batch_sentences(SENTENCES)
    placeholder = tf.placeholder("int32", shape=(None, None, 50))
    model = BidirectionalLanguageModel(folder + "/options.json", folder + "/weights.hdf5")
    ops = model(placeholder)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        got = session.run({key: ops[key] for key in ("lm_embeddings", "token_embeddings")}, {placeholder: ids})
    return {"char_ids": ids.astype(np.int32), **{key: np.ascontiguousarray(value) for key, value in got.items()}}


def renamed(source, target):
    """The names of one layer that both loaders look for."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    with h5py.File(target + "/weights.hdf5", "a") as file:
        for direction in ("RNN_0", "RNN_1"):
            file.move(direction + "/RNN/LSTMCell", direction + "/RNN/MultiRNNCell/Cell0/LSTMCell")


for layers, name in ((2, "bilm"), (1, "bilm_one")):
    folder = os.path.join(out, name)
    scratch = trained(layers, folder)
    dumped(folder, folder + "_dump")
    loadable = folder + "_dump"
    if layers == 1:
        loadable = folder + "_loadable"
        renamed(folder + "_dump", loadable)
    reference = computed(loadable, scratch + "/vocab.txt")
    shutil.rmtree(scratch)
    for name in glob.glob(folder + "/*.meta") + [folder + "/checkpoint"]:
        os.remove(name)  # a graph, and a file that names the folder
    for target in {folder, folder + "_dump", loadable}:
        save_file(reference, target + "/reference.safetensors", metadata={"note": "bilm 0.1.post5, TensorFlow " + tensorflow.__version__})
