# SPDX-License-Identifier: Apache-2.0
"""Planted bugs: the recorded log as an agent with that bug would have written it.

They are made from the real log, not from a changed agent, for two reasons: what is shipped holds no
switch for them, and what reaches the judge differs from the recording in nothing but the bug. Each
must be caught, that is, some cut must break a rule that no cut in the recording breaks.
"""

from dataclasses import dataclass, replace
from typing import Callable

from campaign import Effort, Scene, judge_part
from model import partitions
from model.fat import Fat
from replay.cuts import SECTOR
from replay.disk import Disk
from replay.log import Entry, Flush, Write

#: Few tears and samples: a bug that only many of them show is not worth the name. A change of the
#: partition table is four writes, and a fifth may come in between.
_EFFORT = Effort(tears=1, all_subsets_up_to=6, samples=6)


@dataclass(frozen=True)
class Mutation:
    name: str
    scenarios: tuple[str, ...]  # joined, in this order
    plant: Callable[["Places", list[Entry]], tuple[list[Entry], int]]  # the log, and where it differs

    def caught(self, scenes: list[Scene], seed: int) -> str | None:
        """What caught it, in the scenes of its scenarios."""
        scene = join(scenes)
        entries, begin = self.plant(Places.of(scene), scene.entries)
        mutant = replace(scene, name=f"{scene.name}: {self.name}", entries=entries)
        found = judge_part(mutant, _EFFORT, seed, enough=1, begin=begin)
        return found.examples[0][1].kind if found.examples else None


class NotThere(ValueError):
    """The recording lacks what the bug would change."""


def join(scenes: list[Scene]) -> Scene:
    """Scenes that follow each other, as one."""
    return replace(scenes[-1], image=scenes[0].image,
                   entries=[entry for scene in scenes for entry in scene.entries],
                   acceptable=frozenset().union(*(scene.acceptable for scene in scenes)))


@dataclass(frozen=True)
class Places:
    """Where on the disk things lie."""

    disk: Disk
    esp: range
    roots: tuple[range, range]
    entries_directory: list[range]

    @staticmethod
    def of(scene: Scene) -> "Places":
        disk = Disk(scene.image)
        table = partitions.read_tables(disk).primary
        area = lambda number: range(table.numbered(number).start,
                                    table.numbered(number).start + table.numbered(number).size)
        fat = Fat(disk, area(1).start, len(area(1)))
        runs = fat.runs(fat.lookup("/EFI/Linux").first_cluster)
        return Places(disk, area(1), (area(2), area(4)),
                      [range(start, start + size) for start, size in runs])

    def file_beginning_in(self, first: Write, entries: list[Entry]) -> list[range]:
        """Where the boot image lies whose beginning is in `first`, once all is written."""
        undo = [page for entry in entries if isinstance(entry, Write)
                for page in self.disk.apply(entry.offset, entry.data)]
        fat = Fat(self.disk, self.esp.start, len(self.esp))
        places = [fat.place(record) for record in fat.records_in("/EFI/Linux")
                  if not record.is_directory]
        self.disk.revert(undo)
        return next([range(start, start + size) for start, size in place] for place in places
                    if place and first.offset <= place[0][0] < first.end)

    def is_table(self, write: Write) -> bool:
        return write.offset < 34 * SECTOR or write.end > self.disk.size - 33 * SECTOR

    def is_directory(self, write: Write) -> bool:
        return any(write.offset < run.stop and run.start < write.end
                   for run in self.entries_directory)

    def is_root(self, write: Write) -> bool:
        return any(write.offset in root for root in self.roots)


def _numbers(entries: list[Entry], wanted: Callable[[Write], bool]) -> list[int]:
    found = [number for number, entry in enumerate(entries)
             if isinstance(entry, Write) and wanted(entry)]
    if not found:
        raise NotThere("no such write in the recording")
    return found


def _programs_started(places: Places, entries: list[Entry]) -> list[tuple[int, bool]]:
    """Writes to the ESP that give a sector "MZ" at its beginning, or take it away: (number, gives)."""
    held: dict[int, bytes] = {}
    found = []
    for number, entry in enumerate(entries):
        if not isinstance(entry, Write) or entry.offset not in places.esp:
            continue
        for at in range(0, len(entry.data), SECTOR):
            sector = entry.offset + at
            before = held.get(sector) or places.disk.read(sector, 2)
            after = bytes(entry.data[at:at + 2])
            held[sector] = after
            if (before == b"MZ") != (after == b"MZ") and b"\0\0" in (before, after):
                found.append((number, after == b"MZ"))
    if not found:
        raise NotThere("nothing is armed or un-listed in the recording")
    return found


def _arming(places: Places, entries: list[Entry]) -> int:
    return [number for number, gives in _programs_started(places, entries) if gives][-1]


def _moved_behind(entries: list[Entry], moved: list[int], behind: int) -> list[Entry]:
    """The writes `moved` come after the first flush that follows entry `behind`."""
    flush = next(number for number in range(behind, len(entries))
                 if isinstance(entries[number], Flush))
    late = set(moved)
    keep = lambda numbers: [entries[number] for number in numbers if number not in late]
    return [*keep(range(flush + 1)), *(entries[number] for number in moved), Flush(),
            *keep(range(flush + 1, len(entries)))]


def _arm_before_data(places: Places, entries: list[Entry]) -> tuple[list[Entry], int]:
    arming = _arming(places, entries)
    data = [number for number in _numbers(entries, places.is_root) if number < arming]
    late = data[len(data) // 2:]
    return _moved_behind(entries, late, arming), arming - len(late)


def _arm_before_image(places: Places, entries: list[Entry]) -> tuple[list[Entry], int]:
    """The boot image's last large write comes when it is armed already."""
    arming = _arming(places, entries)
    file = places.file_beginning_in(entries[arming], entries)
    image = [number for number in _numbers(entries, lambda write: write.offset in places.esp)
             if number < arming and len(entries[number].data) >= 16 * SECTOR
             and any(entries[number].offset in run for run in file)]
    if not image:
        raise NotThere("no boot image in the recording")
    return _moved_behind(entries, image[-1:], arming), arming - 1


def _torn_read_from_cache(places: Places, entries: list[Entry]) -> tuple[list[Entry], int]:
    """The medium stopped within a write; the cache, which read-back asked, had all of it."""
    arming = _arming(places, entries)
    longest = max((number for number in _numbers(entries, places.is_root) if number < arming),
                  key=lambda number: len(entries[number].data))
    write = entries[longest]
    half = len(write.data) // SECTOR // 2 * SECTOR
    torn = Write(write.offset, write.data[:half])
    return [*entries[:longest], torn, *entries[longest + 1:]], arming


def _primary_first(places: Places, entries: list[Entry]) -> tuple[list[Entry], int]:
    """The last change of the partition table: the primary copy first, both under one flush."""
    arming = _arming(places, entries)
    table = [number for number in _numbers(entries, places.is_table) if number < arming]
    change = table[-1:]
    while len(table) > len(change) and change[0] - table[-len(change) - 1] <= 2:
        change.insert(0, table[-len(change) - 1])
    begin, end = change[0], change[-1]
    ordered = sorted((entries[number] for number in change), key=lambda write: write.offset)
    return [*entries[:begin], *ordered, Flush(),
            *(entry for entry in entries[end + 1:])], begin


def _no_directory_sync(places: Places, entries: list[Entry]) -> tuple[list[Entry], int]:
    """Directory records reach the medium some time later, and nothing waits for that."""
    records = _numbers(entries, places.is_directory)
    late = set(records)
    return [*(entry for number, entry in enumerate(entries) if number not in late),
            *(entries[number] for number in records)], records[0]


def _empty_while_listed(places: Places, entries: list[Entry]) -> tuple[list[Entry], int]:
    """The slot loses its name before its entry is un-listed."""
    unlisting = next((number for number, gives in _programs_started(places, entries) if not gives),
                     None)
    if unlisting is None:
        raise NotThere("nothing is un-listed in the recording")
    table = [number for number in _numbers(entries, places.is_table) if number > unlisting]
    last = table[0]
    for number in table[1:]:
        if number - last > 2:
            break
        last = number
    return _moved_behind(entries, [unlisting], last), unlisting


MUTATIONS = (
    Mutation("arming before the data is synced", ("install", "arming"), _arm_before_data),
    Mutation("arming before the boot image is synced", ("install", "arming"), _arm_before_image),
    Mutation("the primary table first, both copies under one flush", ("install", "arming"),
             _primary_first),
    Mutation("no sync of the directory", ("confirm",), _no_directory_sync),
    Mutation("the slot emptied while its entry is listed", ("install-over-old",),
             _empty_while_listed),
    Mutation("read-back from the cache of a torn write", ("install", "arming"),
             _torn_read_from_cache),
)
