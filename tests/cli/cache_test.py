# SPDX-License-Identifier: Apache-2.0
"""quoin build --cache and quoin cache: sooner, never different."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

from bench import digests, keys, new_directory
from programs import ProgramTest, quoin, quoin_command
from synthetic_root import SyntheticRoot, write_recipe


class Project:
    """A recipe whose root takes a moment to compress, and a place for builds of it."""

    def __init__(self):
        self.directory = new_directory()
        self.cache = self.directory / "cache"
        self.builds = 0
        root = SyntheticRoot()
        words = [b"quoin", b"stone", b"wall", b"corner", b"true", b"slot"]
        for number in range(10):
            chance = random.Random(number)
            root.file(f"usr/share/text-{number}", b" ".join(chance.choices(words, k=60_000)))
        tar = root.write_tar(self.directory / "root.tar")
        self.recipe = write_recipe(self.directory, "1.0.0", f'tar = "{tar}"')

    def command(self, *options) -> tuple[Path, list[str]]:
        self.builds += 1
        out = self.directory / f"out-{self.builds}"
        return out, ["build", self.recipe, "-o", out, "--keys", keys(), *options]

    def packs(self) -> list[Path]:
        return sorted(self.cache.glob("blocks-*.pack"))


class BuildWithCache(ProgramTest):
    def build(self, project: Project, *options) -> dict[str, str]:
        out, command = project.command(*options)
        self.succeed(quoin(*command))
        return digests(out)

    def test_same_bytes(self):
        """with a cache, empty, full or damaged, a build gives the same bytes as without"""
        project = Project()
        without = self.build(project)
        self.assertEqual(without, self.build(project, "--cache", project.cache))
        packs = project.packs()
        self.assertEqual(1, len(packs))
        self.assertEqual(without, self.build(project, "--cache", project.cache))
        self.assertEqual(packs, project.packs(), "everything was there, so nothing was added")

        damaged = bytearray(packs[0].read_bytes())
        for position in range(0, len(damaged) // 2, 1000):
            damaged[position] ^= 0xff
        packs[0].write_bytes(damaged)
        self.assertEqual(without, self.build(project, "--cache", project.cache))
        packs[0].write_bytes(damaged[:-1])
        self.assertEqual(without, self.build(project, "--cache", project.cache))

    def test_builds_at_once(self):
        """two builds at once share a cache and give the same bytes"""
        project = Project()
        started = []
        for _ in range(2):
            out, command = project.command("--cache", project.cache)
            started.append((out, subprocess.Popen(quoin_command(*command), stdout=subprocess.DEVNULL,
                                                  stderr=subprocess.DEVNULL)))
        for _, child in started:
            self.assertEqual(0, child.wait(120))
        self.assertEqual(*(digests(out) for out, _ in started))
        self.assertEqual(digests(started[0][0]), self.build(project, "--cache", project.cache))

    def test_killed(self):
        """a build that is killed leaves a cache that later builds can use"""
        project = Project()
        _, command = project.command("--cache", project.cache)
        child = subprocess.Popen(quoin_command(*command), stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        while child.poll() is None and not list(project.cache.glob(".blocks-*")):
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        self.assertEqual(-signal.SIGKILL, child.wait(30), "the build was over too soon")
        self.assertEqual([], project.packs())
        self.assertEqual(self.build(project), self.build(project, "--cache", project.cache))

    def test_not_a_directory(self):
        """a cache that is no directory is an error that names it"""
        project = Project()
        project.cache.write_text("")
        out, command = project.command("--cache", project.cache)
        result = self.assert_status(1, quoin(*command))
        self.assertIn(f"'{project.cache}'", result.complaints)
        self.assertFalse(out.exists())


class CacheCommand(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.project = Project()
        _, command = cls.project.command("--cache", cls.project.cache)
        quoin(*command)
        cls.cache = cls.project.cache
        (cls.cache / "notes.txt").write_text("mine")

    def test_show(self):
        """cache show lists what a cache keeps and leaves out foreign files"""
        [pack] = self.project.packs()
        listed = self.succeed(quoin("cache", "show", self.cache, "--json")).json
        [entry] = listed["files"]
        self.assertEqual((pack.name, "blocks", pack.stat().st_size, int(pack.stat().st_mtime)),
                         (entry["name"], entry["kind"], entry["size"], entry["last_used"]))
        self.assertGreater(entry["blocks"], 10)
        self.assertEqual(pack.stat().st_size, listed["size"])
        shown = self.succeed(quoin("cache", "show", self.cache)).output
        self.assertIn(pack.name, shown)
        self.assertIn(f"{entry['blocks']} blocks", shown)
        self.assertNotIn("notes.txt", shown)

    def test_trim(self):
        """cache trim removes what does not fit, and nothing that is not Quoin's"""
        [pack] = self.project.packs()
        untouched = self.succeed(quoin("cache", "trim", self.cache, "--size", "1G", "--json")).json
        self.assertEqual(({"removed": [], "size": pack.stat().st_size}), untouched)
        copy = new_directory()
        for path in self.cache.iterdir():
            (copy / path.name).write_bytes(path.read_bytes())
        trimmed = self.succeed(quoin("cache", "trim", copy, "--size", "0", "--json")).json
        self.assertEqual([pack.name], [entry["name"] for entry in trimmed["removed"]])
        self.assertEqual(0, trimmed["size"])
        self.assertEqual(["notes.txt"], os.listdir(copy))

    def test_wrong_use(self):
        """cache trim needs a size, and a directory that is there"""
        self.assert_status(2, quoin("cache", "trim", self.cache))
        self.assert_status(2, quoin("cache", "trim", self.cache, "--size", "much"))
        result = self.assert_status(1, quoin("cache", "show", self.cache / "missing"))
        self.assertIn("missing", result.complaints)
