# SPDX-License-Identifier: Apache-2.0
"""A user without privileges, made for the run of the tests and removed at its end, with ranges of
subordinate ids (subuid(5)) for what needs a user namespace."""

import atexit
import functools
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import programs

NAME = "quoin-tester"


def available() -> bool:
    """Only root can make one."""
    return os.geteuid() == 0


@functools.cache
def home() -> Path:
    """The user's directory, which nobody else can read."""
    directory = Path(tempfile.mkdtemp(prefix="quoin-tester-"))
    subprocess.run(["userdel", NAME], check=False, capture_output=True)  # of a run that was killed
    subprocess.run(["useradd", "--system", "--add-subids-for-system", "--no-create-home",
                    "--home-dir", directory, NAME], check=True)
    atexit.register(_remove, directory)
    user = pwd.getpwnam(NAME)
    os.chown(directory, user.pw_uid, user.pw_gid)
    return directory


def _remove(directory: Path) -> None:
    subprocess.run(["userdel", NAME], check=False, capture_output=True)
    shutil.rmtree(directory, ignore_errors=True)


@functools.cache
def installed_programs() -> Path:
    """Quoin's programs where every user can run them: a checkout may lie in somebody's home."""
    directory = Path(tempfile.mkdtemp(prefix="quoin-programs-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    for program in ("builder/quoin", "agent/quoin-agent", "bootloader-hooks/early/quoin-early"):
        shutil.copy(programs.BUILD / program, directory)
    directory.chmod(0o755)
    return directory


def give(path: Path) -> Path:
    """Makes a file or tree the user's own."""
    user = pwd.getpwnam(NAME)
    for below in [path, *path.rglob("*")]:
        os.chown(below, user.pw_uid, user.pw_gid, follow_symlinks=False)
    return path


def quoin(*arguments, prefix: tuple = (), umask: int = -1, timeout: int = 300,
          directory: Path | None = None, **environment) -> programs.Result:
    """Runs quoin as that user, at home or in a directory, with an environment of nothing but what
    is given."""
    user = pwd.getpwnam(NAME)
    command = [*prefix, installed_programs() / "quoin", *arguments]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home()), "USER": NAME, "TMPDIR": "/tmp",
                   "QUOIN_DATA_DIR": str(installed_programs()), **environment}
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors="replace", timeout=timeout,
                          check=False, env=environment, umask=umask, cwd=directory or home(),
                          user=user.pw_uid, group=user.pw_gid, extra_groups=[])
    return programs.Result(done.returncode, done.stdout, done.stderr)
