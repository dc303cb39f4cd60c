# SPDX-License-Identifier: Apache-2.0
"""Judges every state of every scenario, on all processors."""

import multiprocessing
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from judging import Problem, Rules, acceptable_roots, durable, signature
from model.power_on import Observation, PowerOn
from replay.cuts import Cut, Effort, apply_cut, cut_points, walk
from replay.disk import Disk
from replay.log import Entry, Write, read_log

#: (tears, all subsets up to, samples); what `./tests/run` takes, and what --full takes.
NORMAL = Effort(tears=1, all_subsets_up_to=4, samples=12)
FULL = Effort(tears=4, all_subsets_up_to=8, samples=64)
#: Stands for the identity of the state that a scene's end leaves when only what was flushed lasts.
_AT_THE_END = -1
#: Problems whose full text a report keeps, for each scenario.
_KEPT = 20


@dataclass(frozen=True)
class Scene:
    """What is judged: a disk and what was then written to it."""

    name: str
    image: Path
    entries: list[Entry]
    acceptable: frozenset[str]
    certificate: Path

    @staticmethod
    def of(recording) -> "Scene":
        entries, _ = read_log(recording.log)
        return Scene(recording.scenario.name, recording.before, entries,
                     acceptable_roots(recording), recording.certificate)


@dataclass
class Kind:
    """States that look alike and were cut alike: how many, and one of them."""

    count: int
    cut: Cut
    seen: Observation


@dataclass
class Findings:
    """What judging (a part of) a scene's states gave; parts add up."""

    cuts: int = 0
    states: set[int] = field(default_factory=set)
    dead: set[int] = field(default_factory=set)
    broken: set[int] = field(default_factory=set)
    problems: Counter = field(default_factory=Counter)  # by kind
    examples: list[tuple[Cut, Problem]] = field(default_factory=list)
    kinds: dict[tuple, Kind] = field(default_factory=dict)

    def note(self, identity: int, cut: Cut, problems: list[Problem]) -> None:
        if problems:
            (self.dead if any(p.dead for p in problems) else self.broken).add(identity)
        for problem in problems:
            self.problems[problem.kind] += 1
            if len(self.examples) < _KEPT:
                self.examples.append((cut, problem))

    def add(self, other: "Findings") -> None:
        self.cuts = max(self.cuts, other.cuts)
        self.states |= other.states
        self.dead |= other.dead
        self.broken |= other.broken
        self.problems += other.problems
        self.examples = (self.examples + other.examples)[:_KEPT]
        for key, kind in other.kinds.items():
            if key in self.kinds:
                self.kinds[key].count += kind.count
            else:
                self.kinds[key] = kind


class Judge:
    """Judges states of one scene. States that differ in the data partition alone are judged alike:
    nothing that decides what runs is read from there."""

    def __init__(self, scene: Scene):
        self.scene = scene
        self.disk = Disk(scene.image)
        self.power_on = PowerOn.over(self.disk, scene.certificate)
        before = self.power_on.observe()
        self._data = before.data or (0, 0)
        after, undo = self._after(scene.entries)
        self.rules = Rules.between(before, after, scene.acceptable)
        self.lasting = durable(after, self._after_flushed())
        self._seen: dict[tuple, tuple[Observation, list[Problem]]] = {}

    def _after(self, entries: list[Entry]) -> tuple[Observation, list]:
        undo = []
        for entry in entries:
            if isinstance(entry, Write):
                undo += self.disk.apply(entry.offset, entry.data)
        seen = self.power_on.observe()
        self.disk.revert(undo)
        return seen, undo

    def _after_flushed(self) -> Observation:
        flushed = len(self.scene.entries)
        while flushed and isinstance(self.scene.entries[flushed - 1], Write):
            flushed -= 1
        return self._after(self.scene.entries[:flushed])[0]

    def judge(self) -> tuple[Observation, list[Problem]]:
        start, size = self._data
        key = (self.disk.part_identity(0, start or self.disk.size),
               self.disk.part_identity(start + size, self.disk.size - start - size) if size else ())
        if key not in self._seen:
            seen = self.power_on.observe()
            self._seen[key] = (seen, self.rules.problems(seen))
        return self._seen[key]


def judge_part(scene: Scene, effort: Effort, seed: int, shard: int = 0, shards: int = 1,
               enough: int | None = None, begin: int = 0) -> Findings:
    """Of all states each shards-th one, from about entry `begin` on; no more after `enough` with
    problems."""
    judge = Judge(scene)
    findings = Findings(cuts=cut_points(scene.entries))
    if shard == 0:
        findings.note(_AT_THE_END, Cut(len(scene.entries), ()), judge.lasting)
        if enough and judge.lasting:
            return findings
    for cut in walk(judge.disk, scene.entries, effort, seed, shard, shards, begin):
        identity = judge.disk.identity
        if identity in findings.states:
            continue
        findings.states.add(identity)
        seen, problems = judge.judge()
        findings.note(identity, cut, problems)
        kind = findings.kinds.setdefault((signature(seen), cut.way), Kind(0, cut, seen))
        kind.count += 1
        if enough and len(findings.dead) + len(findings.broken) >= enough:
            break
    return findings


def _judge_recording(task: tuple) -> tuple[str, Findings]:
    recording, effort, seed, shard, shards = task
    return recording.scenario.name, judge_part(Scene.of(recording), effort, seed, shard, shards)


def judge_all(recordings: list, effort: Effort, seed: int, progress=lambda name: None) \
        -> dict[str, Findings]:
    """Of every scenario, in the order given."""
    shards = os.cpu_count() or 1
    tasks = [(recording, effort, seed, shard, shards)
             for recording in recordings for shard in range(shards)]
    found = {recording.scenario.name: Findings() for recording in recordings}
    with multiprocessing.get_context("fork").Pool(shards) as pool:
        for name, findings in pool.imap(_judge_recording, tasks):
            found[name].add(findings)
            progress(name)
    return found


def save_state(scene: Scene, cut: Cut, path: Path) -> Disk:
    """The state as an image file."""
    disk = Disk(scene.image)
    apply_cut(disk, scene.entries, cut)
    disk.save(path)
    return disk
