"""Keras 3 samples: .weights.h5, sharded .weights.json, .keras archive, legacy .h5 written by Keras 3."""
import os as _os; _os.chdir(_os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "../../data/formats"))
import os; os.environ["KERAS_BACKEND"] = "tensorflow"; os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"; os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy as np, keras, shutil, glob
keras.utils.set_random_seed(4)
i = keras.Input((6,), dtype="int32", name="ids"); h = keras.layers.Embedding(11, 4, name="emb")(i)
h = keras.layers.Bidirectional(keras.layers.LSTM(3, return_sequences=True), name="bi")(h)
h = keras.layers.LayerNormalization(name="ln")(h); d = keras.layers.Dense(6, name="shared"); h = d(d(h))
h = keras.layers.MultiHeadAttention(2, 3, name="mha")(h, h)
m = keras.Model(i, keras.Sequential([keras.layers.Dense(2, name="inner_dense")], name="inner")(h), name="toy3")
m.compile("adam", "mse"); m.fit(np.zeros((2, 6)), np.zeros((2, 6, 2)), verbose=0)
m.save_weights("keras3.weights.h5"); m.save("keras3.keras"); m.save("keras3_legacy.h5")
np.savez_compressed("keras3.npz", **{w.path: np.array(w) for w in m.weights})
q = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, name="q8")]); q.quantize("int8"); q.save_weights("keras3_int8.weights.h5"); q.save("keras3_int8.keras")
b = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, dtype="bfloat16", name="bf")]); b.save_weights("keras3_bf16.weights.h5")
np.savez_compressed("keras3_bf16.npz", kernel=np.array(b.layers[0].kernel.numpy().astype("float32")))
try:
    m.save_weights("keras3_sharded.weights.json", max_shard_size=1e-6)
except Exception as e: print("sharded:", type(e).__name__, e)
