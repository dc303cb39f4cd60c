# SPDX-License-Identifier: Apache-2.0
"""Judging, on a small update made with other people's tools: nothing is found where every write is
flushed in the right order, and each planted bug is found."""

import tempfile
import unittest
from pathlib import Path

from small_disk import MIB, PLACES, Workbench, changes, copy, each_flushed, esp, patch, put_file, run

from campaign import Effort, Scene, judge_part
from model.fat import Fat
from model.power_on import PowerOn
from mutations import MUTATIONS, Places, join
from replay.cuts import SECTOR
from replay.disk import Disk
from replay.log import Entry, Flush, Write

NEW = "node_2.0.0+3-0.efi"
_EFFORT = Effort(tears=2, all_subsets_up_to=6, samples=12)


class JudgingTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._directory = tempfile.TemporaryDirectory()
        cls.bench = bench = Workbench(Path(cls._directory.name))
        cls.old, cls.new, cls.third = (bench.system(f"{n}.0.0", n) for n in (1, 2, 3))
        before = bench.disk("before", {"a": cls.old}, {"node_1.0.0.efi": cls.old.uki})
        cls.scenes = {}
        staged = cls.install(before, cls.new, NEW, "b", {"a": cls.old, "b": cls.new})
        tried = copy(staged, "tried")
        run("mren", "-i", esp(tried), f"::EFI/Linux/{NEW}", "::EFI/Linux/node_2.0.0+2-1.efi")
        confirmed = copy(tried, "confirmed")
        run("mren", "-i", esp(confirmed), "::EFI/Linux/node_2.0.0+2-1.efi",
            "::EFI/Linux/node_2.0.0.efi")
        cls.scene("confirm", tried, [*changes(tried, confirmed, SECTOR), Flush()],
                  cls.old, cls.new)
        cls.take_over(confirmed)

    @classmethod
    def tearDownClass(cls):
        cls._directory.cleanup()

    @classmethod
    def scene(cls, name: str, image: Path, entries: list[Entry], *systems) -> None:
        cls.scenes[name] = Scene(name, image, entries,
                                 frozenset(system.root_hash for system in systems),
                                 cls.bench.certificate)

    @classmethod
    def install(cls, before: Path, system, name: str, slot: str, slots: dict) -> Path:
        """Slot, then the image with its first sector zero, then the names, then that sector."""
        number = 1 if slot == "a" else 3
        written = copy(before, "written")
        with open(written, "r+b") as file:
            for content, place in ((system.root, number), (system.tree, number + 1)):
                file.seek(PLACES[place][0] * MIB)
                file.write(content)
        staged = copy(written, "staged")
        put_file(staged, f"EFI/Linux/{name}", bytes(SECTOR) + system.uki[SECTOR:])
        named = copy(staged, "named")
        cls.take_table(named, cls.bench.disk("table", slots, {}))
        armed = copy(named, "armed")
        patch(armed, _first_sector(armed, name), system.uki[:SECTOR])
        slot_writes = [part for write in changes(before, written) for part in _split(write, 65536)]
        image_writes = [part for write in changes(written, staged, SECTOR)
                        for part in _split(write, 32768)]
        cls.scene("install", before, [*slot_writes, Flush(), *image_writes, Flush(),
                                      *_table_writes(named)], cls.old)
        cls.scene("arming", named, each_flushed(changes(named, armed, SECTOR)), cls.old, cls.new)
        return armed

    @classmethod
    def take_over(cls, confirmed: Path) -> None:
        """The old system's slot is taken for a third: its entry is un-listed, then its name goes."""
        unlisted = copy(confirmed, "unlisted")
        place = _first_sector(unlisted, "node_1.0.0.efi")
        patch(unlisted, place, bytes(SECTOR))
        emptied = copy(unlisted, "emptied")
        cls.take_table(emptied, cls.bench.disk("table", {"b": cls.new}, {}))
        cls.scene("install-over-old", confirmed,
                  [Write(place, memoryview(bytes(SECTOR))), Flush(),
                   *_table_writes(emptied)], cls.new)

    @staticmethod
    def take_table(path: Path, other: Path) -> None:
        content = other.read_bytes()
        with open(path, "r+b") as file:
            file.write(content[:34 * SECTOR])
            file.seek(-33 * SECTOR, 2)
            file.write(content[-33 * SECTOR:])

    def test_right_order(self):
        """an update whose writes are flushed in the right order leaves a whole system at every cut"""
        for scene in [*self.scenes.values(), join([self.scenes["install"], self.scenes["arming"]])]:
            found = judge_part(scene, _EFFORT, 1)
            self.assertEqual([], [(str(cut), p) for cut, p in found.examples], scene.name)
            self.assertGreaterEqual(len(found.states), found.cuts)

    def test_both_run(self):
        """over the cuts of an update first the old system runs, then the new one"""
        found = judge_part(join([self.scenes["install"], self.scenes["arming"]]), _EFFORT, 1)
        self.assertEqual({self.old.root_hash, self.new.root_hash},
                         {kind.seen.outcome.root_hash for kind in found.kinds.values()})

    def test_planted(self):
        """each planted bug breaks a rule at some cut"""
        for mutation in MUTATIONS:
            scenes = [self.scenes[name] for name in mutation.scenarios]
            self.assertIsNotNone(mutation.caught(scenes, 1), mutation.name)

    def test_order_of_copies(self):
        """the primary table first is no bug as long as each write is flushed"""
        scene = self.scenes["install"]
        places = Places.of(scene)
        table = [entry for entry in scene.entries
                 if isinstance(entry, Write) and places.is_table(entry)]
        rest = [entry for entry in scene.entries
                if not (isinstance(entry, Write) and places.is_table(entry))]
        ordered = each_flushed(sorted(table, key=lambda write: write.offset))
        found = judge_part(Scene("primary first", scene.image, [*rest, *ordered], scene.acceptable,
                                 scene.certificate), _EFFORT, 1)
        self.assertEqual([], found.examples)

    def test_dead_end_counts(self):
        """a boot image that is listed before it is whole counts as no system"""
        mutation = next(m for m in MUTATIONS if "image" in m.name)
        scene = join([self.scenes[name] for name in mutation.scenarios])
        entries, _ = mutation.plant(Places.of(scene), scene.entries)
        found = judge_part(Scene("", scene.image, entries, scene.acceptable, scene.certificate),
                           _EFFORT, 1)
        self.assertTrue(found.dead)

    def test_lost_try(self):
        """an entry with another count than at the scenario's ends is a try lost"""
        scene = self.scenes["arming"]
        disk = Disk(scene.image)
        power_on = PowerOn.over(disk, scene.certificate)
        for entry in scene.entries:
            if isinstance(entry, Write):
                disk.apply(entry.offset, entry.data)
        disk.save(self.bench.directory / "lost.raw")
        path = self.bench.directory / "lost.raw"
        run("mren", "-i", esp(path), f"::EFI/Linux/{NEW}", "::EFI/Linux/node_2.0.0+1-2.efi")
        armed = self.bench.directory / "armed.raw"
        back = copy(path, "back")
        found = judge_part(Scene("", back, [*changes(back, armed, SECTOR), Flush(),
                                            *changes(armed, back, SECTOR)],
                                 scene.acceptable, scene.certificate), _EFFORT, 1)
        self.assertIn("tries lost or gained", found.problems)


def _first_sector(path: Path, name: str) -> int:
    """Where on the disk a boot image begins."""
    fat = Fat(Disk(path), PLACES[0][0] * MIB, PLACES[0][1] * MIB)
    return fat.place(fat.lookup(f"/EFI/Linux/{name}"))[0][0]


def _split(write: Write, size: int) -> list[Write]:
    return [Write(write.offset + at, write.data[at:at + size])
            for at in range(0, len(write.data), size)]


def _table_writes(after: Path) -> list[Entry]:
    """Backup array, backup header, primary array, primary header, each flushed."""
    content = after.read_bytes()
    end = len(content)
    places = ((end - 33 * SECTOR, end - SECTOR), (end - SECTOR, end), (2 * SECTOR, 34 * SECTOR),
              (SECTOR, 2 * SECTOR))
    return each_flushed([Write(start, memoryview(content[start:stop])) for start, stop in places])


if __name__ == "__main__":
    unittest.main()
