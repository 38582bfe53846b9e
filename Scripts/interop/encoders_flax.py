"""transformers 4's Flax classes load the flax_model.msgpack that weightsmith writes of every encoder sample."""
import contextlib
import logging
import re

import jax
import jax.numpy as jnp
import transformers
from transformers import modeling_flax_utils

import encoders
from checks import Failure

DIRECTION = "flax_model.msgpack → Flax class"
CONTAINER = "msgpack"
NOTE = "Flax's answer-span classes of ALBERT, DistilBERT and ELECTRA get jnp.split for the array method that jax dropped."


class Warnings(logging.Handler):
    """What from_pretrained has to say; of missing and unexpected keys it speaks in no other way."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage().splitlines()[0])


@contextlib.contextmanager
def heard():
    logger, handler = modeling_flax_utils.logger, Warnings()
    before = logger.level, logger.propagate
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    logger.addHandler(handler)
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]


def repair():
    """The answer-span classes of ALBERT, DistilBERT and ELECTRA call logits.split(…), an array's method that jax dropped before 0.4.30;
    jnp.split is the same function."""
    for array in (type(jnp.zeros(1)), jax.core.Tracer):
        array.split = jnp.split


def is_complaint(cls, line, surplus):
    """BERT's answer-span class has no pooler, Google's checkpoint does."""
    keys = re.findall(r"\('[^)]*\)", line)
    if keys and all(encoders.is_surplus(key, surplus) for key in keys):
        return False
    return not (cls is transformers.FlaxBertForQuestionAnswering and keys and all("'bert', 'pooler'" in key for key in keys))


def loaded(folder, surplus):
    """The model as from_pretrained gives it; a key it misses or does not expect is a failure."""
    cls = getattr(transformers, "Flax" + encoders.architecture(folder))
    with heard() as lines:
        model = cls.from_pretrained(folder)
    complaints = [line.replace(str(folder), "it") for line in lines if is_complaint(cls, line, surplus)]
    if complaints:
        raise Failure(f"{cls.__name__}: {complaints[0]}")
    return model


def computed(folder, arrays, surplus=""):
    model = loaded(folder, surplus)
    feeds = {key: jnp.asarray(value, jnp.int32) for key, value in encoders.inputs(arrays).items()}
    config, bound = model.config, model.module.bind({"params": model.params})
    core = getattr(bound, model.base_model_prefix, bound)
    types = feeds.get("token_type_ids", jnp.zeros_like(feeds["input_ids"]))
    places = jnp.broadcast_to(jnp.arange(types.shape[1]), types.shape)

    result = model(**feeds, output_hidden_states=True)

    def embedded():
        if config.model_type != "albert":  # the others' come first among the hidden states
            return result.hidden_states[0]
        return core.embeddings(feeds["input_ids"], types, places)

    def pooled():
        if core is bound:  # the class without a head gives it by itself
            return model(**feeds).pooler_output
        return core(feeds["input_ids"], feeds["attention_mask"], types, places).pooler_output

    blocks = config.num_hidden_layers * getattr(config, "inner_group_num", 1)
    return list(encoders.compared(arrays, result, blocks, embedded, pooled))
