# SPDX-License-Identifier: Apache-2.0
"""Peak memory of `quoin build` for the largest roots that it accepts: in entries, attributes and
blocks all that there may be (docs/man/quoin-recipe.5), in bytes what can be built in a few minutes.
The archives come compressed, so that they take no room."""

import io
import json
import random
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from builds import PEAK_MEMORY, TAR, WORK, make_root, timed
from releases import BUILD, keys

from synthetic_root import SyntheticRoot, write_recipe  # tests/support

ENTRIES = 400_000
ATTRIBUTES = 200_000  # each of a file of its own, and they count as entries
BLOCKS = 65_536
LARGEST = 64 << 30
OWN = 1_000  # what the synthetic root, the package lists, directories and tables need of it all

ENTRIES_OF_A_PACKAGE = 1_000
DIRECTORIES_OF_A_PACKAGE = 20  # and the one that these are in; implied, and they count as entries
#: The compressor takes most memory with these.
DEAREST = 'compression_level = 22\nblock_size = "1M"'
#: Noise does not get smaller in any, and there are hours of it.
FASTEST = 'compression_level = 1\nblock_size = "1M"'


class _Pieces:
    """A file whose pieces all differ and all compress well: no holes, no duplicates."""

    def __init__(self):
        self._number = 0

    def read(self, wanted: int) -> bytes:
        self._number += 1
        return (self._number.to_bytes(8, "big") * (wanted // 8 + 1))[:wanted]


class _Noise:
    """A file that compresses to nothing smaller."""

    def read(self, wanted: int) -> bytes:
        return random.randbytes(wanted)


def _add_file(archive: tarfile.TarFile, name: str, content: bytes, attribute: str = "") -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    if attribute:
        entry.pax_headers["SCHILY.xattr.user.label"] = attribute
    archive.addfile(entry, io.BytesIO(content))
    archive.members.clear()  # else this process grows, and with its size a child's peak begins


def _add_large_file(archive: tarfile.TarFile, size: int, content: _Pieces | _Noise) -> None:
    _add_synthetic_root(archive)
    entry = tarfile.TarInfo("usr/share/large")
    entry.size = size
    archive.addfile(entry, content)


def _add_synthetic_root(archive: tarfile.TarFile) -> None:
    for entry, content in SyntheticRoot().entries:
        archive.addfile(entry, io.BytesIO(content))


def _add_packages(archive: tarfile.TarFile, entries: int) -> None:
    """All in package lists, with names of the length that Python's have."""
    files = ENTRIES_OF_A_PACKAGE - 1 - DIRECTORIES_OF_A_PACKAGE - 1  # without the list of them
    for package in range(entries // ENTRIES_OF_A_PACKAGE):
        names = [f"usr/lib/python3/dist-packages/package_{package}/"
                 f"part_{number % DIRECTORIES_OF_A_PACKAGE}/module_{number}.py"
                 for number in range(files)]
        for number, name in enumerate(names):
            _add_file(archive, name, b"%d %d" % (package, number))
        _add_file(archive, f"var/lib/dpkg/info/package-{package}.list",
                  "".join(f"/{name}\n" for name in names).encode())


def _files_of_packages(archive: tarfile.TarFile) -> None:
    _add_synthetic_root(archive)
    _add_packages(archive, ENTRIES - OWN)


def _files_beside_debian(archive: tarfile.TarFile) -> None:
    """With a real kernel and its modules, which are in memory at the same time."""
    make_root()
    left = ENTRIES - OWN
    with tarfile.open(TAR) as debian:
        for entry in debian:
            archive.addfile(entry, debian.extractfile(entry) if entry.isreg() else None)
            left -= 1 + sum(key.startswith("SCHILY.xattr.") for key in entry.pax_headers)
    _add_packages(archive, left)


def _attributed_files(archive: tarfile.TarFile) -> None:
    _add_synthetic_root(archive)
    for number in range(ATTRIBUTES - OWN):
        _add_file(archive, f"usr/share/{number // 1000}/file-{number}", b"%d" % number,
                  attribute=f"label of {number:40}")


def _many_blocks(archive: tarfile.TarFile) -> None:
    _add_large_file(archive, (BLOCKS - OWN) << 12, _Pieces())


def _noise(gibibytes: int) -> Callable[[tarfile.TarFile], None]:
    return lambda archive: _add_large_file(archive, gibibytes << 30, _Noise())


@dataclass(frozen=True)
class Case:
    add: Callable[[tarfile.TarFile], None]
    settings: str


FEW_BYTES, MANY_BYTES = 1, 3  # GiB

CASES: dict[str, Case] = {
    f"{ENTRIES:,} entries, of packages": Case(_files_of_packages, DEAREST),
    f"{ENTRIES:,} entries, Debian's kernel": Case(_files_beside_debian, FASTEST),
    f"{ATTRIBUTES:,} different attributes": Case(_attributed_files, DEAREST),
    f"{BLOCKS:,} blocks": Case(_many_blocks, 'block_size = "4K"'),
    f"{FEW_BYTES} GiB of noise": Case(_noise(FEW_BYTES), FASTEST),
    f"{MANY_BYTES} GiB of noise": Case(_noise(MANY_BYTES), FASTEST),
}
EXTRAPOLATED = f"{LARGEST >> 30} GiB of noise, by these two"


def _write_archive(path: Path, add: Callable[[tarfile.TarFile], None]) -> None:
    with subprocess.Popen(["zstd", "-q", "-1", "-f", "-o", path], stdin=subprocess.PIPE) as squeeze:
        with tarfile.open(fileobj=squeeze.stdin, mode="w|", format=tarfile.PAX_FORMAT) as archive:
            add(archive)
        squeeze.stdin.close()
    if squeeze.returncode != 0:
        sys.exit("zstd failed")


def _peak(case: Case) -> int:
    """Bytes, of the builder or a program that it runs."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    tar = WORK / "root.tar.zst"
    _write_archive(tar, case.add)
    recipe = write_recipe(WORK, "1.0.0", f'tar = "{tar}"\n{case.settings}')
    return timed(BUILD / "builder/quoin", "build", recipe, "-o", WORK / "built", "--keys", keys(),
                 "--cache", WORK / "cache", "--quiet").peak


def _extrapolated(peaks: dict[str, int]) -> int:
    """What grows with the bytes, if anything does, grows evenly."""
    few, many = peaks[f"{FEW_BYTES} GiB of noise"], peaks[f"{MANY_BYTES} GiB of noise"]
    growth = max(0, many - few) / (MANY_BYTES - FEW_BYTES)
    return int(many + growth * ((LARGEST >> 30) - MANY_BYTES))


def main() -> int:
    peaks = {name: _peak(case) for name, case in CASES.items()}
    peaks[EXTRAPOLATED] = _extrapolated(peaks)
    if "--json" in sys.argv:
        print(json.dumps(peaks, indent=2))
    else:
        for name, peak in peaks.items():
            print(f"{name:36}{peak >> 20:6} MiB   target {PEAK_MEMORY >> 20}   "
                  f"{'ok' if peak <= PEAK_MEMORY else 'MISSED'}")
    return 1 if max(peaks.values()) > PEAK_MEMORY else 0


if __name__ == "__main__":
    sys.exit(main())
