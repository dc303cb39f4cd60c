# SPDX-License-Identifier: Apache-2.0
"""Changes a node's disk behind its back, as a failing medium or a hand with a soldering iron would."""

import json
import re
from pathlib import Path

from . import processes

SECTOR = 512


#: The places of partitions in the table.
_PLACES = {"esp": 0, "a": 1, "b": 3, "data": 5}


def partition(disk: Path, name: str) -> tuple[int, int]:
    """Offset and size, in bytes, of the ESP, the data partition or a slot's root."""
    table = json.loads(processes.run(["sfdisk", "--json", disk]))["partitiontable"]
    place = table["partitions"][_PLACES[name]]
    return place["start"] * SECTOR, place["size"] * SECTOR


def corrupt_file(disk: Path, slot: str, path: str) -> None:
    """Changes one byte in the first block of a file in a slot's root. The file must be larger than a
    squashfs block, so that the block is the file's own."""
    start, size = partition(disk, slot)
    root = disk.with_suffix(".root")
    processes.run(["dd", f"if={disk}", f"of={root}", "bs=64K", "iflag=skip_bytes,count_bytes",
                   f"skip={start}", f"count={size}", "conv=sparse", "status=none"])
    about = processes.run(["rdsquashfs", "--stat", path, root])
    root.unlink()
    place = int(re.search(r"Blocks? start: (\d+)", about)[1])
    with open(disk, "r+b") as image:
        image.seek(start + place + 1000)
        byte = image.read(1)[0]
        image.seek(-1, 1)
        image.write(bytes([byte ^ 0xFF]))


def destroy_root(disk: Path, slot: str) -> None:
    """Its first block, which names the file system."""
    _overwrite(disk, partition(disk, slot)[0], 4096)


def destroy_data(disk: Path) -> None:
    """The superblock; a small file system has no other."""
    _overwrite(disk, partition(disk, "data")[0] + 1024, 1024)


def break_journal(disk: Path) -> None:
    """The superblock of the data partition's journal."""
    start, _ = partition(disk, "data")
    blocks = processes.run(["debugfs", "-R", "blocks <8>", f"{disk}?offset={start}"])
    _overwrite(disk, start + int(blocks.split()[0]) * 4096, 4096)


def destroy_primary_table(disk: Path) -> None:
    """Header and array; the protective MBR stays."""
    _overwrite(disk, SECTOR, 33 * SECTOR)


def table_is_whole(disk: Path) -> bool:
    with open(disk, "rb") as image:
        image.seek(SECTOR)
        return image.read(8) == b"EFI PART"


def names(disk: Path, start: str) -> list[str]:
    """The boot entries whose names begin so."""
    listing = processes.run(["mdir", "-b", *_boot_entries(disk)])
    found = (line.rsplit("/", 1)[-1] for line in listing.splitlines())
    return sorted(name for name in found if name.startswith(start))


def add_name(disk: Path, entry: str, name: str) -> None:
    """A second name for a boot entry's clusters, as a rename leaves it when power goes half-way."""
    empty = disk.with_suffix(".empty")
    empty.touch()
    image, directory = _boot_entries(disk)[1:]
    processes.run(["mcopy", "-i", image, empty, f"{directory}/{name}"])
    empty.unlink()
    start, size = partition(disk, "esp")
    with open(disk, "r+b") as image:
        image.seek(start)
        esp = image.read(size)
        records = [_short_record(esp, each) for each in (entry, name)]
        # All but the short name itself: attributes, times, cluster, size.
        image.seek(start + records[1] + 11)
        image.write(esp[records[0] + 11:records[0] + 32])


def _boot_entries(disk: Path) -> list[str]:
    return ["-i", f"{disk}@@{partition(disk, 'esp')[0]}", "::/EFI/Linux"]


def _short_record(esp: bytes, name: str) -> int:
    """Where a file's short record lies: behind the piece that holds its long name's beginning."""
    piece = b"\x01" + name[:5].encode("utf-16-le")
    place = -1
    while (place := esp.find(piece, place + 1)) >= 0:
        if place % 32 == 0 and _long_name(esp, place) == name:
            return place + 32
    raise processes.CommandFailed(f"no name '{name}' on the ESP")


def _long_name(esp: bytes, first: int) -> str:
    """Its pieces lie one before the other, the end of the name first."""
    text = b""
    place = first
    while True:
        record = esp[place:place + 32]
        text += record[1:11] + record[14:26] + record[28:32]
        if record[0] & 0x40:
            return text.decode("utf-16-le").split("\0")[0]
        place -= 32


def _overwrite(disk: Path, offset: int, size: int) -> None:
    with open(disk, "r+b") as image:
        image.seek(offset)
        image.write(bytes(size))
