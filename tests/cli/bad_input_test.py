# SPDX-License-Identifier: Apache-2.0
"""Builds that cannot end well: hostile archives, two at once."""

import gzip
import hashlib
import io
import json
import subprocess
import tarfile
from pathlib import Path

from bench import keys, new_directory, root_tar
from oci_layout import write_oci_layout
from programs import ProgramTest, quoin, quoin_command
from synthetic_root import SyntheticRoot, write_recipe


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
        directory = new_directory()
        cut = directory / "cut.tar.gz"
        whole = gzip.compress(root_tar().read_bytes())
        cut.write_bytes(whole[:len(whole) // 2])
        write_oci_layout(directory / "layout", "latest", [cut])
        self.refused(directory, 'oci = "layout:latest"', "' at 'usr/share/random': ")

    def test_bomb(self):
        """a small archive that unpacks to more than any root is refused before it is unpacked"""
        directory = new_directory()
        info = member("bomb", size=100 << 30)
        with gzip.open(directory / "bomb.tar.gz", "wb", 1) as packed:
            packed.write(info.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20))
        self.refused(directory, 'tar = "bomb.tar.gz"', "'bomb': with it the root has more than 64.0 GiB")


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
