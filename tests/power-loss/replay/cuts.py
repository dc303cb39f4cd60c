# SPDX-License-Identifier: Apache-2.0
"""Every state that a power cut may leave, as far as `Effort` goes.

What was flushed is there. Of the writes since the last flush (the window) any may be there or not,
in any order, and the medium may have stopped within one, at any sector. So, for each window:

- all of its writes up to each one, in order;
- each of these with the next write torn: its first sectors only, or its last ones only;
- every subset of its writes where they are few; where they are many, a sample: all but one, one
  alone, each with probability one half; every second one of them also with one of its writes torn.

Sampling depends on the seed and the window alone. Where two writes of a window overlap, the later
one in the log wins; the state in which the earlier one won is the subset without the later one.
"""

import itertools
import random
from dataclasses import dataclass
from typing import Iterator

from .disk import Disk
from .log import Entry, Flush, Write

SECTOR = 512


@dataclass(frozen=True)
class Effort:
    tears: int  # of each write, in each direction
    all_subsets_up_to: int  # writes in a window
    samples: int  # subsets of a larger window


@dataclass(frozen=True)
class Cut:
    """How to reach a state: all entries before `flushed`, then the writes `applied`, in order, then
    sectors `first` to `last` (excluded) of write `torn`."""

    flushed: int
    applied: tuple[int, ...]
    torn: int | None = None
    first: int = 0
    last: int = 0

    @property
    def way(self) -> str:
        if self.torn is not None:
            return "torn"
        in_order = range(self.flushed, self.flushed + len(self.applied))
        return "in order" if self.applied == tuple(in_order) else "reordered"

    def __str__(self) -> str:
        text = f"entries up to {self.flushed}"
        if self.applied:
            text += f", then {_ranges(self.applied)}"
        if self.torn is not None:
            text += f", then sectors {self.first} to {self.last - 1} of {self.torn}"
        return text


def _ranges(numbers: tuple[int, ...]) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


@dataclass(frozen=True)
class Window:
    """The writes between two flushes."""

    flushed: int  # entries before it
    writes: tuple[int, ...]


def windows_of(entries: list[Entry]) -> list[Window]:
    windows, begin, writes = [], 0, []
    for number, entry in enumerate(entries):
        if isinstance(entry, Write):
            writes.append(number)
            continue
        if writes:
            windows.append(Window(begin, tuple(writes)))
        begin, writes = number + 1, []
    if writes:
        windows.append(Window(begin, tuple(writes)))
    return windows


def cut_points(entries: list[Entry]) -> int:
    """Before the first write and after each."""
    return 1 + sum(isinstance(entry, Write) for entry in entries)


def apply_cut(disk: Disk, entries: list[Entry], cut: Cut) -> None:
    """From the untouched image to the state."""
    for entry in entries[:cut.flushed]:
        if isinstance(entry, Write):
            disk.apply(entry.offset, entry.data)
    _apply(disk, entries, cut)


def walk(disk: Disk, entries: list[Entry], effort: Effort, seed: int, shard: int = 0,
         shards: int = 1, begin: int = 0) -> Iterator[Cut]:
    """Yields every state's cut while `disk` is in that state; of all states, each shards-th. No cut
    comes before entry `begin`, in so far as its window does."""
    turns = itertools.cycle(number == shard for number in range(shards))
    if next(turns):
        yield Cut(0, ())
    for window in windows_of(entries):
        if window.writes[-1] < begin:
            for number in window.writes:
                disk.apply(entries[number].offset, entries[number].data)
            continue
        chance = random.Random(f"{seed}:{window.flushed}")
        for cut in _subsets(window, entries, effort, chance):
            if next(turns):
                undo = _apply(disk, entries, cut)
                yield cut
                disk.revert(undo)
        for done, number in enumerate(window.writes):
            applied = window.writes[:done]
            for first, last in _tears(entries[number], effort.tears, chance):
                if next(turns):
                    undo = _tear(disk, entries[number], first, last)
                    yield Cut(window.flushed, applied, number, first, last)
                    disk.revert(undo)
            disk.apply(entries[number].offset, entries[number].data)
            if next(turns):
                yield Cut(window.flushed, window.writes[:done + 1])


def _subsets(window: Window, entries: list[Entry], effort: Effort,
             chance: random.Random) -> Iterator[Cut]:
    writes = window.writes
    if len(writes) < 2:
        return
    if len(writes) <= effort.all_subsets_up_to:
        chosen = (tuple(write for bit, write in enumerate(writes) if mask >> bit & 1)
                  for mask in range(1, 2 ** len(writes)))
    else:
        chosen = _sample(writes, effort.samples, chance)
    for turn, subset in enumerate(chosen):
        if subset == writes[:len(subset)] or not _may_happen(subset, writes, entries):
            continue
        yield Cut(window.flushed, subset)
        if turn % 2 and effort.tears:
            torn = chance.choice(subset)
            others = tuple(write for write in subset if write != torn)
            for first, last in _tears(entries[torn], 1, chance)[:1]:
                yield Cut(window.flushed, others, torn, first, last)


def _sample(writes: tuple[int, ...], count: int, chance: random.Random) -> Iterator[tuple]:
    third = -(-count // 3)
    for missing in chance.sample(writes, min(third, len(writes))):
        yield tuple(write for write in writes if write != missing)
    for alone in chance.sample(writes, min(third, len(writes))):
        yield (alone,)
    for _ in range(third):
        yield tuple(write for write in writes if chance.random() < 0.5)


def _may_happen(subset: tuple[int, ...], writes: tuple[int, ...], entries: list[Entry]) -> bool:
    """A write that lasts once it is complete cannot lack where a later one is there."""
    return bool(subset) and all(write in subset for write in writes
                                if write < subset[-1] and entries[write].lasting)


def _tears(write: Write, count: int, chance: random.Random) -> list[tuple[int, int]]:
    """Ranges of sectors that reach the medium: `count` beginnings and as many ends, among them the
    shortest and the longest."""
    sectors = len(write.data) // SECTOR
    if sectors < 2 or not count:
        return []
    where = sorted({1, sectors - 1})
    if sectors - 1 <= count:
        where = list(range(1, sectors))
    elif count > 2:
        where += chance.sample(range(2, sectors - 1), min(count - 2, sectors - 3))
    elif count == 1:
        where = [chance.randrange(1, sectors)]
    return [(0, at) for at in where] + [(at, sectors) for at in where]


def _apply(disk: Disk, entries: list[Entry], cut: Cut) -> list:
    undo = []
    for number in cut.applied:
        undo += disk.apply(entries[number].offset, entries[number].data)
    if cut.torn is not None:
        undo += _tear(disk, entries[cut.torn], cut.first, cut.last)
    return undo


def _tear(disk: Disk, write: Write, first: int, last: int) -> list:
    return disk.apply(write.offset + first * SECTOR, write.data[first * SECTOR:last * SECTOR])
