# SPDX-License-Identifier: Apache-2.0
"""quoin inspect, verify and diff."""

import os

from bench import built, keys, workbench
from programs import ProgramTest, quoin


def damaged(source, name: str, change) -> str:
    """A copy of a file with its bytes changed in place by `change`."""
    content = bytearray(source.read_bytes())
    change(content)
    path = workbench() / name
    path.write_bytes(content)
    return str(path)


class Verify(ProgramTest):
    def verify(self, file, *more, key="keys"):
        return quoin("verify", file, "--trust", keys(key) / "signing.pub", *more)

    def test_bundle(self):
        """a bundle verifies against its signer's public key"""
        self.succeed(self.verify(built("1.0.0").bundle))

    def test_disk_image(self):
        """a disk image verifies against its signer's public key"""
        self.succeed(self.verify(built("1.0.0").disk))

    def test_other_key(self):
        """a bundle does not verify against another key: status 3"""
        self.assert_status(3, self.verify(built("1.0.0").bundle, key="other-keys"))

    def test_too_few_signers(self):
        """a bundle with one signature does not verify when two are required: status 3"""
        self.assert_status(3, self.verify(
            built("1.0.0").bundle, "--trust", keys("other-keys") / "signing.pub", "--required", "2"))

    def test_every_region(self):
        """one flipped bit anywhere in a bundle is found: status 3"""
        bundle = built("1.0.0").bundle
        size = bundle.stat().st_size
        for position in (0, 9, 40, 70, 150, 400, 2000, size // 4, size // 2, size - 1):
            def flip(content, position=position):
                content[position] ^= 0x10
            self.assert_status(3, self.verify(damaged(bundle, "flipped.quoin", flip)))

    def test_truncated(self):
        """a truncated bundle does not verify: status 3"""
        bundle = built("1.0.0").bundle
        size = bundle.stat().st_size
        for length in (0, 1, 63, 64, 300, size // 2, size - 1):
            def cut(content, length=length):
                del content[length:]
            self.assert_status(3, self.verify(damaged(bundle, "cut.quoin", cut)))

    def test_longer(self):
        """a bundle with bytes behind its end does not verify: status 3"""
        self.assert_status(3, self.verify(
            damaged(built("1.0.0").bundle, "longer.quoin", lambda content: content.append(0))))

    def test_damaged_root(self):
        """a disk image with one changed byte of its root does not verify: status 3"""
        from bench import partitions
        disk = built("1.0.0").disk
        place = partitions(disk)[1]["start"] * 512 + 300_000

        def change(content):
            content[place] ^= 1
        path = damaged(disk, "damaged.raw", change)
        self.assert_status(3, self.verify(path))
        os.unlink(path)


class Inspect(ProgramTest):
    def test_bundle(self):
        """inspect shows a bundle's identity and root hash, and needs no key"""
        image = built("1.0.0")
        text = self.succeed(quoin("inspect", image.bundle)).output
        for expected in ("node", "1.0.0", image.root_hash):
            self.assertIn(expected, text)
        self.assertIn(image.root_hash, self.succeed(quoin("inspect", image.bundle, "--json")).output)

    def test_disk_image(self):
        """inspect shows a disk image's partitions and root hash"""
        image = built("1.0.0")
        text = self.succeed(quoin("inspect", image.disk)).output
        for expected in ("esp", "node_1.0.0", "node_1.0.0_verity", "_empty", "data"):
            self.assertIn(expected, text)
        self.assertIn(image.root_hash, self.succeed(quoin("inspect", image.disk, "--json")).output)

    def test_something_else(self):
        """inspect refuses a file that is neither"""
        path = workbench() / "neither"
        path.write_bytes(b"hello" * 1000)
        self.assertIn(quoin("inspect", path).status, (1, 3))


class Diff(ProgramTest):
    def test_changed_file(self):
        """diff names the files that changed and the bytes a node would fetch"""
        old, new = built("1.0.0"), built("2.0.0", b"new content\n")
        for a, b in ((old.bundle, new.bundle), (old.disk, new.disk)):
            text = self.succeed(quoin("diff", a, b)).output
            self.assertIn("/usr/share/changed", text)
            self.assertNotIn("/usr/share/random", text)

    def test_fetched_bytes(self):
        """diff counts only the blocks that the old image lacks"""
        old, new = built("1.0.0"), built("2.0.0", b"new content\n")
        report = self.succeed(quoin("diff", old.bundle, new.bundle, "--json")).json
        self.assertLess(report["bytes_to_fetch"], new.bundle.stat().st_size)
        self.assertGreater(report["bytes_to_fetch"], 0)

    def test_truncated(self):
        """diff and inspect say by how much a bundle is too short or too long"""
        bundle = built("1.0.0").bundle
        size = bundle.stat().st_size
        for length in (2000, size - 1, size + 1):
            def change(content, length=length):
                content[:] = content.ljust(length, b"x")[:length]
            path = damaged(bundle, "other-length.quoin", change)
            for words in (["diff", path, bundle], ["diff", bundle, path], ["inspect", path]):
                said = self.assert_status(3, quoin(*words)).complaints
                self.assertEqual(f"error: cannot use '{path}': it has {length} bytes, its manifest "
                                 f"says {size}\n", said)
