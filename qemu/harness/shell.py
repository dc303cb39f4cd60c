# SPDX-License-Identifier: Apache-2.0
"""Commands on the node. At the far end is configs/overlays/demo-shell, which reads them from the
second serial port, a line each; a random mark frames each answer, so that kernel noise or the rest of
an earlier answer is never taken for it.
"""

import base64
import hashlib
import os
import re
import secrets
import shlex
import socket
import time
from dataclasses import dataclass


class ShellError(Exception):
    """The node did not answer, or a command that had to succeed did not."""


@dataclass(frozen=True)
class Answer:
    status: int
    output: str  # stdout
    complaints: str  # stderr, without the line ends behind it


class Shell:
    """One connection to the port; one command at a time."""

    def __init__(self, connection: socket.socket):
        self._connection = connection

    def wait_until_ready(self, timeout: float) -> None:
        """Returns when a shell at the far end answers. A question asked before there is one may be
        lost, so it is repeated; with more patience each time, for a host that is slow."""
        deadline = time.monotonic() + timeout
        patience = 1.0
        while True:
            try:
                self.run(":", patience)
                return
            except ShellError:
                if time.monotonic() > deadline:
                    raise ShellError(f"no shell on the node after {timeout:.0f} s") from None
                patience *= 1.3

    def run(self, command: str, timeout: float = 60) -> Answer:
        """Runs one command line in a subshell, to its end and to that of all who hold its stderr. Throws
        ShellError when no answer comes in time."""
        mark = secrets.token_hex(6)
        script = (f"printf '\\n<{mark}>\\n'; exec 3>&1; "
                  f"e=$(sh -c {shlex.quote(command)} </dev/null 2>&1 >&3 3>&-); "
                  f"printf '\\n<{mark} %d>\\n%s\\n<{mark} end>\\n' $? \"$e\"")
        self.send(script)
        text = self._read_until(f"\n<{mark} end>\n", time.monotonic() + timeout, command)
        framed = re.search(rf"\n<{mark}>\n(.*)\n<{mark} (\d+)>\n(.*)\n<{mark} end>\n", text, re.DOTALL)
        if not framed:
            raise ShellError(f"'{command}' had no complete answer")
        output, status, complaints = framed.groups()
        return Answer(int(status), output, complaints)

    def check(self, command: str, timeout: float = 60) -> str:
        """The output of a command that must succeed."""
        answer = self.run(command, timeout)
        if answer.status != 0:
            raise ShellError(f"'{command}' on the node ended with {answer.status}: "
                             f"{(answer.complaints or answer.output).strip()}")
        return answer.output

    def send(self, command: str) -> None:
        """Sends a command whose answer is not waited for, such as `reboot`."""
        script = base64.b64encode(command.encode()) + b"\n"
        # A line of its own, whatever stands before it.
        self._connection.sendall(b"\n%s %s" % (hashlib.sha256(script).hexdigest().encode(), script))

    def close(self) -> None:
        self._connection.close()

    def _read_until(self, end: str, deadline: float, command: str) -> str:
        answer = b""
        while end.encode() not in answer:
            left = deadline - time.monotonic()
            if left <= 0:
                raise ShellError(f"'{command}' did not answer in time")
            self._connection.settimeout(left)
            try:
                data = self._connection.recv(65536)
            except TimeoutError:
                continue
            if not data:
                raise ShellError(f"the machine stopped during '{command}'")
            answer += data
        return answer.decode("utf-8", errors="replace")


def connect(path: str, patience: float = 10) -> socket.socket:
    """Connects to a Unix socket that may be about to appear. The path may be longer than the 107
    bytes a socket address holds."""
    deadline = time.monotonic() + patience
    directory = os.open(os.path.dirname(path) or ".", os.O_PATH | os.O_DIRECTORY)
    try:
        short = f"/proc/self/fd/{directory}/{os.path.basename(path)}"
        while True:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.connect(short)
                return connection
            except (FileNotFoundError, ConnectionRefusedError):
                connection.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
    finally:
        os.close(directory)
