# SPDX-License-Identifier: Apache-2.0
"""RAUC as Debian ships it, writing file-backed slots: the peer of a full install."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from releases import OUT, run

WORK = OUT / "rauc"

_SYSTEM = """\
[system]
compatible=bench
bootloader=noop
mountprefix={state}/mount
statusfile={state}/status

[keyring]
path={files}/certificate.pem

[slot.rootfs.0]
device={slots}rootfs-0
type=raw
bootname=A

[slot.rootfs.1]
device={slots}rootfs-1
type=raw
bootname=B

[slot.boot.0]
device={slots}boot-0
type=raw
parent=rootfs.0

[slot.boot.1]
device={slots}boot-1
type=raw
parent=rootfs.1
"""

_MANIFEST = """\
[update]
compatible=bench
version=1

[bundle]
format={format}

[image.rootfs]
filename=rootfs.img

[image.boot]
filename=boot.img
"""


class Rauc:
    """A bundle of a root and a boot image, and a service that installs it."""

    def __init__(self, root: Path, boot: Path, bundle_format: str = "plain"):
        shutil.rmtree(WORK, ignore_errors=True)
        content = WORK / "content"
        content.mkdir(parents=True)
        (WORK / "mount").mkdir()
        shutil.copyfile(root, content / "rootfs.img")
        shutil.copyfile(boot, content / "boot.img")
        (content / "manifest.raucm").write_text(_MANIFEST.format(format=bundle_format))
        (WORK / "system.conf").write_text(
            _SYSTEM.format(state=WORK, files=WORK, slots=f"{WORK}/"))
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
            "-subj", "/CN=bench", "-keyout", WORK / "key.pem", "-out", WORK / "certificate.pem")
        self.bundle = WORK / "bench.raucb"
        run("rauc", "bundle", f"--cert={WORK}/certificate.pem", f"--key={WORK}/key.pem",
            content, self.bundle)
        shutil.rmtree(content)
        self._sizes = {"rootfs": root.stat().st_size, "boot": boot.stat().st_size}

    def hand_over(self, directory: Path, as_seen_there: str, slots: str) -> None:
        """Puts all that a service elsewhere needs into a directory, which it will see at another place,
        with its slots at paths that begin with `slots`."""
        shutil.move(self.bundle, directory)
        shutil.copy(WORK / "certificate.pem", directory)
        (directory / "system.conf").write_text(
            _SYSTEM.format(state="/run/rauc", files=as_seen_there, slots=slots))

    def install(self) -> tuple[float, float]:
        """Seconds on the clock and of processor time, of client and service, into empty slots. The
        service's start does not count."""
        for name, size in self._sizes.items():
            for number in (0, 1):
                path = WORK / f"{name}-{number}"
                path.unlink(missing_ok=True)
                with open(path, "wb") as file:
                    file.truncate(size)
        bus = _Bus()
        environment = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": bus.address,
                       "DBUS_STARTER_BUS_TYPE": "session"}
        service = subprocess.Popen(
            ["rauc", f"--conf={WORK}/system.conf", "--override-boot-slot=A", "service"],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(WORK / "service.log", "wb"))
        try:
            _wait_for_service(environment)
            before = processor_seconds(service.pid)
            started = time.monotonic()
            client = subprocess.Popen(["rauc", "install", self.bundle], env=environment,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(client.pid, 0)
            client.returncode = os.waitstatus_to_exitcode(status)
            wall = time.monotonic() - started
            if client.returncode != 0:
                raise SystemExit("rauc install failed:\n" + (WORK / "service.log").read_text())
            own = processor_seconds(service.pid) - before
            return wall, own + usage.ru_utime + usage.ru_stime
        finally:
            service.terminate()
            service.wait()
            bus.stop()

    def written(self, name: str) -> Path:
        return WORK / f"{name}-1"


class _Bus:
    def __init__(self):
        self._process = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--print-address"],
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.address = self._process.stdout.readline().strip()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


def _wait_for_service(environment: dict) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if subprocess.run(["rauc", "status"], env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise SystemExit("RAUC's service does not answer:\n" + (WORK / "service.log").read_text())


def processor_seconds(process: int) -> float:
    """Of a process, its threads and the children that it has waited for."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
