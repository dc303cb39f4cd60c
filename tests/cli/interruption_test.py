# SPDX-License-Identifier: Apache-2.0
"""Ctrl+C and SIGTERM at any time: all outputs or none, no temporary file, no program still running."""

import contextlib
import itertools
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import debian_archive
from bench import digests, keys, must, new_directory, root_tar, short_build_words, signing_keys
from faults import fault
from programs import ProgramTest, Result, quoin, quoin_command
from synthetic_root import SyntheticRoot, write_recipe

SIGNALS = (signal.SIGINT, signal.SIGTERM)
INTERRUPTED = "error: interrupted; nothing was left behind\n"


def blocks_with_content(pack: Path) -> int:
    """docs/formats/cache.md; blocks that do not compress have none."""
    content = pack.read_bytes()
    records, start = struct.unpack("<QQ", content[-48:-32])
    return sum(any(content[at + 56:at + 60]) for at in range(start, start + 64 * records, 64))


class InterruptionTest(ProgramTest):
    def setUp(self):
        self.directory = new_directory()
        self.out = self.directory / "out"
        self.temporary = self.directory / "temporary"
        self.temporary.mkdir()

    def assert_interrupted(self, status: int, complaints: str) -> None:
        self.assertEqual(1, status, complaints)
        self.assertTrue(complaints.endswith(INTERRUPTED), complaints)
        self.assertFalse(self.out.exists())
        self.assertEqual([], list(self.temporary.iterdir()))


class Stages(InterruptionTest):
    def test_every_stage(self):
        """Ctrl+C at the start of any stage leaves nothing behind, the directory included"""
        def begin() -> subprocess.Popen:
            return subprocess.Popen(quoin_command(*short_build_words(self.out), "-v"),
                                    stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                    env={**os.environ, "TMPDIR": str(self.temporary)})
        with begin() as whole:
            stages = [line for line in whole.stderr if b"warning" not in line]
        self.assertEqual(0, whole.returncode)
        self.assertGreaterEqual(len(stages), 7)
        shutil.rmtree(self.out)
        for stage in stages[:-1]:  # the last may be over before the signal is there: see test_report
            with begin() as build:
                said = []
                for line in build.stderr:
                    said.append(line)
                    if line == stage:
                        build.send_signal(signal.SIGINT)
            self.assert_interrupted(build.returncode, said[-1].decode())


class OtherPrograms(InterruptionTest):
    """While a program works for quoin."""

    def recipe(self, source: str) -> Path:
        return write_recipe(self.directory, "1.0.0", "[root.debian]\n"
                            f'suite = "{debian_archive.SUITE}"\n{source}')

    def interrupt(self, number: int, words: tuple | list, wait_until_busy: Callable[[], None]) -> None:
        environment = {**os.environ, "TMPDIR": str(self.temporary),
                       "PATH": f"{self.directory}:{os.environ['PATH']}"}
        for proxy in ("http_proxy", "https_proxy"):  # would take apt elsewhere
            environment.pop(proxy, None)
        with subprocess.Popen(quoin_command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True, env=environment) as child:
            wait_until_busy()
            child.send_signal(number)
            complaints = child.communicate(timeout=30)[1]
        self.assert_interrupted(child.returncode, complaints)
        deadline = time.monotonic() + 5
        while running := self.programs_of_ours():
            self.assertLess(time.monotonic(), deadline, running)
            time.sleep(0.01)

    def programs_of_ours(self) -> list[str]:
        """Of whatever user: their environment tells."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if str(self.temporary).encode() in (process / "environ").read_bytes():
                    found.append((process / "cmdline").read_text())
            except OSError:
                pass  # gone meanwhile, or another user's
        return found

    def test_debian(self):
        """Ctrl+C and SIGTERM end mmdebstrap, before its tar and within, and leave nothing of either"""
        recipe = self.recipe(debian_archive.DebianArchive(self.directory / "archive").source)
        cache = self.directory / "cache"
        for beginning in ("true", f'head -c 900000 "{root_tar()}"'):
            for number in SIGNALS:
                with self.subTest(f"{beginning} {number}"):
                    self.interrupt_in("mmdebstrap", f"{beginning}; sleep 100 & touch busy; wait", number, (
                        "build", recipe, "-o", self.out, "--keys", signing_keys(), "--cache", cache))
                    self.assertEqual([], list(cache.iterdir()))

    def test_signing(self):
        """Ctrl+C and SIGTERM while the UKI is signed for Secure Boot leave nothing of it"""
        words = [keys() if word == signing_keys() else word for word in short_build_words(self.out)]
        for number in SIGNALS:
            self.interrupt_in("osslsigncode", "touch busy; exec sleep 100", number, words)

    def interrupt_in(self, program: str, script: str, number: int, words: tuple | list) -> None:
        """With a stand-in for the program, once it has touched "busy"."""
        busy = self.directory / "busy"
        busy.unlink(missing_ok=True)
        stand_in = self.directory / program
        stand_in.write_text(f"#!/bin/sh\ncd {self.directory} && {script}\n")
        stand_in.chmod(0o755)
        self.interrupt(number, words, lambda: self.wait_for(busy))

    def wait_for(self, path: Path) -> None:
        deadline = time.monotonic() + 30
        while not path.exists():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def test_lock(self):
        """Ctrl+C and SIGTERM while apt waits for its archive leave the lock file as it was"""
        lock = self.directory / "node-1.0.0.lock"
        for before, number in zip(([], [lock]), SIGNALS):
            with socket.create_server(("127.0.0.1", 0)) as silent:
                silent.settimeout(30)
                port = silent.getsockname()[1]
                recipe = self.recipe(f'mirrors = ["deb [trusted=yes] http://127.0.0.1:{port} x main"]')
                with contextlib.ExitStack() as until_interrupted:
                    def accept() -> None:
                        until_interrupted.enter_context(silent.accept()[0]).recv(1)
                    self.interrupt(number, ("lock", recipe), accept)
            self.assertEqual([*before, recipe, self.temporary], sorted(self.directory.iterdir()))
            lock.write_text("old")


class LastSteps(InterruptionTest):
    """With a signal just before a certain call (tests/cli/faults.py)."""

    def run_quoin(self, environment: dict, *words) -> Result:
        return quoin(*words, env={**environment, "TMPDIR": str(self.temporary)})

    def test_lock_file(self):
        """Ctrl+C while the lock file is written leaves it whole"""
        recipe = write_recipe(self.directory, "1.0.0", f'tar = "{root_tar()}"')
        must(quoin("lock", recipe))
        lock = recipe.with_suffix(".lock")
        whole = lock.read_bytes()
        for call, file in (("pwrite", f"{lock.name}.new"), ("rename", lock.name)):
            lock.unlink()
            self.succeed(self.run_quoin(fault(signal.SIGINT, call, file), "lock", recipe))
            self.assertEqual(whole, lock.read_bytes())
            self.assertFalse(Path(f"{lock}.new").exists())

    def test_cache(self):
        """Ctrl+C while packs are merged leaves what the cache had, and no output"""
        cache = self.directory / "cache"
        must(quoin(*short_build_words(self.directory / "earlier", cache)))
        before = digests(cache)
        other = SyntheticRoot(seed=2)
        # So much that is new, and worth keeping, that the older pack is taken in.
        other.file("usr/share/more", random.Random(2).randbytes(1 << 20).hex().encode())
        recipe = write_recipe(self.directory, "1.0.0",
                              f'tar = "{other.write_tar(self.directory / "other.tar")}"')
        words = ("build", recipe, "--keys", signing_keys(), "-v")
        merged = self.directory / "merged"
        shutil.copytree(cache, merged)
        must(quoin(*words, "-o", self.directory / "merging", "--cache", merged))
        [pack] = merged.iterdir()
        writes = blocks_with_content(pack)
        for number in SIGNALS:
            result = self.run_quoin(  # blocks of the older pack come last
                fault(number, "pwrite", ".blocks-*.part-*", writes - 2),
                *words, "-o", self.out, "--cache", cache)
            self.assertIn("packing the initrd", result.complaints)
            self.assertNotIn("assembling the UKI", result.complaints)
            self.assert_interrupted(result.status, result.complaints)
            self.assertEqual(before, digests(cache))

    def test_report(self):
        """Ctrl+C before the last output is written leaves none of them"""
        for number in SIGNALS:
            result = self.run_quoin(fault(number, "pwrite", ".node_1.0.0.json.part-*"),
                                    *short_build_words(self.out))
            self.assert_interrupted(result.status, result.complaints)

    def test_commit(self):
        """Ctrl+C while outputs get their names comes too late: all are new, nothing else is there"""
        must(quoin(*short_build_words(self.out)))
        cases = [("fsync", ".node_1.0.0.quoin.part-*", 1)]  # the first is not the commit's
        cases += [("rename", f"node_1.0.0{suffix}", 0) for suffix in (".raw", ".quoin", ".efi", ".json")]
        for number, case in zip(itertools.cycle(SIGNALS), cases):
            with self.subTest(case):
                before = {path.stat().st_ino for path in self.out.iterdir()}
                self.succeed(self.run_quoin(fault(number, *case), *short_build_words(self.out)))
                now = {path.stat().st_ino for path in self.out.iterdir()}
                self.assertEqual((4, 4, 8), (len(before), len(now), len(before | now)))
