# SPDX-License-Identifier: Apache-2.0
"""What the node can still do in a state: read its data partition, and install the next release.

Both use real programs on a copy of the state: e2fsck as early userspace runs it, and the agent itself,
which works on the image file, with the ESP's files and its own state copied out of it.
"""

import json
import subprocess
import tempfile
from pathlib import Path

from campaign import Scene, save_state
from model import partitions
from model.fat import Fat
from model.power_on import EspContent, PowerOn, program_of
from replay.cuts import Cut
from replay.disk import Disk

_STATE = "/persist/var/lib/quoin/state.json"
_DONE, _NOTHING_TO_DO = 0, 4


def data_problem(disk: Disk, place: tuple[int, int], directory: Path) -> tuple[str | None, bytes]:
    """What is wrong with the data partition after its journal was replayed, and the agent's state."""
    image = directory / "data.raw"
    disk.save_part(image, *place)
    checked = subprocess.run(["e2fsck", "-p", "-f", str(image)], capture_output=True, text=True,
                             check=False)
    if checked.returncode not in (0, 1):  # whole, or mended without a question
        return f"e2fsck: {checked.stdout.strip()}{checked.stderr.strip()}", b""
    state = subprocess.run(["debugfs", "-R", f"cat {_STATE}", str(image)], capture_output=True,
                           check=False).stdout
    if state:
        try:
            json.loads(state)
        except ValueError as damage:
            return f"'{_STATE}' is damaged: {damage}", b""
    return None, state


class NextInstall:
    """The real agent on states of one scene."""

    def __init__(self, scene: Scene, agent: Path, trust: Path, bundle: Path):
        self._scene = scene
        self._agent = agent
        self._trust = trust
        self._bundle = bundle

    def problem_after(self, cut: Cut) -> str | None:
        """Confirms what runs, as its health gate would, and installs; nothing where that leads to a
        node that starts the new release."""
        with tempfile.TemporaryDirectory(prefix="quoin-cut-") as scratch:
            directory = Path(scratch)
            disk = save_state(self._scene, cut, directory / "disk.raw")
            power_on = PowerOn.over(disk, self._scene.certificate)
            seen = power_on.observe()
            if seen.outcome.dead:
                return None  # judged elsewhere
            tables = partitions.read_tables(disk)
            self._copy_esp(disk, tables, directory / "esp")
            self._copy_state(disk, seen.data, directory)
            if seen.listed[0].entry.left is not None:
                confirmed = self._run(directory, "confirm")
                if confirmed.returncode not in (_DONE, _NOTHING_TO_DO):
                    return f"confirm: {confirmed.stderr.strip()}"
            installed = self._run(directory, "install", "--json", self._bundle, "--trust",
                                  self._trust)
            if installed.returncode != _DONE:
                return f"install: {installed.stderr.strip()}"
            wanted = json.loads(installed.stdout.splitlines()[-1])["root_hash"]
            return self._next_boot_problem(directory, wanted)

    def _run(self, directory: Path, *words) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(self._agent), *map(str, words), "--disk", str(directory / "disk.raw"), "--esp",
             str(directory / "esp"), "--state", str(directory / "state")],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    @staticmethod
    def _copy_esp(disk: Disk, tables: partitions.Tables, target: Path) -> None:
        esp = tables.for_firmware.of_type(partitions.ESP_TYPE)
        fat = Fat(disk, esp.start, esp.size)
        (target / "EFI/Linux").mkdir(parents=True)
        for record in fat.records_in("/EFI/Linux"):
            if not record.is_directory:
                (target / "EFI/Linux" / record.name).write_bytes(fat.beginning(record))

    @staticmethod
    def _copy_state(disk: Disk, place: tuple[int, int] | None, directory: Path) -> None:
        (directory / "state").mkdir()
        if place:
            _, state = data_problem(disk, place, directory)
            if state:
                (directory / "state/state.json").write_bytes(state)

    def _next_boot_problem(self, directory: Path, wanted: str) -> str | None:
        disk = Disk(directory / "disk.raw")
        power_on = PowerOn.over(disk, self._scene.certificate)
        files = {path.name: program_of(path.read_bytes(), power_on.signatures)[0]
                 for path in (directory / "esp/EFI/Linux").iterdir()}
        outcome = power_on.choose(EspContent(files, True), partitions.read_tables(disk),
                                  None).outcome
        if outcome.root_hash != wanted or outcome.failures:
            return f"after the install the next boot is {outcome}"
        return None
