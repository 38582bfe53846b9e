"""HDF5 samples: low-level layouts (h5py) and Keras 2 / Keras 3 files."""
import os as _os; _os.chdir(_os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "../../data/formats"))
import os, json; os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"; os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy as np, h5py, ml_dtypes
rng = np.random.default_rng(21)
ref = {}
# ---- low-level zoo
with h5py.File("h5_zoo.h5", "w") as f:
    x = rng.standard_normal((33, 17)).astype(np.float32); ref["x"] = x
    f["contiguous_f32_le"] = x
    f.create_dataset("chunked_gzip_shuffle", data=x, chunks=(8, 8), compression="gzip", compression_opts=6, shuffle=True)
    f.create_dataset("chunked_gzip_shuffle_fletcher", data=x, chunks=(33, 4), compression="gzip", shuffle=True, fletcher32=True)
    f.create_dataset("chunked_lzf", data=x, chunks=(16, 17), compression="lzf")
    f.create_dataset("chunked_nofilter", data=x, chunks=(10, 10), maxshape=(None, 17))
    d = f.create_dataset("chunked_missing", shape=(20, 4), chunks=(5, 4), dtype="<f4", fillvalue=7.5, compression="gzip"); d[5:10] = 1.0
    ref["chunked_missing"] = d[()]
    f.create_dataset("be_f32", data=x.astype(">f4")); f.create_dataset("be_f64", data=x.astype(">f8")); f.create_dataset("be_i16", data=np.arange(-5, 5).astype(">i2"))
    f.create_dataset("f16", data=x.astype(np.float16)); f.create_dataset("f64", data=x.astype(np.float64))
    ref["f16"] = x.astype(np.float16); ref["be_i16"] = np.arange(-5, 5, dtype=np.int16)
    bft = h5py.h5t.IEEE_F32LE.copy(); bft.set_fields(15, 7, 8, 0, 7); bft.set_size(2); bft.set_ebias(127)  # a genuine bfloat16 HDF5 float type
    b16 = x.astype(ml_dtypes.bfloat16).view(np.uint16); ref["bf16_bits"] = b16
    ds = h5py.h5d.create(f.id, b"bf16_custom_float", bft, h5py.h5s.create_simple(x.shape)); ds.write(h5py.h5s.ALL, h5py.h5s.ALL, b16, mtype=bft)
    f["bf16_as_u16"] = b16; f["bf16_as_u16"].attrs["dtype"] = "bfloat16"
    opq = h5py.h5t.create(h5py.h5t.OPAQUE, 2); opq.set_tag(b"bfloat16")
    dso = h5py.h5d.create(f.id, b"bf16_opaque", opq, h5py.h5s.create_simple(x.shape)); dso.write(h5py.h5s.ALL, h5py.h5s.ALL, b16.view("V2"), mtype=opq)
    f["scalar"] = np.float32(2.5); f["empty0"] = np.zeros((0, 3), np.float32); f["nullspace"] = h5py.Empty("f4")
    for t in ("i1", "u1", "<i4", "<i8", "<u2", "<u8"): f["int_" + t.strip("<")] = np.arange(3).astype(t)
    f["bool_enum"] = np.array([True, False, True])
    f["str_vlen_utf8"] = np.array(["ala", "żółw", ""], dtype=h5py.string_dtype()); f["str_fixed"] = np.array([b"abc", b"d"], "S5")
    f["complex64"] = np.array([1 + 2j], np.complex64)
    g = f.create_group("g1"); g["w"] = x[:2]; f["hardlink_alias"] = g["w"]; f["soft"] = h5py.SoftLink("/g1/w"); f["dangling"] = h5py.SoftLink("/nowhere"); f["ext"] = h5py.ExternalLink("other.h5", "/w")
    g["cycle"] = f["/"]  # hard-link cycle: g1/cycle/g1/cycle/...
    f["objref"] = np.array([g.ref], dtype=h5py.ref_dtype)
    dcpl = h5py.h5p.create(h5py.h5p.DATASET_CREATE); dcpl.set_layout(h5py.h5d.COMPACT)
    dc = h5py.h5d.create(f.id, b"compact", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((4,)), dcpl); dc.write(h5py.h5s.ALL, h5py.h5s.ALL, np.float32([1, 2, 3, 4]))
    f.create_dataset("external_storage", (4,), "<f4", external=[("h5_external.bin", 0, 16)])[...] = [9, 8, 7, 6]
with h5py.File("h5_latest.h5", "w", libver="latest") as f:  # superblock v3, new-style groups, fixed-array / extensible-array chunk indexes
    f.create_dataset("fixed_array_gzip", data=x, chunks=(8, 8), compression="gzip", shuffle=True)
    f.create_dataset("extensible", data=x, chunks=(8, 8), maxshape=(None, 17)); f.create_dataset("btree2", data=x, chunks=(8, 8), maxshape=(None, None))
    f["contig"] = x
    for i in range(20): f[f"many/w{i:02d}"] = np.float32([i])
np.savez_compressed("h5_zoo.npz", **ref)

# ---- AllenNLP ELMo naming, 1-layer toy (char CNN + highway + bi-LSTM with projection)
with h5py.File("h5_elmo_toy.h5", "w") as f:
    f["char_embed"] = rng.standard_normal((261, 4)).astype(np.float32)
    f["CNN/W_cnn_0"] = rng.standard_normal((1, 1, 4, 6)).astype(np.float32); f["CNN/b_cnn_0"] = np.zeros(6, np.float32)
    f["CNN_high_0/W_carry"] = rng.standard_normal((6, 6)).astype(np.float32); f["CNN_high_0/b_carry"] = np.zeros(6, np.float32)
    f["CNN_high_0/W_transform"] = rng.standard_normal((6, 6)).astype(np.float32); f["CNN_high_0/b_transform"] = np.zeros(6, np.float32)
    f["CNN_proj/W_proj"] = rng.standard_normal((6, 5)).astype(np.float32); f["CNN_proj/b_proj"] = np.zeros(5, np.float32)
    for d in (0, 1):
        p = f"RNN_{d}/RNN/MultiRNNCell/Cell0/LSTMCell/"
        f[p + "W_0"] = rng.standard_normal((10, 32)).astype(np.float32); f[p + "B"] = np.zeros(32, np.float32); f[p + "W_P_0"] = rng.standard_normal((8, 5)).astype(np.float32)

# ---- Keras 2 (tf_keras): weights-only and full-model .h5, plus a forced attribute split
import tensorflow as tf, tf_keras as K2
K2.utils.set_random_seed(3)
inp = K2.Input((6,), dtype="int32", name="ids"); e = K2.layers.Embedding(11, 4, name="emb")(inp)
h = K2.layers.Bidirectional(K2.layers.LSTM(3, return_sequences=True), name="bi")(e); h = K2.layers.LayerNormalization(name="ln")(h)
shared = K2.layers.Dense(6, name="shared"); h = shared(shared(h)); inner = K2.Sequential([K2.layers.Dense(2, name="inner_dense", input_shape=(6,))], name="inner")
m = K2.Model(inp, inner(h), name="toy2"); m.compile("adam", "mse"); m.fit(np.zeros((2, 6)), np.zeros((2, 6, 2)), verbose=0)
m.save_weights("keras2_weights.h5"); m.save("keras2_model.h5")
np.savez_compressed("keras2.npz", **{w.name: w.numpy() for w in m.weights})
with h5py.File("keras2_split_attr.h5", "w") as f:  # what Keras writes when an attribute would pass 64512 bytes (shrunk limit here: same naming, hand-made)
    names = [f"layer_{i}".encode() for i in range(7)]
    for i in range(3): f.attrs["layer_names%d" % i] = np.array(names[i * 3:i * 3 + 3])
    f.attrs["backend"] = b"tensorflow"; f.attrs["keras_version"] = b"2.21.0"
    for n in names:
        g = f.create_group(n); g.attrs["weight_names0"] = np.array([n + b"/kernel:0"]); g.attrs["weight_names1"] = np.array([n + b"/bias:0"])
        g[n + b"/kernel:0"] = np.float32([[1, 2]]); g[n + b"/bias:0"] = np.float32([3])
