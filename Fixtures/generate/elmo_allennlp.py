"""Writes Fixtures/data/elmo/allennlp: the sample's weights as the state dict of AllenNLP's own Elmo module, and what it computes; beside
it allennlp_bilm, the module without mixes of weights that bilm-tf dumped.

    elmo_allennlp.py SAMPLE ALLENNLP OUT      (SAMPLE: Fixtures/data/models/elmo; ALLENNLP: the unpacked package allennlp 2.10.1;
                                               OUT: Fixtures/data/elmo/allennlp; bilm_dump of elmo_bilm.py beside it)

The module and everything it computes with is AllenNLP's; of the rest of the package only the names that its files import are made up
here. Its words have 50 characters, which the sample's options are changed to. Needs torch, numpy, h5py and safetensors.
"""
import json
import os
import sys
import types

import numpy as np
import torch
from safetensors.numpy import save_file

sample, package, out = sys.argv[1:4]
os.makedirs(out, exist_ok=True)


def module(name, folder=None, **names):
    made = types.ModuleType(name)
    made.__dict__.update(names)
    if folder is not None:
        made.__path__ = [os.path.join(package, folder)]
    sys.modules[name] = made


class Nothing:
    def __init__(self, *args, **kwargs):
        pass

    @classmethod
    def register(cls, *args, **kwargs):
        return lambda registered: registered


class Base(Nothing):
    __class_getitem__ = classmethod(lambda cls, item: cls)


module("allennlp", "allennlp")
for part in ("modules", "nn", "data", "data/token_indexers"):
    module("allennlp." + part.replace("/", "."), "allennlp/" + part)
module("allennlp.common", "none", FromParams=Nothing, Registrable=Nothing, Params=dict)
module("allennlp.common.checks", ConfigurationError=ValueError)
module("allennlp.common.file_utils", cached_path=lambda path: path)
helpers = ("lazy_groups_of", "int_to_device", "is_distributed", "is_global_primary", "pad_sequence_to_length")
module("allennlp.common.util", **dict.fromkeys(helpers))
module("allennlp.data.token_indexers.token_indexer", TokenIndexer=Base, IndexedTokenList=dict)
for name, names in {
    "instance": "Instance", "tokenizers": "Token", "tokenizers.token_class": "Token",
    "vocabulary": "Vocabulary", "batch": "Batch", "fields": "TextField",
}.items():
    module("allennlp.data." + name, "none", **{names: Nothing})

from allennlp.data.token_indexers.elmo_indexer import ELMoCharacterMapper  # noqa: E402
from allennlp.modules.elmo import Elmo  # noqa: E402
from allennlp.nn.util import remove_sentence_boundaries  # noqa: E402

options = json.load(open(os.path.join(sample, "options.json")))
options["char_cnn"]["max_characters_per_token"] = ELMoCharacterMapper.max_word_length
path = os.path.join(out, "options.json")
with open(path, "w") as file:
    json.dump(options, file, indent=2, sort_keys=True)
    file.write("\n")

WEIGHTS = [[0.3, -1.2, 0.8], [2.0, 0.1, -0.4]]
GAMMAS = [1.7, 0.6]


def made(norm):
    elmo = Elmo(path, os.path.join(sample, "weights.hdf5"), 2, do_layer_norm=norm, dropout=0.0)
    for mix, weights, gamma in zip(elmo._scalar_mixes, WEIGHTS, GAMMAS):
        for parameter, weight in zip(mix.scalar_parameters, weights):
            parameter.data.fill_(weight)
        mix.gamma.data.fill_(gamma)
    return elmo.eval()


sentences = [["Hello", "wörld", ",", "pneumonoultramicroscopicsilicovolcanoconiosis-and-more", "long"], ["ok", "."]]
ids = np.zeros((len(sentences), max(map(len, sentences)), ELMoCharacterMapper.max_word_length), np.int64)
mapper = ELMoCharacterMapper()
for row, sentence in enumerate(sentences):
    for column, word in enumerate(sentence):
        ids[row, column] = mapper.convert_word_to_char_ids(word)

reference = {"char_ids": ids.astype(np.int32)}
with torch.no_grad():
    plain, normed = made(False), made(True)
    # Every module starts from zeros; a second call would start from the first one's final state.
    lm = made(False)._elmo_lstm(torch.from_numpy(ids))
    layers = [remove_sentence_boundaries(layer, lm["mask"])[0] for layer in lm["activations"]]
    reference["lm_embeddings"] = torch.stack(layers, 1).numpy()
    for name, elmo in (("mixes", plain), ("normed_mixes", normed)):
        for index, mix in enumerate(elmo(torch.from_numpy(ids))["elmo_representations"]):
            reference[f"{name}.{index}"] = mix.numpy()

torch.save(plain.state_dict(), os.path.join(out, "pytorch_model.bin"))
normed = {name: value for name, value in reference.items() if name.startswith("normed_")}
shared = {name: value for name, value in reference.items() if not name.startswith("normed_")}
save_file(shared, os.path.join(out, "reference.safetensors"), metadata={"note": "allennlp 2.10.1"})
normed = {name.removeprefix("normed_"): value for name, value in normed.items()}

# The same for tests of the forward pass alone, beside the canonical weights of elmo_canonical.py.
tensors = {"input.char_ids": shared["char_ids"]}
for index, (weights, gamma) in enumerate(zip(WEIGHTS, GAMMAS)):
    for layer, weight in enumerate(weights):
        tensors[f"parameter.mixes.{index}.weights.{layer}"] = np.array([weight], np.float32)
    tensors[f"parameter.mixes.{index}.gamma"] = np.array([gamma], np.float32)
    tensors[f"output.mixes.{index}"] = shared[f"mixes.{index}"]
    tensors[f"normed.mixes.{index}"] = normed[f"mixes.{index}"]
for layer in range(shared["lm_embeddings"].shape[1]):
    tensors[f"output.outputs.{layer}"] = np.ascontiguousarray(shared["lm_embeddings"][:, layer])
save_file(tensors, os.path.join(out, "canonical.safetensors"))

# The bare module of what bilm-tf dumped.
dump, bare = (os.path.join(os.path.dirname(out), name) for name in ("bilm_dump", "allennlp_bilm"))
os.makedirs(bare, exist_ok=True)
with torch.no_grad():
    module = Elmo(os.path.join(dump, "options.json"), os.path.join(dump, "weights.hdf5"), 1, dropout=0.0).eval()._elmo_lstm
    lm = module(torch.from_numpy(ids))
    layers = [remove_sentence_boundaries(layer, lm["mask"])[0] for layer in lm["activations"]]
torch.save(module.state_dict(), os.path.join(bare, "pytorch_model.bin"))
options = json.load(open(os.path.join(dump, "options.json")))
with open(os.path.join(bare, "options.json"), "w") as file:
    json.dump({key: options[key] for key in ("char_cnn", "lstm")}, file, indent=2, sort_keys=True)
    file.write("\n")
bare_reference = {"char_ids": ids.astype(np.int32), "lm_embeddings": torch.stack(layers, 1).numpy()}
save_file(bare_reference, os.path.join(bare, "reference.safetensors"), metadata={"note": "allennlp 2.10.1"})
