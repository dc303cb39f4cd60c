# SPDX-License-Identifier: Apache-2.0
"""Quoin itself, the keys and an image's releases: built once, and again only when what they are made
of has changed.

Everything lies in the repository, ignored by git: programs in build/, Debian roots in .cache/, keys
and images in out/.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

from . import processes

REPOSITORY = Path(__file__).resolve().parents[2]
SNAKEOIL_KEY = Path("/usr/share/ovmf/PkKek-1-snakeoil.key")
SNAKEOIL_CERTIFICATE = Path("/usr/share/ovmf/PkKek-1-snakeoil.pem")


#: With the modules for QEMU, bytes; it is read and unpacked in every boot.
LARGEST_INITRD = 4 << 20


@dataclass(frozen=True)
class Catalogue:
    """The releases of one image, in order."""

    id: str
    recipes: dict[str, Path]
    about: dict[str, str]  # what is special about each
    previous: dict[str, str]  # what a bundle continues: nodes on that release need few requests
    overlays: list[Path]  # directories that recipes take files from


EXAMPLE_NODE = Catalogue(
    "example-node",
    {version: REPOSITORY / "configs" / name for version, name in {
        "1.0.0": "example-node.toml", "2.0.0": "node-2.toml", "3.0.0": "node-3.toml",
        "4.0.0": "node-4.toml"}.items()},
    {"1.0.0": "Debian 12 as it was released",
     "2.0.0": "the same with Debian's security updates and a new kernel",
     "3.0.0": "broken: its kernel panics in boot",
     "4.0.0": "broken: it boots, but fails its health check"},
    {"2.0.0": "1.0.0", "3.0.0": "2.0.0", "4.0.0": "2.0.0"},
    [REPOSITORY / "configs/overlays"])


@dataclass(frozen=True)
class Image:
    """One built release, read from the JSON file that `quoin build` wrote."""

    version: str
    root_hash: str
    disk: Path
    bundle: Path
    initrd_size: int  #: bytes

    @staticmethod
    def read(description: Path) -> "Image":
        built = json.loads(description.read_text())
        outputs = {Path(o["path"]).suffix: description.parent / o["path"] for o in built["outputs"]}
        return Image(built["version"], built["root_hash"], outputs[".raw"], outputs[".quoin"],
                     built["initrd_size"])


class Workshop:
    """Builds a catalogue's images into `out`; only one process at a time may use it."""

    def __init__(self, build: Path = REPOSITORY / "build", out: Path = REPOSITORY / "out/demo",
                 catalogue: Catalogue = EXAMPLE_NODE):
        self.catalogue = catalogue
        self.build = build.resolve()
        self.out = out
        self.images = out / "images"
        self.keys = out / "keys"
        self.log = out / "build.log"
        self.images.mkdir(parents=True, exist_ok=True)
        self._lock = open(out / "lock", "w", encoding="utf-8")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise processes.CommandFailed(f"'{out}' is in use by another demo or scenario") from None
        self.log.write_text("")

    @property
    def quoin(self) -> Path:
        return self.build / "builder/quoin"

    def compile_quoin(self) -> None:
        """The programs, not their tests. Does nothing when nothing changed."""
        if not (self.build / "build.ninja").exists():
            processes.run(["meson", "setup", self.build], log=self.log, cwd=REPOSITORY)
        processes.run(["meson", "compile", "-C", self.build, "quoin", "quoin-agent", "quoin-early"],
                      log=self.log)

    def make_keys(self) -> bool:
        """A development identity whose Secure Boot key is the one that QEMU's firmware trusts.
        Returns false when it was there already."""
        if (self.keys / "secure-boot.crt").exists():
            return False
        shutil.rmtree(self.keys, ignore_errors=True)
        processes.run([self.quoin, "keys", "init", self.keys], log=self.log)
        key, certificate = self.keys / "secure-boot.key", self.keys / "secure-boot.crt"
        key.unlink()
        certificate.unlink()
        processes.run(["openssl", "rsa", "-in", SNAKEOIL_KEY, "-passin", "pass:snakeoil",
                       "-out", key], log=self.log)
        # Last, since its presence says that the directory is complete.
        shutil.copyfile(SNAKEOIL_CERTIFICATE, certificate)
        return True

    def image(self, version: str) -> tuple[Image, bool]:
        """A release, and whether it had to be built."""
        recipe = self.catalogue.recipes[version]
        name = f"{self.catalogue.id}_{version}"
        description = self.images / f"{name}.json"
        stamp = self.images / f"{name}.made-of"
        made_of = self._fingerprint(recipe)
        if stamp.exists() and description.exists() and stamp.read_text() == made_of:
            return Image.read(description), False
        stamp.unlink(missing_ok=True)
        for old in self.images.glob(f"{name}.*"):
            old.unlink()
        previous = self.catalogue.previous.get(version)
        follow = ["--previous", self.image(previous)[0].bundle] if previous else []
        processes.run([self.quoin, "build", recipe, "-o", self.images, "--keys", self.keys,
                       "--cache", REPOSITORY / ".cache", *follow], log=self.log)
        stamp.write_text(made_of)
        return Image.read(description), True

    def _fingerprint(self, recipe: Path) -> str:
        """Changes with whatever could change the image, apart from Debian's archive."""
        programs = [self.quoin, self.build / "agent/quoin-agent",
                    *_executables(self.build / "bootloader-hooks")]
        sources = [Path(__file__), *_recipe_files(recipe), REPOSITORY / "configs/agent.toml",
                   *(file for overlay in self.catalogue.overlays for file in _files(overlay)),
                   *_files(REPOSITORY / "bootloader-hooks/units"), *_files(self.keys)]
        digest = hashlib.sha256()
        for path in programs + sources:
            if path.exists():
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(f"{path} {path.stat().st_mode:o} {content}\n".encode())
        return digest.hexdigest()


def _recipe_files(recipe: Path) -> list[Path]:
    """A recipe and what it includes."""
    included = tomllib.loads(recipe.read_text()).get("include", [])
    return [recipe, *(path for name in included for path in _recipe_files(recipe.parent / name))]


def _files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def _executables(directory: Path) -> list[Path]:
    return [path for path in _files(directory) if os.access(path, os.X_OK)]
