# SPDX-License-Identifier: Apache-2.0
"""What others would fetch for the same pair of images."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from releases import OUT, run

BLOCK = 4096
HASH = 32


@dataclass(frozen=True)
class Fetched:
    bytes: int
    requests: int


def casync(old: Path, new: Path) -> Fetched:
    """casync's chunks of 64 KiB on average: compressed as in its store, a request each; the new image's
    index comes with them. The old image's chunks cost nothing."""
    work = OUT / "casync"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)

    def chunks(image: Path, name: str) -> dict[str, int]:
        store = work / f"{name}.castr"
        run("casync", "make", "--chunk-size=65536", f"--store={store}", work / f"{name}.caibx", image)
        return {path.name: path.stat().st_size for path in store.rglob("*.cacnk")}

    known, wanted = chunks(old, "old"), chunks(new, "new")
    missing = wanted.keys() - known.keys()
    index = (work / "new.caibx").stat().st_size
    shutil.rmtree(work)
    return Fetched(index + sum(wanted[name] for name in missing), 1 + len(missing))


def fixed_blocks(old: Path, new: Path) -> Fetched:
    """RAUC's adaptive update as its documentation has it: blocks of 4 KiB found by SHA-256 anywhere in
    the old image; an index of the new image's hashes; a request for each run of missing blocks."""
    def hashes(image: Path) -> list[bytes]:
        with open(image, "rb") as file:
            return [hashlib.sha256(block).digest() for block in iter(lambda: file.read(BLOCK), b"")]

    known = set(hashes(old))
    wanted = hashes(new)
    missing = [block not in known for block in wanted]
    runs = sum(now and not before for before, now in zip([False, *missing], missing))
    return Fetched(len(wanted) * HASH + sum(missing) * BLOCK, 1 + runs)
