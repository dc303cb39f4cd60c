# SPDX-License-Identifier: Apache-2.0
"""A small root with one of everything that a root file system can hold, and recipes for it.

Its kernel is a file with a kernel's name and its modules are names only: enough to build an image
that every tool can check, not one that boots.
"""

import io
import os
import random
import tarfile
from pathlib import Path

KERNEL_RELEASE = "6.1.0-test"
#: Modules that early userspace asks for; a kernel has them built in when they are listed here.
_BUILT_IN = [
    "drivers/md/dm-mod", "drivers/md/dm-verity", "drivers/md/dm-bufio", "fs/squashfs/squashfs",
    "fs/overlayfs/overlay", "fs/ext4/ext4", "fs/fat/fat", "fs/fat/vfat", "fs/nls/nls_ascii",
    "fs/nls/nls_cp437", "fs/nls/nls_iso8859-1", "fs/efivarfs/efivarfs", "drivers/block/virtio_blk",
    "drivers/virtio/virtio_pci", "drivers/nvme/host/nvme", "drivers/ata/ahci", "drivers/scsi/sd_mod",
    "drivers/scsi/virtio_scsi", "drivers/usb/storage/usb-storage", "drivers/usb/storage/uas",
    "drivers/mmc/core/mmc_block", "drivers/mmc/host/sdhci-pci", "drivers/usb/host/xhci-pci",
]
_OS_RELEASE = 'ID=synthetic\nNAME="Synthetic"\nPRETTY_NAME="Synthetic root"\nVERSION_ID="1"\n'


class SyntheticRoot:
    """Collects entries, then writes them as a tar (exact) or a directory (as far as the caller may).
    `seed` changes the content of the large files."""

    def __init__(self, seed: int = 1, changed: bytes = b""):
        self.entries: list[tuple[tarfile.TarInfo, bytes]] = []
        noise = random.Random(seed)
        for name in ("usr", "usr/bin", "usr/lib", "usr/share", "etc", "boot", "var", "tmp", "dev",
                     "usr/lib/modules", f"usr/lib/modules/{KERNEL_RELEASE}", "home"):
            self.directory(name)
        for link in ("bin", "lib"):
            self.symlink(link, f"usr/{link}")
        self.file(f"boot/vmlinuz-{KERNEL_RELEASE}", _kernel())
        built_in = "".join(f"kernel/{name}.ko\n" for name in _BUILT_IN)
        modules = f"usr/lib/modules/{KERNEL_RELEASE}"
        self.file(f"{modules}/modules.builtin", built_in.encode())
        self.file(f"{modules}/modules.order", b"")
        self.file(f"{modules}/modules.dep", b"")
        self.file("usr/lib/os-release", _OS_RELEASE.encode())
        self.symlink("etc/os-release", "../usr/lib/os-release")
        self.file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
        self.file("etc/group", b"root:x:0:\n")
        self.file("usr/share/random", noise.randbytes(700_000))
        self.file("usr/share/compressible", b"the same line again\n" * 20_000)
        self.file("usr/share/changed", changed)
        self.file("usr/share/empty", b"")
        for number in range(40):
            self.file(f"usr/share/small-{number}", noise.randbytes(number * 97))

    def add_what_only_an_archive_holds(self) -> None:
        """Owners, set-user-ID, devices, hard links, capabilities: a test's user cannot make them."""
        self.file("usr/bin/set-user-id", b"#!/bin/sh\n", mode=0o4755)
        self.file("home/owned", b"mine", uid=1000, gid=100_000)
        self.directory("tmp/sticky", mode=0o1777)
        self.file("usr/bin/capable", b"#!/bin/sh\n", mode=0o755, xattrs={
            "security.capability": bytes.fromhex("0100000200200000000000000000000000000000")})
        self.file("usr/share/attributed", b"x", xattrs={"user.colour": b"blue"})
        self.hard_link("usr/share/second-name", "usr/share/random")
        self._special("dev/null", tarfile.CHRTYPE, 1, 3)
        self._special("dev/loop7", tarfile.BLKTYPE, 7, 7)
        self._special("dev/pipe", tarfile.FIFOTYPE)
        self.file("usr/share/" + "long-name-" * 20, b"long")
        self.file("usr/share/ümläut with space", b"name")
        self.symlink("usr/share/dangling", "/nowhere/at/all")

    def lengthen_kernel(self, size: int) -> None:
        """By so many bytes that do not compress."""
        for at, (info, content) in enumerate(self.entries):
            if info.name == f"boot/vmlinuz-{KERNEL_RELEASE}":
                info.size += size
                self.entries[at] = (info, content + random.Random(size).randbytes(size))

    def write_tar(self, path: Path, compression: str = "") -> Path:
        with tarfile.open(path, f"w:{compression}", format=tarfile.PAX_FORMAT) as archive:
            for info, content in self.entries:
                archive.addfile(info, io.BytesIO(content))
        return path

    def write_directory(self, path: Path) -> Path:
        path.mkdir(parents=True)
        for info, content in self.entries:
            target = path / info.name
            if info.isdir():
                target.mkdir(exist_ok=True)
            elif info.issym():
                target.symlink_to(info.linkname)
                continue
            else:
                target.write_bytes(content)
            target.chmod(info.mode)
            os.utime(target, (info.mtime, info.mtime))
        return path

    def directory(self, name: str, mode: int = 0o755) -> None:
        self._add(name, tarfile.DIRTYPE, mode)

    def symlink(self, name: str, target: str) -> None:
        self._add(name, tarfile.SYMTYPE, 0o777).linkname = target

    def hard_link(self, name: str, target: str) -> None:
        self._add(name, tarfile.LNKTYPE, 0o644).linkname = target

    def file(self, name: str, content: bytes, mode: int = 0o644, uid: int = 0, gid: int = 0,
             xattrs: dict[str, bytes] | None = None) -> None:
        info = self._add(name, tarfile.REGTYPE, mode, content)
        info.uid, info.gid = uid, gid
        for key, value in (xattrs or {}).items():
            info.pax_headers[f"SCHILY.xattr.{key}"] = value.decode("utf-8", "surrogateescape")

    def _special(self, name: str, kind: bytes, major: int = 0, minor: int = 0) -> None:
        info = self._add(name, kind, 0o600)
        info.devmajor, info.devminor = major, minor

    def _add(self, name: str, kind: bytes, mode: int, content: bytes = b"") -> tarfile.TarInfo:
        info = tarfile.TarInfo(name)
        info.type, info.mode, info.size, info.mtime = kind, mode, len(content), 1_700_000_000
        self.entries.append((info, content))
        return info


def write_recipe(directory: Path, version: str, source: str, name: str = "node",
                 image: str = "", rest: str = "") -> Path:
    """A recipe file; `source` is the line of [root], `image` more lines of [image]."""
    path = directory / f"{name}-{version}.toml"
    path.write_text(f'[image]\nid = "{name}"\nversion = "{version}"\narchitecture = "x86-64"\n'
                    f"{image}\n[root]\n{source}\n{rest}\n")
    return path


def _kernel() -> bytes:
    """The fields of a bzImage's header that say "Linux, and this release"; the rest is noise."""
    kernel = bytearray(random.Random(0).randbytes(300_000))
    kernel[0:2] = b"MZ"
    kernel[0x1F1] = 4  # setup sectors
    kernel[0x1FE:0x200] = b"\x55\xaa"
    kernel[0x202:0x206] = b"HdrS"
    kernel[0x206:0x208] = (0x20F).to_bytes(2, "little")
    kernel[0x20E:0x210] = (0x300).to_bytes(2, "little")  # where the release is, minus 0x200
    text = f"{KERNEL_RELEASE} (test@test) #1\0".encode()
    kernel[0x500:0x500 + len(text)] = text
    return bytes(kernel)
