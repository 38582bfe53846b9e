"""TensorFlow checkpoint samples (V2 tensor bundle, V1 single file, object graph, SavedModel)."""
import os as _os; _os.chdir(_os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "../../data/formats"))
import os, shutil, json
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"; os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy as np, tensorflow as tf, ml_dtypes
rng = np.random.default_rng(5)
R = tf.raw_ops
def clean(d):
    shutil.rmtree(d, ignore_errors=True); os.makedirs(d)

# 1. one shard, every dtype a weight file is likely to hold, scalars, empties, names with odd characters
clean("tf_v2_dtypes")
vals = {
    "bert/embeddings/word_embeddings": rng.standard_normal((7, 5)).astype(np.float32),
    "bert/embeddings/word_embeddings/adam_m": rng.standard_normal((7, 5)).astype(np.float32),
    "global_step": np.int64(1234567890123),
    "d/f64": rng.standard_normal((3,)), "d/f16": rng.standard_normal((2, 3)).astype(np.float16),
    "d/bf16": rng.standard_normal((2, 3)).astype(ml_dtypes.bfloat16), "d/i8": np.arange(-4, 4, dtype=np.int8),
    "d/u8": np.arange(250, 256, dtype=np.uint8), "d/i16": np.array([-32768, 32767], np.int16), "d/u16": np.array([0, 65535], np.uint16),
    "d/i32": np.array([[-2**31, 2**31 - 1]], np.int32), "d/u32": np.array([2**32 - 1], np.uint32), "d/u64": np.array([2**64 - 1], np.uint64),
    "d/bool": np.array([True, False, True]), "d/c64": np.array([1 + 2j], np.complex64), "d/c128": np.array([1 - 2j], np.complex128),
    "d/f8_e4m3": np.array([0.5, -448.0], np.float32).astype(ml_dtypes.float8_e4m3fn), "d/f8_e5m2": np.array([0.5, -57344.0], np.float32).astype(ml_dtypes.float8_e5m2),
    "d/empty": np.zeros((0, 3), np.float32), "d/scalar": np.float32(3.25),
    "d/str": np.array([b"alpha", b"", b"x" * 200], object), "d/str_scalar": np.array(b"\x00\xff raw", object),
    "name/with/\u017c\u00f3\u0142w": np.array([1.0], np.float32),
}
names = list(vals)
R.SaveV2(prefix="tf_v2_dtypes/model.ckpt-7", tensor_names=names, shape_and_slices=[""] * len(names), tensors=[tf.constant(vals[n]) for n in names])

# 2. partitioned variable written as 3 slices along dim 0 plus one split along dim 1
clean("tf_v2_partitioned")
emb = rng.standard_normal((10, 4)).astype(np.float32); mat = rng.standard_normal((3, 300)).astype(np.float32)
parts, sl, ts = [], [], []
for lo, n in ((0, 4), (4, 3), (7, 3)):
    parts.append("emb"); sl.append(f"10 4 {lo},{n}:-"); ts.append(emb[lo:lo + n])
for lo, n in ((0, 70), (70, 230)):
    parts.append("mat"); sl.append(f"3 300 -:{lo},{n}"); ts.append(mat[:, lo:lo + n])
parts.append("bias"); sl.append(""); ts.append(np.arange(4, dtype=np.float32))
R.SaveV2(prefix="tf_v2_partitioned/model.ckpt", tensor_names=parts, shape_and_slices=sl, tensors=[tf.constant(t) for t in ts])

# 3. two data files (shards merged), one variable sliced across both shards
clean("tf_v2_two_shards")
a = rng.standard_normal((6, 3)).astype(np.float32)
R.SaveV2(prefix="tf_v2_two_shards/tmp0", tensor_names=["w", "only0"], shape_and_slices=["6 3 0,2:-", ""], tensors=[tf.constant(a[:2]), tf.constant([1.0, 2.0])])
R.SaveV2(prefix="tf_v2_two_shards/tmp1", tensor_names=["w", "only1"], shape_and_slices=["6 3 2,4:-", ""], tensors=[tf.constant(a[2:]), tf.constant([7], tf.int64)])
R.MergeV2Checkpoints(checkpoint_prefixes=["tf_v2_two_shards/tmp0", "tf_v2_two_shards/tmp1"], destination_prefix="tf_v2_two_shards/model.ckpt-3", delete_old_dirs=False)

# 4. a classic graph Saver with a partitioned variable (also writes the `checkpoint` state file and .meta)
clean("tf_v2_saver")
g = tf.Graph()
with g.as_default():
    v = tf.compat.v1.get_variable("scope/table", shape=(9, 2), partitioner=tf.compat.v1.fixed_size_partitioner(2), initializer=tf.compat.v1.random_normal_initializer(seed=3), use_resource=False)
    b = tf.compat.v1.get_variable("scope/bias", initializer=np.float32([1, 2]), use_resource=False)
    with tf.compat.v1.Session() as s:
        s.run(tf.compat.v1.global_variables_initializer())
        saver = tf.compat.v1.train.Saver()
        tabv = [s.run(p) for p in v]
        saver.save(s, "tf_v2_saver/model.ckpt", global_step=100, write_meta_graph=False)
        saver.save(s, "tf_v2_saver/model.ckpt", global_step=200, write_meta_graph=False)
        clean("tf_v1_saver")
        tf.compat.v1.train.Saver(write_version=tf.compat.v1.train.SaverDef.V1).save(s, "tf_v1_saver/model.ckpt", global_step=5, write_meta_graph=False)

# 5. V1 single file written by the raw op: dtypes and slices
clean("tf_v1_raw")
v1 = {k: vals[k] for k in ("bert/embeddings/word_embeddings", "global_step", "d/f64", "d/f16", "d/i8", "d/u8", "d/i16", "d/u16", "d/i32", "d/bool", "d/c64", "d/scalar")}
R.Save(filename="tf_v1_raw/old.ckpt", tensor_names=list(v1), data=[tf.constant(v1[k]) for k in v1])
R.SaveSlices(filename="tf_v1_raw/old_slices.ckpt", tensor_names=parts, shapes_and_slices=sl, data=[tf.constant(t) for t in ts])

# 6. object-graph checkpoint with optimizer slots, and a SavedModel of the same model
import tf_keras as K
clean("tf_v2_object")
tf.random.set_seed(1)
m = K.Sequential([K.layers.Dense(3, input_shape=(4,), name="enc"), K.layers.LayerNormalization(name="ln"), K.layers.Dense(2, name="head")], name="toy")
m.compile(K.optimizers.legacy.Adam(1e-3), "mse"); m.fit(rng.standard_normal((8, 4)), rng.standard_normal((8, 2)), verbose=0)
tf.train.Checkpoint(model=m, optimizer=m.optimizer, step=tf.Variable(5, dtype=tf.int64)).save("tf_v2_object/ckpt")
shutil.rmtree("tf_savedmodel", ignore_errors=True)
tf.saved_model.save(m, "tf_savedmodel")
obj = {"model/" + w.name: w.numpy() for w in m.weights}
np.savez_compressed("tf_samples.npz", **{("dtypes|" + k): (np.asarray(v).astype(np.float32) if np.asarray(v).dtype in (ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2) else np.array(v, "S") if np.asarray(v).dtype == object else v) for k, v in vals.items()},
    **{"part|emb": emb, "part|mat": mat, "part|bias": np.arange(4, dtype=np.float32), "shards|w": a, "shards|only0": np.float32([1, 2]), "shards|only1": np.int64([7]),
       "saver|scope/table": np.concatenate(tabv), "saver|scope/bias": np.float32([1, 2])}, **{"object|" + k: v for k, v in obj.items()})
for d in ("tf_v2_dtypes/model.ckpt-7", "tf_v2_partitioned/model.ckpt", "tf_v2_two_shards/model.ckpt-3", "tf_v2_saver/model.ckpt-200", "tf_v2_object/ckpt-1", "tf_savedmodel/variables/variables", "tf_v1_saver/model.ckpt-5", "tf_v1_raw/old.ckpt", "tf_v1_raw/old_slices.ckpt"):
    print(d, tf.train.load_checkpoint(d).get_variable_to_shape_map())
