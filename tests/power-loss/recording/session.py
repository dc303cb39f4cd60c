# SPDX-License-Identifier: Apache-2.0
"""The recorded node's life: each step is watched, and where one scenario ends the log's place is
noted while the node holds still.

Every boot waits before its health gate (held-gate.service) until the host lets go, so that what
comes before the verdict and what comes with it are different scenarios.
"""

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.builds import REPOSITORY, Image, Workshop
from harness.narrator import Narrator
from harness.node import Node, slot_of
from harness.story import Story, bundle_url, require
from harness.web import WebServer

from . import split
from .machine import LoggedMachine, Position
from .recording import SCENARIOS, Recording
from .releases import NEXT, OUT, RELEASES, in_play, workshop

RECORDINGS = OUT / "recordings"
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Boundary:
    """`scenario` begins here; None: what follows is not a scenario of its own."""

    scenario: str | None
    at: Position


class Session:
    """A node from its first power on to the last boundary."""

    def __init__(self, images: dict[str, Image], web: WebServer, narrator: Narrator):
        versions = {image.root_hash: version for version, image in images.items()}
        self._images = images
        self._web = web
        self.node = Node(OUT / "node", images["1.0.0"], versions, kind=LoggedMachine)
        self._story = Story(self.node, web, narrator)
        self._narrator = narrator
        self.boundaries: list[Boundary] = []

    def live(self) -> None:
        """All scenarios, in the order of SCENARIOS."""
        self.node.power_on()
        self._begin("first-boot")
        self._wait_for_held_gate("1.0.0")
        self._open_gate()

        self._begin("install")  # and arming, which the splitter finds
        self._install("2.0.0")
        self._begin("try-boot")
        self.node.reboot()
        self._wait_for_held_gate("2.0.0")
        self._begin("confirm")
        self._open_gate()
        self._require_state("2.0.0", "confirmed")

        self._begin("install-over-old")
        self._install("3.0.0")
        self._begin("rollback")
        self.node.reboot()
        self._wait_for_held_gate("3.0.0")
        self._shell.send("touch /run/gate-may-open")
        self._wait_for_held_gate("2.0.0")
        self._begin("quarantine")
        self._open_gate()
        self._require_state("3.0.0", "bad")
        require(len(self.node.status()["quarantine"]) == 1, "3.0.0 is not quarantined")

        self._begin(None)
        self._interrupt_install("4.0.0")
        self._begin("install-over-interrupted")
        self._install("4.0.0")
        self._begin("power-cut-in-try")
        self.node.reboot()
        self._wait_for_held_gate("4.0.0")
        self.node.machine.power_cut()
        self.node.power_on()
        self._wait_for_held_gate("2.0.0")
        self._begin("fresh-tries")
        self._open_gate()
        self._require_state("4.0.0", "armed")
        require(len(self.node.status()["quarantine"]) == 1, "4.0.0 is quarantined")
        self._begin(None)
        self.node.stop()

    @property
    def _shell(self):
        return self.node.machine.shell

    def _begin(self, scenario: str | None) -> None:
        """What has happened until now is on the medium, and belongs to the scenario before."""
        if self.boundaries:
            self._shell.check("sync", 120)
        self.boundaries.append(Boundary(scenario, self.node.machine.position()))
        self._narrator.event(f"{scenario or 'between scenarios'}: the log holds "
                             f"{self.boundaries[-1].at.size >> 20} MiB")

    def _wait_for_held_gate(self, version: str) -> None:
        number = len(self.node.boots)
        running = {boot.version for boot in self.node.boots[-1:]}
        if running != {version}:
            self.node.wait_for_boot(number + 1)
        self.node.wait_until_up(version)
        self._shell.check("until systemctl is-active -q systemd-networkd; do sleep 0.2; done", 300)

    def _open_gate(self) -> None:
        self._shell.check("touch /run/gate-may-open")
        self._story.wait_for_gate()

    def _install(self, version: str) -> None:
        self._story.install(self._images[version])

    def _interrupt_install(self, version: str) -> None:
        """Kills the agent while it writes the boot image: the slot is whole, its UKI is not."""
        url = bundle_url(self._web, self._images[version])
        self._shell.check(
            f"quoin-agent --verbose install {url} 2>/run/steps & agent=$!; "
            "until grep -q 'writing the boot image' /run/steps; do sleep 0.05; done; "
            "sleep 0.2; kill -KILL $agent; ! wait $agent", 300)
        self._require_state(version, None)

    def _require_state(self, version: str, state: str | None) -> None:
        slot = slot_of(self.node.status(), version)
        found = slot["state"] if slot else None
        require(found == state, f"{version} is {found}, not {state}")


def make_recordings(build: Path = REPOSITORY / "build") -> dict[str, Recording]:
    """All recordings, from the cache when nothing changed."""
    shop = workshop(build)
    shop.compile_quoin()
    shop.make_keys()
    images = {version: shop.image(version)[0] for version in RELEASES}
    stamp = RECORDINGS / "made-of"
    made_of = _fingerprint(shop)
    if not stamp.exists() or stamp.read_text() != made_of:
        shutil.rmtree(RECORDINGS, ignore_errors=True)
        RECORDINGS.mkdir(parents=True)
        _record(shop, images)
        stamp.write_text(made_of)
    return {name: Recording.read(RECORDINGS / name) for name in SCENARIOS}


def _record(shop: Workshop, images: dict[str, Image]) -> None:
    web = WebServer(shop.images, OUT / "web")
    with open(OUT / "recording.log", "w", encoding="utf-8") as stream:
        session = Session(images, web, Narrator(stream=stream))
        try:
            session.live()
        finally:
            session.node.stop()
            web.stop()
    _split(shop, images, session)
    shutil.rmtree(session.node.machine.directory)


def _split(shop: Workshop, images: dict[str, Image], session: Session) -> None:
    machine = session.node.machine
    logs = {log: list(split.read_entries(log)) for log in machine.logs}
    disk = split.Disk(images["1.0.0"].disk, OUT / "replayed.raw")
    for begin, end in zip(session.boundaries, session.boundaries[1:]):
        parts = _parts_between(machine.logs, logs, begin.at, end.at)
        if begin.scenario == "install":
            (log, entries), = parts
            middle = split.where_arming_begins(entries, 0, len(entries))
            _save(shop, images, "install", disk, [(log, entries[:middle])])
            _save(shop, images, "arming", disk, [(log, entries[middle:])])
        else:
            _save(shop, images, begin.scenario, disk, parts)
    last = session.boundaries[-1].at
    disk.apply(last.log, logs[last.log][split.behind_last_flush(logs[last.log], last.size):])
    require(disk.equals(machine.disk), "the log does not lead to the disk that QEMU left")
    (OUT / "replayed.raw").unlink()


def _parts_between(order: list[Path], logs: dict[Path, list[split.Entry]], begin: Position,
                   end: Position) -> list[tuple[Path, list[split.Entry]]]:
    parts = []
    for log in order[order.index(begin.log):order.index(end.log) + 1]:
        entries = logs[log]
        first = split.behind_last_flush(entries, begin.size) if log == begin.log else 0
        last = split.behind_last_flush(entries, end.size) if log == end.log else len(entries)
        parts.append((log, entries[first:last]))
    return parts


def _save(shop: Workshop, images: dict[str, Image], name: str | None, disk: split.Disk,
          parts: list[tuple[Path, list[split.Entry]]]) -> None:
    """Writes the scenario's directory, and takes the disk to the scenario's end."""
    if name:
        directory = RECORDINGS / name
        directory.mkdir()
        disk.save(directory / "before.raw")
        split.write_log(directory / "writes.log", parts)
        _describe(shop, images, name)
    for log, entries in parts:
        disk.apply(log, entries)


def _describe(shop: Workshop, images: dict[str, Image], name: str) -> None:
    directory = RECORDINGS / name
    scenario = SCENARIOS[name]

    def relative(path: Path) -> str:
        return os.path.relpath(path, directory)

    releases = [asdict(in_play(shop.quoin, image, scenario.old, scenario.new))
                for version, image in images.items() if version != NEXT]
    for release in releases:
        release["bundle"] = relative(release["bundle"])
    (directory / "releases.json").write_text(json.dumps({
        "scenario": name, "about": scenario.about,
        "certificate": relative(shop.keys / "secure-boot.crt"),
        "trust": relative(shop.keys / "signing.pub"),
        "next_bundle": relative(images[NEXT].bundle), "releases": releases}, indent=2) + "\n")


def _fingerprint(shop: Workshop) -> str:
    """Of the images and of all that decides what happens to them."""
    sources = [*sorted(shop.images.glob("*.made-of")), *sorted(HERE.glob("*.py")),
               *sorted((REPOSITORY / "qemu/harness").glob("*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
