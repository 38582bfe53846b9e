"""Builds, without TensorFlow, a valid V2 index that TensorFlow itself never writes today but must be readable:
several data blocks, Snappy-compressed blocks, restart interval 3. Checked by loading it with TensorFlow."""
import os as _os; _os.chdir(_os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "../../data/formats"))
import struct, os, shutil, numpy as np, cramjam
POLY = 0x82F63B78
TAB = []
for i in range(256):
    c = i
    for _ in range(8): c = (c >> 1) ^ (POLY if c & 1 else 0)
    TAB.append(c)
def crc(b, c=0):
    c ^= 0xFFFFFFFF
    for x in b: c = (c >> 8) ^ TAB[(c ^ x) & 255]
    return c ^ 0xFFFFFFFF
def masked(c): return (((c >> 15) | (c << 17)) + 0xA282EAD8) & 0xFFFFFFFF
def uv(n):
    o = bytearray()
    while n > 127: o.append(n & 127 | 128); n >>= 7
    o.append(n); return bytes(o)
def block(items, interval):
    out, restarts, prev = bytearray(), [], b""
    for i, (k, v) in enumerate(items):
        shared = 0
        if i % interval == 0: restarts.append(len(out))
        else:
            while shared < min(len(prev), len(k)) and prev[shared] == k[shared]: shared += 1
        out += uv(shared) + uv(len(k) - shared) + uv(len(v)) + k[shared:] + v; prev = k
    restarts = restarts or [0]
    return bytes(out) + b"".join(struct.pack("<I", r) for r in restarts) + struct.pack("<I", len(restarts))
def emit(f, body, snappy):
    if snappy: body = bytes(cramjam.snappy.compress_raw(body))
    t = bytes([1 if snappy else 0]); off = f.tell()
    f.write(body + t + struct.pack("<I", masked(crc(body + t)))); return uv(off) + uv(len(body))
def field(n, v): return uv(n << 3) + uv(v)
def msg(n, b): return uv(n << 3 | 2) + uv(len(b)) + b
shutil.rmtree("tf_v2_snappy", ignore_errors=True); os.makedirs("tf_v2_snappy")
rng = np.random.default_rng(9); data, rows, ref = bytearray(), [(b"", field(1, 1) + msg(3, field(1, 1)))], {}
for n in sorted(f"encoder/layer_{l}/{k}" for l in range(12) for k in ("attention/query/kernel", "attention/query/bias", "output/dense/kernel", "output/LayerNorm/gamma")):
    a = rng.standard_normal((3, 2) if n.endswith("kernel") else (2,)).astype("<f4"); ref[n] = a; b = a.tobytes()
    shape = b"".join(msg(2, field(1, d)) for d in a.shape)
    rows.append((n.encode(), field(1, 1) + msg(2, shape) + field(4, len(data)) + field(5, len(b)) + uv(6 << 3 | 5) + struct.pack("<I", masked(crc(b))))); data += b
open("tf_v2_snappy/model.ckpt.data-00000-of-00001", "wb").write(data)
with open("tf_v2_snappy/model.ckpt.index", "wb") as f:
    idx = []
    for i in range(0, len(rows), 10):
        chunk = rows[i:i + 10]; idx.append((chunk[-1][0], emit(f, block(chunk, 3), (i // 10) % 2 == 0)))
    meta = emit(f, block([], 16), False); ih = emit(f, block(idx, 1), True)
    f.write((meta + ih).ljust(40, b"\0") + bytes.fromhex("57fb808b247547db"))
np.savez_compressed("tf_v2_snappy.npz", **ref)
import tensorflow as tf
r = tf.train.load_checkpoint("tf_v2_snappy/model.ckpt"); assert set(r.get_variable_to_shape_map()) == set(ref)
for k, v in ref.items(): assert (r.get_tensor(k) == v).all()
print("tensorflow read", len(ref), "tensors from a multi-block snappy index")
