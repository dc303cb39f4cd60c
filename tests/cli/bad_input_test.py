# SPDX-License-Identifier: Apache-2.0
"""Builds that cannot end well: hostile archives, full disks, Ctrl+C at every stage, two at once."""

import gzip
import hashlib
import io
import json
import signal
import subprocess
import tarfile
import tempfile
from pathlib import Path

from bench import keys, root_tar, workbench
from oci_layout import write_oci_layout
from programs import ProgramTest, quoin, quoin_command, run
from synthetic_root import SyntheticRoot, write_recipe


def new_directory() -> Path:
    return Path(tempfile.mkdtemp(dir=workbench()))


def tar_of(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def member(name: str, **fields) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(info, field, value)
    return info


class HostileArchives(ProgramTest):
    def refused(self, directory: Path, source: str, words: str) -> None:
        before = sorted(directory.rglob("*"))
        recipe = write_recipe(directory, "1.0.0", source)
        result = self.assert_status(3, quoin("build", recipe, "-o", directory / "out", "--keys", keys()))
        self.assertIn(words, result.complaints)
        self.assertEqual([*before, recipe], sorted(directory.rglob("*")))

    def test_tar(self):
        """a tar that would leave the root is refused by the entry's name, and nothing is written"""
        for name, info, words in (
                ("absolute", member("/etc/passwd"), "'/etc/passwd': its name is absolute"),
                ("dots", member("a/../../../x"), "'a/../../../x': its name contains '..'"),
                ("link", member("x", type=tarfile.LNKTYPE, linkname="../../x"), "hard link 'x'"),
                ("nowhere", member("x", type=tarfile.LNKTYPE, linkname="y"), "refers to 'y'")):
            with self.subTest(name):
                directory = new_directory()
                tar_of(directory / "bad.tar", info)
                self.refused(directory, 'tar = "bad.tar"', words)

    def test_oci(self):
        """an OCI layer that would leave the root, or is damaged, is refused"""
        directory = new_directory()
        bad = tar_of(directory / "bad.tar", member("../x"))
        write_oci_layout(directory / "layout", "latest", [root_tar(), bad])
        self.refused(directory, 'oci = "layout:latest"', "'../x': its name contains '..'")
        directory = new_directory()
        layout = write_oci_layout(directory / "layout", "latest", [root_tar()])
        blob = max((layout / "blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)
        content = bytearray(blob.read_bytes())
        content[content.index(b"the same line again")] ^= 1
        blob.write_bytes(content)
        self.refused(directory, 'oci = "layout:latest"', "its SHA-256 is another")

    def test_bomb(self):
        """a small archive that unpacks to more than any root is refused before it is unpacked"""
        directory = new_directory()
        info = member("bomb", size=100 << 30)
        with gzip.open(directory / "bomb.tar.gz", "wb", 1) as packed:
            packed.write(info.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20))
        self.refused(directory, 'tar = "bomb.tar.gz"', "'bomb': with it the root has more than 64.0 GiB")


class FullDisk(ProgramTest):
    def build_limited(self, recipe: Path, setup: str) -> subprocess.CompletedProcess:
        """Builds into a file system of its own, and prints how many sectors each file left there has."""
        place = new_directory()
        script = (f'mount -t tmpfs none "{place}" && cd "{place}" && {setup}\n'
                  f'{" ".join(quoin_command("build", recipe, "-o", "out", "--keys", keys()))}\n'
                  "status=$?; find . -mindepth 1 -printf '%b\\n'; exit $status")
        return run(["unshare", "--map-root-user", "--mount", "sh", "-c", script])

    def assert_nothing_left(self, result, words: str) -> None:
        self.assert_status(1, result)
        self.assertEqual("", result.output)
        self.assertRegex(result.complaints, words)

    def test_full(self):
        """a disk that gets full in the middle of any output is an error, and nothing is left"""
        recipe = write_recipe(new_directory(), "1.0.0", f'tar = "{root_tar()}"')
        whole = self.succeed(self.build_limited(recipe, "true"))
        needed = 512 * sum(int(line) for line in whole.output.splitlines() if line.isdecimal())
        steps = 12
        for step in range(1, steps):
            result = self.build_limited(
                recipe, f"mount -o remount,size={needed * step // steps} none .")
            self.assert_nothing_left(result, "No space left on device")

    def test_file_size(self):
        """a file that may not grow further is an error like a full disk"""
        recipe = write_recipe(new_directory(), "1.0.0", f'tar = "{root_tar()}"')
        for blocks in (4000, 60_000, 300_000):
            self.assert_nothing_left(self.build_limited(recipe, f"ulimit -f {blocks}"),
                                     "File too large")


class Interrupted(ProgramTest):
    def test_every_stage(self):
        """Ctrl+C at the start of any stage leaves nothing behind, the directory included"""
        directory = new_directory()
        recipe = write_recipe(directory, "1.0.0", f'tar = "{root_tar()}"')
        command = quoin_command("build", recipe, "-o", directory / "out", "--keys", keys(), "-v")
        with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as whole:
            stages = [line for line in whole.stderr if b"warning" not in line]
        self.assertEqual(0, whole.returncode)
        self.assertGreaterEqual(len(stages), 7)
        for path in (directory / "out").iterdir():
            path.unlink()
        (directory / "out").rmdir()
        for stage in stages:
            with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as build:
                said = []
                for line in build.stderr:
                    said.append(line)
                    if line == stage:
                        build.send_signal(signal.SIGINT)
            self.assertEqual(1, build.returncode, stage)
            self.assertIn(b"interrupted", said[-1], stage)
            self.assertFalse((directory / "out").exists(), stage)


class TwoBuilds(ProgramTest):
    def test_one_directory(self):
        """two builds of one name into one directory leave all files of one of them"""
        directory = new_directory()
        recipes = []
        for number in (1, 2):
            (directory / str(number)).mkdir()
            root = SyntheticRoot(seed=number).write_tar(directory / str(number) / "root.tar")
            recipes.append(write_recipe(directory / str(number), "1.0.0", f'tar = "{root}"'))
        out = directory / "out"
        builds = [subprocess.Popen(quoin_command("build", recipe, "-o", out, "--keys", keys()),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                  for recipe in recipes]
        self.assertEqual([0, 0], [build.wait(120) for build in builds])
        self.assertEqual(4, len(list(out.iterdir())))
        for output in json.loads((out / "node_1.0.0.json").read_text())["outputs"]:
            digest = hashlib.sha256((out / output["path"]).read_bytes()).hexdigest()
            self.assertEqual(output["sha256"], digest, output["path"])
