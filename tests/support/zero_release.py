# SPDX-License-Identifier: Apache-2.0
"""Releases of any size that take no room: their roots are zeros, cut into as many chunks as one likes.
What such a release costs a node is what a real one of its size costs, since nothing is compressed on
the way; the hash tree of zeros has one hash a level, so that even terabytes are made in a moment.
"""

import hashlib
import json
import struct
import tempfile
from pathlib import Path

from bench import Built, keys, must, workbench
from programs import run

BLOCK = 4096
SMALL_UKI_CHUNK = 64 << 10
HEADER = struct.Struct("<8sIIQQQQ16x")
INDEX_HEADER = struct.Struct("<8sIIIIQ")
RECORD = struct.Struct("<16sIHBB")


def root_hash_of_zeros(size: int, salt: bytes) -> str:
    """dm-verity's: every level has whole blocks of one hash, and a last one that may not be full."""
    def digest(block: bytes) -> bytes:
        return hashlib.sha256(salt + block.ljust(BLOCK, b"\0")).digest()

    count, full = size // BLOCK, digest(b"")
    last = full
    while count > 1:
        rest = (count - 1) % 128
        last = digest(full * rest + last)
        full = digest(full * 128)
        count = (count + 127) // 128
    return last.hex()


class Template:
    """A bundle that `quoin build` made, taken apart."""

    def __init__(self, built: Built):
        content = built.bundle.read_bytes()
        _, _, _, signatures, manifest, index, data = HEADER.unpack_from(content)
        start = HEADER.size + signatures
        self.manifest = json.loads(content[start:start + manifest])
        records = content[start + manifest:start + manifest + index]
        _, _, root_chunks, uki_chunks, _, _ = INDEX_HEADER.unpack_from(records)
        place = INDEX_HEADER.size + root_chunks * RECORD.size
        self.uki_records = [RECORD.unpack_from(records, place + i * RECORD.size) for i in range(uki_chunks)]
        self.uki = built.uki.read_bytes()
        self.contents = content[start + manifest + index + data:]

    def uki_pieces(self, small: bool):
        place = 0
        for _, size, *_ in self.uki_records:
            if (size <= SMALL_UKI_CHUNK) == small:
                yield self.uki[place:place + size]
            place += size


def sign(message: bytes) -> bytes:
    """One record by the identity that nodes of bench.py trust."""
    directory = Path(tempfile.mkdtemp(dir=workbench()))
    (directory / "message").write_bytes(message)
    key = keys() / "signing.key"
    must(run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", directory / "message",
              "-out", directory / "signature"]))
    must(run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER", "-out", directory / "public"]))
    identity = hashlib.sha256((directory / "public").read_bytes()).digest()
    value = (directory / "signature").read_bytes()
    return identity + struct.pack("<HH", 1, len(value)) + value


def write_zero_release(template: Built, version: str, size: int, chunks: int) -> Path:
    """A bundle like `template` but for its version and its root: `size` zeros in `chunks` chunks."""
    base = Template(template)
    each = size // chunks
    sizes = [each] * (chunks - 1) + [size - each * (chunks - 1)]
    digests = {length: hashlib.sha256(bytes(length)).digest()[:16] for length in set(sizes)}
    index = INDEX_HEADER.pack(b"QUOINIDX", 1, chunks, len(base.uki_records), 0, size)
    index += b"".join(RECORD.pack(digests[length], length, 0, 1, 0) for length in sizes)
    index += b"".join(RECORD.pack(*record) for record in base.uki_records)

    manifest = base.manifest
    manifest["version"] = version
    manifest["root"]["size"] = size
    manifest["root"]["hash"] = root_hash_of_zeros(size, bytes.fromhex(manifest["root"]["salt"]))
    manifest["index"] = {"size": len(index), "sha256": hashlib.sha256(index).hexdigest()}
    manifest["data"]["size"] = size + len(base.uki)
    text = (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode()
    signature = sign(text)

    path = Path(tempfile.mkdtemp(dir=workbench())) / f"node_{version}.quoin"
    with open(path, "wb") as bundle:
        bundle.write(HEADER.pack(b"QUOINBDL", 1, HEADER.size, len(signature), len(text), len(index),
                                 size + len(base.uki)))
        bundle.write(signature + text + index)
        bundle.writelines(base.uki_pieces(small=True))
        bundle.seek(size, 1)
        bundle.writelines(base.uki_pieces(small=False))
        bundle.write(base.contents)
    return path
