# SPDX-License-Identifier: Apache-2.0
"""Boots states for real, to see whether the model says what the machine does.

States are chosen for variety: of each kind of state that judging met, and of each way of cutting that
led to it, one; the worst and the rarest first, no scenario more than its turn.
"""

import multiprocessing
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from campaign import Findings, Kind, Scene, save_state
from model.power_on import Outcome
from recording import Recording
from replay.cuts import Cut


@dataclass(frozen=True)
class Candidate:
    recording: Recording
    cut: Cut
    expected: Outcome


@dataclass(frozen=True)
class Booted:
    scenario: str
    cut: Cut
    expected: str
    found: str

    @property
    def agrees(self) -> bool:
        return self.expected == self.found


def choose(recordings: list[Recording], findings: dict[str, Findings],
           count: int) -> list[Candidate]:
    """At most `count`, the scenarios in turn."""
    queues = [(recording, sorted(findings[recording.scenario.name].kinds.values(), key=_nastiness))
              for recording in recordings]
    chosen: list[Candidate] = []
    while len(chosen) < count and any(kinds for _, kinds in queues):
        for recording, kinds in queues:
            if kinds and len(chosen) < count:
                kind = kinds.pop(0)
                chosen.append(Candidate(recording, kind.cut, kind.seen.outcome))
    return chosen


def _nastiness(kind: Kind) -> tuple:
    """Low is nasty: torn tables, two names of one system, a torn write; then what is rare."""
    systems = [listed.root_hash for listed in kind.seen.listed]
    return (not kind.seen.outcome.failures, all(kind.seen.tables),
            len(systems) == len(set(systems)), kind.cut.torn is None, kind.count)


def boot_all(candidates: list[Candidate]) -> list[Booted]:
    with multiprocessing.get_context("fork").Pool(os.cpu_count() or 1) as pool:
        return pool.map(_boot, candidates, chunksize=1)


def _boot(candidate: Candidate) -> Booted:
    from booting import boot  # what needs QEMU is loaded by those who boot

    with tempfile.TemporaryDirectory(prefix="quoin-cut-") as directory:
        image = Path(directory) / "state.raw"
        save_state(Scene.of(candidate.recording), candidate.cut, image)
        found = boot(image)
    expected = candidate.expected
    return Booted(candidate.recording.scenario.name, candidate.cut,
                  _shown(expected.slot, expected.root_hash, len(expected.failures)),
                  _shown(found.slot, found.root_hash, len(found.failures)))


def _shown(slot: str | None, root_hash: str | None, failures: int) -> str:
    if slot is None:
        return "nothing runs"
    return f"slot {slot}, {root_hash[:12]}…, after {failures} failed boots"
