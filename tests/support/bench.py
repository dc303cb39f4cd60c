# SPDX-License-Identifier: Apache-2.0
"""A temporary workbench: one signing identity, small images built once per run, and nodes made of
them (a disk image, its ESP as a directory, a state directory) that the agent works on off the node.
"""

import atexit
import functools
import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from programs import Result, agent_command, quoin, run
from synthetic_root import SyntheticRoot, write_recipe


@functools.cache
def workbench() -> Path:
    """A directory that is gone when the run ends."""
    directory = Path(tempfile.mkdtemp(prefix="quoin-tests-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory


def new_directory() -> Path:
    return Path(tempfile.mkdtemp(dir=workbench()))


def digests(directory: Path) -> dict[str, str]:
    """SHA-256 of each file in it, by name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.iterdir()}


def must(result: Result) -> Result:
    if result.status != 0:
        raise RuntimeError(f"status {result.status}\n{result.output}\n{result.complaints}")
    return result


def keys(name: str = "keys") -> Path:
    """A development identity; the one that signs unless a test says otherwise is "keys"."""
    directory = workbench() / name
    if not directory.exists():
        must(quoin("keys", "init", directory))
    return directory


@functools.cache
def root_tar(changed: bytes = b"", seed: int = 1) -> Path:
    path = workbench() / f"root-{seed}-{hashlib.sha256(changed).hexdigest()[:8]}.tar"
    root = SyntheticRoot(seed, changed)
    root.add_what_only_an_archive_holds()
    return root.write_tar(path)


@functools.cache
def signing_keys() -> Path:
    """An identity without Secure Boot, which takes most of a small build's time."""
    directory = workbench() / "signing-keys"
    directory.mkdir()
    shutil.copy(keys() / "signing.key", directory)
    return directory


@functools.cache
def _short_build() -> tuple[Path, Path]:
    directory = new_directory()
    recipe = write_recipe(directory, "1.0.0", f'tar = "{root_tar()}"')
    cache = directory / "cache"
    must(quoin("build", recipe, "-o", directory / "out", "--keys", signing_keys(), "--cache", cache))
    return recipe, cache


def short_build_words(out: Path | str, cache: Path | None = None) -> tuple:
    """The command line of a build of node 1.0.0 that takes next to no time, with a full cache
    unless one is given."""
    recipe, full_cache = _short_build()
    return ("build", recipe, "-o", out, "--keys", signing_keys(), "--cache", cache or full_cache)


@dataclass(frozen=True, eq=False)
class Built:
    """What one `quoin build` left, by kind of file."""

    directory: Path
    report: dict

    def output(self, suffix: str) -> Path:
        return next(self.directory / o["path"] for o in self.report["outputs"]
                    if o["path"].endswith(suffix))

    @property
    def disk(self) -> Path:
        return self.output(".raw")

    @property
    def bundle(self) -> Path:
        return self.output(".quoin")

    @property
    def uki(self) -> Path:
        return self.output(".efi")

    @property
    def version(self) -> str:
        return self.report["version"]

    @property
    def root_hash(self) -> str:
        return self.report["root_hash"]


def build(version: str, tar: Path, image: str = "", signer: str = "keys",
          previous: Built | None = None) -> Built:
    """An image "node" with this root."""
    directory = Path(tempfile.mkdtemp(prefix=f"node-{version}-", dir=workbench()))
    recipe = write_recipe(directory, version, f'tar = "{tar}"', image=image)
    follow = ["--previous", previous.bundle] if previous else []
    result = must(quoin("build", recipe, "-o", directory, "--keys", keys(signer), "--json", *follow))
    return Built(directory, result.json)


@functools.cache
def built(version: str, changed: bytes = b"", image: str = "", signer: str = "keys",
          previous: Built | None = None) -> Built:
    """A small image "node"; equal arguments give the same one."""
    return build(version, root_tar(changed), image, signer, previous)


class OfflineNode:
    """A node's disk as a file: what a technician has on the bench."""

    def __init__(self, image: Built):
        self.directory = Path(tempfile.mkdtemp(prefix="offline-node-", dir=workbench()))
        self.disk = self.directory / "disk.raw"
        self.esp = self.directory / "esp"
        self.state = self.directory / "state"
        self.esp.mkdir()
        self.state.mkdir()
        must(run(["cp", "--sparse=always", image.disk, self.disk]))
        must(run(["mcopy", "-s", "-i", f"{self.disk}@@{esp_offset(self.disk)}", "::/*", self.esp]))

    def agent_command(self, *arguments, trust: list[Path] | None = None) -> list[str]:
        anchors = [keys() / "signing.pub"] if trust is None else trust
        flags = [word for anchor in anchors for word in ("--trust", anchor)]
        return agent_command(*arguments, "--disk", self.disk, "--esp", self.esp, "--state", self.state,
                             *flags)

    def agent(self, *arguments, trust: list[Path] | None = None) -> Result:
        return run(self.agent_command(*arguments, trust=trust))

    def put_esp_back(self) -> None:
        """Makes the ESP in the disk image what the agent made of its directory."""
        place = f"{self.disk}@@{esp_offset(self.disk)}"
        must(run(["mdeltree", "-i", place, "::/EFI", "::/loader"]))
        must(run(["mcopy", "-s", "-i", place, *sorted(self.esp.iterdir()), "::/"]))

    def discard(self) -> None:
        """Gives the space back before the run ends."""
        shutil.rmtree(self.directory)

    def status(self) -> dict:
        return json.loads(must(self.agent("status", "--json")).output)

    def slot(self, name: str) -> dict:
        return next(slot for slot in self.status()["slots"] if slot["name"] == name)

    def fingerprint(self) -> str:
        """Of every byte of the disk, and of every name and byte on the ESP."""
        digest = hashlib.sha256()
        with open(self.disk, "rb") as disk:
            while block := disk.read(1 << 20):
                digest.update(block)
        for path in sorted(self.esp.rglob("*")):
            digest.update(str(path.relative_to(self.esp)).encode())
            if path.is_file():
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def entries(self) -> list[str]:
        return sorted(os.listdir(self.esp / "EFI/Linux"))


def partitions(disk: Path) -> list[dict]:
    """What sfdisk makes of the partition table, in order."""
    return json.loads(must(run(["sfdisk", "--json", disk])).output)["partitiontable"]["partitions"]


@functools.cache
def partition_file(disk: Path, number: int) -> Path:
    """The content of one partition, as a file of its own."""
    place = partitions(disk)[number - 1]
    path = new_directory() / f"partition-{number}"
    must(run(["dd", f"if={disk}", f"of={path}", "bs=64K", "iflag=skip_bytes,count_bytes",
              f"skip={place['start'] * 512}", f"count={place['size'] * 512}", "conv=sparse",
              "status=none"]))
    return path


def esp_offset(disk: Path) -> int:
    return partitions(disk)[0]["start"] * 512
