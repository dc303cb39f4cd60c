# SPDX-License-Identifier: Apache-2.0
"""FAT32 as it lies on the disk (Microsoft, FAT32 File System Specification 1.03).

As the firmware's driver reads it: the first table only, names from long-name records where these fit
the record that they precede, else the short name. Nothing is repaired; a file whose chain ends before
its size does cannot be read, and a directory whose chain does not end well has no records at all: EDK II
asks for its size first (FatPhysicalDirSize), which is 0 then.
"""

import struct
from array import array
from dataclasses import dataclass
from functools import cached_property, lru_cache

_DELETED, _LAST_LONG = 0xE5, 0x40
_LONG_NAME, _DIRECTORY, _VOLUME = 0x0F, 0x10, 0x08
_END_OF_CHAIN, _CLUSTER_MASK = 0x0FFFFFF8, 0x0FFFFFFF
_RECORD = 32


#: Clusters that are followed at once where they lie one behind the other.
_STRETCH = 512


@lru_cache
def _ascending(count: int) -> memoryview:
    """0, 1, 2 …, as a table's links would be."""
    return memoryview(array("I", range(count)))


class FatError(ValueError):
    """This is no FAT32 that firmware would read, or a file on it is damaged."""


@dataclass(frozen=True)
class Record:
    """One directory record with its long name."""

    name: str
    short_name: str
    is_directory: bool
    first_cluster: int
    size: int


class Fat:
    """The file system in [start, start + size) of a disk, at the moment of its construction; it may
    be used as long as the disk stays in that state."""

    def __init__(self, disk, start: int, size: int):
        boot = disk.read(start, 512)
        sector, per_cluster, reserved, tables = struct.unpack_from("<HBHB", boot, 11)
        total, table_sectors = struct.unpack_from("<II", boot, 32)
        self._root = struct.unpack_from("<I", boot, 44)[0]
        if boot[510:512] != b"\x55\xaa" or sector not in (512, 1024, 2048, 4096) or \
                per_cluster not in (1, 2, 4, 8, 16, 32, 64, 128) or not reserved or not tables or \
                not table_sectors or total * sector > size or \
                struct.unpack_from("<HH", boot, 17)[0] or struct.unpack_from("<H", boot, 22)[0]:
            raise FatError("no FAT32 file system")
        self._disk = disk
        self._cluster_size = sector * per_cluster
        self._table = (start + reserved * sector, table_sectors * sector)
        self._data = start + (reserved + tables * table_sectors) * sector
        clusters = (total - reserved - tables * table_sectors) // per_cluster
        if clusters < 65525:
            raise FatError("no FAT32 file system: too few clusters")
        self._end = min(clusters + 2, table_sectors * sector // 4)

    @cached_property
    def _links(self) -> memoryview:
        return memoryview(self._disk.read(*self._table)).cast("I")

    @property
    def _ascending(self) -> memoryview:
        return _ascending(self._end + 1)

    def runs(self, first: int, clusters: int | None = None) -> list[tuple[int, int]]:
        """(offset on the disk, size) of the stretches of a chain, `clusters` long or to its end."""
        runs, seen, current = [], 0, first
        while clusters is None or seen < clusters:
            if not 2 <= current < self._end:
                raise FatError(f"a chain leads to cluster {current}")
            start = current
            # Most of a chain leads from each cluster to the next: whole stretches at a time.
            while current + _STRETCH < self._end and \
                    (clusters is None or seen + _STRETCH < clusters) and \
                    self._links[current:current + _STRETCH] == \
                    self._ascending[current + 1:current + 1 + _STRETCH]:
                current += _STRETCH
                seen += _STRETCH
            length = current - start + 1
            seen += 1
            following = self._links[current] & _CLUSTER_MASK
            while following == current + 1 and (clusters is None or seen < clusters):
                current = following
                if current >= self._end:
                    raise FatError(f"a chain leads to cluster {current}")
                length += 1
                seen += 1
                following = self._links[current] & _CLUSTER_MASK
            runs.append((self._data + (start - 2) * self._cluster_size,
                         length * self._cluster_size))
            if following >= _END_OF_CHAIN:
                break
            if seen > self._end:
                raise FatError("a chain is a circle")
            current = following
        if clusters is not None and seen < clusters:
            raise FatError("a chain ends before its file")
        return runs

    def records_in(self, path: str) -> list[Record]:
        """The records of a directory ("/" between names), in the order of the disk."""
        records = self._records(self._root)
        for name in filter(None, path.split("/")):
            found = self._find(records, name)
            if not found or not found.is_directory:
                raise FatError(f"no directory '{path}'")
            records = self._records(found.first_cluster or self._root)
        return records

    def lookup(self, path: str) -> Record | None:
        directory, _, name = path.rpartition("/")
        try:
            return self._find(self.records_in(directory), name)
        except FatError:
            return None

    @staticmethod
    def _find(records: list[Record], name: str) -> Record | None:
        """The first one with that name; long and short ones count, case does not."""
        wanted = name.lower()
        return next((record for record in records
                     if wanted in (record.name.lower(), record.short_name.lower())), None)

    def place(self, record: Record) -> list[tuple[int, int]]:
        """Where the file's bytes are; the last stretch ends with the file."""
        if not record.size:
            return []
        runs = self.runs(record.first_cluster, -(-record.size // self._cluster_size))
        surplus = sum(size for _, size in runs) - record.size
        offset, size = runs[-1]
        return [*runs[:-1], (offset, size - surplus)]

    def identity(self, record: Record) -> tuple:
        """Equal for files whose bytes are equal and lie at the same place."""
        return (record.size, tuple((offset, size, self._disk.part_identity(offset, size))
                                   for offset, size in self.place(record)))

    def read(self, record: Record) -> bytes:
        return b"".join(self._disk.read(*run) for run in self.place(record))

    def beginning(self, record: Record) -> bytes:
        """What can be read of a file whose chain ends before its size does; nothing of a worse one."""
        try:
            runs = self.runs(record.first_cluster)
        except FatError:
            return b""
        return b"".join(self._disk.read(*run) for run in runs)[:record.size]

    def _records(self, first: int) -> list[Record]:
        content = b"".join(self._disk.read(*run) for run in self.runs(first))
        records, long_name = [], _LongName()
        for at in range(0, len(content), _RECORD):
            raw = content[at:at + _RECORD]
            if raw[0] == 0:
                break
            attributes = raw[11]
            if raw[0] == _DELETED:
                long_name = _LongName()
            elif attributes & 0x3F == _LONG_NAME:
                long_name.add(raw)
            else:
                if not attributes & _VOLUME and raw[:2] not in (b". ", b".."):
                    records.append(_record(raw, long_name.text_for(raw[:11])))
                long_name = _LongName()
        return records


class _LongName:
    """Collects the records of a long name; they lie before theirs, last piece first."""

    def __init__(self):
        self._pieces: list[bytes] = []
        self._next = 0
        self._checksum = -1

    def add(self, raw: bytes) -> None:
        order = raw[0]
        if order & _LAST_LONG:
            self._pieces, self._next, self._checksum = [], order & ~_LAST_LONG, raw[13]
        if not self._next or order & ~_LAST_LONG != self._next or raw[13] != self._checksum:
            self._next = self._checksum = -1
            return
        self._pieces.append(raw[1:11] + raw[14:26] + raw[28:32])
        self._next -= 1

    def text_for(self, short: bytes) -> str | None:
        if self._next != 0 or not self._pieces:
            return None
        checksum = 0
        for byte in short:
            checksum = ((checksum >> 1) | (checksum << 7 & 0x80)) + byte & 0xFF
        if checksum != self._checksum:
            return None
        return b"".join(reversed(self._pieces)).decode("utf-16-le", "replace").split("\0")[0]


def _record(raw: bytes, long_name: str | None) -> Record:
    short = (b"\xe5" + raw[1:11] if raw[0] == 0x05 else raw[:11]).decode("cp437")
    base, extension = short[:8].rstrip(), short[8:].rstrip()
    # Windows NT's bits for names that are lower case but short otherwise.
    shown_base = base.lower() if raw[12] & 0x08 else base
    shown_extension = extension.lower() if raw[12] & 0x10 else extension
    high, low = struct.unpack_from("<H", raw, 20)[0], struct.unpack_from("<H", raw, 26)[0]
    shown = shown_base + (f".{shown_extension}" if shown_extension else "")
    return Record(long_name or shown, base + (f".{extension}" if extension else ""),
                  bool(raw[11] & _DIRECTORY), high << 16 | low,
                  struct.unpack_from("<I", raw, 28)[0])
