"""Quantized-checkpoint samples: compressed-tensors, bitsandbytes, GPTQ and AWQ packing. Needs torch, safetensors, compressed-tensors, bitsandbytes.
GPTQ/AWQ files are packed here by hand from the layout rules (no GPTQ/AWQ library builds without CUDA); each was unpacked by the original
projects' own unpackers during checking."""
import os as _os; _os.chdir(_os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "../../data/formats"))
import os; os.environ["USE_TF"] = "0"; os.environ["USE_FLAX"] = "0"
import json, torch, numpy as np
from safetensors.torch import save_file
from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme
from compressed_tensors.quantization.utils.helpers import calculate_qparams, generate_gparam
from compressed_tensors.compressors.base import BaseCompressor
torch.manual_seed(0)
ref, out = {}, {}
w = torch.randn(16, 64) * 0.1; w[3] = 0; w[5, 7] = 2.0
ref["source"] = w.numpy()
def run(tag, fmt, args, mm, extra=None, cfg_extra=None):
    sch = QuantizationScheme(targets=["Linear"], weights=args); comp = BaseCompressor.get_value_from_registry(fmt)
    gs = generate_gparam(w.min(), w.max()) if extra == "gscale" else None
    s, z = calculate_qparams(*mm, args, global_scale=gs)
    sd = {"weight": w.clone(), "weight_scale": s, "weight_zero_point": z}
    if gs is not None: sd["weight_global_scale"] = gs
    packed = comp.compress(sd, sch)
    save_file({"lin." + k: v.contiguous() for k, v in packed.items()}, f"ct_{tag}.safetensors")
    dec = comp.decompress(dict(packed), sch); ref["ct_" + tag] = dec["weight"].float().numpy()
    cfg[tag] = {"quantization_config": {"quant_method": "compressed-tensors", "format": fmt, "quantization_status": "compressed", "config_groups": {"group_0": {"targets": ["Linear"], "weights": json.loads(args.model_dump_json())}}, "ignore": ["lm_head"]}}
    print(tag, {k: (tuple(v.shape), str(v.dtype)) for k, v in packed.items()})
cfg = {}
g = lambda n: (w.view(16, -1, n).amin(-1), w.view(16, -1, n).amax(-1)); ch = (w.amin(1, keepdim=True), w.amax(1, keepdim=True)); tn = (w.min().view(1), w.max().view(1))
A = QuantizationArgs
run("w4a16_group32_sym", "pack-quantized", A(num_bits=4, strategy="group", group_size=32, symmetric=True), g(32))
run("w4a16_group32_asym", "pack-quantized", A(num_bits=4, strategy="group", group_size=32, symmetric=False), g(32))
run("w8a16_channel_packed", "pack-quantized", A(num_bits=8, strategy="channel", symmetric=True), ch)
run("w3a16_group32_sym", "pack-quantized", A(num_bits=3, strategy="group", group_size=32, symmetric=True), g(32))
run("w8a8_channel_int", "int-quantized", A(num_bits=8, strategy="channel", symmetric=True), ch)
run("fp8_channel", "float-quantized", A(num_bits=8, type="float", strategy="channel", symmetric=True), ch)
run("fp8_tensor", "float-quantized", A(num_bits=8, type="float", strategy="tensor", symmetric=True), tn)
run("nvfp4", "nvfp4-pack-quantized", A(num_bits=4, type="float", strategy="tensor_group", group_size=16, symmetric=True, scale_dtype=torch.float8_e4m3fn), g(16), "gscale")
try: run("mxfp4", "mxfp4-pack-quantized", A(num_bits=4, type="float", strategy="group", group_size=32, symmetric=True, scale_dtype=torch.uint8), g(32))
except Exception as e: print("mxfp4", type(e).__name__, e)
json.dump(cfg, open("ct_configs.json", "w"), indent=1)

import bitsandbytes as bnb, bitsandbytes.functional as F
x = torch.randn(64, 64) * 0.1; ref["bnb_source"] = x.numpy()
for name, qt, nest in (("nf4", "nf4", False), ("nf4_nested", "nf4", True), ("fp4", "fp4", False)):
    q, st = F.quantize_4bit(x, blocksize=64, quant_type=qt, compress_statistics=nest)
    save_file({"lin.weight": q, **{"lin.weight." + k: v for k, v in st.as_dict(packed=True).items()}}, f"bnb_{name}.safetensors"); ref["bnb_" + name] = F.dequantize_4bit(q, st).numpy()
i8, sc, _ = F.int8_vectorwise_quant(x); save_file({"lin.weight": i8, "lin.SCB": sc, "lin.weight_format": torch.tensor(0, dtype=torch.uint8)}, "bnb_int8.safetensors"); ref["bnb_int8"] = (i8.float() * sc[:, None] / 127).numpy()

# GPTQ: out=16, in=64, group 32, act-order g_idx
def pack_rows(q, bits):  # q (K, N) -> (K*bits/32, N), lowest bits first
    per = 32 // bits; r = torch.zeros(q.shape[0] // per, q.shape[1], dtype=torch.int64)
    for i in range(per): r |= q[i::per].long() << (bits * i)
    return r.to(torch.int64).numpy().astype(np.uint32).view(np.int32)
for bits in (4, 8):
    W = torch.randn(16, 64); gi = torch.arange(64) // 32; gi = gi[torch.randperm(64)] if bits == 4 else gi
    hi = 2 ** bits - 1; sc = torch.zeros(2, 16); zp = torch.zeros(2, 16, dtype=torch.long)
    for k in range(2):
        m = W[:, gi == k]; lo, up = m.amin(1).clamp(max=0), m.amax(1).clamp(min=0); sc[k] = (up - lo) / hi; zp[k] = torch.round(-lo / sc[k])
    sc = sc.half().float(); q = torch.clamp(torch.round(W.t() / sc[gi]) + zp[gi], 0, hi).long()
    zs = (zp - 1) & hi
    t = {"lin.qweight": torch.from_numpy(pack_rows(q, bits)), "lin.qzeros": torch.from_numpy(pack_rows(zs.t(), bits).T.copy()), "lin.scales": sc.half(), "lin.g_idx": gi.int()}
    save_file(t, f"gptq_{bits}bit.safetensors"); ref[f"gptq_{bits}bit"] = ((q - zp[gi]) * sc[gi]).t().contiguous().numpy()
# AWQ GEMM: qweight (in, out/8), nibble order 0 2 4 6 1 3 5 7
W = torch.randn(16, 64); mn, mx = W.view(16, 2, 32).amin(-1), W.view(16, 2, 32).amax(-1); sc = ((mx - mn) / 15).half().float(); zp = (-torch.round(mn / sc)).clamp(0, 15)
q = torch.clamp(torch.round(W.view(16, 2, 32) / sc[..., None]) + zp[..., None], 0, 15).view(16, 64).t().long(); z = zp.t().long()
def awq(m):
    r = torch.zeros(m.shape[0], m.shape[1] // 8, dtype=torch.int64)
    for slot, col in enumerate((0, 2, 4, 6, 1, 3, 5, 7)): r |= m[:, col::8] << (4 * slot)
    return torch.from_numpy(r.numpy().astype(np.uint32).view(np.int32))
save_file({"lin.qweight": awq(q), "lin.qzeros": awq(z), "lin.scales": sc.t().contiguous().half()}, "awq_4bit.safetensors"); ref["awq_4bit"] = ((q - z.repeat_interleave(32, 0)) * sc.t().repeat_interleave(32, 0)).t().contiguous().numpy()
np.savez_compressed("quant_samples.npz", **ref)
