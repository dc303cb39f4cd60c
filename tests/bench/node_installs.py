# SPDX-License-Identifier: Apache-2.0
"""The same as installs.py on a running node: RAUC's verity bundle, whose blocks dm-verity checks while
they are read, beside our own, in one QEMU run. Processor time is all that the node spends meanwhile, its
kernel's threads included: that is where dm-verity works."""

import argparse
import shutil
import sys
from pathlib import Path

import newer_qemu
from rauc import Rauc
from releases import BUILD, OUT, node_release, run, squashfs_of, tell
from installs import print_table

from qemu.harness import processes
from qemu.harness.builds import Workshop
from qemu.harness.machine import Machine

ROUNDS = 3
WORK = OUT / "node"
PAYLOAD = "/run/payload"
#: Prints a line's time and the node's processor time before it.
_STAMP = "while read line; do echo \"$(cut -d' ' -f1 /proc/uptime) $(head -n 1 /proc/stat) $line\"; done"
_BUS = "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/bus DBUS_STARTER_BUS_TYPE=session"
_TICKS = 100  # a second, in /proc/stat


def _payload(rauc: Rauc, bundles: list[Path]) -> Path:
    """A file system with everything that is installed."""
    content = WORK / "payload"
    content.mkdir(parents=True)
    for bundle in bundles:
        shutil.copyfile(bundle, content / bundle.name)
    rauc.hand_over(content, PAYLOAD, "/dev/disk/by-id/virtio-")
    size = sum(path.stat().st_size for path in content.iterdir())
    image = WORK / "payload.ext4"
    run("mke2fs", "-q", "-t", "ext4", "-d", content, image, f"{(size * 11 // 10 >> 20) + 64}M")
    return image


def _empty_disk(name: str, size: int) -> Path:
    path = WORK / f"{name}.raw"
    with open(path, "wb") as file:
        file.truncate((size + (1 << 20) - 1) >> 20 << 20)
    return path


class TimedNode:
    """A node that installs, and says when and at what cost."""

    def __init__(self, machine: Machine):
        self._shell = machine.shell

    def check(self, command: str, timeout: float = 60) -> str:
        return self._shell.check(command, timeout)

    def timed(self, command: str) -> list[tuple[float, float, str]]:
        """(seconds of the clock, seconds of the processor, line) for the beginning, every line that the
        command prints and its end."""
        output = self.check(f"({{ echo begin; {command}; echo end $?; }} 2>&1 | {_STAMP})", 1800)
        stamps = []
        for line in output.splitlines():
            fields = line.split(maxsplit=12)
            user, nice, system, _, _, irq, softirq, *_ = map(int, fields[2:12])
            stamps.append((float(fields[0]), (user + nice + system + irq + softirq) / _TICKS,
                           fields[12].strip() if len(fields) > 12 else ""))
        if stamps[-1][2] != "end 0":
            sys.exit(f"'{command}' failed on the node:\n{output}")
        return stamps

    def quoin(self, bundle: str) -> dict[str, float]:
        # Without the slots' indexes nothing is reused.
        for verity in ("/dev/vda3", "/dev/vda5"):
            self.check(f"dd if=/dev/zero of={verity} bs=4096 count=1 conv=notrunc,fsync status=none "
                       f"seek=$(( $(blockdev --getsize64 {verity}) / 4096 - 1 ))")
        stamps = self.timed(f"quoin-agent install --verbose {PAYLOAD}/{bundle}")
        begin = next(i for i, stamp in enumerate(stamps) if stamp[2].endswith("reading back"))
        read_back, after = stamps[begin], stamps[begin + 1]
        return {"wall": stamps[-1][0] - stamps[0][0], "processor": stamps[-1][1] - stamps[0][1],
                "wall of the read-back": after[0] - read_back[0],
                "processor of the read-back": after[1] - read_back[1]}

    def rauc(self) -> dict[str, float]:
        stamps = self.timed(f"{_BUS} rauc install {PAYLOAD}/bench.raucb >/dev/null")
        return {"wall": stamps[-1][0] - stamps[0][0], "processor": stamps[-1][1] - stamps[0][1]}

    def sha256_of_kernel(self) -> str:
        """The kernel's implementation with the highest priority, which is the one it takes."""
        return self.check("awk '/^name/ {n = $3} /^driver/ {d = $3} /^priority/ {if (n == \"sha256\") "
                          "print $3, d}' /proc/crypto | sort -rn | sed 's/^[0-9]* //;q'").strip()

    def start_rauc(self) -> None:
        """Its service on a message bus of its own."""
        self.check("mkdir /run/rauc /run/rauc/mount")
        self.check("systemd-run --quiet dbus-daemon --session --nofork --address=unix:path=/run/bus")
        self.check("until [ -S /run/bus ]; do sleep 0.2; done")
        self.check(f"systemd-run --quiet /usr/bin/env {_BUS} "
                   f"rauc --conf={PAYLOAD}/system.conf --override-boot-slot=A service")
        self.check(f"until {_BUS} rauc status >/dev/null 2>&1; do sleep 0.5; done", 120)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--installed-qemu", action="store_true",
                        help="with the machine's QEMU, though its processor may lack SHA instructions")
    return parser.parse_args()


def main() -> int:
    options = parse()
    processes.stop_on_signals()
    if not options.installed_qemu:
        newer_qemu.put_on_path()
    workshop = Workshop(BUILD, OUT / "node-workshop")  # for keys that QEMU's firmware trusts
    workshop.make_keys()
    running, first, second = (node_release(version, workshop.keys)
                              for version in ("1.0.0", "2.0.0", "3.0.0"))
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    rauc = Rauc(squashfs_of(first), first.uki, "verity")
    payload = _payload(rauc, [first.bundle, second.bundle])
    disks = {"payload": payload,
             "rootfs-1": _empty_disk("rootfs-1", squashfs_of(first).stat().st_size),
             "boot-1": _empty_disk("boot-1", first.uki.stat().st_size),
             "rootfs-0": _empty_disk("rootfs-0", 1 << 20), "boot-0": _empty_disk("boot-0", 1 << 20)}
    machine = Machine(WORK / "machine", running.disk, disks=disks)
    try:
        machine.power_on()
        machine.shell.wait_until_ready(900)
        node = TimedNode(machine)
        node.check("until systemctl show -p SubState --value quoin-health | grep -qE 'exited|failed'; "
                   "do sleep 1; done", 600)
        node.check(f"mkdir {PAYLOAD} && mount -o ro /dev/disk/by-id/virtio-payload {PAYLOAD}")
        node.start_rauc()
        ours, theirs = [], []
        for number in range(ROUNDS):
            print(f"round {number + 1} of {ROUNDS} ...", file=sys.stderr, flush=True)
            ours.append(node.quoin((first, second)[number % 2].bundle.name))
            theirs.append(node.rauc())
        sha256 = node.sha256_of_kernel()
    finally:
        machine.power_cut()
    result = {"sha256 of dm-verity": sha256, "quoin": ours, "rauc": theirs}

    def print_all() -> int:
        print(f"dm-verity's SHA-256 on the node: {sha256}\n")
        return print_table(ours, theirs)

    return tell("node-installs", result, print_all, options.json)


if __name__ == "__main__":
    sys.exit(main())
