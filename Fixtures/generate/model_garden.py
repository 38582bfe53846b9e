"""Writes Fixtures/data/models/bert/model_garden*: tiny BERTs as TensorFlow's Model Garden keeps them, and what its code computes.

    model_garden.py OUT     (OUT: Fixtures/data/models/bert)

model_garden              Google's sample through the Model Garden's own converter, with the masked-language head; the outputs must be
                          those that Google's code gave
model_garden_nsp          a BertPretrainerV2 around a BertEncoderV2, relu, with a next-sentence head that has a pooler of its own
model_garden_sequence     a BertClassifier over the encoder's pooler

`reference.safetensors` has the input and the outputs. Needs tf-models-official 2.15 (only `official/nlp/modeling` and `official/nlp/tools`)
with gin-config, TensorFlow 2.15 and safetensors.
"""
import json
import os
import shutil
import sys
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np
import tensorflow as tf
from safetensors.numpy import load_file, save_file

from official.legacy.bert import configs
from official.modeling import tf_utils
from official.nlp.modeling import layers, models, networks
from official.nlp.tools import tf2_bert_encoder_checkpoint_converter as converter

SIZES = {"vocab_size": 37, "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 20,
         "max_position_embeddings": 16, "type_vocab_size": 2}


def encoder(activation):
    return networks.BertEncoderV2(
        vocab_size=37, hidden_size=12, num_layers=2, num_attention_heads=3, max_sequence_length=16, type_vocab_size=2,
        inner_dim=20, inner_activation=activation)


def randomize(model, seed):
    generator = np.random.default_rng(seed)
    for variable in model.variables:
        values = generator.standard_normal(variable.shape) * 0.3 + (1 if "gamma" in variable.name else 0)
        variable.assign(values.astype(np.float32))


def features(ids, mask, types):
    return {"input_word_ids": tf.constant(ids), "input_mask": tf.constant(mask), "input_type_ids": tf.constant(types)}


def example():
    ids = np.array([[2, 7, 21, 36, 5, 30, 3], [2, 4, 4, 19, 3, 0, 0]], np.int32)
    types = np.array([[0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 1, 0, 0]], np.int32)
    return ids, (ids != 0).astype(np.int32), types


def run(network, ids, mask, types):
    out = network(features(ids, mask, types))
    reference = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
    for layer, states in enumerate(out["encoder_outputs"]):
        reference["layer_output.%d" % layer] = states.numpy()
    return out, reference


def words(head, sequence):
    """The logits of every place of [B, S, H]."""
    places = tf.tile(tf.range(sequence.shape[1])[None], [sequence.shape[0], 1])
    return head(sequence, masked_positions=places).numpy()


def save(folder, reference, activation, items):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    written = tf.train.Checkpoint(**items).save(os.path.join(folder, "bert_model.ckpt"))
    for name in os.listdir(folder):
        if name == "checkpoint":
            os.remove(os.path.join(folder, name))
    save_file(reference, os.path.join(folder, "reference.safetensors"))
    with open(os.path.join(folder, "bert_config.json"), "w") as file:
        json.dump(dict(SIZES, hidden_act=activation), file, indent=2)
        file.write("\n")
    return written


def converted(out):
    google = os.path.join(out, "google_tf")
    config = configs.BertConfig.from_json_file(os.path.join(google, "bert_config.json"))
    folder = os.path.join(out, "model_garden")
    with tempfile.TemporaryDirectory() as temporary:
        prefix = os.path.join(temporary, "bert_model.ckpt")
        converter.convert_checkpoint(config, prefix, os.path.join(google, "model.ckpt"), "model", "pretrainer")
        # The same with outputs of every layer.
        activation = tf_utils.get_activation(config.hidden_act)
        network = networks.BertEncoder(
            vocab_size=config.vocab_size, hidden_size=config.hidden_size, num_layers=config.num_hidden_layers,
            num_attention_heads=config.num_attention_heads, intermediate_size=config.intermediate_size,
            activation=activation, max_sequence_length=config.max_position_embeddings,
            type_vocab_size=config.type_vocab_size, dict_outputs=True)
        model = models.BertPretrainerV2(network, mlm_activation=activation)
        model(dict(features(*example()), masked_lm_positions=tf.zeros((2, 1), tf.int32)))
        tf.train.Checkpoint(model=model).restore(prefix + "-1").expect_partial()
        truth = load_file(os.path.join(google, "reference.safetensors"))
        found, reference = run(
            model.encoder_network, truth["input_ids"], truth["attention_mask"], truth["token_type_ids"])
        reference["pooled"] = found["pooled_output"].numpy()
        reference["mlm_logits"] = words(model.masked_lm, found["sequence_output"])
        seen = truth["attention_mask"].astype(bool)
        for name in reference:
            if name.startswith("layer_output") or name == "mlm_logits":
                difference = np.abs(reference[name] - truth[name])[seen].max()
                assert difference < 1e-5, (name, difference)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        for name in os.listdir(temporary):
            if name.startswith("bert_model.ckpt-1."):
                shutil.copy(os.path.join(temporary, name), folder)
        shutil.copy(os.path.join(google, "bert_config.json"), folder)
        save_file(reference, os.path.join(folder, "reference.safetensors"))


def main(out):
    converted(out)
    ids, mask, types = example()

    network = encoder("relu")
    head = layers.ClassificationHead(12, 2, name="next_sentence")
    model = models.BertPretrainerV2(network, mlm_activation="relu", classification_heads=[head])
    model(dict(features(ids, mask, types), masked_lm_positions=tf.zeros((2, 1), tf.int32)))
    randomize(model, 21)
    found, reference = run(network, ids, mask, types)
    sequence = found["sequence_output"]
    reference["mlm_logits"] = words(model.masked_lm, sequence)
    reference["pooled"] = head(sequence, only_project=True).numpy()
    reference["nsp_logits"] = head(sequence).numpy()
    save(os.path.join(out, "model_garden_nsp"), reference, "relu", dict(model=model, **model.checkpoint_items))

    network = encoder(lambda x: tf.keras.activations.gelu(x, approximate=True))
    model = models.BertClassifier(network, 3)
    randomize(model, 22)
    found, reference = run(network, ids, mask, types)
    reference["pooled"] = found["pooled_output"].numpy()
    reference["logits"] = model(features(ids, mask, types)).numpy()
    save(os.path.join(out, "model_garden_sequence"), reference, "gelu", dict(model=model))


if __name__ == "__main__":
    main(*sys.argv[1:])
