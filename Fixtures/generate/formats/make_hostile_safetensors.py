"""Header edge cases for safetensors with the Rust crate's verdict (safetensors 0.8.0): hostile_safetensors.json."""
import os as _os; _os.chdir(_os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "../../data/formats"))
import json, struct, tempfile, os
from safetensors import safe_open
def mk(hdr, data=b"", n=None):
    h=hdr if isinstance(hdr,bytes) else hdr.encode()
    return struct.pack("<Q",len(h) if n is None else n)+h+data
T='{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'
cases={
"ok":mk('{"a":%s}'%T,b"\0"*8),
"ok trailing spaces":mk('{"a":%s}   '%T,b"\0"*8),
"trailing NULs":mk(b'{"a":%s}\0\0'%T.encode(),b"\0"*8),
"trailing newline/tab":mk('{"a":%s}\n\t'%T,b"\0"*8),
"leading space":mk(' {"a":%s}'%T,b"\0"*8),
"empty header obj no tensors":mk('{}'),
"only metadata":mk('{"__metadata__":{"format":"pt"}}'),
"zero-length header":mk(''),
"n too large claimed":mk('{"a":%s}'%T,b"\0"*8,n=100_000_001),
"n beyond EOF":mk('{"a":%s}'%T,b"\0"*8,n=5000),
"n=2^64-1":mk('{"a":%s}'%T,b"\0"*8,n=2**64-1),
"short file 7":b"\0"*7,
"unaligned header":mk('{"a":%s} '%T,b"\0"*8),
"extra bytes after":mk('{"a":%s}'%T,b"\0"*9),
"truncated data":mk('{"a":%s}'%T,b"\0"*7),
"dup keys same":mk('{"a":%s,"a":%s}'%(T,T),b"\0"*8),
"dup keys diff":mk('{"a":%s,"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}'%T,b"\0"*16),
"dup keys diff (second first range)":mk('{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},"a":%s}'%T,b"\0"*8),
"dup metadata":mk('{"__metadata__":{"x":"1"},"__metadata__":{"y":"2"},"a":%s}'%T,b"\0"*8),
"dup key in metadata":mk('{"__metadata__":{"x":"1","x":"2"},"a":%s}'%T,b"\0"*8),
"hole":mk('{"a":%s,"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}'%T,b"\0"*16),
"overlap":mk('{"a":%s,"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}'%T,b"\0"*12),
"same range twice":mk('{"a":%s,"b":%s}'%(T,T),b"\0"*8),
"start not 0":mk('{"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',b"\0"*8),
"header order != data order":mk('{"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',b"\0"*8),
"size mismatch":mk('{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}',b"\0"*8),
"end<start":mk('{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}',b"\0"*8),
"unknown dtype":mk('{"a":{"dtype":"F128","shape":[2],"data_offsets":[0,8]}}',b"\0"*8),
"lowercase dtype":mk('{"a":{"dtype":"f32","shape":[2],"data_offsets":[0,8]}}',b"\0"*8),
"negative dim":mk('{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}',b"\0"*8),
"float dim":mk('{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}',b"\0"*8),
"overflow dims":mk('{"a":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904,4],"data_offsets":[0,0]}}'),
"overflow dims with zero":mk('{"a":{"dtype":"F32","shape":[0,4611686018427387904,4611686018427387904,4],"data_offsets":[0,0]}}'),
"overflow before zero":mk('{"a":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904,0],"data_offsets":[0,0]}}'),
"scalar shape []":mk('{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}',b"\0"*4),
"zero dim":mk('{"a":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]}}'),
"two empty tensors":mk('{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"b":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'),
"empty in the middle":mk('{"a":%s,"z":{"dtype":"F32","shape":[0],"data_offsets":[8,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}'%T,b"\0"*12),
"extra field in tensor":mk('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}',b"\0"*8),
"missing shape":mk('{"a":{"dtype":"F32","data_offsets":[0,8]}}',b"\0"*8),
"dup field in tensor":mk('{"a":{"dtype":"F32","dtype":"I32","shape":[2],"data_offsets":[0,8]}}',b"\0"*8),
"3 offsets":mk('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}}',b"\0"*8),
"tensor as array form":mk('{"a":["F32",[2],[0,8]]}',b"\0"*8),
"metadata null":mk('{"__metadata__":null,"a":%s}'%T,b"\0"*8),
"metadata nonstring":mk('{"__metadata__":{"x":1},"a":%s}'%T,b"\0"*8),
"metadata nested":mk('{"__metadata__":{"x":{}},"a":%s}'%T,b"\0"*8),
"bad utf8":mk(b'{"\xff":%s}'%T.encode(),b"\0"*8),
"lone surrogate escape":mk('{"\\ud800":%s}'%T,b"\0"*8),
"BOM":mk(b'\xef\xbb\xbf{"a":%s}'%T.encode(),b"\0"*8),
"empty name":mk('{"":%s}'%T,b"\0"*8),
"array header":mk('[]'),
"comment/garbage after obj":mk('{"a":%s}x'%T,b"\0"*8),
"deep nesting 200":mk('{"a":'+'['*200+']'*200+'}',b""),
"F4 odd":mk('{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}',b"\0"*2),
"F4 even":mk('{"a":{"dtype":"F4","shape":[4],"data_offsets":[0,2]}}',b"\0"*2),
"F6_E2M3 4":mk('{"a":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[0,3]}}',b"\0"*3),
"F6_E3M2 4":mk('{"a":{"dtype":"F6_E3M2","shape":[4],"data_offsets":[0,3]}}',b"\0"*3),
"bool value 2":mk('{"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}',b"\2"),
"int exceeding u64":mk('{"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8]}}',b"\0"*8),
}

out = {}
for name, blob in cases.items():
    path = tempfile.mktemp()
    open(path, "wb").write(blob)
    try:
        with safe_open(path, "np") as f:
            out[name] = {"hex": blob.hex(), "crate": "accept", "keys": sorted(f.keys()), "metadata": f.metadata()}
    except Exception as e:
        out[name] = {"hex": blob.hex(), "crate": "refuse", "why": str(e).replace("Error while deserializing header: ", "")[:120]}
    os.unlink(path)
json.dump(out, open("hostile_safetensors.json", "w"), indent=1, ensure_ascii=True)
