# SPDX-License-Identifier: Apache-2.0
"""The root: squashfs as squashfs-tools read it, its hash tree as veritysetup reads it."""

import hashlib
import re
import tarfile
import time
from pathlib import Path

from bench import built, must, partition_file, root_tar, workbench
from programs import ProgramTest, run
from synthetic_root import KERNEL_RELEASE

#: Not in the root: it is in the UKI.
TAKEN = {f"boot/vmlinuz-{KERNEL_RELEASE}"}
#: Gets the image's name and version.
EDITED = {"usr/lib/os-release"}
_LINE = re.compile(r"^(\S{10}) (\d+)/(\d+) +(\d+(?:, *\d+)?) (\S+ \S+) squashfs-root(?:/(.*))?$")


def root() -> Path:
    return partition_file(built("1.0.0").disk, 2)


def tree() -> Path:
    return partition_file(built("1.0.0").disk, 3)


def kind_of(info: tarfile.TarInfo) -> str:
    for letter, is_so in (("d", info.isdir()), ("l", info.issym()), ("c", info.ischr()),
                          ("b", info.isblk()), ("p", info.isfifo())):
        if is_so:
            return letter
    return "-"


def mode_text(info: tarfile.TarInfo) -> str:
    """As ls shows it."""
    letters = list("rwxrwxrwx")
    for bit in range(9):
        if not info.mode >> (8 - bit) & 1:
            letters[bit] = "-"
    for flag, place, letter in ((0o4000, 2, "s"), (0o2000, 5, "s"), (0o1000, 8, "t")):
        if info.mode & flag:
            letters[place] = letter if letters[place] == "x" else letter.upper()
    return kind_of(info) + "".join(letters)


def expected_listing() -> dict[str, tuple]:
    """Each path of the source: mode, owner, group, size or device, and for links the target."""
    entries = {}
    with tarfile.open(root_tar()) as archive:
        for member in archive:
            info = archive._find_link_target(member) if member.islnk() else member
            size = f"{info.devmajor},{info.devminor}" if kind_of(info) in "cb" else str(info.size)
            if info.issym():
                size = str(len(info.linkname.encode()))
            entries[member.name] = (mode_text(info), info.uid, info.gid,
                                    None if info.isdir() else size,
                                    info.linkname if info.issym() else "", int(info.mtime))
    return entries


def squashfs_listing() -> dict[str, tuple]:
    text = must(run(["unsquashfs", "-lln", "-UTC", root()])).output
    entries = {}
    for line in text.splitlines():
        if not (match := _LINE.match(line)):
            continue
        mode, uid, gid, size, stamp, rest = match.groups()
        path, _, target = (rest or "").partition(" -> ") if mode[0] == "l" else (rest or "", "", "")
        when = int(time.mktime(time.strptime(stamp, "%Y-%m-%d %H:%M"))) - time.timezone
        entries[path] = (mode, int(uid), int(gid), None if mode[0] == "d" else size.replace(" ", ""),
                         target, when)
    return entries


class Squashfs(ProgramTest):
    def test_listing_is_the_source(self):
        """unsquashfs lists every entry of the source with its mode, owners, size and target"""
        found, wanted = squashfs_listing(), expected_listing()
        for path, entry in wanted.items():
            if path in TAKEN:
                self.assertNotIn(path, found)
                continue
            self.assertIn(path, found)
            if path not in EDITED:
                self.assertEqual(entry[:5], found[path][:5], path)

    def test_times(self):
        """modification times are the source's"""
        found = squashfs_listing()
        for path, entry in expected_listing().items():
            if path not in TAKEN | EDITED and entry[0][0] == "-":
                self.assertEqual(entry[5] // 60, found[path][5] // 60, path)

    def test_only_ours_is_added(self):
        """nothing else is in the root but what a build puts there"""
        ours = re.compile(r"^(usr/(lib/(systemd|quoin|clock-epoch|sysusers\.d|tmpfiles\.d)|share/quoin|"
                          r"bin/quoin-agent|lib/os-release)|etc|boot|efi|proc|sys|dev|run|tmp|var|root|mnt)")
        extra = {path for path in squashfs_listing().keys() - expected_listing().keys()
                 if path and not ours.match(path)}
        self.assertEqual(set(), extra)

    def test_content(self):
        """unsquashfs extracts the same bytes as the source has"""
        names = ["usr/share/random", "usr/share/compressible", "usr/share/small-39", "usr/share/empty",
                 "usr/share/second-name"]
        with tarfile.open(root_tar()) as archive:
            for name in names:
                found = must(run(["sh", "-c", f"unsquashfs -cat {root()} {name} | sha256sum"]))
                wanted = hashlib.sha256(archive.extractfile(name).read()).hexdigest()
                self.assertEqual(wanted, found.output.split()[0], name)

    def test_hard_links(self):
        """hard links share one inode"""
        numbers = [re.search(r"Inode number: (\d+)", must(
            run(["rdsquashfs", "--stat", f"/usr/share/{name}", root()])).output)[1]
            for name in ("random", "second-name")]
        self.assertEqual(numbers[0], numbers[1])

    def test_attributes(self):
        """extended attributes, capabilities among them, are the source's"""
        for name, attribute in (("usr/bin/capable", "security.capability"),
                                ("usr/share/attributed", "user.colour=blue")):
            text = must(run(["rdsquashfs", "--xattr", f"/{name}", root()])).output
            self.assertIn(attribute, text)

    def test_compression(self):
        """the root is compressed with zstd in blocks of 128 KiB"""
        text = self.succeed(run(["unsquashfs", "-s", root()])).output
        self.assertIn("Compression zstd", text)
        self.assertIn("Block size 131072", text)


class Verity(ProgramTest):
    def verify(self, data: Path, root_hash: str):
        return run(["veritysetup", "verify", data, tree(), root_hash])

    def test_accepts(self):
        """veritysetup verifies the root against its tree and root hash"""
        self.succeed(self.verify(root(), built("1.0.0").root_hash))

    def test_refuses_another_hash(self):
        """veritysetup refuses the root with another root hash"""
        self.assertNotEqual(0, self.verify(root(), "0" * 64).status)

    def test_refuses_a_changed_root(self):
        """veritysetup refuses a root with one changed byte"""
        content = bytearray(root().read_bytes())
        content[100_000] ^= 1
        changed = workbench() / "changed-root"
        changed.write_bytes(content)
        self.assertNotEqual(0, self.verify(changed, built("1.0.0").root_hash).status)

    def test_salt_is_derived(self):
        """the salt is the same for every release of an image, and not empty"""
        salts = set()
        for image in (built("1.0.0"), built("2.0.0", b"new content\n")):
            dump = must(run(["veritysetup", "dump", partition_file(image.disk, 3)])).output
            salts.add(re.search(r"Salt:\s+(\S+)", dump)[1])
        self.assertEqual(1, len(salts))
        self.assertRegex(salts.pop(), "^[0-9a-f]{64}$")
