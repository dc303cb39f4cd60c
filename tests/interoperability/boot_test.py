# SPDX-License-Identifier: Apache-2.0
"""The ESP as dosfstools and mtools read it, the boot programs as sbsigntool and objdump read them."""

import re
from pathlib import Path

from bench import built, esp_offset, keys, must, partition_file, workbench
from programs import ProgramTest, run

SYSTEMD_BOOT = "/EFI/systemd/systemd-bootx64.efi"


def esp() -> Path:
    return partition_file(built("1.0.0").disk, 1)


def from_esp(name: str) -> Path:
    path = workbench() / name.strip("/").replace("/", "-")
    if not path.exists():
        must(run(["mcopy", "-i", esp(), f"::{name}", path]))
    return path


class Esp(ProgramTest):
    def test_fsck(self):
        """fsck.fat finds nothing to mend on the ESP"""
        self.succeed(run(["fsck.fat", "-n", esp()]))

    def test_fat32(self):
        """the ESP is FAT32"""
        content = esp().read_bytes()[:512]
        self.assertEqual(b"FAT32   ", content[82:90])

    def test_files(self):
        """mtools finds loader, fallback, configuration and the factory entry, and no random seed"""
        listing = must(run(["mdir", "-i", esp(), "-/", "-b", "::/"])).output
        for name in ("/EFI/BOOT/BOOTX64.EFI", SYSTEMD_BOOT, "/loader/loader.conf",
                     "/EFI/Linux/node_1.0.0.efi"):
            self.assertIn(f"::{name}\n", listing)
        self.assertNotIn("random-seed", listing)

    def test_loader_configuration(self):
        """loader.conf forbids editing and names no default entry"""
        lines = from_esp("/loader/loader.conf").read_text().splitlines()
        words = [line.split() for line in lines if line and not line.startswith("#")]
        self.assertIn(["editor", "no"], words)
        self.assertNotIn("default", [word[0] for word in words])

    def test_entry_is_the_built_uki(self):
        """the factory entry is the built UKI, byte for byte"""
        self.assertEqual(built("1.0.0").uki.read_bytes(),
                         from_esp("/EFI/Linux/node_1.0.0.efi").read_bytes())

    def test_offset(self):
        """the ESP starts where sfdisk says, with a FAT boot sector"""
        with open(built("1.0.0").disk, "rb") as disk:
            disk.seek(esp_offset(built("1.0.0").disk))
            self.assertEqual(b"\x55\xaa", disk.read(512)[510:])


class SecureBoot(ProgramTest):
    def verify(self, program, certificate):
        return run(["sbverify", "--cert", certificate, program])

    def test_signed(self):
        """sbverify accepts UKI, systemd-boot and the fallback loader with our certificate"""
        for program in (built("1.0.0").uki, from_esp(SYSTEMD_BOOT), from_esp("/EFI/BOOT/BOOTX64.EFI")):
            self.succeed(self.verify(program, keys() / "secure-boot.crt"))

    def test_other_certificate(self):
        """sbverify refuses the UKI with another certificate"""
        self.assertNotEqual(0, self.verify(built("1.0.0").uki, keys("other-keys") / "secure-boot.crt").status)

    def test_changed(self):
        """sbverify refuses a UKI with one changed byte in its command line"""
        content = built("1.0.0").uki.read_bytes()
        place = content.index(b"roothash=") + 12
        changed = workbench() / "changed.efi"
        changed.write_bytes(content[:place] + b"x" + content[place + 1:])
        self.assertNotEqual(0, self.verify(changed, keys() / "secure-boot.crt").status)


class Uki(ProgramTest):
    def sections(self) -> dict[str, tuple[int, int]]:
        """Name to size and address, as objdump sees them."""
        text = self.succeed(run(["objdump", "-h", "-w", built("1.0.0").uki])).output
        rows = re.findall(r"^ *\d+ (\.\w+) +([0-9a-f]+)  ([0-9a-f]+)", text, re.MULTILINE)
        return {name: (int(size, 16), int(address, 16)) for name, size, address in rows}

    def section(self, name: str) -> bytes:
        path = workbench() / f"section{name}"
        must(run(["objcopy", "-O", "binary", f"--only-section={name}", built("1.0.0").uki, path]))
        return path.read_bytes()

    def test_sections(self):
        """objdump finds the stub's and the payload's sections, none overlapping another"""
        sections = self.sections()
        self.assertLessEqual({".text", ".osrel", ".cmdline", ".initrd", ".linux", ".uname"},
                             sections.keys())
        places = sorted((address, size) for size, address in sections.values())
        for (address, size), (following, _) in zip(places, places[1:]):
            self.assertLessEqual(address + size, following)

    def test_command_line(self):
        """the signed command line names the root hash and what a node needs to come back"""
        words = self.section(".cmdline").decode().rstrip("\0\n").split()
        self.assertIn(f"roothash={built('1.0.0').root_hash}", words)
        for word in ("panic=10", "gpt", "ro"):
            self.assertIn(word, words)
        self.assertTrue(any(word.startswith("console=ttyS0") for word in words))

    def test_os_release(self):
        """.osrel has the version that the loader sorts by"""
        lines = self.section(".osrel").decode().rstrip("\0").splitlines()
        self.assertIn("1.0.0", [line.partition("=")[2].strip('"') for line in lines
                                if line.startswith("IMAGE_VERSION=")])
