# SPDX-License-Identifier: Apache-2.0
"""A machine that runs one of our images: which release each boot was, and what its agent says."""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from .console import Line
from .machine import Machine
from .shell import ShellError

# The signed command line names the root hash, and with it the release: the kernel prints it first.
_KERNEL_STARTS = re.compile(r"\] Command line: .*\broothash=([0-9a-f]{64})")
# What early userspace says once the verified root is mounted.
_ROOT_MOUNTED = re.compile(r"quoin: slot ([ab]), root hash ([0-9a-f]{64}).*, ([\d.]+) s after kernel start")
_SYSTEM_UP = re.compile(r"Reached target .*multi-user\.target")
_FAREWELL = re.compile(r"Kernel panic - not syncing|device-mapper: verity: .* is corrupted|"
                       r"reboot: Restarting system")
#: The kernel's last words before the firmware has the machine.
_LEFT_TO_FIRMWARE = re.compile(r"reboot: machine restart|Rebooting in \d+ seconds")
#: Emulated on two busy cores the firmware takes half a minute to its first line.
_LONGEST_SILENCE_OF_FIRMWARE = 150.0


class NotObserved(Exception):
    """The node did not do what the story needs."""


@dataclass
class Boot:
    """One start of a kernel, as the console showed it."""

    version: str
    kernel_at: float  # seconds since power on
    slot: str | None = None
    root_mounted_after: float | None = None  # seconds after the kernel started
    system_up_at: float | None = None  # seconds since power on
    ended_by: str | None = None


@dataclass
class Install:
    """What `quoin-agent install --json` reported."""

    report: dict

    @property
    def fetched(self) -> int:
        return self.report["bytes_fetched"]

    @property
    def whole(self) -> int:
        return self.report["bytes_total"]


class Node:
    """`versions` maps root hashes to releases; `watch` hears every console line; `kind` is the class
    of its machine."""

    def __init__(self, directory: Path, image, versions: dict[str, str],
                 watch: Callable[[Line], None] | None = None, kind: type[Machine] = Machine):
        self._versions = versions
        self._outer_watch = watch
        self.boots: list[Boot] = []
        self.machine = kind(directory, image.disk, watch=self._watch)

    def power_on(self) -> None:
        self.machine.power_on()

    def wait_for_boot(self, number: int, timeout: float = 600) -> Boot:
        """The boot with that number, 1 being the first after power on; returns when its kernel
        starts."""
        self._wait(lambda: len(self.boots) >= number, f"boot {number} of the node", timeout)
        return self.boots[number - 1]

    def wait_for_root(self, number: int, timeout: float = 600) -> Boot:
        """The same, but returns when early userspace has mounted the root."""
        boot = self.wait_for_boot(number, timeout)
        self._wait(lambda: boot.root_mounted_after is not None, f"the root of boot {number}", timeout)
        return boot

    def wait_until_up(self, version: str, timeout: float = 600) -> Boot:
        """Returns when the release runs and answers on its shell; fails at once when another one
        came up instead."""
        self.machine.shell.wait_until_ready(timeout)
        boot = self.boots[-1]
        if boot.version != version:
            raise NotObserved(f"the node came up with {boot.version} instead of {version}")
        return boot

    def status(self) -> dict:
        return json.loads(self.machine.shell.check("quoin-agent status --json", 30))

    def wait_for_status(self, predicate: Callable[[dict], bool], what: str,
                        timeout: float = 600) -> dict:
        """The first status that satisfies the predicate. The node may reboot meanwhile."""
        last: dict = {}

        def satisfied() -> bool:
            nonlocal last
            try:
                self.machine.shell.wait_until_ready(30)
                last = self.status()
            except (ShellError, json.JSONDecodeError):
                return False  # it is rebooting, or just about to
            return predicate(last)

        try:
            self._wait(satisfied, what, timeout)
        except NotObserved as e:
            raise NotObserved(f"{e}\n  the last status: {json.dumps(last)}") from None
        return last

    def install(self, url: str, timeout: float = 1200) -> Install:
        output = self.machine.shell.check(f"quoin-agent install --json {url}", timeout)
        return Install(json.loads(output.strip().splitlines()[-1]))

    def reboot(self) -> None:
        self.machine.shell.send("systemctl reboot")

    def secure_boot(self) -> bool:
        """What the running kernel sees in the firmware's SecureBoot variable."""
        variable = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
        # Four bytes of attributes, then the value.
        return self.machine.shell.check(f"od -An -tu1 -j4 -N1 {variable}").strip() == "1"

    def stop(self) -> None:
        self.machine.power_cut()

    def _wait(self, condition: Callable[[], bool], what: str, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            if not self.machine.running:
                raise NotObserved(f"the machine stopped while waiting for {what}")
            self._free_firmware()
            if time.monotonic() > deadline:
                raise NotObserved(f"{what} was not seen within {timeout:.0f} s; the console's last "
                                  f"lines:\n{self.machine.console.tail()}")
            time.sleep(0.5)

    def _free_firmware(self) -> None:
        """Presses the reset button when the firmware has not said a word for long: with several
        processors and SMM, which Secure Boot needs, it hangs now and then in an emulator. Nothing of
        ours is hidden by that: the firmware says so when it starts a boot loader."""
        console = self.machine.console
        if console.silence() < _LONGEST_SILENCE_OF_FIRMWARE:
            return
        if not console.lines or _LEFT_TO_FIRMWARE.search(console.lines[-1].text):
            self.machine.reset()
            console.note("the firmware hangs: the harness pressed the reset button")

    def _version_of(self, root_hash: str) -> str:
        return self._versions.get(root_hash, f"an unknown root {root_hash}")

    def _watch(self, line: Line) -> None:
        if match := _KERNEL_STARTS.search(line.text):
            self.boots.append(Boot(self._version_of(match[1]), line.seconds))
        elif match := _ROOT_MOUNTED.search(line.text):
            slot, version, after = match[1], self._version_of(match[2]), float(match[3])
            # The kernel's first lines share the console with the firmware's last ones and may be
            # spoilt by them; then this line tells of the boot.
            if not self.boots or self.boots[-1].root_mounted_after is not None:
                self.boots.append(Boot(version, line.seconds - after))
            self.boots[-1].slot = slot
            self.boots[-1].root_mounted_after = after
        elif self.boots and _SYSTEM_UP.search(line.text):
            self.boots[-1].system_up_at = self.boots[-1].system_up_at or line.seconds
        elif self.boots and (match := _FAREWELL.search(line.text)):
            self.boots[-1].ended_by = self.boots[-1].ended_by or match[0]
        if self._outer_watch:
            self._outer_watch(line)


def slot_of(status: dict, version: str) -> dict | None:
    """The slot that holds a release, in a status."""
    return next((slot for slot in status["slots"] if slot["version"] == version), None)


def booted_slot(status: dict) -> dict | None:
    return next((slot for slot in status["slots"] if slot["name"] == status["booted"]), None)
