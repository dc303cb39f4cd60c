# SPDX-License-Identifier: Apache-2.0
"""The log of a disk's writes and flushes.

The format is dm-log-writes', which QEMU's blklogwrites writes: a superblock in the first sector
(magic, version 1, number of entries, sector size; little-endian), then entries, each a header that
takes a sector (sector, sectors, flags, length of inline data) and the sectors written. A flush is an
entry of its own, or a flag on a write: then it lies before the write.
"""

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

MAGIC = 0x6A736677736872
_SUPERBLOCK = struct.Struct("<QQQI")
_ENTRY = struct.Struct("<QQQQ")
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8


@dataclass(frozen=True)
class Write:
    """Bytes that the medium was given."""

    offset: int
    data: memoryview
    lasting: bool = False  # FUA: on the medium itself once it is complete

    @property
    def end(self) -> int:
        return self.offset + len(self.data)


@dataclass(frozen=True)
class Flush:
    """All writes that were complete before are on the medium itself from here on."""


Entry = Write | Flush


class LogError(ValueError):
    """The log is cut off, or not one."""


def read_log(path: Path) -> tuple[list[Entry], int]:
    """All entries, in order, and the size of a sector. Data stays in the mapped file."""
    with open(path, "rb") as file:
        content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    magic, version, count, sector = _SUPERBLOCK.unpack_from(content)
    if magic != MAGIC or version != 1 or sector not in (512, 4096):
        raise LogError(f"'{path}' is not a log of writes")
    entries: list[Entry] = []
    at = sector
    for number in range(count):
        if at + _ENTRY.size > len(content):
            raise LogError(f"'{path}' ends before entry {number} of {count}")
        where, sectors, flags, inline = _ENTRY.unpack_from(content, at)
        at += sector
        if flags & MARK:
            at += -(-inline // sector) * sector
            continue
        if flags & FLUSH:
            entries.append(Flush())
        size = sectors * sector
        if size and flags & DISCARD:
            raise LogError(f"'{path}' discards sectors: what they hold then is unknown")
        if size:
            if at + size > len(content):
                raise LogError(f"'{path}' ends within entry {number} of {count}")
            entries.append(Write(where * sector, content[at:at + size], bool(flags & FUA)))
        at += size
    return entries, sector


def write_log(path: Path, entries: list[Entry], sector: int = 512) -> None:
    """The same the other way round."""
    with open(path, "wb") as file:
        file.write(_SUPERBLOCK.pack(MAGIC, 1, len(entries), sector).ljust(sector, b"\0"))
        for entry in entries:
            if isinstance(entry, Flush):
                file.write(_ENTRY.pack(0, 0, FLUSH, 0).ljust(sector, b"\0"))
                continue
            header = _ENTRY.pack(entry.offset // sector, len(entry.data) // sector,
                                 FUA if entry.lasting else 0, 0)
            file.write(header.ljust(sector, b"\0"))
            file.write(entry.data)
