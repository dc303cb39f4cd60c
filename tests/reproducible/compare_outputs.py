# SPDX-License-Identifier: Apache-2.0
"""Where two builds' outputs differ first, in terms of what is stored there rather than of bytes."""

import json
import struct
import subprocess
import tarfile
import tempfile
from pathlib import Path

from programs import run

_BLOCK = 1 << 20
#: docs/ARCHITECTURE.md, "Disk layout".
_PARTITIONS = {1: "ESP", 2: "root", 3: "verity", 4: "slot b", 5: "verity of slot b", 6: "data"}
_SUPERBLOCK = (("magic", 4), ("inode count", 4), ("time", 4), ("block size", 4),
               ("fragment count", 4), ("compressor", 2), ("block log", 2), ("flags", 2),
               ("id count", 2), ("version", 4), ("root inode", 8), ("bytes used", 8),
               ("id table", 8), ("xattr table", 8), ("inode table", 8), ("directory table", 8),
               ("fragment table", 8), ("export table", 8))
_BYTES_USED = next(at for at, field in enumerate(_SUPERBLOCK) if field[0] == "bytes used")


def first_difference(left: Path, right: Path) -> str:
    """"" when both directories hold the same files; else one line about the first difference."""
    names = [sorted(path.name for path in side.iterdir()) for side in (left, right)]
    if names[0] != names[1]:
        return f"files: {names[0]} and {names[1]}"
    # What others are made of comes first: the UKI names the root's hash, the bundle holds both.
    order = [".raw", ".efi", ".quoin", ".json"]
    for name in sorted(names[0], key=lambda name: order.index(Path(name).suffix)):
        offset = _first_byte(left / name, right / name)
        if offset is None:
            continue
        explain = {".efi": _uki, ".raw": _disk, ".quoin": _bundle, ".json": _description}
        return f"{name}: " + explain[Path(name).suffix](left / name, right / name, offset)
    return ""


def _first_byte(left: Path, right: Path, start: int = 0, end: int = 1 << 62) -> int | None:
    with open(left, "rb") as one, open(right, "rb") as other:
        one.seek(start), other.seek(start)
        while start < end:
            blocks = [side.read(min(_BLOCK, end - start)) for side in (one, other)]
            if blocks[0] != blocks[1]:
                pairs = enumerate(zip(*blocks))
                return start + next((at for at, (a, b) in pairs if a != b), min(map(len, blocks)))
            if not blocks[0]:
                break
            start += _BLOCK
    return None


def _description(left: Path, right: Path, _: int) -> str:
    one, other = (json.loads(path.read_text()) for path in (left, right))
    return "field " + next((key for key in sorted({*one, *other}) if one.get(key) != other.get(key)),
                           "order")


def _uki(left: Path, _: Path, offset: int) -> str:
    return _pe_place(left.read_bytes(), offset)


def _pe_place(content: bytes, offset: int) -> str:
    header = int.from_bytes(content[0x3C:0x40], "little")
    count = int.from_bytes(content[header + 6:header + 8], "little")
    table = header + 24 + int.from_bytes(content[header + 20:header + 22], "little")
    for place in range(table, table + 40 * count, 40):
        size, start = struct.unpack_from("<16xII", content, place)
        if start <= offset < start + size:
            name = content[place:place + 8].rstrip(b"\0").decode()
            return f"section {name}: byte {offset - start}"
    return f"PE headers: byte {offset}" if offset < table + 40 * count else f"signature: byte {offset}"


def _bundle(left: Path, right: Path, offset: int) -> str:
    content = left.read_bytes()
    sizes = struct.unpack_from("<16xQQQQ", content)
    start = 64
    if offset < start:
        return f"header: byte {offset}"
    for name, size in zip(("signature", "manifest", "index", "data"), sizes):
        if offset < start + size:
            if name == "manifest":
                other = right.read_bytes()
                try:
                    one, two = (json.loads(side[start:start + size]) for side in (content, other))
                    return "manifest: " + next(key for key in one if one[key] != two.get(key))
                except ValueError:
                    pass
            return f"{name}: byte {offset - start}"
        start += size
    return f"contents table: byte {offset - start}"


def _disk(left: Path, right: Path, first: int) -> str:
    table = json.loads(run(["sfdisk", "--json", left]).output)["partitiontable"]
    sector = table.get("sectorsize", 512)
    places = {number: (place["start"] * sector, (place["start"] + place["size"]) * sector)
              for number, place in enumerate(table["partitions"], 1)}
    for number in sorted(places, key=[2, 1, 3, 4, 5, 6].index):  # the root decides the others
        start, end = places[number]
        offset = _first_byte(left, right, start, end)
        if offset is not None:
            found = {1: _esp, 2: _root}.get(number, lambda *_: "")(left, right, start)
            return f"partition {number} ({_PARTITIONS[number]}): " + (found or f"byte {offset - start}")
    return f"partition table: sector {first // sector}"


def _esp(left: Path, right: Path, start: int) -> str:
    with tempfile.TemporaryDirectory() as scratch:
        sides = [Path(scratch) / name for name in ("left", "right")]
        for side, disk in zip(sides, (left, right)):
            side.mkdir()
            run(["mcopy", "-s", "-n", "-i", f"{disk}@@{start}", "::/*", side])
        files = sorted({path.relative_to(side) for side in sides for path in side.rglob("*")})
        for name in files:
            one, other = (side / name for side in sides)
            if one.exists() != other.exists():
                return f"/{name}: only in one"
            if one.is_file() and one.read_bytes() != other.read_bytes():
                offset = _first_byte(one, other)
                place = _uki(one, other, offset) if name.suffix.lower() == ".efi" else f"byte {offset}"
                return f"/{name}: {place}"
    return ""


def _root(left: Path, right: Path, start: int) -> str:
    with tempfile.TemporaryDirectory() as scratch:
        archives = [_as_tar(disk, start, Path(scratch) / side)
                    for side, disk in (("left", left), ("right", right))]
        try:
            with tarfile.open(archives[0]) as one, tarfile.open(archives[1]) as other:
                found = _entries(one, other)
        except tarfile.TarError:  # one of them is damaged
            found = ""
    return found or _superblock(left, right, start)


def _as_tar(disk: Path, start: int, scratch: Path) -> Path:
    """The squashfs at that byte of a disk. sqfs2tar cannot read it where it lies."""
    image, archive = scratch.with_suffix(".squashfs"), scratch.with_suffix(".tar")
    with open(disk, "rb") as source, open(image, "wb") as target:
        source.seek(start + sum(size for _, size in _SUPERBLOCK[:_BYTES_USED]))
        left = int.from_bytes(source.read(8), "little")
        source.seek(start)
        while left > 0 and (block := source.read(min(left, _BLOCK))):
            target.write(block)
            left -= len(block)
    with open(archive, "wb") as target:
        subprocess.run(["sqfs2tar", "--root-becomes", ".", image], stdout=target,
                       stderr=subprocess.DEVNULL, check=False)
    return archive


def _entries(one: tarfile.TarFile, other: tarfile.TarFile) -> str:
    sides = [{member.name: member for member in archive} for archive in (one, other)]
    for name in sorted({*sides[0], *sides[1]}):
        path = "/" + name.removeprefix(".").removeprefix("/")
        if name not in sides[0] or name not in sides[1]:
            return f"{path}: only in one"
        a, b = (_inode(side[name]) for side in sides)
        for what in a:
            if a[what] != b[what]:
                return f"inode of {path}: {what} {a[what]} and {b[what]}"
    for name, member in sides[0].items():
        if member.isreg() and one.extractfile(member).read() != other.extractfile(sides[1][name]).read():
            return f"content of /{name.removeprefix('./')}"
    return ""


def _inode(member: tarfile.TarInfo) -> dict:
    xattrs = {key.removeprefix("SCHILY.xattr."): value.encode("utf-8", "surrogateescape")
              for key, value in member.pax_headers.items() if key.startswith("SCHILY.xattr.")}
    return {"hard link": member.linkname if member.islnk() else None, "type": member.type,
            "mode": oct(member.mode), "owner": f"{member.uid}:{member.gid}", "size": member.size,
            "device": (member.devmajor, member.devminor), "target": member.linkname,
            "time": int(member.mtime), "extended attributes": xattrs}


def _superblock(left: Path, right: Path, start: int) -> str:
    place = start
    with open(left, "rb") as a, open(right, "rb") as b:
        for field, size in _SUPERBLOCK:
            a.seek(place), b.seek(place)
            if a.read(size) != b.read(size):
                return f"superblock: {field}"
            place += size
    return ""
