# SPDX-License-Identifier: Apache-2.0
"""Roots made of Debian packages when mmdebstrap fails half-way, which the real one does not do on
demand: a stand-in of a few lines. tests/reproducible and qemu/ have the real one."""

import json
import os
import shutil

import debian_archive
from bench import Built, keys, new_directory, partition_file, root_tar
from programs import ProgramTest, quoin, quoin_command, run, with_mounts
from synthetic_root import SyntheticRoot, write_recipe

#: Larger than a pipe holds: whoever does not read it keeps its writer waiting.
REST = "head -c 1000000 /dev/zero"


class FailingDebian(ProgramTest):
    def setUp(self):
        self.directory = new_directory()
        archive = debian_archive.DebianArchive(self.directory / "archive")
        self.recipe = write_recipe(self.directory, "1.0.0", "[root.debian]\n"
                                   f'suite = "{debian_archive.SUITE}"\n{archive.source}\n'
                                   'packages = ["application"]')
        self.cache = self.directory / "cache"
        self.calls = self.directory / "calls"

    def mmdebstrap(self, script: str) -> dict:
        """An environment whose mmdebstrap is `script`, after a note that it ran."""
        programs = self.directory / "programs"
        programs.mkdir(exist_ok=True)
        program = programs / "mmdebstrap"
        program.write_text(f'#!/bin/sh\necho called >>"{self.calls}"\n{script}\n')
        program.chmod(0o755)
        return {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}

    def build_words(self, out: str = "out") -> tuple:
        return ("build", self.recipe, "-o", self.directory / out, "--keys", keys(), "--cache", self.cache)

    def fails(self, status: int, script: str) -> str:
        """What the build says; nothing is kept of what mmdebstrap wrote."""
        result = self.assert_status(status, quoin(*self.build_words(), env=self.mmdebstrap(script),
                                                  timeout=60))
        self.assertFalse((self.directory / "out").exists())
        self.assertEqual([], list(self.cache.glob("*debian-*")) + list(self.cache.glob(".debian-*")))
        return result.complaints

    def test_failure(self):
        """mmdebstrap's failure after a whole tar is the build's, in its own words"""
        said = self.fails(1, f'cat "{root_tar()}"; echo "cannot clean up" >&2; exit 25')
        self.assertIn("status 25: cannot clean up", said)

    def test_refused_entry(self):
        """an entry that is refused ends the build, however much follows"""
        evil = self.directory / "evil.tar"
        tree = self.directory / "tree"
        tree.mkdir()
        (tree / "x").write_text("x")
        self.succeed(run(["tar", "-cf", evil, "-C", tree, "-P", "--transform=s,^x,../x,", "x"]))
        said = self.fails(3, f'head -c 1024 "{evil}"; {REST}')
        self.assertIn("../x", said)

    def test_other_packages(self):
        """packages that are not those locked are a refusal; that mmdebstrap names its hooks is none"""
        self.succeed(quoin("lock", self.recipe))
        refusal = "quoin: fetched packages are not those locked"
        said = self.fails(3, f"echo 'HASH  other_1_all.deb' >&2; echo '{refusal}' >&2; exit 1")
        self.assertIn("not those of the lock file: HASH  other_1_all.deb", said)
        said = self.fails(1, f"echo \"I: running in shell: sh -c '... echo '{refusal}' ...'\" >&2; exit 1")
        self.assertIn("running in shell", said)

    def test_mounts(self):
        """what mmdebstrap mounts as root, only it sees"""
        if os.geteuid() != 0:
            self.skipTest("only root's mounts could be the host's")
        seen = self.directory / "namespace"
        script = f'readlink /proc/self/ns/mnt >"{seen}"; cat "{root_tar()}"'
        self.succeed(quoin(*self.build_words(), env=self.mmdebstrap(script)))
        self.assertNotEqual(os.readlink("/proc/self/ns/mnt"), seen.read_text().strip())

    def test_kept(self):
        """the root is kept as it passes by, and used instead of asking again"""
        good = self.mmdebstrap(f'cat "{root_tar()}"')
        for out in ("first", "second"):
            self.succeed(quoin(*self.build_words(out), env=good))
        self.assertEqual("called\n", self.calls.read_text())
        self.assertEqual(1, len(list(self.cache.glob("debian-*.tar"))))
        self.assertEqual(*(json.loads((self.directory / out / "node_1.0.0.json").read_text())["root_hash"]
                           for out in ("first", "second")))

    def build(self, out: str, root: SyntheticRoot) -> Built:
        """What `quoin build` makes when mmdebstrap makes `root`."""
        tar = root.write_tar(self.directory / f"{out}.tar")
        self.succeed(quoin(*self.build_words(out), env=self.mmdebstrap(f'cat "{tar}"')))
        directory = self.directory / out
        return Built(directory, json.loads((directory / "node_1.0.0.json").read_text()))

    def test_resolver(self):
        """the build host's resolv.conf, which mmdebstrap copies, does not get into the image"""
        root = SyntheticRoot()
        without = self.build("without", root).root_hash
        shutil.rmtree(self.cache)
        for name in ("etc/resolv.conf", "etc/.resolv.conf.systemd-resolved.bak",
                     "etc/resolvconf/resolv.conf.d/original"):
            root.file(name, b"nameserver 192.0.2.1\n")
        self.assertEqual(without, self.build("copied", root).root_hash)
        self.assertEqual(without, self.build("kept", root).root_hash)
        self.assertEqual("called\n" * 2, self.calls.read_text())

    def test_resolver_link(self):
        """a package's own link at the place of resolv.conf stays"""
        root = SyntheticRoot()
        root.symlink("etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf")
        disk = self.build("out", root).disk
        listing = self.succeed(run(["unsquashfs", "-lls", partition_file(disk, 2)])).output
        self.assertIn("etc/resolv.conf -> ../run/systemd/resolve/stub-resolv.conf", listing)

    def test_full_cache(self):
        """a cache without room for the root is a warning"""
        self.cache.mkdir()
        words = quoin_command(*self.build_words())
        result = self.succeed(run(
            with_mounts(f'mount -t tmpfs -o size=64k none "{self.cache}" && "$@"', words),
            env=self.mmdebstrap(f'cat "{root_tar()}"')))
        self.assertRegex(result.complaints, r"debian-.*No space left on device; the next build will be")
