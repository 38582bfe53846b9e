#!/usr/bin/env python3
"""Zip archives by Python's zipfile, in the forms that weight files have: seekable, streamed, zip64.

Every content is `content(seed, count)`, which the tests compute too. Usage: zip_cases.py OUTPUT_FOLDER
"""
import io
import sys
import zipfile
from pathlib import Path

STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED

MEMBERS = [
    # name, method, seed, bytes
    ("first.bin", STORED, 1, 400),
    ("folder/second.bin", DEFLATED, 2, 700),
    ("empty.stored", STORED, 3, 0),
    ("empty.deflated", DEFLATED, 4, 0),
    ("\u00fcber/\u6a21.bin", DEFLATED, 5, 300),
    ("last", STORED, 6, 1),
]


def content(seed: int, count: int) -> bytes:
    """Four random bits a byte: deflates to about half."""
    out = bytearray()
    for _ in range(count):
        seed = (seed * 1103515245 + 12345) % 2**31
        out.append(seed >> 16 & 15)
    return bytes(out)


def info(name: str, method: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = method
    return entry


class Pipe(io.RawIOBase):
    """A file that cannot seek, so that sizes and CRC follow the data."""

    def __init__(self):
        self.bytes = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.bytes += data
        return len(data)


def write(file, zip64: bool, comment: bytes):
    with zipfile.ZipFile(file, "w") as archive:
        archive.comment = comment
        for name, method, seed, count in MEMBERS:
            with archive.open(info(name, method), "w", force_zip64=zip64) as member:
                member.write(content(seed, count))
        archive.writestr(zipfile.ZipInfo("folder/"), b"")


def main():
    folder = Path(sys.argv[1])
    with open(folder / "seekable.zip", "wb") as file:
        write(file, False, b"a comment")
    with open(folder / "long.zip", "wb") as file:
        write(file, True, b"")
    with zipfile.ZipFile(folder / "windows.zip", "w") as archive:
        archive.writestr(info("windows.bin", DEFLATED), content(8, 300_000))
    for name, zip64 in (("streamed.zip", False), ("streamed_long.zip", True)):
        pipe = Pipe()
        write(pipe, zip64, b"")
        (folder / name).write_bytes(bytes(pipe.bytes))


main()
