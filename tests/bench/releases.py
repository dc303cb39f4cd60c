# SPDX-License-Identifier: Apache-2.0
"""The benches' releases: images of the Debian roots (roots.py), built once for each state of Quoin.

Everything lies in the repository, ignored by git: roots in .cache/bench, images in out/bench.
"""

import contextlib
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests/support")]

from bench import Built, OfflineNode, partitions  # noqa: E402  (tests/support)
from programs import Result  # noqa: E402
from roots import root_tar  # noqa: E402

BUILD = REPOSITORY / "build"
OUT = REPOSITORY / "out/bench"
KEYS = OUT / "keys"


@dataclass(frozen=True)
class Release:
    """A release of some node, and the one it follows."""

    version: str
    root: str
    previous: str | None = None


#: 1.x: each follows "base". 2.x: one follows the other. Versions are as long as each other, so that
#: they change equally little.
RELEASES = {release.version: release for release in (
    Release("1.0.0", "base"),
    Release("1.1.0", "openssl", "1.0.0"),
    Release("1.2.0", "month", "1.0.0"),
    Release("1.3.0", "kernel", "1.0.0"),
    Release("2.2.0", "month", "1.1.0"),
    Release("2.3.0", "kernel", "2.2.0"),
)}

_RECIPE = """\
[image]
id = "bench"
version = "{version}"
architecture = "x86-64"

[root]
tar = "{tar}"
remove = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/var/cache/debconf/*",
          "/var/lib/dpkg/status-old"]
"""
_SHELL = """\
overlays = ["{overlay}"]

[system]
enable = ["demo-shell.service"]
"""


def run(*command) -> str:
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def tell(name: str, result: dict, print_table: Callable[[], int], as_json: bool) -> int:
    """Keeps what a bench measured as OUT/NAME.json, prints it, and says whether a target was missed: the
    exit status. `print_table` returns how many were."""
    text = json.dumps(result, indent=2)
    (OUT / f"{name}.json").write_text(text + "\n")
    with contextlib.redirect_stdout(sys.stderr if as_json else sys.stdout):
        missed = print_table()
    if as_json:
        print(text)
    return 1 if missed else 0


def keys() -> Path:
    if not KEYS.exists():
        OUT.mkdir(parents=True, exist_ok=True)
        run(BUILD / "builder/quoin", "keys", "init", KEYS)
    return KEYS


def _state_of_quoin() -> str:
    """Changes when the programs do."""
    digest = hashlib.sha256()
    for program in ("builder/quoin", "agent/quoin-agent", "bootloader-hooks/early/quoin-early"):
        digest.update((BUILD / program).read_bytes())
    return digest.hexdigest()


def build(directory: Path, version: str, text: str, *options) -> Built:
    """An image from a recipe's text, built unless this very Quoin did already."""
    made_by = directory / "made-by"
    if not made_by.exists() or made_by.read_text() != _state_of_quoin():
        directory.mkdir(parents=True, exist_ok=True)
        made_by.unlink(missing_ok=True)
        recipe = directory / "recipe.toml"
        recipe.write_text(text)
        print(f"building {directory.name} ...", file=sys.stderr, flush=True)
        run(BUILD / "builder/quoin", "build", recipe, "-o", directory, "--cache", OUT / "cache",
            *options)
        made_by.write_text(_state_of_quoin())
    return Built(directory, json.loads((directory / f"bench_{version}.json").read_text()))


def release(version: str) -> Built:
    wanted = RELEASES[version]
    follow = ["--previous", release(wanted.previous).bundle] if wanted.previous else []
    text = _RECIPE.format(version=version, tar=root_tar(wanted.root))
    return build(OUT / version, version, text, "--keys", keys(), *follow)


def node_release(version: str, key_directory: Path) -> Built:
    """A release of a node that boots, answers on its second serial port, and has RAUC."""
    text = _RECIPE.format(version=version, tar=root_tar("node")) + _SHELL.format(
        overlay=REPOSITORY / "configs/overlays/demo-shell")
    return build(OUT / f"node-{version}", version, text, "--keys", key_directory)


class Node(OfflineNode):
    """A node made of a release's disk image, as a file."""

    def agent(self, *arguments) -> Result:
        return super().agent(*arguments, trust=[keys() / "signing.pub"])


def manifest_of(image: Built) -> dict:
    return json.loads(run(BUILD / "builder/quoin", "inspect", image.bundle, "--json"))["manifest"]


def squashfs_of(image: Built) -> Path:
    """The root of a release as a file of its own, which is what the peers get."""
    path = image.directory / "root.squashfs"
    if not path.exists() or path.stat().st_mtime < image.disk.stat().st_mtime:
        start = partitions(image.disk)[1]["start"] * 512
        run("dd", f"if={image.disk}", f"of={path}", "bs=1M", "iflag=skip_bytes,count_bytes",
            f"skip={start}", f"count={manifest_of(image)['root_size']}", "status=none")
    return path
