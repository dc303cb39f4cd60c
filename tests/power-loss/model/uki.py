# SPDX-License-Identifier: Apache-2.0
"""Unified kernel images: PE32+ files (Microsoft's PE format) with Authenticode signatures.

Firmware starts one when its headers hold and its digest is the one that a trusted key signed. The
digest is computed here; sbverify says whether the signature around it is the certificate's, once for
each content.
"""

import hashlib
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

_MOST_SECTIONS = 96
_X64, _PE32_PLUS = 0x8664, 0x20B


class PeError(ValueError):
    """Not a PE image for this machine, or a damaged one."""


@dataclass(frozen=True)
class Section:
    name: str
    offset: int
    size: int


@dataclass(frozen=True)
class Headers:
    sections: tuple[Section, ...]
    checksum_at: int
    security_at: int  # the directory entry that says where signatures are
    signatures: tuple[int, int]  # offset and size; (0, 0) when there are none

    def section(self, name: str) -> Section | None:
        """The last one of that name, as the loader finds it."""
        return next((s for s in reversed(self.sections) if s.name == name), None)


def read_headers(content) -> Headers:
    """What the loader checks before it lists a file."""
    if len(content) < 64 or bytes(content[:2]) != b"MZ":
        raise PeError("no DOS header")
    pe = struct.unpack_from("<I", content, 60)[0]
    if pe + 24 + 112 + 40 > len(content) or bytes(content[pe:pe + 4]) != b"PE\0\0":
        raise PeError("no PE header")
    machine, count, _, _, _, optional_size, _ = struct.unpack_from("<HHIIIHH", content, pe + 4)
    optional = pe + 24
    if machine != _X64 or struct.unpack_from("<H", content, optional)[0] != _PE32_PLUS:
        raise PeError("not for this machine")
    table = optional + optional_size
    if count > _MOST_SECTIONS or table + 40 * count > len(content):
        raise PeError("no section table")
    sections = []
    for number in range(count):
        name, virtual, _, raw, pointer = struct.unpack_from("<8sIIII", content, table + 40 * number)
        sections.append(Section(name.rstrip(b"\0").decode("ascii", "replace"), pointer,
                                min(virtual, raw) if raw else 0))
    directories = struct.unpack_from("<I", content, optional + 108)[0]
    security = optional + 112 + 4 * 8
    signatures = struct.unpack_from("<II", content, security) if directories > 4 else (0, 0)
    return Headers(tuple(sections), optional + 64, security, signatures)


def authenticode_digest(content, headers: Headers) -> bytes:
    """Everything but the checksum, the signatures and the entry that says where they are."""
    start, size = headers.signatures
    end = start if size else len(content)
    view = memoryview(content)
    digest = hashlib.sha256(view[:headers.checksum_at])
    digest.update(view[headers.checksum_at + 4:headers.security_at])
    digest.update(view[headers.security_at + 8:end])
    if size:
        digest.update(view[start + size:])
    return digest.digest()


class SignatureCheck:
    """Whether firmware that trusts `certificate` (PEM) starts an image; remembers every content."""

    def __init__(self, certificate: Path):
        self._certificate = certificate
        self._known: dict[bytes, bool] = {}

    def trusts(self, content: bytes) -> bool:
        key = hashlib.sha256(content).digest()
        if key not in self._known:
            self._known[key] = self._is_intact(content) and self._is_signed(content)
        return self._known[key]

    @staticmethod
    def _is_intact(content: bytes) -> bool:
        try:
            headers = read_headers(content)
        except PeError:
            return False
        start, size = headers.signatures
        if not size or start + size > len(content) or \
                any(s.offset + s.size > len(content) for s in headers.sections):
            return False
        return authenticode_digest(content, headers) in content[start:start + size]

    def _is_signed(self, content: bytes) -> bool:
        with tempfile.NamedTemporaryFile(suffix=".efi") as file:
            file.write(content)
            file.flush()
            return subprocess.run(["sbverify", "--cert", str(self._certificate), file.name],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  check=False).returncode == 0


@dataclass(frozen=True)
class Root:
    """The root that a signed command line asks for."""

    hash: str
    salt: bytes
    blocks: int


def root_of(command_line: str) -> Root | None:
    words: dict[str, str] = {}
    for word in command_line.split():
        key, separator, value = word.partition("=")
        if separator and key in ("roothash", "quoin.salt", "quoin.blocks"):
            if key in words:
                return None  # early userspace refuses doubled words
            words[key] = value
    try:
        root = Root(words["roothash"], bytes.fromhex(words["quoin.salt"]),
                    int(words["quoin.blocks"]))
        return root if len(bytes.fromhex(root.hash)) == 32 and root.blocks > 0 else None
    except (KeyError, ValueError):
        return None
