"""GGUF samples: every tensor type we can produce + every metadata value type + an awkward alignment.
Needs: gguf, numpy (and ggml_ref_quant.py beside it). K-quants come from ggml_ref_quant, which was
checked byte for byte against libggml-base 0.13.1."""
import os as _os; _os.chdir(_os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "../../data/formats"))
import numpy as np, gguf, struct, json, sys
import ggml_ref_quant as R
rng = np.random.default_rng(11)
x = rng.standard_normal((3, 512)).astype(np.float32) * np.float32(0.05)
x[1, :256] = 0                      # an all-zero super-block
x[2, 256:288] = 0.03125             # a constant 32-block
x[2, 300] = 1.5                     # an outlier
T = gguf.GGMLQuantizationType
ref = {"source_f32": x}
w = gguf.GGUFWriter("gguf_alltypes.gguf", "weightsmith-test")
w.add_uint8("t.u8", 250); w.add_int8("t.i8", -5); w.add_uint16("t.u16", 65000); w.add_int16("t.i16", -30000)
w.add_uint32("t.u32", 4000000000); w.add_int32("t.i32", -2000000000); w.add_uint64("t.u64", 2**63 + 5); w.add_int64("t.i64", -2**62)
w.add_float32("t.f32", 0.1); w.add_float64("t.f64", 0.1); w.add_bool("t.bool", True); w.add_string("t.str", "żółw ▁x")
w.add_array("t.arr_i32", [1, -2, 3]); w.add_array("t.arr_str", ["a", "", "▁the"]); w.add_array("t.arr_bool", [True, False, True])
w.add_array("t.arr_f32", [0.5, -1.25])
w.add_custom_alignment(64)
w.add_tensor("plain.f32", x); w.add_tensor("plain.f16", x.astype(np.float16)); w.add_tensor("plain.f64", x[:, :4].astype(np.float64))
w.add_tensor("plain.bf16", gguf.quants.quantize(x, T.BF16), raw_dtype=T.BF16)
for n, dt in (("i8", np.int8), ("i16", np.int16), ("i32", np.int32), ("i64", np.int64)):
    a = np.arange(-6, 6).reshape(2, 3, 2).astype(dt); ref["plain." + n] = a; w.add_tensor("plain." + n, a)
w.add_tensor("scalarish.f32", np.array([1, 2, 3, 4, 5], np.float32))
for name, (tid, blk, size, _) in R.TYPES.items():
    raw = R.quantize(name, x).reshape(3, -1)
    w.add_tensor("q." + name.lower(), raw, raw_dtype=T(tid))
    ref["deq." + name.lower()] = gguf.quants.dequantize(raw, T(tid)).astype(np.float32)
w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()
np.savez_compressed("gguf_alltypes.npz", **ref)
r = gguf.GGUFReader("gguf_alltypes.gguf")
print([(t.name, t.tensor_type.name, t.shape.tolist(), t.n_bytes, t.data_offset) for t in r.tensors][:6])
# big-endian v3 and a v2 twin of a small file
for endian, fn in ((gguf.GGUFEndian.LITTLE, "gguf_small_le.gguf"), (gguf.GGUFEndian.BIG, "gguf_small_be.gguf")):
    w = gguf.GGUFWriter(fn, "t", endianess=endian)
    w.add_uint32("t.u32", 7); w.add_tensor("m", np.arange(6, dtype=np.float32).reshape(2, 3)); w.add_tensor("h", np.arange(5, dtype=np.float16))
    w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()
b = bytearray(open("gguf_small_le.gguf", "rb").read()); b[4:8] = struct.pack("<I", 2); open("gguf_small_v2.gguf", "wb").write(b)
