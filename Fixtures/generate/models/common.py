"""Helpers shared by the sample makers: deterministic weights, inputs, reference files."""
import json, os, re, zlib
import numpy as np

HERE = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../data/models"))

def weight(name, shape, seed=0):
    """Deterministic fp32 values from the tensor's name: LN scales near 1, biases non-zero, matrices ~ 1/sqrt(fan_in)."""
    rng = np.random.default_rng([zlib.crc32(name.encode()), seed])
    shape = tuple(int(s) for s in shape)
    x = rng.standard_normal(shape) if shape else rng.standard_normal()
    low = name.lower()
    if re.search(r"(gamma|layernorm[_.]?\d?/gamma|/g$|scale$|rms_norm|layer_norm\.weight|ln_[12f]/g)", low):
        x = 1.0 + 0.2 * x
    elif len(shape) <= 1:
        x = 0.2 * x
    elif "embed" in low or low.endswith(("wte", "wpe", "/we")) or "lookup_table" in low:
        x = 0.6 * x
    else:
        fan = shape[-2] if len(shape) == 2 else int(np.prod(shape)) / max(shape[-1], 1) if len(shape) != 3 else shape[0] if shape[0] > 1 else shape[1]
        x = x / np.sqrt(max(fan, 1))
    return np.asarray(x, dtype=np.float32)

def inputs(vocab, batch=2, seq=7, seed=1, low=4):
    rng = np.random.default_rng(seed)
    ids = rng.integers(low, vocab, size=(batch, seq)).astype(np.int32)
    mask = np.ones((batch, seq), np.int32); mask[1, 5:] = 0
    ids[mask == 0] = 0
    tt = np.zeros((batch, seq), np.int32); tt[0, 4:] = 1; tt[1, 3:5] = 1
    return ids, mask, tt

def save_ref(folder, arrays, note=""):
    from safetensors.numpy import save_file
    os.makedirs(folder, exist_ok=True)
    arrays = {k: np.ascontiguousarray(np.asarray(v)) for k, v in arrays.items()}
    np.savez(os.path.join(folder, "reference.npz"), **arrays)
    save_file(arrays, os.path.join(folder, "reference.safetensors"), metadata={"note": note})

def save_json(path, obj):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w") as f: json.dump(obj, f, indent=2, sort_keys=True); f.write("\n")

def maxdiff(a, b):
    return float(np.max(np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64))))

def write_tf(tf, sess, folder, name="model.ckpt"):
    os.makedirs(folder, exist_ok=True)
    saver = tf.train.Saver(tf.global_variables(), max_to_keep=None)
    saver.save(sess, os.path.join(folder, name), write_meta_graph=False, write_state=False)

def fill(tf, sess, seed=0, rename=lambda n: n):
    """Give every variable of the graph its deterministic value (optimizer slots too); returns name -> value."""
    out = {}
    for v in tf.global_variables():
        n = v.name[:-2]
        if v.dtype.base_dtype.name.startswith("int"):
            val = np.asarray(1234, dtype=v.dtype.base_dtype.as_numpy_dtype)
        else:
            val = weight(rename(n), v.shape.as_list(), seed)
        v.load(val, sess); out[n] = val
    return out
