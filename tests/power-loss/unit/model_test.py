# SPDX-License-Identifier: Apache-2.0
"""The model against other people's tools, and its verdicts on disks that are damaged on purpose."""

import itertools
import random
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from small_disk import MIB, PLACES, Workbench, copy, esp, patch, put_file, run

from model import loader, partitions
from model.fat import Fat
from model.power_on import PowerOn
from model.uki import SignatureCheck, authenticode_digest, read_headers
from model.version import version_key
from replay.disk import Disk

OLD, NEW = "node_1.0.0.efi", "node_2.0.0+3-0.efi"
_LAST_SECTOR = 41 * MIB - 512


class ModelTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._directory = tempfile.TemporaryDirectory()
        cls.bench = Workbench(Path(cls._directory.name))
        cls.old, cls.new = cls.bench.system("1.0.0", 1), cls.bench.system("2.0.0", 2)
        cls.armed = cls.bench.disk("armed", {"a": cls.old, "b": cls.new},
                                   {OLD: cls.old.uki, NEW: cls.new.uki})

    @classmethod
    def tearDownClass(cls):
        cls._directory.cleanup()

    def observe(self, path: Path):
        return PowerOn.over(Disk(path), self.bench.certificate).observe()

    def changed(self, *patches: tuple[int, bytes]) -> Path:
        path = copy(self.armed, "changed")
        for offset, content in patches:
            patch(path, offset, content)
        return path

    def assert_runs(self, system, path: Path, failures: int = 0):
        outcome = self.observe(path).outcome
        self.assertEqual((system.root_hash, failures), (outcome.root_hash, len(outcome.failures)),
                         outcome)

    def assert_dead(self, why: str, path: Path):
        outcome = self.observe(path).outcome
        self.assertTrue(outcome.dead, outcome)
        self.assertIn(why, outcome.end)

    # ---- what runs ----

    def test_newest(self):
        """the newest whole system runs, and its slot is named"""
        outcome = self.observe(self.armed).outcome
        self.assertEqual(("b", self.new.root_hash, ()),
                         (outcome.slot, outcome.root_hash, outcome.failures))

    def test_damaged_root(self):
        """a counted system with one wrong byte in its root burns three tries, then the old one runs"""
        at = PLACES[3][0] * MIB + 150 * 4096 + 17
        self.assert_runs(self.old, self.changed((at, bytes([self.new.root[150 * 4096 + 17] ^ 1]))), 3)

    def test_damaged_tree(self):
        """a wrong byte in the tree's leaves counts like one in the data"""
        at = PLACES[4][0] * MIB + 2 * 4096 + 5
        self.assert_runs(self.old, self.changed((at, bytes([self.new.tree[2 * 4096 + 5] ^ 1]))), 3)

    def test_confirmed_damaged(self):
        """a confirmed system with a damaged root starts for ever"""
        path = self.changed((PLACES[3][0] * MIB, b"\xff" * 16))
        run("mren", "-i", esp(path), f"::EFI/Linux/{NEW}", "::EFI/Linux/node_2.0.0.efi")
        self.assert_dead("again and again", path)

    def test_unlisted(self):
        """an image whose first sector is zero is skipped, its counter left alone"""
        path = copy(self.armed, "changed")
        put_file(path, f"EFI/Linux/{NEW}", bytes(512) + self.new.uki[512:])
        self.assert_runs(self.old, path)
        self.assertEqual((NEW,), self.observe(path).unlisted)

    def test_truncated_uki(self):
        """an image that lost its end is listed, cannot be loaded, and ends in the firmware"""
        path = copy(self.armed, "changed")
        put_file(path, f"EFI/Linux/{NEW}", self.new.uki[:-15_000])
        self.assert_dead("cannot be loaded", path)

    def test_unsigned(self):
        """an image that another key signed ends in the firmware"""
        with tempfile.TemporaryDirectory() as directory:
            stranger = Workbench(Path(directory)).system("2.0.0", 2)
        path = copy(self.armed, "changed")
        put_file(path, f"EFI/Linux/{NEW}", stranger.uki)
        self.assert_dead("cannot be loaded", path)

    def test_no_loader(self):
        """without the loader nothing starts"""
        path = copy(self.armed, "changed")
        run("mdel", "-i", esp(path), "::EFI/BOOT/BOOTX64.EFI")
        self.assert_dead("cannot start", path)

    def test_empty_slot(self):
        """an entry whose root no slot is named after burns its tries"""
        path = self.bench.disk("half", {"a": self.old, "b": None},
                               {OLD: self.old.uki, NEW: self.new.uki})
        self.assert_runs(self.old, path, 3)

    def test_taken_name(self):
        """when the counted name exists already, the entry starts uncounted"""
        path = copy(self.armed, "changed")
        put_file(path, "EFI/Linux/node_2.0.0+2-1.efi", bytes(1024))
        outcome = self.observe(path).outcome
        self.assertEqual((self.new.root_hash, True), (outcome.root_hash, outcome.uncounted))

    # ---- the partition table ----

    def test_primary_torn(self):
        """with the primary's array or header torn, the backup in the last sector is used"""
        for at in (1024 + 200, 512 + 60):
            self.assert_runs(self.new, self.changed((at, b"\xaa" * 8)))

    def test_backup_torn(self):
        """a torn backup changes nothing"""
        observation = self.observe(self.changed((_LAST_SECTOR + 60, b"\xaa" * 8)))
        self.assertEqual((True, False), observation.tables)
        self.assertEqual(self.new.root_hash, observation.outcome.root_hash)

    def test_both_torn(self):
        """with both copies torn nothing starts"""
        self.assert_dead("no partition table",
                         self.changed((1024, b"\xaa" * 8), (_LAST_SECTOR + 60, b"\xaa" * 8)))

    def test_grown_disk(self):
        """firmware does not find the backup of a disk that has grown"""
        path = self.changed((1024, b"\xaa" * 8))
        with open(path, "r+b") as file:
            file.truncate(48 * MIB)
        self.assert_dead("no partition table", path)

    def test_table_as_sfdisk_sees_it(self):
        """places, UUIDs and labels are those that sfdisk shows"""
        shown = run("sfdisk", "-d", self.armed)
        table = partitions.read_tables(Disk(self.armed)).primary
        for partition in table.partitions:
            line = next(line for line in shown.splitlines()
                        if f"uuid={partition.uuid}".upper() in line.upper())
            self.assertIn(f"start={partition.start // 512:>12}", line)
            self.assertIn(f'name="{partition.label}"', line)
        self.assertEqual(6, len(table.partitions))

    # ---- FAT ----

    def test_files_as_mtools_sees_them(self):
        """files, long and short names and contents are those of mtools, after holes and renames, too"""
        path = copy(self.armed, "changed")
        noise = random.Random(3)
        for number in range(30):
            put_file(path, f"EFI/Linux/a file with a long name {number}.bin",
                     noise.randbytes(noise.randrange(5000)))
        for number in range(0, 30, 2):
            run("mdel", "-i", esp(path), f"::EFI/Linux/a file with a long name {number}.bin")
        put_file(path, "EFI/Linux/fragmented.bin", noise.randbytes(30_000))
        put_file(path, "EFI/Linux/lower.efi", b"")
        run("mren", "-i", esp(path), f"::EFI/Linux/{NEW}", "::EFI/Linux/node_2.0.0+2-1.efi")
        fat = Fat(Disk(path), PLACES[0][0] * MIB, PLACES[0][1] * MIB)
        names = sorted(line.rsplit("/", 1)[1] for line in
                       run("mdir", "-b", "-i", esp(path), "::EFI/Linux").splitlines())
        records = fat.records_in("/EFI/Linux")
        self.assertEqual(names, sorted(record.name for record in records))
        for record in records:
            theirs = subprocess.run(["mcopy", "-i", esp(path), f"::EFI/Linux/{record.name}", "-"],
                                    check=True, capture_output=True).stdout
            self.assertEqual(theirs, fat.read(record), record)

    def test_torn_long_name(self):
        """a file that lost one record of its long name has its short name, and is not counted"""
        path = copy(self.armed, "changed")
        disk = Disk(path)
        fat = Fat(disk, PLACES[0][0] * MIB, PLACES[0][1] * MIB)
        directory = fat.lookup("/EFI/Linux")
        (offset, size), *_ = fat.runs(directory.first_cluster)
        content = disk.read(offset, size)
        at = next(at for at in range(0, size, 32)
                  if content[at + 11] == 0x0F and content[at + 1:at + 11] == "node_".encode("utf-16-le")
                  and b"2" in content[at + 14:at + 26])
        patch(path, offset + at, bytes([0xE5]))
        listed = self.observe(path).listed
        short = next(entry for entry in listed if entry.root_hash == self.new.root_hash)
        self.assertRegex(short.entry.file_name.upper(), r"^NODE_2.*~[0-9]\.EFI$")
        self.assertIsNone(short.entry.left)

    def test_half_grown_directory(self):
        """a directory whose chain leads to a free cluster is an empty one for firmware"""
        fat = Fat(Disk(self.armed), PLACES[0][0] * MIB, PLACES[0][1] * MIB)
        first = fat.lookup("/EFI/Linux").first_cluster
        link = PLACES[0][0] * MIB + 32 * 512 + first * 4
        free = PLACES[0][1] * MIB // 512 - 10_000
        self.assert_dead("the loader lists no entry",
                         self.changed((link, free.to_bytes(4, "little"))))

    # ---- names and versions ----

    def test_versions(self):
        """versions compare as systemd-analyze compares them"""
        versions = ["1", "1.0", "1.0.0", "2.0.0~rc1", "2.0.0", "2.0.0-1", "2.0.0^a", "2.0.0.a", "10",
                    "1a", "1ab", "1a1", "01", "", "~", "1.~", "a", "node_2.0.0+2-1.efi",
                    "node_2.0.0.efi", "122.1", "123-a.1", "123a-1"]
        for left, right in itertools.combinations(versions, 2):
            ours = (version_key(left) > version_key(right)) - (version_key(left) < version_key(right))
            theirs = subprocess.run(["systemd-analyze", "compare-versions", left, right],
                                    capture_output=True, check=False).returncode
            self.assertEqual({0: 0, 11: 1, 12: -1}[theirs], ours, (left, right))

    def test_order(self):
        """bad entries come last; the newest version is first, and of two names the counted one"""
        def entry(name, version):
            return loader.Entry.named(name, loader.Program("node", version, None, True))
        names = [("node_1.efi", "1"), ("node_3+0-3.efi", "3"), ("node_2+1-2.efi", "2"),
                 ("node_2.efi", "2"), ("node_0+0-1.efi", "0")]
        for order in itertools.permutations(names):
            self.assertEqual(["node_2+1-2.efi", "node_2.efi", "node_1.efi", "node_3+0-3.efi",
                              "node_0+0-1.efi"],
                             [e.file_name for e in loader.in_order([entry(*n) for n in order])])

    def test_counting(self):
        """names count down and up, and stop at none left"""
        program = loader.Program("node", "1", None, True)
        entry = loader.Entry.named("node_1+1.efi", program)
        names = []
        for _ in range(3):
            entry = entry.counted()
            names.append(entry.file_name)
        self.assertEqual(["node_1+0-1.efi", "node_1+0-2.efi", "node_1+0-3.efi"], names)
        self.assertIsNone(loader.Entry.named("node_1+x.efi", program).left)

    def test_foreign_default(self):
        """a default in loader.conf is refused: the model does not follow it"""
        path = copy(self.armed, "changed")
        put_file(path, "loader/loader.conf", b"default node*\n")
        with self.assertRaises(loader.UnknownLoaderSetting):
            self.observe(path)

    # ---- signatures ----

    def test_authenticode(self):
        """the digest is the one that osslsigncode computes, and one wrong bit is not trusted"""
        file = self.bench.directory / "check.efi"
        file.write_bytes(self.new.uki)
        said = subprocess.run(["osslsigncode", "verify", "-CAfile", self.bench.certificate, file],
                              capture_output=True, text=True, check=False).stdout
        ours = authenticode_digest(self.new.uki, read_headers(self.new.uki)).hex()
        self.assertIn(ours.upper(), said.replace(" ", "").upper())
        check = SignatureCheck(self.bench.certificate)
        self.assertTrue(check.trusts(self.new.uki))
        for at in (70, 5000, len(self.new.uki) // 2):
            damaged = bytearray(self.new.uki)
            damaged[at] ^= 0x10
            self.assertFalse(check.trusts(bytes(damaged)), at)

    # ---- what is remembered ----

    def test_memory(self):
        """one model over changing states says the same as a fresh one for each"""
        disk = Disk(self.armed)
        power_on = PowerOn.over(disk, self.bench.certificate)
        root, tree = PLACES[3][0] * MIB, PLACES[4][0] * MIB
        for offset, content in ((root + 4096, bytes(4096)), (tree + 4096, bytes(512)),
                                (512, bytes(512)), (_LAST_SECTOR, bytes(512))):
            before = power_on.observe()
            undo = disk.apply(offset, memoryview(content))
            self.assertEqual(self.observe(self.changed((offset, content))), power_on.observe())
            disk.revert(undo)
            self.assertEqual(before, power_on.observe())


if __name__ == "__main__":
    unittest.main()
