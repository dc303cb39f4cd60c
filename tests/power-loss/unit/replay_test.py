# SPDX-License-Identifier: Apache-2.0
"""The replayer: logs that QEMU wrote, states by content, and that every kind of cut is there."""

import hashlib
import random
import subprocess
import tempfile
import unittest
from pathlib import Path

import small_disk  # puts the package in the path

from replay.cuts import Cut, Effort, apply_cut, cut_points, walk, windows_of
from replay.disk import PAGE, Disk
from replay.log import Flush, LogError, Write, read_log, write_log


def write(sector: int, sectors: int, value: int, lasting: bool = False) -> Write:
    return Write(sector * 512, memoryview(bytes([value]) * (sectors * 512)), lasting)


class ReplayTest(unittest.TestCase):
    def setUp(self):
        self._directory = tempfile.TemporaryDirectory()
        self.addCleanup(self._directory.cleanup)
        self.directory = Path(self._directory.name)
        self.image = self.directory / "image.raw"
        with open(self.image, "wb") as file:
            file.write(random.Random(1).randbytes(5 * PAGE))
            file.truncate(64 * PAGE)

    def content(self, disk: Disk) -> bytes:
        return disk.read(0, disk.size)

    def states(self, entries, effort=Effort(2, 6, 6), **options) -> dict[bytes, Cut]:
        disk = Disk(self.image)
        return {self.content(disk): cut for cut in walk(disk, entries, effort, 1, **options)}

    def test_qemu_log(self):
        """a log that QEMU's blklogwrites wrote gives the disk that QEMU wrote"""
        disk, log = self.directory / "disk.raw", self.directory / "log"
        small_disk.copy(self.image, "disk")
        log.write_bytes(b"")
        subprocess.run(
            ["qemu-io", "--image-opts",
             f"driver=blklogwrites,file.driver=file,file.filename={disk},"
             f"log.driver=file,log.filename={log}",
             "-c", "write -P 7 512 512", "-c", "write -P 8 8192 12288", "-c", "flush",
             "-c", "write -P 9 1024 1024", "-c", "flush"],
            check=True, capture_output=True)
        entries, sector = read_log(log)
        self.assertEqual(512, sector)
        writes = [(e.offset, len(e.data)) for e in entries if isinstance(e, Write)]
        self.assertEqual([(512, 512), (8192, 12288), (1024, 1024)], writes)
        self.assertEqual(2, len(windows_of(entries)))
        replayed = Disk(self.image)
        for entry in entries:
            if isinstance(entry, Write):
                replayed.apply(entry.offset, entry.data)
        self.assertEqual(disk.read_bytes(), self.content(replayed))

    def test_log_round_trip(self):
        """what write_log writes, read_log reads; a log that is cut off is refused"""
        path = self.directory / "log"
        entries = [write(3, 2, 1), Flush(), write(9, 8, 2, True)]
        write_log(path, entries)
        self.assertEqual(entries, read_log(path)[0])
        path.write_bytes(path.read_bytes()[:-1])
        with self.assertRaises(LogError):
            read_log(path)

    def test_identity(self):
        """states are equal exactly when their identities are, whatever way they were reached"""
        disk, noise = Disk(self.image), random.Random(2)
        seen: dict[int, bytes] = {disk.identity: self.content(disk)}
        undo = []
        for _ in range(300):
            if undo and noise.random() < 0.4:
                disk.revert(undo.pop())
            else:
                value = noise.choice((0, 1, 255))
                undo.append(disk.apply(noise.randrange(56 * 8) * 512,
                                       memoryview(bytes([value]) * (noise.randrange(1, 40) * 512))))
            content = self.content(disk)
            self.assertEqual(content, seen.setdefault(disk.identity, content))
        self.assertEqual(len(seen), len({hashlib.sha256(c).digest() for c in seen.values()}))
        while undo:
            disk.revert(undo.pop())
        self.assertEqual(self.image.read_bytes(), self.content(disk))

    def test_identity_across_images(self):
        """an image that was saved has the identity of the state that it was saved from"""
        disk = Disk(self.image)
        disk.apply(1024, memoryview(b"x" * 20_480))
        disk.save(self.directory / "saved.raw")
        saved = Disk(self.directory / "saved.raw")
        self.assertEqual(self.content(disk), self.content(saved))
        self.assertEqual(disk.identity, saved.identity)

    def test_part_identity(self):
        """a part's identity changes with its content and comes back with it"""
        disk = Disk(self.image)
        before = disk.part_identity(0, 4096)
        undo = disk.apply(512, memoryview(b"y" * 512))
        self.assertNotEqual(before, disk.part_identity(0, 4096))
        self.assertEqual((), disk.part_identity(40 * PAGE, PAGE))
        disk.revert(undo)
        self.assertEqual(before, disk.part_identity(0, 4096))

    def test_every_subset(self):
        """of a small window every subset of its writes is there, and nothing that was not flushed is a must"""
        entries = [write(80, 1, 1), Flush(), write(88, 1, 2), write(96, 1, 3), write(104, 1, 4),
                   Flush(), write(112, 1, 5)]
        disk = Disk(self.image)
        found = {tuple(disk.read(sector * 512, 1)[0] for sector in (80, 88, 96, 104, 112))
                 for _ in walk(disk, entries, Effort(0, 6, 0), 1)}
        subsets = {(1, a, b, c, 0) for a in (0, 2) for b in (0, 3) for c in (0, 4)}
        self.assertEqual({(0, 0, 0, 0, 0), (1, 2, 3, 4, 5)} | subsets, found)
        self.assertEqual(6, cut_points(entries))

    def test_tears(self):
        """the last write is torn at every sector, from either end"""
        disk = Disk(self.image)
        found = {disk.read(160 * 512, 4 * 512)[::512]
                 for _ in walk(disk, [write(160, 4, 7)], Effort(3, 0, 0), 1)}
        expected = {b"\7" * n + b"\0" * (4 - n) for n in range(5)}
        self.assertEqual(expected | {state[::-1] for state in expected}, found)

    def test_lasting_write(self):
        """a write that lasts once complete is there whenever a later one is"""
        entries = [write(80, 1, 1), write(88, 1, 2, lasting=True), write(96, 1, 3)]
        disk = Disk(self.image)
        found = {tuple(disk.read(sector * 512, 1)[0] for sector in (80, 88, 96))
                 for _ in walk(disk, entries, Effort(0, 6, 0), 1)}
        self.assertIn((0, 2, 3), found)
        self.assertNotIn((1, 0, 3), found)

    def test_sample(self):
        """a large window is sampled: some lack one write, some have one alone, some are torn"""
        entries = [write(80 + 8 * n, 2, n + 1) for n in range(20)]
        cuts = list(self.states(entries, Effort(1, 4, 12)).values())
        sizes = {len(cut.applied) for cut in cuts if cut.torn is None}
        self.assertLessEqual({1, 19}, sizes)
        self.assertTrue(any(cut.torn is not None and cut.applied != tuple(range(len(cut.applied)))
                            for cut in cuts))

    def test_shards(self):
        """the shards together have every state, each cut leads to its state, and the disk comes back"""
        entries = [write(80, 3, 1), write(90, 2, 2), Flush(), write(82, 9, 3), write(100, 1, 4),
                   write(110, 1, 5)]
        whole = self.states(entries)
        parts: dict[bytes, Cut] = {}
        for shard in range(3):
            parts |= self.states(entries, shard=shard, shards=3)
        self.assertEqual(set(whole), set(parts))
        for content, cut in parts.items():
            disk = Disk(self.image)
            apply_cut(disk, entries, cut)
            self.assertEqual(content, self.content(disk), str(cut))


if __name__ == "__main__":
    unittest.main()
