# SPDX-License-Identifier: Apache-2.0
"""What is said of a data partition, on small ones made with mke2fs."""

import tempfile
import unittest
from pathlib import Path

from small_disk import MIB, run

from after_cut import data_problem
from replay.disk import Disk

_STATE = "persist/var/lib/quoin/state.json"


class AfterCutTest(unittest.TestCase):
    def setUp(self):
        self._directory = tempfile.TemporaryDirectory()
        self.addCleanup(self._directory.cleanup)
        self.directory = Path(self._directory.name)

    def judge(self, state: bytes | None, damage: tuple[int, bytes] | None = None):
        tree, image = self.directory / "tree", self.directory / "disk.raw"
        tree.mkdir()
        if state is not None:
            (tree / _STATE).parent.mkdir(parents=True)
            (tree / _STATE).write_bytes(state)
        run("mke2fs", "-q", "-t", "ext4", "-d", tree, image, "16M")
        disk = Disk(image)
        if damage:
            disk.apply(damage[0], memoryview(damage[1]))
        return data_problem(disk, (0, 16 * MIB), self.directory)

    def test_whole(self):
        """a state that is whole is read back"""
        self.assertEqual((None, b'{"attempt": null}'), self.judge(b'{"attempt": null}'))

    def test_none(self):
        """no state is no problem: it is rebuilt from slots and entries"""
        self.assertEqual((None, b""), self.judge(None))

    def test_torn_state(self):
        """half a state is a problem"""
        problem, _ = self.judge(b'{"attempt": nu')
        self.assertIn("is damaged", problem)

    def test_damaged_file_system(self):
        """a file system that e2fsck would have to ask about is a problem"""
        problem, _ = self.judge(b"{}", (4096, b"\xff" * 65536))
        self.assertIn("e2fsck", problem)


if __name__ == "__main__":
    unittest.main()
