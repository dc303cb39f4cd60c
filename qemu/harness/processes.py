# SPDX-License-Identifier: Apache-2.0
"""Children that never outlive this program, whichever way it ends.

Three ways out are covered: a return or an exception (atexit), a signal (turned into an exception),
and SIGKILL (the kernel signals the child when its parent dies, asked for through setpriv).
"""

import atexit
import os
import signal
import subprocess
import sys
from pathlib import Path

_running: list[subprocess.Popen] = []

# An ordinary user's PATH on Debian lacks the directories of nginx and sfdisk.
os.environ["PATH"] = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"


class CommandFailed(Exception):
    """A program that had to succeed did not; the text holds the end of what it said."""


def stop_on_signals() -> None:
    """Makes SIGINT, SIGTERM and SIGHUP end the program through its cleanups."""

    def leave(number: int, _frame) -> None:
        # A second signal must not interrupt the cleanups that the first one started.
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        sys.exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


def start(command: list, death_signal: str = "KILL", **options) -> subprocess.Popen:
    """Starts a child that is gone when this program is. Call it from the main thread only: the
    kernel watches the thread that started the child, not the process."""
    argv = ["setpriv", "--pdeathsig", death_signal, "--", *map(str, command)]
    child = subprocess.Popen(argv, **options)
    _running.append(child)
    return child


def stop(child: subprocess.Popen, patience: float = 5) -> None:
    """Ends a child: politely, then not. Does nothing to one that has ended."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    if child in _running:
        _running.remove(child)


def run(command: list, log: Path | None = None, **options) -> str:
    """Runs a program to its end and returns what it wrote to stdout; both streams go to `log` when
    one is given (then "" is returned). Throws CommandFailed with the last lines."""
    name = Path(str(command[0])).name
    if log is None:
        child = start(command, "TERM", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                      stderr=subprocess.PIPE, text=True, errors="replace", **options)
        output, complaints = child.communicate()
    else:
        with open(log, "a", encoding="utf-8") as sink:
            child = start(command, "TERM", stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
                          **options)
            child.wait()
        output, complaints = "", log.read_text(encoding="utf-8", errors="replace")
    _running.remove(child)
    if child.returncode != 0:
        tail = "\n".join(complaints.strip().splitlines()[-15:])
        where = f" (all of it: {log})" if log else ""
        raise CommandFailed(f"'{name}' ended with {child.returncode}{where}:\n{tail}")
    return output


@atexit.register
def _stop_all() -> None:
    # Whatever else goes wrong on the way out, every child is dealt with.
    for child in list(_running):
        stop(child)
