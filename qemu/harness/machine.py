# SPDX-License-Identifier: Apache-2.0
"""One virtual PC: q35 with UEFI firmware, a virtio disk, a network that reaches the host's loopback.

Secure Boot is on, with the test ("snakeoil") key that Debian's ovmf package enrols: what is not
signed with it does not start. The disk is a copy, so that the built image stays as it was; copy and
firmware variables live in the machine's directory across power cycles, as in a real PC.
"""

import functools
import os
import shutil
import subprocess
from pathlib import Path
from typing import Callable

from . import processes
from .console import Console, Line
from .qmp import Qmp
from .shell import Shell, connect

FIRMWARE = Path("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd")
FIRMWARE_VARIABLES = Path("/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd")
#: Where a guest in QEMU's user network finds the host's 127.0.0.1.
HOST_AS_SEEN_BY_GUEST = "10.0.2.2"


class Machine:
    """A PC that owns `directory`: disk.raw, vars.fd, console.log and, while it runs, its sockets."""

    def __init__(self, directory: Path, image: Path, memory: str = "1024M",
                 watch: Callable[[Line], None] | None = None, disks: dict[str, Path] | None = None):
        """`disks`: more of them, by serial number, used as they are."""
        self.directory = directory
        self.disk = directory / "disk.raw"
        self.console: Console | None = None
        self.shell: Shell | None = None
        self._memory = memory
        self._watch = watch
        self._disks = disks or {}
        self._qmp: Qmp | None = None
        self._process: subprocess.Popen | None = None
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        processes.run(["cp", "--sparse=always", "--reflink=auto", image, self.disk])
        shutil.copyfile(FIRMWARE_VARIABLES, directory / "vars.fd")

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def power_on(self) -> None:
        """Starts QEMU halted, connects to everything it has to say, and lets it run."""
        for name in ("qmp.sock", "console.sock", "shell.sock"):
            (self.directory / name).unlink(missing_ok=True)
        with open(self.directory / "qemu.log", "ab") as log:
            self._process = processes.start(self._command(), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd=self.directory)
        try:
            self._qmp = Qmp(connect(str(self.directory / "qmp.sock")))
            self.console = Console(connect(str(self.directory / "console.sock")),
                                   lambda: self.running, self._watch)
            self.shell = Shell(connect(str(self.directory / "shell.sock")))
        except OSError as e:
            self.power_cut()
            complaints = (self.directory / "qemu.log").read_text(errors="replace")
            raise processes.CommandFailed(f"cannot start QEMU: {e}\n{complaints}") from e
        self._qmp.execute("cont")

    def power_cut(self) -> None:
        """Pulls the plug: the guest gets no chance to write anything more."""
        for connection in (self._qmp, self.shell):
            if connection:
                connection.close()
        self._qmp = self.shell = None
        if self._process:
            self._process.kill()
            processes.stop(self._process)
            self._process = None

    def reset(self) -> None:
        """The reset button."""
        self._qmp.execute("system_reset")

    def release_shell(self) -> None:
        """Gives the second serial port up, for another program to connect to shell.sock."""
        self.shell.close()
        self.shell = None

    def wait_until_stopped(self) -> None:
        """Returns when the guest has powered itself off."""
        self._process.wait()

    def _disk_arguments(self) -> list[str]:
        return ["-drive", "if=none,id=disk,format=raw,file=disk.raw,discard=unmap",
                "-device", "virtio-blk-pci,drive=disk,bootindex=1"]

    def _command(self) -> list[str]:
        # Names are relative to the machine's directory: a socket's path may not exceed 107 bytes.
        return [
            "qemu-system-x86_64", "-nodefaults", "-display", "none", "-S",
            "-machine", "q35,smm=on", *accelerators(), "-cpu", "max",
            "-smp", "2", "-m", self._memory,
            # The firmware's variables may be written by firmware code (in SMM) only, and that mode
            # does not survive S3: both are what makes Secure Boot hold in QEMU.
            "-global", "ICH9-LPC.disable_s3=1",
            "-global", "driver=cfi.pflash01,property=secure,value=on",
            "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={FIRMWARE}",
            "-drive", "if=pflash,unit=1,format=raw,file=vars.fd",
            *self._disk_arguments(),
            *self._more_disks(),
            "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=",
            "-device", "virtio-rng-pci",
            "-chardev", "socket,id=console,path=console.sock,server=on,wait=off,logfile=console.log,logappend=on",
            "-serial", "chardev:console",
            "-chardev", "socket,id=shell,path=shell.sock,server=on,wait=off",
            "-serial", "chardev:shell",
            "-qmp", "unix:qmp.sock,server=on,wait=off",
        ]

    def _more_disks(self) -> list[str]:
        return [word for name, path in self._disks.items() for word in (
            "-drive", f"if=none,id={name},format=raw,file={path.resolve()}",
            "-device", f"virtio-blk-pci,drive={name},serial={name}")]


@functools.cache
def _kvm_works() -> bool:
    """Asked of QEMU itself: a KVM inside a virtual machine may lack the mode (SMM) that Secure Boot
    needs, or what `-cpu max` sets, and QEMU gives up only when it starts."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    trial = ["qemu-system-x86_64", "-nodefaults", "-display", "none", "-S", "-monitor", "stdio",
             "-machine", "q35,smm=on", "-cpu", "max", "-accel", "kvm"]
    return subprocess.run(trial, input=b"quit\n", capture_output=True, check=False).returncode == 0


def accelerators() -> list[str]:
    return ["-accel", "kvm" if _kvm_works() else "tcg"]


def accelerator() -> str:
    """What runs the guest's code, for people: it decides how long a boot takes."""
    return "KVM" if _kvm_works() else "emulation, without KVM"
