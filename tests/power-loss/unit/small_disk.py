# SPDX-License-Identifier: Apache-2.0
"""Small disks as Quoin lays them out, made with other people's tools: sfdisk, mkfs.vfat, mtools,
veritysetup, objcopy, sbsign."""

import random
import shutil
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from replay.log import Flush, Write

MIB = 1 << 20
_STUB = Path("/usr/lib/systemd/boot/efi/linuxx64.efi.stub")
_LOADER = Path("/usr/lib/systemd/boot/efi/systemd-bootx64.efi")
_SALT = "5a" * 32
_ROOT_BLOCKS = 200  # two levels of the tree
#: (start, size) in MiB: ESP, root a, verity a, root b, verity b, data.
PLACES = ((1, 34), (35, 1), (36, 1), (37, 1), (38, 1), (39, 1))
_SIZE = 41


def run(*command, **options) -> str:
    return subprocess.run([str(word) for word in command], check=True, capture_output=True,
                          text=True, **options).stdout


@dataclass(frozen=True)
class System:
    """One release: a root, its tree, and the signed image that starts it."""

    version: str
    root: bytes
    tree: bytes
    root_hash: str
    uki: bytes


class Workbench:
    """Keys, systems and disks in one directory."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.key, self.certificate = directory / "key.pem", directory / "certificate.pem"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test",
            "-days", "30", "-keyout", self.key, "-out", self.certificate)

    def signed(self, image: Path) -> bytes:
        target = self.directory / "signed.efi"
        run("sbsign", "--key", self.key, "--cert", self.certificate, "--output", target, image)
        return target.read_bytes()

    def loader(self) -> bytes:
        return self.signed(_LOADER)

    def system(self, version: str, seed: int, words: str = "") -> System:
        root = random.Random(seed).randbytes(_ROOT_BLOCKS * 4096)
        data, tree = self.directory / "root", self.directory / "tree"
        data.write_bytes(root)
        tree.unlink(missing_ok=True)
        said = run("veritysetup", "format", data, tree, "--salt", _SALT, "--uuid", uuid.UUID(int=1))
        root_hash = said.split("Root hash:")[1].split()[0]
        sections = {
            ".osrel": f'ID=debian\nPRETTY_NAME="Node"\nIMAGE_ID=node\nIMAGE_VERSION={version}\n',
            ".cmdline": f"roothash={root_hash} quoin.salt={_SALT} quoin.blocks={_ROOT_BLOCKS} ro{words}",
            ".linux": random.Random(seed + 1).randbytes(20_000).hex(),
        }
        command, address = ["objcopy"], 0x100000
        for name, content in sections.items():
            part = self.directory / f"section{name}"
            part.write_text(content)
            command += ["--add-section", f"{name}={part}", "--change-section-vma",
                        f"{name}={address:#x}"]
            address += 0x100000
        image = self.directory / "image.efi"
        run(*command, _STUB, image)
        return System(version, root, tree.read_bytes(), root_hash, self.signed(image))

    def disk(self, name: str, slots: dict[str, System | None],
             entries: dict[str, bytes]) -> Path:
        """A disk with these systems in its slots and these files in /EFI/Linux."""
        path = self.directory / f"{name}.raw"
        path.unlink(missing_ok=True)
        with open(path, "wb") as file:
            file.truncate(_SIZE * MIB)
        _partition(path, slots)
        with open(path, "r+b") as file:
            for slot, number in (("a", 1), ("b", 3)):
                if system := slots.get(slot):
                    for content, place in ((system.root, number), (system.tree, number + 1)):
                        file.seek(PLACES[place][0] * MIB)
                        file.write(content)
        start, size = PLACES[0]
        run("mkfs.vfat", "-F", "32", "-s", "1", "--offset", start * 2048, path, size * 1024)
        for directory in ("EFI", "EFI/BOOT", "EFI/Linux", "loader"):
            run("mmd", "-i", esp(path), f"::{directory}")
        put_file(path, "loader/loader.conf", b"timeout 0\n")
        put_file(path, "EFI/BOOT/BOOTX64.EFI", self.loader())
        for file_name, content in entries.items():
            put_file(path, f"EFI/Linux/{file_name}", content)
        return path


def esp(path: Path) -> str:
    return f"{path}@@{PLACES[0][0]}M"


def put_file(path: Path, name: str, content: bytes) -> None:
    source = path.with_suffix(".file")
    source.write_bytes(content)
    run("mcopy", "-o", "-i", esp(path), source, f"::{name}")


def copy(path: Path, name: str) -> Path:
    return Path(shutil.copyfile(path, path.with_name(f"{name}.raw")))


def patch(path: Path, offset: int, content: bytes) -> None:
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(content)


def changes(before: Path, after: Path, size: int = 4096) -> list[Write]:
    """What has to be written to make `after` of `before`, a write for each run of changed blocks."""
    old, new = before.read_bytes(), after.read_bytes()
    writes: list[Write] = []
    for at in range(0, len(new), size):
        if old[at:at + size] == new[at:at + size]:
            continue
        if writes and writes[-1].end == at:
            last = writes.pop()
            writes.append(Write(last.offset, memoryview(new[last.offset:at + size])))
        else:
            writes.append(Write(at, memoryview(new[at:at + size])))
    return writes


def each_flushed(writes: list[Write]) -> list:
    return [entry for write in writes for entry in (write, Flush())]


def _partition(path: Path, slots: dict[str, System | None]) -> None:
    lines = ["label: gpt", "unit: sectors"]
    kinds = ("U", "4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5",
             "4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5",
             "0fc63daf-8483-4772-8e79-3d69d8477de4")
    names = ["esp", *_slot_names(slots.get("a")), *_slot_names(slots.get("b")), "data"]
    for number, ((start, size), kind, name) in enumerate(zip(PLACES, kinds, names)):
        line = f'start={start * 2048}, size={size * 2048}, type={kind}, name="{name}"'
        system = slots.get("a" if number in (1, 2) else "b" if number in (3, 4) else "")
        if system:
            half = system.root_hash[:32] if number in (1, 3) else system.root_hash[32:]
            line += f", uuid={uuid.UUID(half)}"
        lines.append(line)
    run("sfdisk", "-q", path, input="\n".join(lines))


def _slot_names(system: System | None) -> tuple[str, str]:
    if not system:
        return "_empty", "_empty"
    return f"node_{system.version}", f"node_{system.version}_verity"
