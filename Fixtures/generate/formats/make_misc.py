"""npy/npz, Flax msgpack, orbax (zarr + OCDBT), ONNX (raw + external data) and safetensors samples."""
import os as _os; _os.chdir(_os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "../../data/formats"))
import os, json, struct, shutil; os.environ["JAX_PLATFORMS"] = "cpu"
import numpy as np, ml_dtypes
rng = np.random.default_rng(8)
x = rng.standard_normal((3, 4)).astype(np.float32)
os.makedirs("npy", exist_ok=True)
np.save("npy/f32.npy", x); np.save("npy/fortran.npy", np.asfortranarray(x)); np.save("npy/big_endian.npy", x.astype(">f4")); np.save("npy/scalar.npy", np.float64(1.5)); np.save("npy/empty.npy", np.zeros((0, 3), np.float16)); np.save("npy/bool.npy", np.array([True, False])); np.save("npy/c64.npy", np.array([1 + 2j], np.complex64)); np.save("npy/bf16_as_void.npy", x.astype(ml_dtypes.bfloat16)); np.save("npy/unicode.npy", np.array(["ż", "ab"])); np.save("npy/object_pickle.npy", np.array([{"a": 1}], object))
from numpy.lib import format as nf
for v in ((2, 0), (3, 0)):
    with open(f"npy/v{v[0]}.npy", "wb") as f: nf.write_array(f, x, version=v)
np.savez("npy/stored.npz", **{"layer/w": x, "b": x[0]}); np.savez_compressed("npy/deflated.npz", **{"layer/w": x, "b": x[0]})
json.dump({"x": x.tolist()}, open("npy/x.json", "w"))

import jax, jax.numpy as jnp, flax.serialization as fs
tree = {"params": {"Dense_0": {"kernel": jnp.asarray(x), "bias": jnp.zeros(4)}, "half": jnp.asarray(x, jnp.bfloat16), "f16": x.astype(np.float16), "i8": np.arange(3, dtype=np.int8), "list": [jnp.ones(2), jnp.zeros(1)]}, "step": np.int32(7), "lr": 0.5, "c": 1 + 2j, "flag": True, "none": None, "name": "żółw"}
open("flax.msgpack", "wb").write(fs.to_bytes(tree))
fs.MAX_CHUNK_SIZE = 64  # forces the >1 GiB path on a tiny array
open("flax_chunked.msgpack", "wb").write(fs.to_bytes({"big": rng.standard_normal((7, 5)).astype(np.float32), "small": x}))
np.savez_compressed("flax.npz", kernel=x, big=fs.msgpack_restore(open("flax_chunked.msgpack", "rb").read())["big"])

import orbax.checkpoint as ocp
for name, ocdbt, z3 in (("orbax_zarr2", False, False), ("orbax_ocdbt_zarr2", True, False), ("orbax_ocdbt_zarr3", True, True)):
    p = os.path.abspath(name); shutil.rmtree(p, ignore_errors=True)
    h = ocp.PyTreeCheckpointHandler(use_ocdbt=ocdbt, use_zarr3=z3)
    c = ocp.Checkpointer(h); c.save(p, {"params": {"w": jnp.asarray(x), "bf": jnp.asarray(x, jnp.bfloat16)}, "step": np.int64(3)}); c.close(); os.remove(p + "/commit_success.txt")  # holds an absolute path

import onnx
from onnx import helper, numpy_helper as nh, TensorProto as TP
def ti(name, dt, dims, **kw):
    t = TP(); t.name = name; t.data_type = dt; t.dims.extend(dims)
    for k, v in kw.items(): getattr(t, k).extend(v) if k.endswith("_data") and k != "raw_data" else setattr(t, k, v)
    return t
inits = [nh.from_array(x, "raw_f32"), ti("float_data", TP.FLOAT, [2], float_data=[1.5, -2]), ti("int64_data", TP.INT64, [2], int64_data=[-1, 2]), ti("i8_in_int32", TP.INT8, [3], int32_data=[-128, 0, 127]), ti("f16_in_int32", TP.FLOAT16, [2], int32_data=[0x3C00, 0xC000]), ti("bf16_raw", TP.BFLOAT16, [2], raw_data=b"\x80\x3f\x00\xc0"), ti("bool_in_int32", TP.BOOL, [2], int32_data=[1, 0]), ti("u64", TP.UINT64, [1], uint64_data=[2**63]), ti("f8", TP.FLOAT8E4M3FN, [2], raw_data=b"\x38\xb8"), ti("i4", TP.INT4, [3], raw_data=b"\x7f\x08"), nh.from_array(np.float32(3), "scalar")]
g = helper.make_graph([helper.make_node("Identity", ["raw_f32"], ["y"])], "g", [], [helper.make_tensor_value_info("y", TP.FLOAT, [3, 4])], inits)
m = helper.make_model(g, opset_imports=[helper.make_opsetid("", 21)]); onnx.save(m, "onnx_inline.onnx")
big = nh.from_array(rng.standard_normal((40, 30)).astype(np.float32), "big"); g2 = helper.make_graph([helper.make_node("Identity", ["big"], ["y"])], "g", [], [helper.make_tensor_value_info("y", TP.FLOAT, [40, 30])], [big, nh.from_array(x, "small")])
np.savez_compressed("onnx.npz", raw_f32=x, big=nh.to_array(big))
for f in ("onnx_external.onnx", "onnx_external.data"):
    if os.path.exists(f): os.remove(f)
onnx.save(helper.make_model(g2, opset_imports=[helper.make_opsetid("", 21)]), "onnx_external.onnx", save_as_external_data=True, location="onnx_external.data", size_threshold=1024)

from safetensors.numpy import save_file
save_file({"b.f64": x.astype(np.float64), "a.f32": x, "z.i8": np.arange(3, dtype=np.int8), "m.f16": x.astype(np.float16), "s": np.array(2.5, np.float32), "e": np.zeros((0, 4), np.float32), "bool": np.array([True, False]), "c64": np.array([1 + 2j], np.complex64), "żółw": x[0]}, "safetensors_basic.safetensors", metadata={"format": "np", "note": "x"})
try:
    import torch, safetensors.torch as st
    st.save_file({"f8e4m3": torch.tensor([0.5, -448.0]).to(torch.float8_e4m3fn), "f8e5m2": torch.tensor([0.5, -57344.0]).to(torch.float8_e5m2), "bf16": torch.tensor([1.5, -2.0]).to(torch.bfloat16), "u16": torch.tensor([65535], dtype=torch.uint16), "u64": torch.tensor([2**63 - 1], dtype=torch.uint64)}, "safetensors_torch_dtypes.safetensors", metadata={"format": "pt"})
except Exception as e: print(e)
os.makedirs("safetensors_sharded", exist_ok=True)
save_file({"a.weight": x}, "safetensors_sharded/model-00001-of-00002.safetensors", {"format": "pt"}); save_file({"b.weight": x.T.copy(), "c": x[0]}, "safetensors_sharded/model-00002-of-00002.safetensors", {"format": "pt"})
json.dump({"metadata": {"total_size": 112}, "weight_map": {"a.weight": "model-00001-of-00002.safetensors", "b.weight": "model-00002-of-00002.safetensors", "c": "model-00002-of-00002.safetensors"}}, open("safetensors_sharded/model.safetensors.index.json", "w"), indent=2)
np.savez_compressed("misc_x.npz", x=x)
