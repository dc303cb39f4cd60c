# SPDX-License-Identifier: Apache-2.0
"""Why an update is as large as it is, when more packages and files cause it than are shown."""

import functools
import random
import re

from bench import Built, OfflineNode, build, workbench
from programs import ProgramTest, quoin
from synthetic_root import SyntheticRoot

SHOWN = 10
PACKAGES = 12
#: Of a squashfs block. Blocks that do not compress are stored as they are, so that the bytes of a file
#: of whole blocks are known beforehand.
BLOCK = 128 << 10


def package(number: int) -> str:
    return f"package-{number:02}"


def file_of(number: int) -> str:
    return f"/usr/share/{package(number)}/data"


@functools.cache
def releases() -> tuple[Built, Built]:
    """In the second one package N has one file of N blocks, all of them new."""
    root = SyntheticRoot()
    old = build("1.0.0", root.write_tar(workbench() / "plain.tar"))
    for name in ("var/lib", "var/lib/dpkg", "var/lib/dpkg/info"):
        root.directory(name)
    noise = random.Random(3)
    status = ""
    for number in range(1, PACKAGES + 1):
        name, path = package(number), file_of(number)
        root.directory(f"usr/share/{name}")
        root.file(path[1:], noise.randbytes(number * BLOCK))
        root.file(f"var/lib/dpkg/info/{name}.list", f"{path}\n".encode())
        status += f"Package: {name}\nStatus: install ok installed\nVersion: 1\n\n"
    root.file("var/lib/dpkg/status", status.encode())
    return old, build("1.1.0", root.write_tar(workbench() / "packages.tar"))


class TopTen(ProgramTest):
    def setUp(self):
        self.old, self.new = releases()
        self.largest = range(PACKAGES, PACKAGES - SHOWN, -1)

    def assert_ten(self, causes: dict) -> None:
        for kind, name in (("packages", package), ("files", file_of)):
            expected = [{"name": name(number), "bytes": number * BLOCK} for number in self.largest]
            self.assertEqual(expected, causes[kind])

    def assert_ten_lines(self, text: str, heading: str) -> None:
        """Under the headings for packages and for files."""
        for kind, name in (("package", package), ("file", file_of)):
            lines = text.split(f"{heading} by {kind}:\n")[1].splitlines()
            listed = [line.split()[-1] for line in lines[:SHOWN]]
            self.assertEqual([name(number) for number in self.largest], listed)
            self.assertNotRegex("".join(lines[SHOWN:SHOWN + 1]), "^ ")

    def test_diff(self):
        """diff names the ten packages and the ten files that cause most, largest first"""
        arguments = "diff", self.old.bundle, self.new.bundle
        report = self.succeed(quoin(*arguments, "--json")).json
        self.assert_ten(report["causes"])
        # What changed is told in full, and is more.
        self.assertEqual(PACKAGES, len(report["packages"]))
        self.assertGreater(report["bytes_chunks"], sum(range(1, PACKAGES + 1)) * BLOCK)
        text = self.succeed(quoin(*arguments)).output
        self.assert_ten_lines(text, "new blocks")
        # Of the changed files it tells the largest.
        changed = re.search(r"\nfiles: .*\n((?:  .*\n)+)", text)
        self.assertEqual([file_of(number) for number in self.largest],
                         [line.split()[-1] for line in changed[1].splitlines()])

    def test_dry_run(self):
        """install --dry-run names the ten packages and the ten files that cause most, largest first"""
        node = OfflineNode(self.old)
        arguments = "install", self.new.bundle, "--dry-run"
        self.assert_ten(self.succeed(node.agent(*arguments, "--json")).json["causes"])
        self.assert_ten_lines(self.succeed(node.agent(*arguments)).output, "to fetch,")


class WhatChanged(ProgramTest):
    def test_files(self):
        """diff compares files of any size by content, and attributes"""
        zeros = bytes(257 << 20)
        built = []
        for version, end, colour in (("1.0.0", b"a", b"blue"), ("1.1.0", b"b", b"red")):
            root = SyntheticRoot()
            root.file("var/large", zeros + end)
            root.file("var/large-too", zeros)
            root.file("var/coloured", b"x", xattrs={"user.colour": colour})
            tar = root.write_tar(workbench() / f"large-{version}.tar.gz", "gz")
            built.append(build(version, tar))
            tar.unlink()
        report = self.succeed(quoin("diff", built[0].bundle, built[1].bundle, "--json")).json
        self.assertEqual({"/var/large", "/var/coloured"},
                         {file["path"] for file in report["files"] if file["path"].startswith("/var")})
