# SPDX-License-Identifier: Apache-2.0
"""Starts a disk's state in QEMU, up to the line in which early userspace names slot and root hash.

Real firmware with Secure Boot on, the real loader, the real kernel; nothing of the root runs. The
disk is not written: what the guest writes goes to a snapshot that vanishes, so a state may be booted
as often as wanted. Reboots on the way are followed (a slot that cannot be opened burns a try and the
loader moves on); what ends in neither a system nor a reboot is "nothing".
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "qemu"))

from harness import processes
from harness.console import Console, ConsoleTimeout
from harness.machine import FIRMWARE, FIRMWARE_VARIABLES, accelerators

#: Early userspace has opened verity and mounted the root: this system is on the disk, whole enough.
_ROOT_MOUNTED = r"quoin: slot ([ab]), root hash ([0-9a-f]{64})"
#: Firmware that has nothing left to start, a loader without entries, or a confirmed system that cannot.
_DEAD_END = (r"No bootable option or device was found|Press any key to enter the Boot Manager|Shell>|"
             r"No loader found|quoin: .*; this system is confirmed, so no other is tried")
#: One line of early userspace that ends in a reboot.
_GAVE_UP = r"quoin: (.*); rebooting in 10 s"
_PANICKED = r"Kernel panic - not syncing: (.*)"
_NEWS = re.compile(f"{_ROOT_MOUNTED}|{_DEAD_END}|{_GAVE_UP}|{_PANICKED}")

#: A boot that says nothing for so long hangs. Under emulation one that works takes ten seconds alone
#: and several times that on a busy machine.
PATIENCE = 240


@dataclass(frozen=True)
class BootOutcome:
    """What became of power on."""

    slot: str | None  # "a", "b", or None when nothing started
    root_hash: str | None
    failures: list[str]  # boots that ended in a reboot before that, in order: why
    seconds: float

    @property
    def nothing(self) -> bool:
        return self.slot is None


def boot(disk: Path, patience: float = PATIENCE, most_failures: int = 8) -> BootOutcome:
    """Power on with `disk` (raw). Returns when a root is mounted, or when nothing will be: after a
    dead end in the firmware, `most_failures` reboots, or `patience` seconds without any of them."""
    with tempfile.TemporaryDirectory(prefix="quoin-boot-") as scratch:
        machine = _PoweredOn(Path(scratch), disk)
        try:
            return _watch(machine.console, patience, most_failures)
        finally:
            machine.stop()


def _watch(console: Console, patience: float, most_failures: int) -> BootOutcome:
    failures: list[str] = []
    at = 0.0
    while len(failures) <= most_failures:
        try:
            match, line = console.wait_for(_NEWS.pattern, patience)
        except ConsoleTimeout as silence:
            return BootOutcome(None, None, [*failures, str(silence)], at)
        at = line.seconds
        slot, root_hash, gave_up, panicked = match.groups()
        if slot:
            return BootOutcome(slot, root_hash, failures, at)
        failures.append(gave_up or (f"panic: {panicked}" if panicked else line.text))
        if not gave_up and not panicked:
            break
    return BootOutcome(None, None, failures, at)


class _PoweredOn:
    """A running PC without network, whose only way out is its console."""

    def __init__(self, directory: Path, disk: Path):
        shutil.copyfile(FIRMWARE_VARIABLES, directory / "vars.fd")
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = processes.start(
                _command(disk.resolve(), theirs.fileno()), cwd=directory, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=open(directory / "qemu.log", "wb"),
                pass_fds=[theirs.fileno()])
        self._connection = ours
        self.console = Console(ours, lambda: self._process.poll() is None)

    def stop(self) -> None:
        self._process.kill()
        processes.stop(self._process)
        self._connection.close()


def _command(disk: Path, console: int) -> list[str]:
    return [
        "qemu-system-x86_64", "-nodefaults", "-display", "none", "-machine", "q35,smm=on",
        *accelerators(), "-cpu", "max", "-smp", "1", "-m", "512M",
        "-global", "ICH9-LPC.disable_s3=1",
        "-global", "driver=cfi.pflash01,property=secure,value=on",
        "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={FIRMWARE}",
        "-drive", "if=pflash,unit=1,format=raw,file=vars.fd",
        "-drive", f"if=none,id=disk,format=raw,file={disk},snapshot=on,file.locking=off",
        "-device", "virtio-blk-pci,drive=disk,bootindex=1",
        "-device", "virtio-rng-pci",
        "-chardev", f"socket,id=console,fd={console}", "-serial", "chardev:console",
    ]
