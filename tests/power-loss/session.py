# SPDX-License-Identifier: Apache-2.0
"""The whole test: recordings, states, planted bugs, what the node can still do, boots, the table."""

import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import validation
from after_cut import NextInstall, data_problem
from campaign import FULL, NORMAL, Effort, Findings, Scene, judge_all
from mutations import MUTATIONS, Mutation
from recording import SCENARIOS, Recording, record
from replay.cuts import Cut, apply_cut, windows_of
from replay.disk import Disk

REPOSITORY = Path(__file__).resolve().parents[2]
_AGENT = REPOSITORY / "build/agent/quoin-agent"


@dataclass(frozen=True)
class Mode:
    effort: Effort
    least_states: int
    boots: int
    data_checks: int  # a scenario
    installs: int  # a scenario


MODES = {
    "normal": Mode(NORMAL, 2_000, 10, data_checks=8, installs=2),
    "full": Mode(FULL, 10_000, 40, data_checks=40, installs=6),
}


@dataclass
class Row:
    """A scenario's line of the table."""

    name: str
    findings: Findings
    booted: int = 0
    disagreed: int = 0
    data_checks: int = 0
    installs: int = 0
    failed: int = 0  # data checks and installs

    def as_json(self) -> dict:
        found = self.findings
        return {"name": self.name, "cuts": found.cuts, "states": len(found.states),
                "dead": len(found.dead), "broken": len(found.broken), "booted": self.booted,
                "disagreed": self.disagreed, "data_checks": self.data_checks,
                "installs": self.installs, "failed": self.failed}


def run_session(mode: Mode, seed: int, as_json: bool) -> int:
    recordings = [record(name) for name in SCENARIOS]
    entries = sum(len(Scene.of(recording).entries) for recording in recordings)
    _say(f"{len(recordings)} recordings, {entries} log entries")
    found = judge_all(recordings, mode.effort, seed)
    rows = {name: Row(name, findings) for name, findings in found.items()}
    for row in rows.values():
        for cut, problem in row.findings.examples:
            _say(f"{row.name}: {problem.kind}: {problem.text} (cut: {cut})")
    _say(f"{sum(len(row.findings.states) for row in rows.values())} states judged")
    caught = _plant(recordings, seed)
    _try_afterwards(recordings, rows, mode, seed)
    _boot(recordings, rows, mode.boots)
    return _report(rows, caught, mode, as_json)


def _plant(recordings: list[Recording], seed: int) -> dict[str, str | None]:
    tasks = [(mutation, [recording for name in mutation.scenarios for recording in recordings
                         if recording.scenario.name == name], seed) for mutation in MUTATIONS]
    with multiprocessing.get_context("fork").Pool(os.cpu_count() or 1) as pool:
        caught = pool.starmap(_catch, tasks, chunksize=1)
    for mutation, by in zip(MUTATIONS, caught):
        _say(f"planted: {mutation.name}: {'caught by “' + by + '”' if by else 'NOT CAUGHT'}")
    return {mutation.name: by for mutation, by in zip(MUTATIONS, caught)}


def _catch(mutation: Mutation, recordings: list[Recording], seed: int) -> str | None:
    """In a process of its own: logs are mapped files, which cannot be handed on, so it reads them."""
    return mutation.caught([Scene.of(recording) for recording in recordings], seed)


def _try_afterwards(recordings: list[Recording], rows: dict[str, Row], mode: Mode,
                    seed: int) -> None:
    tasks = []
    for recording in recordings:
        row = rows[recording.scenario.name]
        chance = random.Random(f"{seed}:{row.name}")
        windows = windows_of(Scene.of(recording).entries)
        tasks += [(_check_data, recording, _random_cut(windows, chance))
                  for _ in range(mode.data_checks)]
        kinds = list(row.findings.kinds.values())
        chance.shuffle(kinds)
        tasks += [(_check_install, recording, kind.cut) for kind in kinds[:mode.installs]]
    with multiprocessing.get_context("fork").Pool(os.cpu_count() or 1) as pool:
        for (check, recording, cut), problem in zip(tasks, pool.imap(_perform, tasks, chunksize=1)):
            row = rows[recording.scenario.name]
            row.data_checks += check is _check_data
            row.installs += check is _check_install
            if problem:
                row.failed += 1
                _say(f"{row.name}: {problem} (cut: {cut})")


def _random_cut(windows: list, chance: random.Random) -> Cut:
    window = chance.choice(windows)
    return Cut(window.flushed, tuple(w for w in window.writes if chance.random() < 0.5))


def _perform(task: tuple) -> str | None:
    check, recording, cut = task
    return check(recording, cut)


def _check_data(recording: Recording, cut: Cut) -> str | None:
    from model import partitions

    scene = Scene.of(recording)
    disk = Disk(scene.image)
    table = partitions.read_tables(disk).for_early_userspace
    apply_cut(disk, scene.entries, cut)
    place = next((p.start, p.size) for p in table.partitions if p.label == "data")
    with tempfile.TemporaryDirectory(prefix="quoin-cut-") as directory:
        problem, _ = data_problem(disk, place, Path(directory))
    return problem and f"data partition: {problem}"


def _check_install(recording: Recording, cut: Cut) -> str | None:
    problem = NextInstall(Scene.of(recording), _AGENT, recording.trust,
                          recording.next_bundle).problem_after(cut)
    return problem and f"the next install: {problem}"


def _boot(recordings: list[Recording], rows: dict[str, Row], count: int) -> None:
    found = {name: row.findings for name, row in rows.items()}
    for booted in validation.boot_all(validation.choose(recordings, found, count)):
        row = rows[booted.scenario]
        row.booted += 1
        row.disagreed += not booted.agrees
        verdict = "as the model says" if booted.agrees else f"the model says {booted.expected}"
        _say(f"{booted.scenario}: booted {booted.cut}: {booted.found}, {verdict}")


def _report(rows: dict[str, Row], caught: dict[str, str | None], mode: Mode, as_json: bool) -> int:
    table = [row.as_json() for row in rows.values()]
    total = {key: sum(line[key] for line in table) for key in table[0] if key != "name"}
    good = (total["states"] >= mode.least_states and total["booted"] >= mode.boots
            and not any(total[key] for key in ("dead", "broken", "disagreed", "failed"))
            and all(caught.values()))
    if as_json:
        print(json.dumps({"scenarios": table, "mutations": [
            {"name": name, "caught": bool(by)} for name, by in caught.items()]}))
        return 0 if good else 1
    columns = ("cuts", "states", "dead", "broken", "data_checks", "installs", "failed", "booted",
               "disagreed")
    heads = ("cut points", "states", "dead", "broken", "data read", "installed", "failed", "booted",
             "disagreed")
    print("| scenario | " + " | ".join(heads) + " |")
    print("|---|" + "--:|" * len(heads))
    for line in [*table, {"name": "**all**", **total}]:
        print(f"| {line['name']} | " + " | ".join(f"{line[column]:,}" for column in columns) + " |")
    print(f"\n{sum(map(bool, caught.values()))} of {len(caught)} planted bugs caught")
    print("passed" if good else "FAILED")
    return 0 if good else 1


def _say(text: str) -> None:
    print(f"{time.monotonic() - _STARTED:6.1f} s  {text}", file=sys.stderr, flush=True)


_STARTED = time.monotonic()
