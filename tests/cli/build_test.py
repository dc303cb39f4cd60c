# SPDX-License-Identifier: Apache-2.0
"""quoin build: its outputs, its sources, and what an interrupted or failed build leaves: nothing."""

import hashlib
import io
import json
import os
import random
import signal
import subprocess
import tarfile
import time
from pathlib import Path

from bench import Built, OfflineNode, built, keys, must, new_directory, partition_file, root_tar
from oci_layout import write_oci_layout
from programs import ProgramTest, quoin, quoin_command, run
from synthetic_root import SyntheticRoot, write_recipe


def root_listing(disk: Path) -> str:
    """Every entry of the root in slot a."""
    return must(run(["unsquashfs", "-lls", partition_file(disk, 2)])).output


class BuildOutputs(ProgramTest):
    def test_outputs(self):
        """build writes a disk image, a bundle, a UKI and a description, named ID_VERSION"""
        image = built("1.0.0")
        names = sorted(path.name for path in image.directory.iterdir() if path.suffix != ".toml")
        self.assertEqual(["node_1.0.0.efi", "node_1.0.0.json", "node_1.0.0.quoin", "node_1.0.0.raw"],
                         names)

    def test_report(self):
        """--json and the JSON file agree, with the true size and SHA-256 of each output"""
        image = built("1.0.0")
        on_disk = json.loads((image.directory / "node_1.0.0.json").read_text())
        for report in (image.report, on_disk):
            self.assertEqual(("node", "1.0.0", "x86-64"),
                             (report["id"], report["version"], report["architecture"]))
            self.assertRegex(report["root_hash"], "^[0-9a-f]{64}$")
        self.assertEqual(on_disk["root_hash"], image.root_hash)
        self.assertEqual({".raw", ".quoin", ".efi"},
                         {Path(o["path"]).suffix for o in on_disk["outputs"]})
        for output in on_disk["outputs"]:
            self.assertFalse(os.path.isabs(output["path"]))
            content = (image.directory / output["path"]).read_bytes()
            self.assertEqual(len(content), output["size"])
            self.assertEqual(hashlib.sha256(content).hexdigest(), output["sha256"])

    def test_sparse(self):
        """the disk image is sparse"""
        status = built("1.0.0").disk.stat()
        self.assertLess(status.st_blocks * 512, status.st_size / 2)

    def test_output_directory_is_made(self):
        """build makes the output directory when it is missing"""
        directory = new_directory()
        recipe = write_recipe(directory, "1.0.0", f'tar = "{root_tar()}"')
        self.succeed(quoin("build", recipe, "-o", directory / "a/b", "--keys", keys()))
        self.assertTrue((directory / "a/b/node_1.0.0.raw").exists())

    def test_relative_paths(self):
        """paths in a recipe are relative to the recipe, whatever the working directory"""
        directory = new_directory()
        os.link(root_tar(), directory / "root.tar")
        recipe = write_recipe(directory, "1.0.0", 'tar = "root.tar"')
        self.succeed(quoin("build", recipe, "-o", directory / "out", "--keys", keys(), cwd="/"))

    def test_missing_system(self):
        """a root that lacks what booting needs is built, with a warning that names it"""
        directory = new_directory()
        recipe = write_recipe(directory, "1.0.0", f'tar = "{root_tar()}"')
        result = self.succeed(quoin("build", recipe, "-o", directory, "--keys", keys()))
        self.assertIn("systemd", result.complaints)


    def test_unsigned(self):
        """without --keys nothing is signed, build says so, and verify refuses the bundle"""
        directory = new_directory()
        recipe = write_recipe(directory, "1.0.0", f'tar = "{root_tar()}"')
        result = self.succeed(quoin("build", recipe, "-o", directory, "--json"))
        self.assertIn("unsigned", result.complaints)
        self.assertEqual([], result.json["signers"])
        bundle = directory / "node_1.0.0.quoin"
        self.succeed(quoin("inspect", bundle))
        self.assert_status(3, quoin("verify", bundle, "--trust", keys() / "signing.pub"))


class BuildSources(ProgramTest):
    def build(self, source: str) -> str:
        directory = new_directory()
        recipe = write_recipe(directory, "1.0.0", source)
        self.succeed(quoin("build", recipe, "-o", directory, "--keys", keys()))
        return root_listing(directory / "node_1.0.0.raw")

    def test_compressed_tar(self):
        """a compressed tar gives the same root as a plain one"""
        directory = new_directory()
        root = SyntheticRoot()
        plain = root.write_tar(directory / "root.tar")
        squeezed = root.write_tar(directory / "root.tar.xz", "xz")
        self.assertEqual(self.build(f'tar = "{plain}"'), self.build(f'tar = "{squeezed}"'))

    def test_directory(self):
        """a directory is a source, without root"""
        tree = SyntheticRoot().write_directory(new_directory() / "tree")
        listing = self.build(f'directory = "{tree}"')
        self.assertIn("squashfs-root/usr/share/random", listing)
        self.assertIn("squashfs-root/lib -> usr/lib", listing)

    def test_oci_layers(self):
        """an OCI image's layers and whiteouts are applied in order"""
        directory = new_directory()
        base = SyntheticRoot()
        base.directory("opt")
        base.directory("opt/cache")
        base.file("opt/cache/old", b"old")
        base.file("opt/removed", b"removed")
        above = [("usr/share/changed", b"changed above"), ("opt/.wh.removed", b""),
                 ("opt/cache/.wh..wh..opq", b""), ("opt/cache/new", b"new")]
        layout = write_oci_layout(directory / "layout", "latest",
                                  [base.write_tar(directory / "base.tar"),
                                   write_layer(directory / "above.tar", above)])
        listing = self.build(f'oci = "{layout}:latest"')
        self.assertIn("squashfs-root/opt/cache/new", listing)
        for gone in ("opt/removed", "opt/cache/old", ".wh."):
            self.assertNotIn(gone, listing)
        self.assertRegex(listing, r"\b13 \S+ \S+ squashfs-root/usr/share/changed")

    def test_oci_owners(self):
        """an OCI image of one layer gives the very root that the layer's tar gives, owners and all"""
        directory = new_directory()
        write_oci_layout(directory / "layout", "latest", [root_tar()])
        recipe = write_recipe(directory, "1.0.0", 'oci = "layout:latest"')
        image = self.succeed(quoin("build", recipe, "-o", directory, "--keys", keys(), "--json")).json
        self.assertEqual(built("1.0.0").root_hash, image["root_hash"])

    def test_bad_recipe(self):
        """a recipe's mistakes are all reported at once, each with file, line and column"""
        recipe = new_directory() / "bad.toml"
        recipe.write_text('[image]\nid = "node"\nversoin = "1"\narchitecture = "z80"\n'
                          '[root]\ntar = "x.tar"\n')
        result = self.assert_status(2, quoin("build", recipe, "--keys", keys()))
        self.assertRegex(result.complaints, rf"{recipe}:3:\d+: .*versoin.*version")
        self.assertRegex(result.complaints, rf"{recipe}:4:\d+: .*z80")


    def test_late_mistakes(self):
        """mistakes that only the root or the keys show have file, line and column too"""
        for section, words in (('[system]\nenable = ["gone.service"]\n', "'gone.service'"),
                               ('[boot]\nmodules = ["nonesuch"]\n', "'nonesuch'"),
                               ('[disk]\nroot_size = "1M"\n', "'root_size'"),
                               ('[[system.users]]\nname = "a"\ngroups = ["gone"]\n', "'gone'"),
                               ('[trust]\nrequired = 2\n', "only 1 key is trusted"),
                               (f'[trust]\nkeys = ["{root_tar()}"]\n', "root-")):
            directory = new_directory()
            recipe = directory / "late.toml"
            recipe.write_text('[image]\nid = "node"\nversion = "1.0.0"\narchitecture = "x86-64"\n'
                              f'[root]\ntar = "{root_tar()}"\n' + section)
            result = quoin("build", recipe, "-o", directory / "out", "--keys", keys())
            complaints = self.assert_status(2, result).complaints
            self.assertRegex(complaints, rf"{recipe}:\d+:\d+: .*{words}")
            self.assertFalse((directory / "out").exists())


class BuildPrevious(ProgramTest):
    def build(self, version: str, changed_files: int, *options) -> Built:
        """A release whose changes are scattered over its root."""
        directory = new_directory()
        root = SyntheticRoot()
        for number in range(24):
            seed = version if number % 3 == 0 and number < changed_files else "same"
            root.file(f"usr/share/big-{number:02}", random.Random(f"{number} {seed}").randbytes(900_000))
        recipe = write_recipe(directory, version, f'tar = "{root.write_tar(directory / "root.tar")}"')
        result = self.succeed(quoin("build", recipe, "-o", directory, "--keys", keys(), "--json", *options))
        return Built(directory, result.json)

    def requests(self, old: Built, new: Built) -> int:
        return self.succeed(OfflineNode(old).agent("install", new.bundle, "--json")).json["requests"]

    def test_few_requests(self):
        """with --previous a node on that release or an older one finds what it lacks in one place"""
        first = self.build("1.0.0", 24)
        second = self.build("2.0.0", 12, "--previous", first.bundle)
        third = self.build("3.0.0", 24, "--previous", second.disk)
        alone = self.build("3.0.0", 24)
        self.assertEqual(third.root_hash, alone.root_hash)
        self.assertLessEqual(self.requests(second, third), 4)
        self.assertLessEqual(self.requests(first, third), 4)
        self.assertGreater(self.requests(second, alone), 4)

    def test_not_a_release(self):
        """--previous of another image, or of no release at all, is refused and nothing is written"""
        other = built("1.0.0", image='compatible = "x"')
        directory = new_directory()
        recipe = write_recipe(directory, "2.0.0", f'tar = "{root_tar()}"', name="other-node")
        for previous, status, word in ((other.bundle, 2, "expected a release of other-node"),
                                       (other.uki, 2, "bundle or a disk image"),
                                       (recipe, 3, recipe.name), ("/no/file", 1, "/no/file")):
            result = quoin("build", recipe, "-o", directory / "out", "--keys", keys(),
                           "--previous", previous)
            self.assertIn(word, self.assert_status(status, result).complaints)
            self.assertFalse((directory / "out").exists())


class BuildInterrupted(ProgramTest):
    def interrupt(self, number: int, after: float) -> tuple[int, list[str]]:
        directory = new_directory()
        big = SyntheticRoot()
        for part in range(40):
            big.file(f"usr/share/big-{part}", os.urandom(2 << 20))
        recipe = write_recipe(directory, "1.0.0", f'tar = "{big.write_tar(directory / "big.tar")}"')
        out = directory / "out"
        out.mkdir()
        child = subprocess.Popen(quoin_command("build", recipe, "-o", out, "--keys", keys()),
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(after)
        child.send_signal(number)
        return child.wait(30), sorted(os.listdir(out))

    def test_signals(self):
        """SIGINT, SIGTERM or SIGHUP in the middle of a build leave nothing behind"""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for after in (0.2, 0.8):
                status, left = self.interrupt(number, after)
                self.assertNotEqual(0, status, f"the build was over after {after} s")
                self.assertEqual([], left, f"signal {number} after {after} s")

    def test_failure(self):
        """a build that fails half way leaves nothing behind"""
        directory = new_directory()
        whole = root_tar().read_bytes()
        (directory / "cut.tar").write_bytes(whole[: len(whole) // 2])
        recipe = write_recipe(directory, "1.0.0", 'tar = "cut.tar"')
        result = quoin("build", recipe, "-o", directory / "out", "--keys", keys())
        self.assertIn(result.status, (1, 3))
        left = os.listdir(directory / "out") if (directory / "out").exists() else []
        self.assertEqual([], left)

    def test_earlier_outputs_stay(self):
        """a failed rebuild leaves the earlier outputs as they were"""
        directory = new_directory()
        recipe = write_recipe(directory, "1.0.0", 'tar = "root.tar"')
        (directory / "root.tar").write_bytes(root_tar().read_bytes())
        self.succeed(quoin("build", recipe, "-o", directory / "out", "--keys", keys()))
        before = {path.name: path.read_bytes() for path in (directory / "out").iterdir()}
        (directory / "root.tar").write_bytes(root_tar().read_bytes()[:500_000])
        self.assertNotEqual(0, quoin("build", recipe, "-o", directory / "out", "--keys", keys()).status)
        self.assertEqual(before, {path.name: path.read_bytes() for path in (directory / "out").iterdir()})


def write_layer(path: Path, files: list[tuple[str, bytes]]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o644
            archive.addfile(info, io.BytesIO(content))
    return path
