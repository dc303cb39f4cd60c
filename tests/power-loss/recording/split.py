# SPDX-License-Identifier: Apache-2.0
"""Cuts the log of a node's life into one recording a scenario.

Each scenario begins with the disk that the one before it left. Boundaries lie behind a flush: all
that came before is on the medium, whatever it is.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from harness import processes

SECTOR = 512
MAGIC = 0x6A736677736872  # what dm-log-writes begins its superblock with
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8
_SUPERBLOCK = struct.Struct("<QQQI")  # magic, version, number of entries, sector size
_HEADER = struct.Struct("<QQQQ")  # sector, number of sectors, flags, data length (of marks)


class DamagedLog(Exception):
    """The log is not what QEMU writes."""


@dataclass(frozen=True)
class Entry:
    """One write or flush; `start` and `end` are the place of header and data in the log."""

    sector: int
    sectors: int
    flags: int
    start: int
    end: int

    @property
    def flushes(self) -> bool:
        return bool(self.flags & FLUSH)

    def covers(self, sector: int) -> bool:
        return self.sector <= sector < self.sector + self.sectors


def read_entries(log: Path) -> Iterator[Entry]:
    """All complete entries. Throws DamagedLog for anything but writes and flushes."""
    size = log.stat().st_size
    with open(log, "rb") as stream:
        magic, version, _, sector_size = _SUPERBLOCK.unpack(stream.read(_SUPERBLOCK.size))
        if (magic, version, sector_size) != (MAGIC, 1, SECTOR):
            raise DamagedLog(f"'{log}' is no log of writes with sectors of {SECTOR} bytes")
        place = SECTOR
        while place + SECTOR <= size:
            stream.seek(place)
            sector, sectors, flags, _ = _HEADER.unpack(stream.read(_HEADER.size))
            if flags & ~(FLUSH | FUA) or (sectors == 0) != bool(flags & FLUSH):
                raise DamagedLog(f"'{log}' has an entry with flags {flags} and {sectors} sectors at "
                                 f"byte {place}")
            entry = Entry(sector, sectors, flags, place, place + SECTOR * (1 + sectors))
            if entry.end > size:
                raise DamagedLog(f"'{log}' ends within an entry")
            yield entry
            place = entry.end


def behind_last_flush(entries: list[Entry], size: int) -> int:
    """The number of entries up to and including the last flush before a log's `size` in bytes."""
    for count in range(len(entries), 0, -1):
        if entries[count - 1].end <= size and entries[count - 1].flushes:
            return count
    return 0


def where_arming_begins(entries: list[Entry], first: int, end: int) -> int:
    """Within an install: behind the flush of the primary partition table's header, the last that is
    written of a slot's names."""
    header = max(i for i in range(first, end) if entries[i].covers(1))
    return next(i for i in range(header, end) if entries[i].flushes) + 1


class Disk:
    """The disk as of some entry, as a sparse file that goes forward only."""

    def __init__(self, image: Path, path: Path):
        self._path = path
        _copy(image, path)

    def save(self, path: Path) -> None:
        _copy(self._path, path)

    def apply(self, log: Path, entries: list[Entry]) -> None:
        with open(log, "rb") as source, open(self._path, "r+b") as disk:
            for entry in entries:
                source.seek(entry.start + SECTOR)
                disk.seek(entry.sector * SECTOR)
                disk.write(source.read(entry.sectors * SECTOR))

    def equals(self, image: Path) -> bool:
        try:
            processes.run(["cmp", "--silent", self._path, image])
            return True
        except processes.CommandFailed:
            return False


def write_log(path: Path, parts: list[tuple[Path, list[Entry]]]) -> None:
    """A log with exactly these entries, which may come from several logs."""
    count = sum(len(entries) for _, entries in parts)
    with open(path, "wb") as target:
        target.write(_SUPERBLOCK.pack(MAGIC, 1, count, SECTOR).ljust(SECTOR, b"\0"))
        for log, entries in parts:
            with open(log, "rb") as source:
                for entry in entries:
                    source.seek(entry.start)
                    target.write(source.read(entry.end - entry.start))


def _copy(source: Path, target: Path) -> None:
    processes.run(["cp", "--sparse=always", "--reflink=auto", source, target])
