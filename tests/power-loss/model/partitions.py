# SPDX-License-Identifier: Apache-2.0
"""The GUID partition table (UEFI 2.10, 5.3).

Firmware (EDK II, PartitionDxe) takes the primary where its header, its own place and both CRCs are
right. Else it looks for the backup in the last sector, and nowhere else. Early userspace also asks
the primary header where the backup is, when only the primary's array is torn.
"""

import struct
import uuid
import zlib
from dataclasses import dataclass

SECTOR = 512
ESP_TYPE = uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
LINUX_TYPE = uuid.UUID("0fc63daf-8483-4772-8e79-3d69d8477de4")
_HEADER = struct.Struct("<8sIIIIQQQQ16sQIII")
_ENTRY = struct.Struct("<16s16sQQQ72s")
_PROTECTIVE = 0xEE


@dataclass(frozen=True)
class Partition:
    number: int
    type: uuid.UUID
    uuid: uuid.UUID
    start: int  # bytes
    size: int  # bytes
    label: str


@dataclass(frozen=True)
class Table:
    partitions: tuple[Partition, ...]
    copy: str  # "primary" or "backup": which was read

    def numbered(self, number: int) -> Partition | None:
        return next((p for p in self.partitions if p.number == number), None)

    def of_type(self, wanted: uuid.UUID) -> Partition | None:
        return next((p for p in self.partitions if p.type == wanted), None)


@dataclass(frozen=True)
class Tables:
    """Both copies, as far as they are valid."""

    primary: Table | None
    backup_at_end: Table | None
    backup_as_said: Table | None  # where the primary header says, whatever its array is worth

    @property
    def for_firmware(self) -> Table | None:
        return self.primary or self.backup_at_end

    @property
    def for_early_userspace(self) -> Table | None:
        return self.primary or self.backup_as_said or self.backup_at_end

    @property
    def both(self) -> bool:
        return self.primary is not None and self.backup_as_said is not None


def read_tables(disk) -> Tables:
    last = disk.size // SECTOR - 1
    at_end = _read_copy(disk, last, "backup")
    header = _header(disk, 1)
    said = header[6] if header else last
    as_said = at_end if said == last else _read_copy(disk, said, "backup")
    primary = _read_copy(disk, 1, "primary") if _has_protective_mbr(disk) else None
    if not _has_protective_mbr(disk):
        at_end = None  # firmware does not even look
    return Tables(primary, at_end, as_said)


def _has_protective_mbr(disk) -> bool:
    sector = disk.read(0, SECTOR)
    return any(sector[at + 4] == _PROTECTIVE and struct.unpack_from("<I", sector, at + 8)[0] == 1
               for at in range(446, 510, 16))


def _header(disk, lba: int) -> tuple | None:
    """The header's fields where its CRC is right and it says that it lies here."""
    if not 0 < lba < disk.size // SECTOR:
        return None
    sector = disk.read(lba * SECTOR, SECTOR)
    fields = _HEADER.unpack_from(sector)
    signature, _, size, crc = fields[:4]
    if signature != b"EFI PART" or not _HEADER.size <= size <= SECTOR or fields[5] != lba:
        return None
    if zlib.crc32(sector[:16] + bytes(4) + sector[20:size]) != crc:
        return None
    return fields


def _read_copy(disk, lba: int, name: str) -> Table | None:
    fields = _header(disk, lba)
    if not fields:
        return None
    first_usable, last_usable = fields[7], fields[8]
    array_lba, count, entry_size, array_crc = fields[10:14]
    size = count * entry_size
    if entry_size < _ENTRY.size or entry_size % 8 or size > 1 << 20 or \
            array_lba * SECTOR + size > disk.size:
        return None
    array = disk.read(array_lba * SECTOR, size)
    if zlib.crc32(array) != array_crc:
        return None
    partitions = []
    for number in range(count):
        kind, unique, first, last, _, label = _ENTRY.unpack_from(array, number * entry_size)
        if kind == bytes(16):
            continue
        if not first_usable <= first <= last <= last_usable:
            continue  # firmware skips such an entry
        partitions.append(Partition(
            number + 1, uuid.UUID(bytes_le=kind), uuid.UUID(bytes_le=unique), first * SECTOR,
            (last - first + 1) * SECTOR, label.decode("utf-16-le", "replace").rstrip("\0")))
    return Table(tuple(partitions), name)
