# SPDX-License-Identifier: Apache-2.0
"""Disks that get full, in the middle of each thing that is written."""

import os
import re
from pathlib import Path

from bench import keys, new_directory, root_tar, short_build_words, signing_keys
from faults import FULL, fault
from programs import Result, ProgramTest, quoin, quoin_command, run, with_mounts
from synthetic_root import SyntheticRoot, write_recipe

NO_SPACE = "No space left on device"


class FullOutput(ProgramTest):
    def fails(self, words: str, *call, **which) -> None:
        """The error has `words`, whose OUT is the output directory, and nothing is left."""
        out = new_directory() / "out"
        result = self.assert_status(1, quoin(*short_build_words(out),
                                             env=fault(FULL, *call, **which)))
        self.assertRegex(result.complaints, words.replace("OUT", re.escape(str(out))))
        self.assertFalse(out.exists())

    def test_each_write(self):
        """a disk that gets full in the middle of any output is an error that names it"""
        for suffix, steps in ((".raw", (0, 1, 2, 3, 5)), (".quoin", (0, 1, 2, 3, 4, 5, 30)),
                              (".efi", (0,)), (".json", (0,))):
            for step in steps:
                with self.subTest(f"{suffix}, write {step}"):
                    self.fails(f"error: cannot write .*'OUT/node_1.0.0{suffix}': {NO_SPACE}\n",
                               "pwrite", f".node_1.0.0{suffix}.part-*", step)

    def test_each_sync(self):
        """a disk that turns out to be full when an output is brought to it is an error that names it"""
        # The last but one is beside other work, the last when all outputs are there. Those of the disk
        # image before are the partition table's.
        for suffix, steps in ((".raw", range(4)), (".quoin", (0, 1)), (".efi", (0, 1)), (".json", (0,))):
            for step in steps:
                with self.subTest(f"{suffix}, sync {step}"):
                    self.fails(f"error: .*'OUT/node_1.0.0{suffix}'.*: {NO_SPACE}\n",
                               "fsync", f".node_1.0.0{suffix}.part-*", step)

    def test_each_tool(self):
        """a tool that finds no room in the disk image fails, and the error names the image"""
        for program, call, doing in (("mkfs.vfat", "write", "make the ESP"),
                                     ("mmd", "write", "make the ESP"),
                                     ("mcopy", "write", "make the ESP"),
                                     ("mke2fs", "*write", "make the data file system"),
                                     ("quoin", "write", "create partition table")):
            with self.subTest(program):
                self.fails(f"error: writing 'OUT/node_1.0.0.raw': cannot {doing}", call,
                           ".node_1.0.0.raw.part-*", program=program)

    def test_cache(self):
        """a disk that gets full in the middle of a cache's pack is a warning that names it"""
        cache = new_directory()
        for step in (0, 5):
            out = new_directory()
            result = self.succeed(quoin(*short_build_words(out, cache), env=fault(
                FULL, "pwrite", ".blocks-*.part-*", step)))
            self.assertRegex(result.complaints, f"warning: cannot write '{cache}/.blocks-.*': {NO_SPACE}; "
                             "the next build will be slower, ignoring\n")
            self.assertEqual([], list(cache.iterdir()))
            self.assertEqual(4, len(list(out.iterdir())))

    def test_lock(self):
        """a disk that gets full in the middle of a lock file is an error that leaves the old one"""
        recipe = write_recipe(new_directory(), "1.0.0", f'tar = "{root_tar()}"')
        lock = recipe.with_suffix(".lock")
        for before in ([], [lock]):
            result = self.assert_status(1, quoin("lock", recipe,
                                                 env=fault(FULL, "pwrite", f"{lock.name}.new")))
            self.assertIn(f"error: cannot write '{lock}.new': {NO_SPACE}\n", result.complaints)
            self.assertEqual([*before, recipe], sorted(recipe.parent.iterdir()))
            lock.write_text("old")
        self.assertEqual("old", lock.read_text())


class FullDisk(ProgramTest):
    """With file systems that are full, as the tools see them."""

    def build_limited(self, setup: str) -> Result:
        """Builds into a file system of its own, and prints how many sectors each file left there has."""
        place = new_directory()
        script = (f'mount -t tmpfs none "{place}" && cd "{place}" && {setup} && "$@"; status=$?\n'
                  "find . -mindepth 1 -printf '%b\\n'; exit $status")
        return run(with_mounts(script, quoin_command(*short_build_words("out"))))

    def assert_nothing_left(self, result: Result, words: str) -> None:
        self.assert_status(1, result)
        self.assertEqual("", result.output)
        self.assertRegex(result.complaints, words)

    def test_full(self):
        """a disk that gets full at any time is an error that names an output, and nothing is left"""
        whole = self.succeed(self.build_limited("true"))
        needed = 512 * sum(int(line) for line in whole.output.splitlines() if line.isdecimal())
        steps = 24
        for step in range(1, steps):
            result = self.build_limited(f"mount -o remount,size={needed * step // steps} none .")
            self.assert_nothing_left(result, rf"error: .*'out/node_1.0.0\.\w+'.*: {NO_SPACE}")

    def test_file_size(self):
        """a file that may not grow further is an error like a full disk"""
        for blocks in (4000, 60_000, 300_000):
            self.assert_nothing_left(self.build_limited(f"ulimit -f {blocks}"),
                                     "'out/node_1.0.0.raw'.*File too large")


class FullTemporaryDirectory(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.directory = new_directory()
        cls.place = cls.directory / "temporary"
        cls.place.mkdir()
        # The UKI is larger than all our programs, which are stripped there before.
        root = SyntheticRoot()
        root.lengthen_kernel(5 << 20)
        cls.recipe = write_recipe(cls.directory, "1.0.0",
                                  f'tar = "{root.write_tar(cls.directory / "root.tar")}"')

    def run_limited(self, size: str, *words) -> Result:
        """With TMPDIR in a file system of that size; prints what is left there."""
        script = (f'mount -t tmpfs -o size={size} none "{self.place}" && "$@"; status=$?\n'
                  f'ls -A "{self.place}"; exit $status')
        return run(with_mounts(script, quoin_command(*words)),
                   env={**os.environ, "TMPDIR": str(self.place)})

    def fails(self, size: str, identity: Path, words: str) -> None:
        out = self.directory / "out"
        result = self.run_limited(size, "build", self.recipe, "-o", out, "--keys", identity,
                                  "--cache", self.directory / "cache")
        self.assert_status(1, result)
        self.assertRegex(result.complaints, f"error: .*{words}.*: {NO_SPACE}\n")
        self.assertEqual("", result.output)
        self.assertFalse(out.exists())

    def test_build(self):
        """a full directory for temporary files is an error that names it, and nothing is left"""
        self.fails("16k", signing_keys(), rf"cannot strip .*{self.place}/quoin-\w+/")
        self.fails("4M", keys(), rf"cannot write '{self.place}/quoin-\w+/unsigned.efi'")
        self.fails("8M", keys(), rf"cannot sign 'node_1.0.0.efi' in '{self.place}/quoin-\w+'")
        self.fails("4M", signing_keys(), rf"cannot make the ESP: cannot write '{self.place}/quoin-\w+/file'")

    def test_last_page(self):
        """a signature whose end alone finds no room fails the build, though its tool says nothing"""
        pages = 0
        for identity in (signing_keys(), keys()):
            out = new_directory()
            self.succeed(quoin("build", self.recipe, "-o", out, "--keys", identity,
                               "--cache", self.directory / "cache"))
            pages += -(-(out / "node_1.0.0.efi").stat().st_size // 4096)
        self.fails(f"{4 * (pages - 1)}k", keys(), "cannot sign 'node_1.0.0.efi'.*signed.efi': it ends early")
