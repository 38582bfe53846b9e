"""A small reader of TensorFlow V2 tensor bundles, written from the format's description and sharing nothing with the Swift
reader. It checks the masked CRC-32C of every block and tensor. One data file, uncompressed index."""
import struct

import numpy

FOOTER_MAGIC = bytes.fromhex("57fb808b247547db")
TYPES = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8"}  # DataType: float, double, int32, int64
CASTAGNOLI = 0x82F63B78


def make_table():
    table = []
    for index in range(256):
        for _ in range(8):
            index = (index >> 1) ^ (CASTAGNOLI if index & 1 else 0)
        table.append(index)
    return table


TABLE = make_table()


def masked_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ TABLE[(crc ^ byte) & 255]
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def message(data):
    """Protobuf wire fields as a list of (number, value)."""
    fields, at = [], 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        elif tag & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            assert tag & 7 == 5, f"wire type {tag & 7}"
            value, at = struct.unpack_from("<I", data, at)[0], at + 4
        fields.append((tag >> 3, value))
    return fields


def block(data, handle):
    """The (key, value) rows of the block that a handle names."""
    offset, at = varint(handle, 0)
    size, _ = varint(handle, at)
    body = data[offset:offset + size]
    kind, stored = struct.unpack_from("<BI", data, offset + size)
    assert kind == 0, "compressed block"
    assert masked_crc(body + b"\0") == stored, f"block at {offset}: CRC"
    end = size - 4 - 4 * struct.unpack_from("<I", body, size - 4)[0]
    rows, at, key = [], 0, b""
    while at < end:
        shared, at = varint(body, at)
        fresh, at = varint(body, at)
        length, at = varint(body, at)
        key = key[:shared] + body[at:at + fresh]
        rows.append((key, body[at + fresh:at + fresh + length]))
        at += fresh + length
    assert [k for k, _ in rows] == sorted(k for k, _ in rows), "keys out of order"
    return rows


def read(prefix, check_tensors=True):
    """{name: array} of the bundle PREFIX.index, PREFIX.data-00000-of-00001."""
    with open(prefix + ".index", "rb") as file:
        index = file.read()
    with open(prefix + ".data-00000-of-00001", "rb") as file:
        data = file.read()
    assert index[-8:] == FOOTER_MAGIC, "not a table"
    _, at = varint(index, len(index) - 48)
    _, at = varint(index, at)
    handles = block(index, index[at:-8])
    tensors = {}
    for _, handle in handles:
        for key, value in block(index, handle):
            if not key:
                continue
            entry = dict(message(value))
            shape = [dict(message(d)).get(1, 0) for n, d in message(entry.get(2, b"")) if n == 2]
            raw = data[entry.get(4, 0):entry.get(4, 0) + entry.get(5, 0)]
            if check_tensors:
                assert masked_crc(raw) == entry.get(6), f"{key.decode()}: CRC"
            tensors[key.decode()] = numpy.frombuffer(raw, TYPES[entry[1]]).reshape(shape)
    return tensors
