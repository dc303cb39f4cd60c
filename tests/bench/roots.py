# SPDX-License-Identifier: Apache-2.0
"""Four real Debian roots that differ as a node's releases do, each made once and kept as a tar.

bookworm's own archive holds the last point release, bookworm-security what came after it. Which of
the two a package comes from is decided by apt's pinning, inside mmdebstrap.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
ROOTS = REPOSITORY / ".cache/bench/roots"

ARCHIVE = "http://deb.debian.org/debian"

#: A container host as people run them: some 280 packages, 160 MB as a squashfs.
PACKAGES = [
    "systemd-sysv", "dbus", "udev", "kmod", "iproute2", "linux-image-cloud-amd64",
    "libcurl4", "libfdisk1", "libssl3",  # what quoin-agent needs
    "openssl", "ca-certificates", "curl", "gnupg", "openssh-server", "rsync", "nftables", "chrony",
    "network-manager", "podman", "python3", "perl", "sudo", "vim-tiny", "less", "tcpdump", "lvm2",
    "cryptsetup", "git", "bind9-dnsutils",
]

#: A small node that has RAUC, too.
NODE_PACKAGES = [
    "systemd-sysv", "dbus", "udev", "kmod", "iproute2", "linux-image-cloud-amd64",
    "libcurl4", "libfdisk1", "libssl3", "rauc",
]

#: The packages that come from bookworm-security where it has a newer one, as apt's preferences name
#: them ("*": all, "/^linux-/": what begins so); the rest is bookworm's. "base" is what the nodes run.
UPDATED = {
    "base": [],
    "openssl": ["openssl", "libssl3"],
    "month": ["*"],
    "kernel": ["*"],
    "node": [],
}
#: The packages that stay bookworm's all the same.
KEPT = {"month": ["/^linux-/"]}

#: apt's priorities for bookworm-security: as high as bookworm's own, so that the newer version wins,
#: or below it. apt lets a stanza for named packages win over one for all.
_LIKE_BOOKWORM, _BELOW_BOOKWORM = 500, 100


def _preferences(root: str) -> str:
    priorities = {"*": _BELOW_BOOKWORM}
    priorities |= dict.fromkeys(UPDATED[root], _LIKE_BOOKWORM)
    priorities |= dict.fromkeys(KEPT.get(root, []), _BELOW_BOOKWORM)
    return "\n".join(f"Package: {package}\nPin: release n=bookworm-security\nPin-Priority: {priority}\n"
                     for package, priority in priorities.items())


def root_tar(root: str) -> Path:
    """The tar of a root of `UPDATED`; made, which takes minutes, when there is none yet."""
    path = ROOTS / f"{root}.tar"
    if path.exists():
        return path
    ROOTS.mkdir(parents=True, exist_ok=True)
    print(f"making the root '{root}' ...", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        preferences = Path(scratch) / "preferences"
        preferences.write_text(_preferences(root))
        unfinished = path.with_suffix(".partial")
        mode = "root" if os.geteuid() == 0 else "unshare"
        pinned = "etc/apt/preferences.d/bench"
        with open(path.with_suffix(".log"), "w", encoding="utf-8") as log:
            subprocess.run(
                ["mmdebstrap", f"--mode={mode}", "--format=tar", "--variant=minbase",
                 f"--include={','.join(NODE_PACKAGES if root == 'node' else PACKAGES)}",
                 f"--setup-hook=upload {preferences} /{pinned}",
                 f'--customize-hook=rm "$1/{pinned}"',
                 "bookworm", str(unfinished),
                 f"deb {ARCHIVE} bookworm main",
                 f"deb {ARCHIVE}-security bookworm-security main"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True)
        unfinished.rename(path)
    return path


if __name__ == "__main__":
    for name in sys.argv[1:] or UPDATED:
        print(root_tar(name))
