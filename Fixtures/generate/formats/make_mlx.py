"""MLX samples: safetensors written by mlx itself, affine quantization for each bit width, fp modes, npz and gguf round trips."""
import os as _os; _os.chdir(_os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "../../data/formats"))
import mlx.core as mx, numpy as np, json
rng = np.random.default_rng(2); x = (rng.standard_normal((4, 256)) * 0.1).astype(np.float32); x[1, :64] = 0.25; x[2, :64] = 0; x[3, 5] = -3
ref, t = {"source": x}, {}
for dt in (mx.float32, mx.float16, mx.bfloat16):
    for bits in (2, 3, 4, 5, 6, 8):
        for gs in ((32, 64, 128) if dt == mx.float32 else (64,)):
            w = mx.array(x).astype(dt); q, s, b = mx.quantize(w, gs, bits); n = f"{str(dt).split('.')[-1]}.b{bits}.g{gs}"
            t[n + ".weight"], t[n + ".scales"], t[n + ".biases"] = q, s, b
            ref[n] = np.array(mx.dequantize(q, s, b, gs, bits).astype(mx.float32))
for mode in ("mxfp4", "mxfp8", "nvfp4"):
    try:
        q, s = mx.quantize(mx.array(x), mode=mode); t[f"{mode}.weight"], t[f"{mode}.scales"] = q, s; ref[mode] = np.array(mx.dequantize(q, s, mode=mode).astype(mx.float32))
    except Exception as e: print(mode, e)
mx.save_safetensors("mlx_quantized.safetensors", t, metadata={"format": "mlx"})
mx.save_safetensors("mlx_plain.safetensors", {"f32": mx.array(x), "bf16": mx.array(x).astype(mx.bfloat16), "i8": mx.arange(4).astype(mx.int8), "bool": mx.array([True, False]), "c64": mx.array([1 + 2j])}, metadata={"format": "mlx"})
np.savez_compressed("mlx_samples.npz", **ref)
json.dump({"quantization": {"group_size": 64, "bits": 4, "mode": "affine"}, "quantization_config": {"group_size": 64, "bits": 4, "mode": "affine"}}, open("mlx_config_example.json", "w"))
