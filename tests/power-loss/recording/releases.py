# SPDX-License-Identifier: Apache-2.0
"""The recorded node's releases, built from tests/power-loss/images/."""

import json
from pathlib import Path

from harness import processes
from harness.builds import REPOSITORY, Catalogue, Image, Workshop

from .recording import ReleaseInPlay

OUT = REPOSITORY / "out/power-loss"
HERE = Path(__file__).resolve().parents[1]

RELEASES = {f"{number}.0.0": HERE / f"images/recorded-{number}.toml" for number in range(1, 6)}
#: Newer than all that is recorded: what the next install after a cut installs.
NEXT = "5.0.0"


def workshop(build: Path) -> Workshop:
    """Where these releases are built."""
    return Workshop(build, OUT, Catalogue("recorded", RELEASES, {}, {},
                                          [REPOSITORY / "configs/overlays", HERE / "overlays"]))


def in_play(quoin: Path, image: Image, old: str | None, new: str | None) -> ReleaseInPlay:
    """A release as judges need it, read from its bundle."""
    described = json.loads(processes.run([quoin, "inspect", "--json", image.bundle]))["manifest"]
    return ReleaseInPlay(
        version=image.version, acceptable=image.version in (old, new),
        role={old: "old", new: "new"}.get(image.version, "other"),
        root_hash=described["root_hash"], salt=described["salt"],
        data_blocks=described["root_size"] // 4096, uki_size=described["uki_size"],
        uki_sha256=described["uki_sha256"], entry=f"{described['id']}_{described['version']}",
        tries=described["tries"], bundle=image.bundle)
