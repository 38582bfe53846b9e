"""transformers 4's TensorFlow classes load the tf_model.h5 that weightsmith writes of every encoder sample."""
import tensorflow
import transformers
from transformers.models.albert import modeling_tf_albert

import encoders
from checks import Failure

DIRECTION = "tf_model.h5 → TensorFlow class"
CONTAINER = "hdf5"
NOTE = "TFAlbertMLMHead is kept from making its biases a second time, after they were loaded: it misreads its own files too."


def repair():
    """TFAlbertMLMHead.build of 4.44 makes its two biases again when it is called a second time, which from_pretrained does after the
    file was read into the first two: the class then adds zeros, also with a file of its own. It says itself, two lines too late,
    that what is built is not to be built again."""
    original = modeling_tf_albert.TFAlbertMLMHead.build

    def once(self, input_shape=None):
        if not self.built:
            original(self, input_shape)

    modeling_tf_albert.TFAlbertMLMHead.build = once


def loaded(folder, surplus):
    """The model as from_pretrained gives it; a key it misses or does not expect is a failure."""
    tensorflow.keras.backend.clear_session()
    cls = getattr(transformers, "TF" + encoders.architecture(folder))
    model, report = cls.from_pretrained(folder, output_loading_info=True)
    # DistilBERT's classes list a dropout layer in their files too, under a number that the next model does not have again
    weightless = {layer.name for layer in model.layers if not layer.weights}
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        keys = sorted(key for key in set(map(str, report[kind])) - weightless if not encoders.is_surplus(key, surplus))
        if keys:
            raise Failure(f"{cls.__name__}: {kind} {keys[:3]}")
    return model


def computed(folder, arrays, surplus=""):
    model = loaded(folder, surplus)
    feeds = {key: tensorflow.constant(value, tensorflow.int32) for key, value in encoders.inputs(arrays).items()}
    core, config = getattr(model, model.base_model_prefix), model.config

    def embedded():
        return core.embeddings(**{key: value for key, value in feeds.items() if key != "attention_mask"})

    def pooled():
        return core(**feeds).pooler_output

    blocks = config.num_hidden_layers * getattr(config, "inner_group_num", 1)
    return list(encoders.compared(arrays, model(feeds, output_hidden_states=True), blocks, embedded, pooled))
