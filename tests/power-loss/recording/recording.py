# SPDX-License-Identifier: Apache-2.0
"""One scenario's directory:

before.raw       the disk when it began, sparse
writes.log       QEMU's blklogwrites from there on: a superblock in the first sector, then entries of
                 a sector of header each (sector, nr_sectors, flags, data_len: four little-endian
                 64-bit numbers) and nr_sectors of data. Flags: 1 flush, 2 FUA, 4 discard, 8 mark.
                 The sector size is 512, entries come in the order of completion, the superblock's
                 count is exact. The disk has neither discard nor write-zeroes, so that only writes
                 and flushes are in it.
releases.json    {"scenario", "about", "certificate", "trust", "next_bundle", "releases": [{…}]};
                 see ReleaseInPlay. Paths are relative to the directory of the file.
"""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Scenario:
    """What is recorded under this name, and the versions that a cut in it may leave the node with."""

    name: str
    about: str
    old: str | None  # what ran confirmed when it began
    new: str | None  # the update under way, where starting it is an acceptable outcome

    @property
    def acceptable(self) -> set[str]:
        return {version for version in (self.old, self.new) if version}


#: In the order of the node's life: each begins with the disk that the one before it left.
SCENARIOS = {scenario.name: scenario for scenario in (
    Scenario("first-boot", "a factory image is switched on: data file system, machine-id, journal, "
             "up to a judged boot", "1.0.0", None),
    Scenario("install", "2.0.0 goes to the empty slot, up to its partitions' names", "1.0.0", None),
    Scenario("arming", "the agent remembers the attempt and writes the one sector", "1.0.0", "2.0.0"),
    Scenario("try-boot", "the loader counts a try and 2.0.0 starts, up to its health gate", "1.0.0",
             "2.0.0"),
    Scenario("confirm", "2.0.0's health gate confirms it", "1.0.0", "2.0.0"),
    Scenario("install-over-old", "3.0.0 goes to the slot of 1.0.0, which could be started until then",
             "2.0.0", "3.0.0"),
    Scenario("rollback", "3.0.0, armed with one try, fails its health check; 2.0.0 starts again",
             "2.0.0", "3.0.0"),
    Scenario("quarantine", "2.0.0 judges what became of 3.0.0 and quarantines it", "2.0.0", None),
    Scenario("install-over-interrupted", "an install of 4.0.0 was killed half-way; another one brings "
             "it to armed", "2.0.0", "4.0.0"),
    Scenario("power-cut-in-try", "power goes in 4.0.0's only try, before its health gate; 2.0.0 starts",
             "2.0.0", "4.0.0"),
    Scenario("fresh-tries", "2.0.0 finds no verdict and gives 4.0.0 its tries once more", "2.0.0",
             "4.0.0"),
)}


@dataclass(frozen=True)
class ReleaseInPlay:
    """One release whose system a cut may find on the disk."""

    version: str
    acceptable: bool  # may start after a cut in this scenario
    role: str  # "old", "new" or "other"
    root_hash: str
    salt: str
    data_blocks: int  # of 4096 bytes; the verity tree lies at the start of the verity partition
    uki_size: int
    uki_sha256: str
    entry: str  # ID_VERSION: the boot entry's name without counter and ".efi"
    tries: int  # as armed: ENTRY+TRIES-0.efi
    bundle: Path


@dataclass(frozen=True)
class Recording:
    """A complete scenario directory; read() checks that nothing is missing."""

    scenario: Scenario
    directory: Path
    releases: list[ReleaseInPlay]
    certificate: Path  # PEM, whose key signed the UKIs
    trust: Path  # PEM, whose key signed the bundles
    next_bundle: Path  # a release that is newer than all others, for "the next install succeeds"

    @property
    def before(self) -> Path:
        return self.directory / "before.raw"

    @property
    def log(self) -> Path:
        return self.directory / "writes.log"

    @staticmethod
    def read(directory: Path) -> "Recording":
        described = json.loads((directory / "releases.json").read_text())
        releases = []
        for fields in described["releases"]:
            fields["bundle"] = (directory / fields["bundle"]).resolve()
            releases.append(ReleaseInPlay(**fields))
        recording = Recording(
            SCENARIOS[described["scenario"]], directory, releases,
            *((directory / described[key]).resolve() for key in ("certificate", "trust",
                                                                 "next_bundle")))
        for path in (recording.before, recording.log, recording.certificate, recording.trust,
                     recording.next_bundle):
            if not path.exists():
                raise FileNotFoundError(f"the recording in '{directory}' lacks '{path}'")
        return recording
