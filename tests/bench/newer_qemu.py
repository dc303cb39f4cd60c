# SPDX-License-Identifier: Apache-2.0
"""A QEMU whose emulated processor has SHA instructions, as real ones have since about 2017.

Without them hashing is most of an install on an emulated node, and what is compared is SHA-256 in two
programs. Debian 12's QEMU (7.2) has none, the one in bookworm-backports does: where it is needed, it is
unpacked below .cache/bench, and nothing is installed.
"""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

from releases import REPOSITORY, run
from roots import ARCHIVE

from qemu.harness.machine import accelerator

DIRECTORY = REPOSITORY / ".cache/bench/qemu"
PROGRAM = "qemu-system-x86_64"
PACKAGES = ["qemu-system-x86", "qemu-system-common", "qemu-system-data"]
_SOURCE = f"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {ARCHIVE} bookworm-backports main\n"
_WRAPPER = f"""\
#!/bin/sh
export QEMU_MODULE_DIR='{DIRECTORY}/root/usr/lib/x86_64-linux-gnu/qemu'
exec '{DIRECTORY}/root/usr/bin/{PROGRAM}' -L '{DIRECTORY}/root/usr/share/qemu' -L /usr/share/qemu "$@"
"""


def _complaint(program: str) -> str:
    """Empty where the program emulates SHA instructions."""
    command = [program, "-nodefaults", "-display", "none", "-S", "-monitor", "stdio", "-accel", "tcg",
               "-cpu", "max,+sha-ni,enforce"]
    done = subprocess.run(command, input="quit\n", capture_output=True, text=True, check=False)
    return done.stderr if done.returncode != 0 else ""


def _download(packages: Path) -> None:
    """With lists of apt's own, apart from the machine's."""
    apt = DIRECTORY / "apt"
    for name in ("state/lists/partial", "cache/archives/partial"):
        (apt / name).mkdir(parents=True, exist_ok=True)
    (apt / "sources.list").write_text(_SOURCE)
    (apt / "status").touch()
    options = [f"Dir::Etc::SourceList={apt}/sources.list", "Dir::Etc::SourceParts=/dev/null",
               f"Dir::State={apt}/state", f"Dir::State::status={apt}/status", f"Dir::Cache={apt}/cache"]
    command = ["apt-get", "-qq", *(word for option in options for word in ("-o", option))]
    run(*command, "update")
    packages.mkdir(exist_ok=True)
    subprocess.run([*command, "download", *PACKAGES], cwd=packages, check=True)


def _unpack() -> None:
    print("fetching QEMU from bookworm-backports ...", file=sys.stderr, flush=True)
    shutil.rmtree(DIRECTORY, ignore_errors=True)  # of a run that was cut off
    packages = DIRECTORY / "packages"
    _download(packages)
    for package in packages.glob("*.deb"):
        run("dpkg", "-x", package, DIRECTORY / "root")
    wrapper = DIRECTORY / "bin" / PROGRAM
    wrapper.parent.mkdir(exist_ok=True)
    wrapper.write_text(_WRAPPER)
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)


def put_on_path() -> None:
    """Nothing where the machine's own QEMU will do, or runs the guest on the real processor."""
    if accelerator() == "KVM" or not _complaint(PROGRAM):
        return
    if not (DIRECTORY / "bin" / PROGRAM).exists():
        _unpack()
    os.environ["PATH"] = f"{DIRECTORY / 'bin'}:{os.environ['PATH']}"
    if complaint := _complaint(PROGRAM):
        sys.exit(f"the QEMU in '{DIRECTORY}' does not do; try again without the directory\n{complaint}")
