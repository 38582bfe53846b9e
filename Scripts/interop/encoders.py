"""The encoder samples, found by walking the fixtures, the way weightsmith takes each of them, and what the original program computed for it.

A file or folder that no rule here covers is reported, not passed over.
"""
import fnmatch
import json
import pathlib
import re
import typing

from safetensors.numpy import load_file

from checks import ROOT, Failure, Measure, Refused, Unjudged, furthest, weightsmith

DATA = ROOT / "Fixtures/data"
LIMIT = 2e-5
# Under models/, but of no encoder family that transformers has.
OTHERS = {"elmo", "gpt1", "gpt2", "llama", "t5", "tokenizers", "xlnet"}
# One model in the forms in which transformers saves it: the same values, so one of them is enough where a library takes long.
SAVED = ("model.safetensors", "pytorch_model.bin", "tf_model.h5", "flax_model.msgpack")
BESIDE = ("config.json", "*_config.json", "*_hparams.json", "variables.json", "reference.npz", "reference.safetensors", "*.data-?????-of-?????")
# Whose outputs judge a folder without its own, where the name does not say it.
JUDGED_BY = {"electra/hf_discriminator": "electra/google_tf", "electra/hf_generator": "electra/google_tf", "roberta/fairseq_style": "roberta/hf"}
PARTS = ("discriminator", "generator")
# brightmart's graph is no class of transformers; with the layer norms behind it is BERT's.
COMMANDS = {"albert_zh/postln": ("transform", "--as", "bert"), "albert_zh/preln": ("transform", "--as", "bert")}
# What weightsmith has to refuse: the sample, the container (or any), and the reason.
REFUSALS = [("models/albert_zh/preln", "*", "not the same model as bert: its blocks have their layer norms before attention"),
            ("models/*/flax_untied/*", "hdf5", "it has no name for heads.mlm.decoder.weight"),
            ("models/roberta/fairseq_untied_sequence/*", "hdf5", "it has no name for heads.mlm.decoder.weight"),
            # relu in the blocks: Flax's class takes it in this head too, the others the exact gelu
            ("heads/electra_masked/*", "msgpack", "its code computes relu in the mlm head, the model needs gelu")]
# A pooler or a classifier beside a masked-language head, which no class of transformers has: what its tensors' names begin with, and its output.
SURPLUS = {"models/bert/model_garden": ("pooler", "pooled"), "models/roberta/fairseq_sequence/model.pt": ("classifier", "logits"),
           "models/roberta/fairseq_untied_sequence/model.pt": ("classifier", "logits")}
# What only a user can choose.
OPTIONS = {"models/roberta/fairseq_untied_sequence/model.pt": ("--set", "classification_head_name=topic")}
# Judged as soon as weightsmith knows the names.
UNREAD = ("fairseq_style",)
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
# The reference's key, and the names of that output in transformers' results.
LOGITS = {"mlm_logits": ("prediction_logits", "logits"), "sop_logits": ("sop_logits", "seq_relationship_logits"),
          "nsp_logits": ("seq_relationship_logits", "logits"), "logits": ("logits",), "start_logits": ("start_logits",), "end_logits": ("end_logits",)}


class Encoder(typing.NamedTuple):
    """A sample: what to read, how, and whose outputs judge it."""

    path: pathlib.Path
    family: str
    reference: pathlib.Path | None
    part: str = ""
    command: tuple = ("convert",)
    again: bool = False  # the same model as the sample before it

    @property
    def name(self):
        return self.path.relative_to(DATA).as_posix()

    @property
    def title(self):
        return self.name + (f" ({self.part})" if self.part else "")

    @property
    def surplus(self):
        """What the names of its tensors begin with that the class has no place for; nothing for nearly all."""
        return SURPLUS.get(self.name, ("", ""))[0]

    def written(self, destination, container, *options):
        """The folder that weightsmith makes of it; Refused if it says that it cannot be, where that is so."""
        chosen = ("--part", self.part) if self.part and self.path.is_dir() else ()
        chosen += OPTIONS.get(self.name, ())
        command = (self.command[0], self.path, destination, *self.command[1:], *chosen, "--to", container, *options)
        for pattern, where, why in REFUSALS:
            if fnmatch.fnmatch(self.name, pattern) and fnmatch.fnmatch(container, where):
                raise Refused(refusal(command, why))
        try:
            weightsmith(*command)
        except Failure as failure:
            if self.path.parent.name in UNREAD and "belong to no family we know" in str(failure):
                raise Unjudged("weightsmith does not know these names yet") from failure
            raise
        return destination

    def arrays(self):
        """The reference's arrays; of a checkpoint with two models, those of this one."""
        arrays = load_file(self.reference)
        arrays.pop(SURPLUS.get(self.name, ("", ""))[1], None)
        if not any(key.startswith(f"{self.part}.") for key in arrays):
            return arrays
        own = {key.removeprefix(f"{self.part}."): value for key, value in arrays.items() if not key.startswith(PARTS) or key.startswith(self.part)}
        if self.part == "generator":  # what the embeddings give is noted for the discriminator only
            own.pop("embeddings_projected")
        return own


def refusal(command, why):
    """weightsmith's reason, if it is the one that was expected."""
    try:
        weightsmith(*command)
    except Failure as failure:
        if why in str(failure):
            return why
        raise
    raise Failure(f"was written, but should have been refused: {why}")


def reference_of(folder):
    name = folder.relative_to(folder.parents[1]).as_posix()
    family, _, form = name.partition("/")
    other = JUDGED_BY.get(name) or (f"{family}/{form.split('_as_hf_')[0]}" if "_as_hf_" in form else f"{family}/google_tf{form.removeprefix('hf')}")
    for candidate in (folder, folder.parents[1] / other):
        if (candidate / "reference.safetensors").is_file():
            return candidate / "reference.safetensors"
    return None


def encoders(score):
    """Every sample; what cannot be judged goes into the score with the reason."""
    folders = [folder for family in sorted((DATA / "models").iterdir()) if family.is_dir() and family.name not in OTHERS
               for folder in sorted(family.iterdir())]
    for folder in folders + sorted((DATA / "heads").iterdir()):
        title = folder.relative_to(DATA).as_posix()
        samples = list(of_folder(folder, score))
        if not samples:
            score.skip(title, "no weights in it")
        elif samples[0].reference is None:
            score.skip(title, "nobody's outputs are there to judge it")
        else:
            yield from samples


def of_folder(folder, score):
    family, reference = family_of(folder), reference_of(folder)
    command = COMMANDS.get(f"{folder.parent.name}/{folder.name}", ("convert",))
    files = sorted(folder.iterdir(), key=lambda file: (SAVED.index(file.name) if file.name in SAVED else len(SAVED), file.name))
    before = False
    for file in files:
        if file.suffix == ".index":
            parts = PARTS if (folder / "electra_hparams.json").is_file() else ("",)
            for part in parts:
                yield Encoder(folder, family, reference, part, command)
        elif file.name in SAVED:
            part = next((part for part in PARTS if folder.name == f"hf_{part}"), "")
            yield Encoder(file, family, reference, part, command, again=before)
            before = True
        elif file.suffix == ".pt":
            yield Encoder(file, family, reference)
        elif not any(fnmatch.fnmatch(file.name, pattern) for pattern in BESIDE):
            score.skip(file.relative_to(DATA).as_posix(), "no rule for a file of this name")


def family_of(folder):
    config = folder / "config.json"
    if folder.parent.name == "heads" and config.is_file():
        return json.loads(config.read_text(encoding="utf-8"))["model_type"]
    return folder.parent.name


def architecture(folder):
    """The class that the written configuration names."""
    (name,) = json.loads((folder / "config.json").read_text(encoding="utf-8"))["architectures"]
    return name


def is_surplus(key, surplus):
    """Whether a tensor, `bert.pooler.dense.weight` or `classifier`, belongs to what the class has no place for."""
    return bool(surplus) and surplus in re.split(r"\W+", key)


def inputs(arrays):
    return {key: arrays[key] for key in INPUTS if key in arrays}


def compared(arrays, result, blocks, embedded, pooled):
    """(name, what the library computes, what the original program did) for every output in the reference.

    result is a transformers output with hidden_states; embedded and pooled are called where the reference has them.
    """
    # transformers 5 reports every block, 4 an ALBERT layer once, after its inner blocks
    stride = blocks // (len(result.hidden_states) - 1)
    for key, wanted in sorted(arrays.items()):
        kind, _, depth = key.partition(".")
        if kind in INPUTS or kind == "position_ids":
            continue
        if kind == "embeddings":
            yield key, embedded(), wanted
        elif kind == "embeddings_projected":
            yield key, result.hidden_states[0], wanted
        elif kind in ("hidden", "layer_output"):
            index = int(depth) + (kind == "layer_output")
            if index % stride == 0:
                yield key, result.hidden_states[index // stride], wanted
        elif kind == "pooled":
            yield key, pooled(), wanted
        else:
            yield key, next(result[name] for name in LOGITS[key] if name in result), wanted


def judged(pairs):
    """Every output near enough, and no NaN."""
    pairs = list(pairs)
    worst, where = furthest(pairs)
    if not pairs or not worst <= LIMIT:
        raise Failure(f"{where}: {worst:.1e} apart, at most {LIMIT:.0e} allowed")
    return Measure(len(pairs), worst)
