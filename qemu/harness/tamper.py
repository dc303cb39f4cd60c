# SPDX-License-Identifier: Apache-2.0
"""Changes a node's disk behind its back, as a failing medium or a hand with a soldering iron would."""

import json
import re
from pathlib import Path

from . import processes

SECTOR = 512


def partition(disk: Path, slot: str) -> tuple[int, int]:
    """Offset and size, in bytes, of a slot's root partition."""
    table = json.loads(processes.run(["sfdisk", "--json", disk]))["partitiontable"]
    place = table["partitions"][{"a": 1, "b": 3}[slot]]
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
