"""tf_keras (Keras 2.x line) writing the v3 archive: the early `_layer_checkpoint_dependencies` weight layout."""
import os as _os; _os.chdir(_os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "../../data/formats"))
import os; os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"; os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy as np, tf_keras as K
K.utils.set_random_seed(5)
m = K.Sequential([K.layers.Dense(3, input_shape=(4,), name="enc"), K.layers.Dense(2, name="head")], name="toy"); m.compile("sgd", "mse")
m.save("keras2_archive.keras"); m.save_weights("keras2_archive.weights.h5"); np.savez_compressed("keras2_archive.npz", **{w.name: w.numpy() for w in m.weights})
