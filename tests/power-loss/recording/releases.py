# SPDX-License-Identifier: Apache-2.0
"""The recorded node's releases: Debian with systemd, cut down to what the agent and a shell need.

They come from the same cached Debian root as the example node, so that nothing is fetched for them,
and differ only in small files, so that an update is quick. All of a disk is small: every state of it
is read whole, many times.
"""

import json
from pathlib import Path

from harness import processes
from harness.builds import REPOSITORY, Catalogue, Image, Workshop

from .recording import ReleaseInPlay

OUT = REPOSITORY / "out/power-loss"
HERE = Path(__file__).resolve().parents[1]

#: Tries of each release, and what it has besides the common overlays.
RELEASES = {
    "1.0.0": (3, []),
    "2.0.0": (3, []),
    "3.0.0": (1, ["configs/overlays/fails-health-check"]),
    "4.0.0": (1, []),
    "5.0.0": (3, []),
}
#: Newer than all that is recorded: what the next install after a cut installs.
NEXT = "5.0.0"

#: What neither boots nor updates the node. Kernel modules that early userspace needs stay.
_REMOVED = [
    "/usr/share/[!d]*", "/usr/share/d[!b]*",  # all but D-Bus
    "/usr/bin/*perl*", "/usr/lib/x86_64-linux-gnu/*perl*", "/usr/lib/apt", "/var/lib/apt/*",
    "/var/lib/dpkg/*", "/var/cache/*/*", "/usr/lib/udev/hwdb*",
    "/usr/lib/x86_64-linux-gnu/gconv",
    *(f"/usr/lib/modules/*/kernel/{directory}" for directory in (
        "arch/x86/kvm", "sound", "net/[!c]*", "net/ceph", "drivers/md/dm-[!vmb]*",
        "drivers/net/[!vnf]*", "drivers/net/fjes", "drivers/net/vxlan", "drivers/net/vmxnet3",
        "drivers/comedi", "drivers/gpu", "drivers/hid", "drivers/hv", "drivers/iio",
        "drivers/infiniband", "drivers/input", "drivers/misc", "drivers/nvdimm", "drivers/platform",
        "drivers/target", "drivers/thermal", "drivers/vfio", "drivers/vhost", "drivers/xen",
        "drivers/block/drbd",
        # File systems that no node mounts.
        "fs/[!deforsvn]*", "fs/dlm", "fs/erofs", "fs/fscache", "fs/fuse", "fs/ocfs2", "fs/orangefs",
        "fs/reiserfs", "fs/smb", "fs/nfs*", "fs/nilfs2", "fs/ntfs*")),
]

_RECIPE = """\
# Written by {writer}.
[image]
id = "recorded"
version = "{version}"
architecture = "x86-64"

[root]
overlays = {overlays}
remove = {removed}

[root.debian]
suite = "bookworm"
packages = [
  "systemd-sysv", "dbus", "udev", "kmod", "iproute2", "linux-image-cloud-amd64",
  "libcurl4", "libfdisk1", "libssl3",
]

[system]
enable = ["systemd-networkd.service", "demo-shell.service", "held-gate.service"]

[network.wired]
match = "en*"
dhcp = true

[boot]
tries = {tries}

[disk]
esp_size = "80M"
root_size = "64M"
data_size = "32M"
"""


def workshop(build: Path) -> Workshop:
    """Where these releases are built."""
    recipes = OUT / "recipes"
    recipes.mkdir(parents=True, exist_ok=True)
    common = [REPOSITORY / "configs/overlays/demo-shell", HERE / "overlays/recorded"]
    for version, (tries, special) in RELEASES.items():
        overlays = [*common, *(REPOSITORY / path for path in special)]
        (recipes / f"{version}.toml").write_text(_RECIPE.format(
            writer=Path(__file__).relative_to(REPOSITORY), version=version, tries=tries,
            overlays=json.dumps([str(path) for path in overlays]), removed=json.dumps(_REMOVED)))
    catalogue = Catalogue("recorded", {version: recipes / f"{version}.toml" for version in RELEASES},
                          {}, {}, [REPOSITORY / "configs/overlays", HERE / "overlays"])
    return Workshop(build, OUT, catalogue)


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
