"""PyTorch samples: zip, legacy stream, TorchScript, sharded index; plus awkward tensors (views, shared storages, parameters, numpy scalars)."""
import os as _os; _os.chdir(_os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "../../data/formats"))
import torch, numpy as np, json, collections, io, os
torch.manual_seed(0)
base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
sd = collections.OrderedDict()
sd["w"] = torch.randn(5, 7); sd["tied"] = sd["w"]; sd["base"] = base; sd["transposed_view"] = base.t(); sd["slice_view"] = base[1:3, 2:5]; sd["strided_1d"] = base[:, 1]; sd["expanded"] = torch.tensor([1.5]).expand(3, 4)
sd["param"] = torch.nn.Parameter(torch.randn(3)); sd["scalar"] = torch.tensor(2.5); sd["empty"] = torch.zeros(0, 3)
for n, dt in (("f16", torch.float16), ("bf16", torch.bfloat16), ("f64", torch.float64), ("i8", torch.int8), ("u8", torch.uint8), ("i16", torch.int16), ("i32", torch.int32), ("i64", torch.int64), ("bool", torch.bool), ("c64", torch.complex64), ("f8e4m3", torch.float8_e4m3fn), ("f8e5m2", torch.float8_e5m2), ("u16", torch.uint16), ("u32", torch.uint32)):
    sd["d." + n] = torch.tensor([0, 1, 2, 3]).to(dt)
for qn, q in (("q_per_tensor", torch.quantize_per_tensor(torch.tensor([-1.0, 0.0, 1.0, 2.0]), 0.1, 10, torch.quint8)), ("q_per_channel", torch.quantize_per_channel(torch.tensor([[-1.0, 0.5], [2.0, 1.0]]), torch.tensor([0.1, 0.2]), torch.tensor([0, 0]), 0, torch.qint8))):
    sd[qn] = q
sd._metadata = collections.OrderedDict([("", {"version": 1})])
torch.save(sd, "torch_zip.pt")
torch.save({k: v for k, v in sd.items() if not k.startswith("d.u") or k == "d.u8"}, "torch_legacy.pt", _use_new_zipfile_serialization=False)
full = {"model": {"a.weight": torch.randn(2, 2)}, "optimizer": {"state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.zeros(2, 2)}}, "param_groups": [{"lr": 1e-3, "betas": (0.9, 0.999), "params": [0]}]},
        "epoch": 7, "loss": np.float64(0.25), "arr": np.arange(3, dtype=np.int16), "name": "żółw", "flag": True, "none": None, "big": 2**70, "dt": torch.bfloat16, "size": torch.Size([2, 3]), "dev": torch.device("cpu")}
torch.save(full, "torch_training_ckpt.pt")
for proto in (3, 4): torch.save({"w": torch.ones(2)}, f"torch_zip_proto{proto}.pt", pickle_protocol=proto)
class M(torch.nn.Module):
    def __init__(s): super().__init__(); s.lin = torch.nn.Linear(3, 2); s.register_buffer("buf", torch.ones(2))
    def forward(s, x): return s.lin(x) + s.buf
m = M(); torch.jit.script(m).save("torch_script.pt"); torch.save(m.lin.weight, "torch_bare_param.pt")
os.makedirs("torch_sharded", exist_ok=True)
torch.save({"a.weight": torch.ones(2, 3), "b.weight": torch.zeros(1)}, "torch_sharded/pytorch_model-00001-of-00002.bin"); torch.save({"c.weight": torch.full((4,), 2.0)}, "torch_sharded/pytorch_model-00002-of-00002.bin")
json.dump({"metadata": {"total_size": 44}, "weight_map": {"a.weight": "pytorch_model-00001-of-00002.bin", "b.weight": "pytorch_model-00001-of-00002.bin", "c.weight": "pytorch_model-00002-of-00002.bin"}}, open("torch_sharded/pytorch_model.bin.index.json", "w"), indent=2)
def npy(v):
    v = v.detach()
    if v.is_quantized: return v.int_repr().numpy()
    if v.dtype in (torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2): v = v.float()
    return v.contiguous().numpy()
np.savez_compressed("torch_samples.npz", **{k: npy(v) for k, v in sd.items()}, **{"script." + k: npy(v) for k, v in m.state_dict().items()}, **{"ckpt.a.weight": npy(full["model"]["a.weight"])})
