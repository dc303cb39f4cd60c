# SPDX-License-Identifier: Apache-2.0
"""quoin lock, and builds that obey what it wrote."""

import json
from pathlib import Path

import debian_archive
from bench import keys, must, new_directory, root_tar
from programs import ProgramTest, quoin, run
from synthetic_root import write_recipe


class DebianLock(ProgramTest):
    def setUp(self):
        self.directory = new_directory()
        self.archive = debian_archive.DebianArchive(self.directory / "archive")
        self.recipe = self.write_recipe('packages = ["application"]')
        self.lock = self.recipe.with_suffix(".lock")

    def write_recipe(self, packages: str) -> Path:
        return write_recipe(self.directory, "1.0.0", "[root.debian]\n"
                            f'suite = "{debian_archive.SUITE}"\n{self.archive.source}\n{packages}')

    def pins(self) -> dict[str, dict]:
        return {pin["package"]: pin for pin in json.loads(self.lock.read_text())["debian"]["packages"]}

    def refused(self) -> str:
        """What a build says that the lock file stops."""
        out = self.directory / "out"
        result = quoin("build", self.recipe, "-o", out, "--keys", keys())
        self.assert_status(3, result)
        self.assertFalse(out.exists())
        return result.complaints

    def test_written(self):
        """lock pins every package that would be installed, with version, architecture and SHA-256"""
        result = self.succeed(quoin("lock", self.recipe))
        self.assertIn("4 packages", result.output)
        pins = self.pins()
        self.assertEqual({"base-thing", "required-thing", "library", "application"}, set(pins))
        for name, pin in pins.items():
            stanza = self.archive.stanzas[name]
            self.assertEqual((stanza["Version"], stanza["Architecture"], stanza["SHA256"]),
                             (pin["version"], pin["architecture"], pin["sha256"]))
        lock = json.loads(self.lock.read_text())
        self.assertEqual(debian_archive.TIME, lock["debian"]["time"])
        self.assertEqual({"linuxx64.efi.stub", "systemd-bootx64.efi"},
                         {boot["file"] for boot in lock["boot_files"]})

    def test_again(self):
        """lock writes the same again, and what changed once the archive has"""
        self.succeed(quoin("lock", self.recipe))
        before = self.lock.read_bytes()
        self.assertNotIn("changed", self.succeed(quoin("lock", self.recipe)).output)
        self.assertEqual(before, self.lock.read_bytes())
        self.archive.add("library", "1.1", Architecture="all")
        self.assertIn("library 1.0 -> 1.1", self.succeed(quoin("lock", self.recipe)).output)

    def test_gone(self):
        """a build says which locked packages the archive no longer has, and writes nothing"""
        self.succeed(quoin("lock", self.recipe))
        self.archive.add("library", "1.1", Architecture="all")
        self.archive.add("base-thing", "1:2.0-2", Essential="yes", Priority="required")
        said = self.refused()
        self.assertIn("no longer has 2 of 4 locked packages: base-thing 1:2.0-1 (amd64), "
                      "library 1.0 (all)", said)
        self.assertIn("quoin lock", said)

    def test_other_content(self):
        """a package of the same version whose SHA-256 is another is refused"""
        self.succeed(quoin("lock", self.recipe))
        self.archive.add("application", "5.0+b1", SHA256="0" * 64)
        self.assertIn("another SHA-256 than the lock file for: application 5.0+b1 (amd64)",
                      self.refused())

    def test_other_recipe(self):
        """a lock file that was written for other packages is refused"""
        self.succeed(quoin("lock", self.recipe))
        self.write_recipe('packages = ["application", "unrelated"]')
        self.assertIn("is not for what the recipe now asks for", self.refused())

    def test_damaged(self):
        """a damaged lock file is refused, and lock replaces it"""
        self.succeed(quoin("lock", self.recipe))
        self.lock.write_bytes(self.lock.read_bytes()[:-30])
        self.assertIn(str(self.lock), self.refused())
        self.assertIn("replacing it", self.succeed(quoin("lock", self.recipe)).complaints)

    def test_no_pin(self):
        """lock refuses a package that is needed and cannot be pinned, and writes nothing"""
        whole = self.archive.stanzas["library"]
        for field, value in (("SHA256", ""), ("SHA256", "0"), ("Version", "1.0/2"), ("Version", "1.0ü")):
            with self.subTest(f"{field}: {value}"):
                self.archive.stanzas["library"] = {**whole, field: value}
                self.archive.write()
                result = self.assert_status(3, quoin("lock", self.recipe))
                self.assertRegex(result.complaints, "/library.deb', which a lock cannot hold: ")
                self.assertFalse(self.lock.exists())

    def test_local_package(self):
        """local packages are not among those that lock pins, but what they depend on is"""
        source = self.directory / "source"
        (source / "DEBIAN").mkdir(parents=True)
        (source / "DEBIAN/control").write_text(
            "Package: own\nVersion: 1:1\nArchitecture: all\nDepends: unrelated\n"
            "Maintainer: nobody\nDescription: x\n")
        name = "100% our ön+~.deb"
        must(run(["dpkg-deb", "--build", source, self.directory / name]))
        self.write_recipe(f'local_packages = ["{name}"]')
        self.succeed(quoin("lock", self.recipe))
        self.assertEqual({"base-thing", "required-thing", "unrelated"}, set(self.pins()))

    def test_unknown_package(self):
        """lock fails for a package that does not exist, and writes nothing"""
        self.write_recipe('packages = ["no-such-thing"]')
        result = self.assert_status(1, quoin("lock", self.recipe))
        self.assertIn("no-such-thing", result.complaints)
        self.assertFalse(self.lock.exists())


class BootFileLock(ProgramTest):
    def test_boot_files(self):
        """stub and boot loader are pinned for every kind of root"""
        directory = new_directory()
        recipe = write_recipe(directory, "1.0.0", f'tar = "{root_tar()}"')
        self.succeed(quoin("lock", recipe))
        build = ("build", recipe, "-o", directory / "out", "--keys", keys())
        self.assertNotIn("lock file", self.succeed(quoin(*build)).complaints)

        lock = json.loads(recipe.with_suffix(".lock").read_text())
        lock["tools"][0]["version"] = "0.1"
        recipe.with_suffix(".lock").write_text(json.dumps(lock))
        self.assertIn(f'written with {lock["tools"][0]["package"]} 0.1',
                      self.succeed(quoin(*build)).complaints)

        for number in (0, 1):
            other = json.loads(json.dumps(lock))
            del other["boot_files"][number]
            recipe.with_suffix(".lock").write_text(json.dumps(other))
            result = self.assert_status(3, quoin(*build))
            self.assertIn("does not pin", result.complaints)

            other = json.loads(json.dumps(lock))
            other["boot_files"][number]["sha256"] = "0" * 64
            recipe.with_suffix(".lock").write_text(json.dumps(other))
            result = self.assert_status(3, quoin(*build))
            self.assertIn(f'install {lock["boot_files"][number]["package"]} '
                          f'{lock["boot_files"][number]["version"]}', result.complaints)
