"""A small writer of TensorFlow V2 tensor bundles (one shard, uncompressed index), for inputs too large to keep as files.

The layout is that of the table format and of tensor_bundle.proto: a data file of tensor bytes, and a sorted string table
whose values are BundleEntryProto messages with masked CRC-32Cs.
"""
import struct

import google_crc32c

FLOAT = 1  # DataType.DT_FLOAT
FOOTER_MAGIC = bytes.fromhex("57fb808b247547db")
BLOCK_TARGET = 4096
RESTART_INTERVAL = 16


def masked(crc):
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def number_field(tag, number):
    return varint(tag << 3) + varint(number)


def bytes_field(tag, body):
    return varint(tag << 3 | 2) + varint(len(body)) + body


def block(rows, interval):
    """A table block: prefix-compressed rows, restart points, their count."""
    out, restarts, previous = bytearray(), [], b""
    for index, (key, value) in enumerate(rows):
        shared = 0
        if index % interval == 0:
            restarts.append(len(out))
        else:
            while shared < min(len(previous), len(key)) and previous[shared] == key[shared]:
                shared += 1
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        previous = key
    restarts = restarts or [0]
    return bytes(out) + struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))


def append_block(file, body):
    """Writes body, type and checksum; returns the block's handle."""
    offset = file.tell()
    trailer = b"\0"
    file.write(body + trailer + struct.pack("<I", masked(google_crc32c.value(body + trailer))))
    return varint(offset) + varint(len(body))


def write_index(path, rows):
    """rows: sorted (key, value) pairs."""
    with open(path, "wb") as file:
        handles, pending, size = [], [], 0
        for key, value in rows:
            pending.append((key, value))
            size += len(key) + len(value)
            if size >= BLOCK_TARGET:
                handles.append((key, append_block(file, block(pending, RESTART_INTERVAL))))
                pending, size = [], 0
        if pending:
            handles.append((pending[-1][0], append_block(file, block(pending, RESTART_INTERVAL))))
        meta = append_block(file, block([], RESTART_INTERVAL))
        index = append_block(file, block(handles, 1))
        file.write((meta + index).ljust(40, b"\0") + FOOTER_MAGIC)


def write_bundle(prefix, shapes, values):
    """shapes: {name: shape}; values(name, shape) gives the f32 array. Tensors are stored in the order of their names."""
    rows = [(b"", number_field(1, 1) + bytes_field(3, number_field(1, 1)))]
    offset = 0
    with open(prefix + ".data-00000-of-00001", "wb") as data:
        for name in sorted(shapes):
            raw = values(name, shapes[name]).astype("<f4", copy=False).tobytes()
            dimensions = b"".join(bytes_field(2, number_field(1, size)) for size in shapes[name])
            checksum = varint(6 << 3 | 5) + struct.pack("<I", masked(google_crc32c.value(raw)))
            position = number_field(4, offset) if offset else b""
            entry = number_field(1, FLOAT) + bytes_field(2, dimensions) + position + number_field(5, len(raw)) + checksum
            rows.append((name.encode(), entry))
            data.write(raw)
            offset += len(raw)
    write_index(prefix + ".index", rows)
