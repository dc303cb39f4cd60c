# SPDX-License-Identifier: Apache-2.0
"""Peak memory of `quoin build` for roots of extreme shape: one very large file, very many small ones.
The archives come compressed, so that they take no room."""

import io
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

from builds import PEAK_MEMORY, WORK, timed
from releases import BUILD, keys

from synthetic_root import SyntheticRoot, write_recipe  # tests/support

LARGE = 4 << 30
SMALL_FILES = 100_000


class _Pieces:
    """A file whose pieces all differ and all compress well: no holes, no duplicates."""

    def __init__(self):
        self._number = 0

    def read(self, wanted: int) -> bytes:
        self._number += 1
        return (self._number.to_bytes(8, "big") * (wanted // 8 + 1))[:wanted]


def _one_large_file(archive: tarfile.TarFile) -> None:
    entry = tarfile.TarInfo("usr/share/large")
    entry.size = LARGE
    archive.addfile(entry, _Pieces())


def _many_small_files(archive: tarfile.TarFile) -> None:
    for number in range(SMALL_FILES):
        content = b"%d" % number
        entry = tarfile.TarInfo(f"usr/share/{number // 1000}/file-{number}")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))


CASES: dict[str, Callable[[tarfile.TarFile], None]] = {
    f"one file of {LARGE >> 30} GiB": _one_large_file,
    f"{SMALL_FILES:,} small files": _many_small_files,
}


def _write_archive(path: Path, add: Callable[[tarfile.TarFile], None]) -> None:
    with subprocess.Popen(["zstd", "-q", "-1", "-f", "-o", path], stdin=subprocess.PIPE) as squeeze:
        with tarfile.open(fileobj=squeeze.stdin, mode="w|", format=tarfile.PAX_FORMAT) as archive:
            for entry, content in SyntheticRoot().entries:
                archive.addfile(entry, io.BytesIO(content))
            add(archive)
        squeeze.stdin.close()
    if squeeze.returncode != 0:
        sys.exit("zstd failed")


def _peak(add: Callable[[tarfile.TarFile], None]) -> int:
    """Bytes, of the builder or a program that it runs."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    tar = WORK / "root.tar.zst"
    _write_archive(tar, add)
    recipe = write_recipe(WORK, "1.0.0", f'tar = "{tar}"')
    return timed(BUILD / "builder/quoin", "build", recipe, "-o", WORK / "built", "--keys", keys(),
                 "--cache", WORK / "cache", "--quiet").peak


def main() -> int:
    peaks = {name: _peak(add) for name, add in CASES.items()}
    if "--json" in sys.argv:
        print(json.dumps(peaks, indent=2))
    else:
        for name, peak in peaks.items():
            print(f"{name:28}{peak >> 20:6} MiB   target {PEAK_MEMORY >> 20}   "
                  f"{'ok' if peak <= PEAK_MEMORY else 'MISSED'}")
    return 1 if max(peaks.values()) > PEAK_MEMORY else 0


if __name__ == "__main__":
    sys.exit(main())
