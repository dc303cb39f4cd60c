# SPDX-License-Identifier: Apache-2.0
"""compare_outputs.py finds what differs, and says what it is."""

import io
import tarfile
import tempfile
from pathlib import Path

from bench import built, must, partitions, root_tar, signing_keys, workbench
from compare_outputs import first_difference
from programs import ProgramTest, quoin, run
from synthetic_root import write_recipe


def changed(suffix: str, offset: int) -> str:
    """What is said of an output and a copy of it with one byte changed."""
    output = built("1.0.0").output(suffix)
    with tempfile.TemporaryDirectory(dir=workbench()) as scratch:
        sides = [Path(scratch) / name for name in ("one", "other")]
        for side in sides:
            side.mkdir()
            must(run(["cp", "--sparse=always", output, side]))
        with open(sides[1] / output.name, "r+b") as file:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 1]))
        return first_difference(*sides)


class FirstDifference(ProgramTest):
    def test_disk(self):
        """one changed byte of a disk is told by the structure it lies in"""
        starts = [place["start"] * 512 for place in partitions(built("1.0.0").disk)]
        for offset, words in ((512 + 24, "partition table: sector 1"),
                              (starts[1] + 8, "partition 2 (root): superblock: time"),
                              (starts[2] + 9, "partition 3 (verity): byte 9"),
                              (starts[5] + 1024, "partition 6 (data): byte 1024")):
            self.assertIn(words, changed(".raw", offset))

    def test_uki(self):
        """one changed byte of a UKI is told by its section, on the ESP by its file too"""
        image = built("1.0.0")
        uki = image.uki.read_bytes()
        word = uki.index(b"roothash=")
        for offset, words in ((word, "section .cmdline: byte 0"), (1, "PE headers: byte 1"),
                              (len(uki) - 1, "signature: byte")):
            self.assertIn(words, changed(".efi", offset))
        on_disk = image.disk.read_bytes().index(uki[:4096])  # a file on a new FAT is one piece
        self.assertIn("partition 1 (ESP): /EFI/Linux/node_1.0.0.efi: section .cmdline: byte 3",
                      changed(".raw", on_disk + word + 3))

    def test_bundle(self):
        """one changed byte of a bundle is told by the part it lies in"""
        bundle = built("1.0.0").bundle.read_bytes()
        signatures, manifest = (int.from_bytes(bundle[at:at + 8], "little") for at in (16, 24))
        version = bundle.index(b"1.0.0", 64 + signatures)
        for offset, words in ((17, "header: byte 17"), (64 + 40, "signature: byte 40"),
                              (version, "manifest: version"),
                              (64 + signatures + manifest + 40, "index: byte 40")):
            self.assertIn(words, changed(".quoin", offset))

    def disk_with(self, *members: tuple[dict, bytes]) -> Path:
        """A directory with the disk of a root that has these members of a tar."""
        directory = Path(tempfile.mkdtemp(dir=workbench()))
        with tarfile.open(directory / "above.tar", "w", format=tarfile.PAX_FORMAT) as archive:
            for fields, content in members:
                info = tarfile.TarInfo("etc/x")
                info.mtime, info.size = 1_600_000_000, len(content)
                for field, value in fields.items():
                    setattr(info, field, value)
                archive.addfile(info, io.BytesIO(content))
        recipe = write_recipe(directory, "1.0.0",
                              f'tar = "{root_tar()}"\noverlays = ["above.tar"]')
        must(quoin("build", recipe, "-o", directory / "out", "--keys", signing_keys(),
                   "--cache", workbench() / "cache"))
        for path in (directory / "out").iterdir():
            if path.suffix != ".raw":
                path.unlink()
        return directory / "out"

    def test_root(self):
        """what differs in a root is told by path and field"""
        first = self.disk_with(({}, b"x"), ({"name": "etc/y"}, b"x"))
        self.assertEqual("", first_difference(first, first))
        for fields, content, words in (
                ({"mtime": 1_600_000_001}, b"x", "inode of /etc/x: time 1600000000 and 1600000001"),
                ({}, b"xy", "inode of /etc/x: size"),
                ({}, b"y", "content of /etc/x"),
                ({"mode": 0o755}, b"x", "inode of /etc/x: mode"),
                ({"gid": 7}, b"x", "inode of /etc/x: owner 0:0 and 0:7"),
                ({"type": tarfile.SYMTYPE, "linkname": "y"}, b"", "inode of /etc/x: type"),
                ({"pax_headers": {"SCHILY.xattr.user.colour": "blue"}}, b"x",
                 "inode of /etc/x: extended attributes {} and {'user.colour': b'blue'}")):
            with self.subTest(words):
                other = self.disk_with((fields, content), ({"name": "etc/y"}, b"x"))
                self.assertIn(f"partition 2 (root): {words}", first_difference(first, other))
        linked = self.disk_with(
            ({}, b"x"), ({"name": "etc/y", "type": tarfile.LNKTYPE, "linkname": "etc/x"}, b""))
        self.assertIn("inode of /etc/y: hard link None and ./etc/x", first_difference(first, linked))
