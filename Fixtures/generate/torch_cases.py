"""What torch.save can make besides a plain state dict, small: Fixtures/data/torch/*.

Views in every order, numpy values, whole modules of project classes, subclasses, several models in one file, other byte order, older
forms. torch_truth.py then says what torch itself loads from them. Run from the project folder.
"""
import argparse
import collections
import io
import json
import os
import pathlib
import pickle
import struct
import sys
import types
import zipfile
import zlib

import numpy as np
import torch

OUT = pathlib.Path("Fixtures/data/torch")
OUT.mkdir(parents=True, exist_ok=True)
os.chdir(OUT)
torch.manual_seed(7)


class Net(torch.nn.Module):
    """A project class: a pickle of it names `project.Net`, which no reader may look up."""

    def __init__(self):
        super().__init__()
        self.encoder = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.LayerNorm(3))
        self.scale = torch.nn.Parameter(torch.randn(2))
        self.register_buffer("steps", torch.tensor(5))


class Tagged(torch.Tensor):
    pass


project = types.ModuleType("project")
for cls in (Net, Tagged):
    cls.__module__ = "project"
    setattr(project, cls.__name__, cls)
sys.modules["project"] = project

base = torch.arange(7 * 5 * 6 * 4, dtype=torch.float32).reshape(7, 5, 6, 4)
wide = torch.randn(96, 130)
torch.save({
    "permuted": base.permute(2, 0, 3, 1), "reversed": base.permute(3, 2, 1, 0), "sliced": base[1:6:2, :, ::3, 1:3],
    "expanded": base[:1, :, :1, :].expand(3, 5, 2, 4), "row_repeated": wide[5].expand(40, 130), "overlapping": wide.as_strided((50, 9), (3, 1), 7),
    "transposed": wide.t(), "column": wide[:, 77], "block": wide[10:20, 30:40].t(), "diagonal": wide.diagonal(), "empty": base[:, 2:2],
    "last": wide[95:, 129:], "half": wide.to(torch.bfloat16).t()[::2], "complex": torch.randn(5, 6, dtype=torch.complex64).t(),
    "unsqueezed": wide[3:4].unsqueeze(0).unsqueeze(3), "bytes": (wide > 0).t()}, "views.pt")

torch.save({"f": np.asfortranarray(np.arange(12, dtype=np.float32).reshape(3, 4)), "be": np.arange(6, dtype=">i2").reshape(2, 3), "half": np.arange(3, dtype=np.float16),
            "flag": np.array([True, False]), "c": np.array([1 + 2j]), "zero": np.zeros((0, 3)), "scalar": np.int64(-5), "f32": np.float32(0.5),
            "w": torch.ones(2), "text": np.array(["a", "bc"]), "objects": np.array([None, 1], dtype=object)}, "numpy.pt")

net = Net()
torch.save(net, "module.pt")
torch.save({"epoch": 3, "state_dict": net.state_dict(), "args": argparse.Namespace(lr=0.5, arch="tiny", path=pathlib.PurePosixPath("a/b")),
            "optimizer": {"state": {0: {"exp_avg": torch.zeros(3, 4)}}, "param_groups": [{"lr": 0.1, "params": [0]}]},
            "history": [torch.ones(1), {"loss": torch.tensor(0.25)}]}, "training.pt")
torch.save({"generator": {"w": torch.ones(2)}, "ema": collections.OrderedDict(w=torch.zeros(2)), "extra": torch.tensor([7])}, "two_models.pt")
shared = {"w": torch.full((3,), 4.0)}
torch.save({"model": shared, "copy": shared, "list": [shared["w"], shared["w"][1:]]}, "shared.pt")

tagged = torch.randn(2, 3).as_subclass(Tagged)
tagged.note = "a state of its own"
parameter = torch.nn.Parameter(torch.randn(3))
parameter.note = "so is this"
torch.save({"tagged": tagged, "parameter": parameter, "buffer": torch.nn.Buffer(torch.ones(2)), "sparse": torch.eye(3).to_sparse(), "set": {1, 2},
            "counter": collections.Counter(a=1), "default": collections.defaultdict(list, w=torch.ones(1)), "size": torch.Size([1, 2])}, "subclasses.pt")

every = [torch.float64, torch.float16, torch.bfloat16, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool, torch.complex64,
         torch.complex128, torch.uint16, torch.uint32, torch.uint64, torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz,
         torch.float8_e5m2fnuz, torch.float8_e8m0fnu]
types_dict = {}
for dtype in every:
    raw = torch.randint(0, 2, (6 * torch.empty(0, dtype=dtype).element_size(),), dtype=torch.uint8)
    types_dict[str(dtype).removeprefix("torch.")] = raw.view(dtype).reshape(2, 3)
torch.save(types_dict, "types.pt")


class Frozen(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = torch.nn.Linear(3, 2)

    def forward(self, x):
        return self.lin(x) + torch.tensor([0.5, 1.5])


torch.jit.save(torch.jit.freeze(torch.jit.script(Frozen().eval())), "script_constants.pt")


def rezip(source, target, method=zipfile.ZIP_STORED, change=lambda name, data: data):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", method) as new:
        for info in old.infolist():
            info_new = zipfile.ZipInfo(info.filename, (1980, 1, 1, 0, 0, 0))
            info_new.compress_type = method
            new.writestr(info_new, change(info.filename, old.read(info.filename)))


rezip("views.pt", "deflated.pt", zipfile.ZIP_DEFLATED)

# A big-endian machine's file: every storage swapped by the width of its elements, and `byteorder` says so. torch.load swaps back.
swapped = {"f32": torch.randn(2, 3), "transposed": torch.randn(3, 5, dtype=torch.float64).t(), "i16": torch.arange(5, dtype=torch.int16),
           "c64": torch.randn(3, dtype=torch.complex64), "u8": torch.arange(4, dtype=torch.uint8), "bf16": torch.randn(4).to(torch.bfloat16)}
torch.save(swapped, "little.tmp")
widths = {f"data/{i}": w for i, w in enumerate((4, 8, 2, 4, 1, 2))}


def swap(name, data):
    name = name.split("/", 1)[1]
    if name == "byteorder":
        return b"big"
    width = widths.get(name)
    return np.frombuffer(data, f"V{width}").tobytes() if width == 1 or width is None else np.frombuffer(data, f">u{width}").astype(f"<u{width}").tobytes()


rezip("little.tmp", "big_endian.pt", change=lambda name, data: swap(name, data) if not name.endswith((".pkl", "version", "id", "alignment")) else data)
os.remove("little.tmp")

torch.save({"w": torch.randn(3, 2), "v": torch.arange(4)}, "legacy_protocol4.pt", _use_new_zipfile_serialization=False, pickle_protocol=4)


class Persistent:
    def __init__(self, pid):
        self.pid = pid


def legacy_with_views(path, text=pickle.dumps):
    """The stream of torch before 0.4: a storage that is a window of another, and the text type of Python 2."""
    data = torch.arange(10, dtype=torch.float32)
    stream = io.BytesIO()
    for value in (0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}):
        pickle.dump(value, stream, protocol=2)

    class Pickler(pickle._Pickler):
        def persistent_id(self, value):
            return value.pid if isinstance(value, Persistent) else None

    class Rebuild:
        def __init__(self, *args):
            self.args = args

        def __reduce__(self):
            return torch._utils._rebuild_tensor, self.args

    window = Persistent(("storage", torch.FloatStorage, "11", "cpu", 10, ("12", 4, 5)))
    whole = Persistent(("storage", torch.FloatStorage, "11", "cpu", 10, None))
    Pickler(stream, protocol=2).dump({"window": Rebuild(window, 1, (2, 2), (2, 1)), "whole": Rebuild(whole, 0, (5, 2), (2, 1))})
    pickle.dump(["11"], stream, protocol=2)
    stream.write(struct.pack("<q", 10) + data.numpy().tobytes())
    pathlib.Path(path).write_bytes(stream.getvalue())


legacy_with_views("legacy_views.pt")

# What our writer must give byte for byte: a memo beyond 256 entries, every rank, no elements, names of every kind.
saved = {f"layer.{i}.weight": torch.full((i % 3 + 1,), float(i)) for i in range(140)}
saved |= {"scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3, 2), "five": torch.ones(2, 1, 3, 1, 2), "0": torch.ones(1), "żółw.日本": torch.ones(300)}
torch.save(saved, "saved.bin")
torch.save({"only": torch.arange(3)}, "saved_one.bin")
torch.save({}, "saved_none.bin")
batches = {}
for count in (999, 1000, 1001, 2000):
    torch.save({f"l{i}": torch.ones(1) for i in range(count)}, "batch.tmp")
    with zipfile.ZipFile("batch.tmp") as archive:
        batches[count] = [len(archive.read("batch/data.pkl")), zlib.crc32(archive.read("batch/data.pkl")), archive.read("batch/.data/serialization_id").decode()]
os.remove("batch.tmp")
pathlib.Path("batches.json").write_text(json.dumps(batches) + "\n")

bert = torch.load("../models/bert/hf/pytorch_model.bin", weights_only=True)
torch.save({"model": {f"module.{k}": v for k, v in bert.items()}, "optimizer": {"state": {0: {"step": torch.tensor(3.0)}}}, "step": 12}, "bert_training.pt")
for name in sorted(os.listdir()):
    print(name, os.path.getsize(name))
