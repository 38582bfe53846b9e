"""GGUF header edge cases: hostile_gguf.json. The verdicts are those that libggml-base 0.13.1 gave when each file was opened with
its data loaded; the names listed in REFUSED were refused, "abort" means the library called abort()."""
import os as _os; _os.chdir(_os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "../../data/formats"))
import json, struct
def s(x): x=x.encode(); return struct.pack("<Q",len(x))+x
def f(kvs=b"",nkv=0,infos=b"",nt=0,data=b"",ver=3,align=32):
    h=b"GGUF"+struct.pack("<IQQ",ver,nt,nkv)+kvs+infos
    h+=b"\0"*(-len(h)%align)
    return h+data
def ti(n,dims,t,off): return s(n)+struct.pack("<I",len(dims))+struct.pack("<%dQ"%len(dims),*dims)+struct.pack("<IQ",t,off)
cases={
"ok":f(infos=ti("a",[4],0,0),nt=1,data=b"\0"*16),
"ok padded":f(infos=ti("a",[4],0,0),nt=1,data=b"\0"*32),
"gap offset":f(infos=ti("a",[4],0,32),nt=1,data=b"\0"*64),
"order swapped":f(infos=ti("a",[4],0,32)+ti("b",[4],0,0),nt=2,data=b"\0"*64),
"two ok":f(infos=ti("a",[4],0,0)+ti("b",[4],0,32),nt=2,data=b"\0"*64),
"zero-dim":f(infos=ti("a",[],0,0),nt=1,data=b"\0"*32),
"dim 0":f(infos=ti("a",[0],0,0),nt=1,data=b"\0"*32),
"5 dims":f(infos=ti("a",[1,1,1,1,1],0,0),nt=1,data=b"\0"*32),
"name 63":f(infos=ti("a"*63,[4],0,0),nt=1,data=b"\0"*32),
"name 64":f(infos=ti("a"*64,[4],0,0),nt=1,data=b"\0"*32),
"empty name":f(infos=ti("",[4],0,0),nt=1,data=b"\0"*32),
"dup name":f(infos=ti("a",[4],0,0)+ti("a",[4],0,32),nt=2,data=b"\0"*64),
"type 4 (removed)":f(infos=ti("a",[4],4,0),nt=1,data=b"\0"*64),
"type 31 (removed)":f(infos=ti("a",[32],31,0),nt=1,data=b"\0"*64),
"type 99":f(infos=ti("a",[4],99,0),nt=1,data=b"\0"*64),
"q4_0 row 16":f(infos=ti("a",[16,2],2,0),nt=1,data=b"\0"*64),
"trunc data":f(infos=ti("a",[4096],0,0),nt=1,data=b"\0"*64),
"version1":f(infos=ti("a",[4],0,0),nt=1,data=b"\0"*32,ver=1),
"version2":f(infos=ti("a",[4],0,0),nt=1,data=b"\0"*32,ver=2),
"version4":f(infos=ti("a",[4],0,0),nt=1,data=b"\0"*32,ver=4),
"BE ver":f(infos=ti("a",[4],0,0),nt=1,data=b"\0"*32,ver=0x03000000),
"align 8":f(kvs=s("general.alignment")+struct.pack("<II",4,8),nkv=1,infos=ti("a",[1],0,0)+ti("b",[1],0,8),nt=2,data=b"\0"*16,align=8),
"align 0":f(kvs=s("general.alignment")+struct.pack("<II",4,0),nkv=1),
"align 12":f(kvs=s("general.alignment")+struct.pack("<II",4,12),nkv=1),
"align i64 type":f(kvs=s("general.alignment")+struct.pack("<IQ",10,32),nkv=1),
"dup key":f(kvs=(s("k")+struct.pack("<II",4,8))*2,nkv=2),
"empty key":f(kvs=s("")+struct.pack("<II",4,8),nkv=1),
"nested array":f(kvs=s("k")+struct.pack("<IIQ",9,9,1)+struct.pack("<IQI",4,1,3),nkv=1),
"bool 2":f(kvs=s("k")+struct.pack("<IB",7,2),nkv=1),
"str len huge":f(kvs=s("k")+struct.pack("<IQ",8,2**62)+b"x",nkv=1),
"arr len huge":f(kvs=s("k")+struct.pack("<IIQ",9,4,2**62),nkv=1),
"nt huge":f(nt=2**62),
"nkv huge":f(nkv=2**62),
"dims overflow":f(infos=ti("a",[2**62,2**62],0,0),nt=1,data=b""),
"no tensors":f(),
}

REFUSED = {"ok", "gap offset", "order swapped", "5 dims", "name 64", "dup name", "type 4 (removed)", "type 31 (removed)", "type 99", "q4_0 row 16",
           "trunc data", "version1", "version4", "BE ver", "align 0", "align 12", "dup key", "str len huge", "arr len huge", "nt huge", "nkv huge", "dims overflow"}
ABORT = {"align i64 type", "empty key"}
NOTE = {"ok": "last tensor is not padded to the alignment", "nested array": "refused", "BE ver": "version bytes swapped on a little-endian body"}
out = {}
for name, blob in cases.items():
    v = "refuse" if name in REFUSED or name == "nested array" else "abort" if name in ABORT else "accept"
    out[name if name != "ok" else "last tensor unpadded"] = {"hex": blob.hex(), "libggml": v, **({"note": NOTE[name]} if name in NOTE else {})}
json.dump(out, open("hostile_gguf.json", "w"), indent=1)
