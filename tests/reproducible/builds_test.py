# SPDX-License-Identifier: Apache-2.0
"""The same recipe and inputs give the same bytes of every output, whoever builds, where and how."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import ordinary_user
import programs
from bench import keys, root_tar, workbench
from compare_outputs import first_difference
from oci_layout import write_oci_layout
from programs import ProgramTest, quoin, quoin_command, run
from synthetic_root import SyntheticRoot

FULL = "QUOIN_TESTS_FULL" in os.environ

#: As different from the first builder's as one machine allows: one processor, other umask, locale,
#: time zone, a directory on another file system, a user without privileges.
HOSTILE = {"prefix": ("taskset", "--cpu-list", "0"), "umask": 0o077,
           "LANG": "tr_TR.UTF-8", "LC_ALL": "C", "TZ": "Asia/Kathmandu", "LOGNAME": "somebody",
           "USER": "somebody", "HOSTNAME": "elsewhere"}

#: Changes what programs do that write parts of the outputs. Not for Debian's maintainer scripts:
#: what they make of it is theirs.
SETTINGS = {"POSIXLY_CORRECT": "1", "MALLOC_PERTURB_": "85", "OPENSSL_CONF": "/dev/null",
            "ZSTD_CLEVEL": "1", "ZSTD_NBTHREADS": "3", "GZIP": "-1", "XZ_OPT": "-0",
            "TAR_OPTIONS": "--numeric-owner --mtime=@1", "MKE2FS_CONFIG": "/nowhere", "MKE2FS_SYNC": "1",
            "MKE2FS_FIRST_META_BG": "1", "MTOOLSRC": "/nowhere", "MTOOLS_NO_VFAT": "1",
            "MTOOLS_LOWER_CASE": "1", "MTOOLS_NAME_NUMERIC_TAIL": "0", "MTOOLS_FAT_COMPATIBILITY": "1",
            "MTOOLS_DOTTED_DIR": "1", "MTOOLS_NFATS": "1", "MTOOLS_DIR_LEN": "32",
            "DEFAULT_CODEPAGE": "437"}

RECIPE = """
[image]
id = "node"
version = "1.0.0"
architecture = "x86-64"
[root]
{source}
overlays = ["overlay"]
remove = ["/usr/share/small-1*"]
[[system.users]]
name = "operator"
[network.lan]
match = "en*"
"""


def write_inputs(directory: Path) -> Path:
    """Everything a recipe can be made of; the tree's files belong to whoever builds or not."""
    root = SyntheticRoot()
    for name in ("etc/shadow", "etc/gshadow"):
        root.file(name, b"root:*:19000:0:99999:7:::\n" if name == "etc/shadow" else b"root:*::\n")
    root.write_directory(directory / "tree")
    shutil.copy(root_tar(), directory / "root.tar")
    write_oci_layout(directory / "layout", "latest", [root_tar()])
    unit = directory / "overlay/usr/lib/systemd/system/hello.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    for path in sorted((directory / "overlay").rglob("*"), reverse=True):
        os.utime(path, (1_700_000_100, 1_700_000_100))
    return directory


def touch(inputs: Path) -> None:
    for path in inputs.rglob("*"):
        os.utime(path, follow_symlinks=False)


def copy_backwards(source: Path, target: Path) -> None:
    """What is read in the order of its making is read in another one."""
    target.mkdir()
    for path in sorted(source.iterdir(), reverse=True):
        if path.is_dir() and not path.is_symlink():
            copy_backwards(path, target / path.name)
        else:
            shutil.copy2(path, target / path.name, follow_symlinks=False)
    shutil.copystat(source, target)


class SameBytes(ProgramTest):
    def setUp(self):
        if not ordinary_user.available():
            self.skipTest("only root can make a user and be another one")

    def build_twice(self, source: str, *options,
                    change: Callable[[Path], None] = lambda _: None) -> tuple[Path, Path]:
        """By root on /tmp, and by the user in memory twenty years later, into a cache, from copies of
        the same inputs with a change. That owners in the image are exact follows: those of root's
        builds are (tests/interoperability)."""
        here = Path(tempfile.mkdtemp(prefix="first-", dir=workbench()))
        inputs = write_inputs(here / "inputs")
        (inputs / "node.toml").write_text(RECIPE.format(source=source))
        there = Path(tempfile.mkdtemp(prefix="quoin second ü ", dir="/dev/shm"))
        self.addCleanup(shutil.rmtree, there, ignore_errors=True)
        clock = shutil.copy(programs.BUILD / "tests/reproducible/later_clock.so", ordinary_user.home())
        copy = there / "other inputs"
        copy_backwards(inputs, copy)
        change(copy)
        shutil.copytree(keys(), there / "keys")
        for name in ("temporary ü", "home"):
            (there / name).mkdir()
        (there / "home/.mtoolsrc").write_text("MTOOLS_NO_VFAT=1\n")
        ordinary_user.give(there)
        if source.startswith("directory"):  # whose owners are part of the input
            ordinary_user.give(inputs / "tree")
        self.succeed(quoin("build", inputs / "node.toml", "-o", here / "out", "--keys", keys(),
                           *options))
        self.succeed(ordinary_user.quoin(
            "build", "other inputs/node.toml", "-o", "out", "--keys", "keys", "--cache", "cache ü",
            *options, directory=there, TMPDIR=there / "temporary ü", HOME=there / "home",
            LD_PRELOAD=clock, **HOSTILE, **SETTINGS))
        return here / "out", there / "out"

    def test_tar(self):
        """a tar gives the same bytes on another file system, as another user, on one core"""
        self.assertEqual("", first_difference(*self.build_twice('tar = "root.tar"')))

    def test_directory(self):
        """a directory gives the same bytes wherever it lies"""
        self.assertEqual("", first_difference(*self.build_twice('directory = "tree"')))

    def test_directory_time(self):
        """with a given time a directory's later times do not matter"""
        self.assertEqual("", first_difference(*self.build_twice(
            'directory = "tree"', "--set", "image.time=2020-09-13T12:26:40Z", change=touch)))

    def test_oci(self):
        """an OCI image gives the same bytes wherever its layout lies"""
        self.assertEqual("", first_difference(*self.build_twice('oci = "layout:latest"')))

    def test_times(self):
        """SOURCE_DATE_EPOCH and the recipe's time decide all times, in this order"""
        directory = Path(tempfile.mkdtemp(dir=workbench()))
        write_inputs(directory / "inputs")
        recipe = directory / "inputs/node.toml"
        recipe.write_text(RECIPE.format(source='tar = "root.tar"'))
        given = {"env": {**os.environ, "SOURCE_DATE_EPOCH": "1600000000"}}
        later = ("--set", "image.time=2020-09-13T14:26:40+02:00")
        for name, words, options in (("epoch", (), given), ("recipe", later, {}),
                                     ("both", ("--set", "image.time=1"), given)):
            self.succeed(quoin("build", recipe, "-o", directory / name, "--keys", keys(), *words,
                               **options))
        for name in ("recipe", "both"):
            self.assertEqual("", first_difference(directory / "epoch", directory / name))

    def test_debian(self):
        """locked Debian packages give the same bytes as an ordinary user and as root with a full cache"""
        if not FULL:
            self.skipTest("takes minutes and a network; QUOIN_TESTS_FULL asks for it")
        self.assertEqual("", first_difference(*self.build_debian_twice()))

    def build_debian_twice(self) -> tuple[Path, Path]:
        here = Path(tempfile.mkdtemp(prefix="debian-", dir=workbench()))
        shutil.copy(Path(__file__).parents[2] / "configs/minimal-debian.toml", here / "node.toml")
        self.succeed(quoin("lock", here / "node.toml"))
        there = ordinary_user.home() / "debian"
        there.mkdir()
        for name in ("node.toml", "node.lock"):
            shutil.copy(here / name, there)
        shutil.copytree(keys(), there / "keys")
        ordinary_user.give(there)
        self.succeed(ordinary_user.quoin("build", there / "node.toml", "-o", there / "out",
                                         "--keys", there / "keys", timeout=3000, **HOSTILE))
        cache = here / "cache"
        cache.mkdir()
        built = self.succeed(run(
            ["unshare", "--mount", "sh", "-c", f'mount -t tmpfs -o size=64k none "{cache}" && "$@"', "sh",
             *quoin_command("build", here / "node.toml", "-o", here / "out", "--keys", keys(),
                            "--cache", cache)], timeout=3000))
        self.assertIn("No space left on device; the next build will be slower", built.complaints)
        return here / "out", there / "out"

