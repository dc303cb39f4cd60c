# SPDX-License-Identifier: Apache-2.0
"""A PC whose disk logs every write and flush (QEMU's blklogwrites, the format of dm-log-writes).

The disk has a volatile write cache, as real ones do, so that the guest flushes; and neither discard
nor write-zeroes, so that all that changes it is plain writes.
"""

from dataclasses import dataclass
from pathlib import Path

from harness import processes
from harness.machine import Machine


@dataclass(frozen=True)
class Position:
    """A place in the log of one power cycle."""

    log: Path
    size: int  # bytes of the log so far


class LoggedMachine(Machine):
    """Begins a new log with each power on: writes-1.log, writes-2.log, …"""

    def __init__(self, directory: Path, image: Path, **options):
        super().__init__(directory, image, **options)
        self.logs: list[Path] = []

    def power_on(self) -> None:
        self.logs.append(self.directory / f"writes-{len(self.logs) + 1}.log")
        self.logs[-1].touch()
        super().power_on()

    def power_cut(self) -> None:
        """As the guest sees it, the plug is pulled; the host first lets what the guest has written
        so far reach the disk's file and the log, so that both tell the same."""
        if self.running and self._qmp:
            self._qmp.execute("stop")
            self._qmp.execute("quit")
            self._process.wait()
        super().power_cut()

    def position(self) -> Position:
        return Position(self.logs[-1], self.logs[-1].stat().st_size)

    def _disk_arguments(self) -> list[str]:
        # What the guest flushes is logged as such; the host need not wait for its own disk.
        leaf = "driver=file,cache.direct=off,cache.no-flush=on"
        return [
            "-blockdev", f"{leaf},node-name=disk-file,filename=disk.raw",
            "-blockdev", f"{leaf},node-name=log-file,filename={self.logs[-1].name}",
            "-blockdev", "driver=blklogwrites,node-name=disk,file=disk-file,log=log-file",
            "-device", "virtio-blk-pci,drive=disk,bootindex=1,write-cache=on,discard=off,"
                       "write-zeroes=off",
        ]
