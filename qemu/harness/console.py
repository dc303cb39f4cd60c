# SPDX-License-Identifier: Apache-2.0
"""The node's serial console as a growing list of timestamped lines.

A thread reads it from the first byte on, so that nothing is missed while the caller is busy.
Waiting moves a cursor: the same line is never found twice.
"""

import re
import socket
import threading
import time
from dataclasses import dataclass
from typing import Callable

# Firmware and systemd colour their lines and move the cursor; only the text is wanted.
_ESCAPES = re.compile(r"\x1b(\[[0-9;?=]*[A-Za-z]|\][^\x07]*\x07|[()][A-Z0-9]|.)")


class ConsoleTimeout(Exception):
    """What was waited for did not come; the text ends with the console's last lines."""


@dataclass(frozen=True)
class Line:
    seconds: float  # since the machine was powered on
    text: str


class Console:
    """`alive` tells whether more can still come; `watch` is called with each line as it arrives,
    on the reading thread."""

    def __init__(self, connection: socket.socket, alive: Callable[[], bool],
                 watch: Callable[[Line], None] | None = None):
        self.lines: list[Line] = []
        self._cursor = 0
        self._alive = alive
        self._watch = watch
        self._connection = connection
        self._started = time.monotonic()
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, pattern: str, timeout: float) -> tuple[re.Match, Line]:
        """The first line from the cursor on that matches; the cursor moves behind it. Throws
        ConsoleTimeout when it does not come in time or the machine has stopped."""
        expression = re.compile(pattern)
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                while self._cursor < len(self.lines):
                    line = self.lines[self._cursor]
                    self._cursor += 1
                    if match := expression.search(line.text):
                        return match, line
                left = deadline - time.monotonic()
                if left <= 0 or not self._reader.is_alive() or not self._alive():
                    why = "in time" if left <= 0 else "before the machine stopped"
                    raise ConsoleTimeout(f"'{pattern}' did not appear on the console {why}; "
                                         f"its last lines:\n{self.tail()}")
                self._news.wait(min(left, 1.0))

    def skip_to_end(self) -> None:
        """What was printed so far is no longer waited for."""
        with self._news:
            self._cursor = len(self.lines)

    def matching(self, pattern: str, start: int = 0) -> list[Line]:
        """Every line so far, from number `start` on, that matches; the cursor stays."""
        expression = re.compile(pattern)
        with self._news:
            return [line for line in self.lines[start:] if expression.search(line.text)]

    def note(self, text: str) -> None:
        """Adds a line of our own."""
        self._append(text.encode())

    def silence(self) -> float:
        """Seconds since the last line, or since the start."""
        last = self.lines[-1].seconds if self.lines else 0.0
        return time.monotonic() - self._started - last

    def tail(self, count: int = 25) -> str:
        return "\n".join(f"  | {line.text}" for line in self.lines[-count:])

    def _read(self) -> None:
        pending = b""
        while True:
            try:
                data = self._connection.recv(65536)
            except OSError:
                data = b""
            if not data:
                return
            *complete, pending = (pending + data).split(b"\n")
            for raw in complete:
                self._append(raw)

    def _append(self, raw: bytes) -> None:
        text = _ESCAPES.sub("", raw.decode("utf-8", errors="replace"))
        line = Line(time.monotonic() - self._started, text.replace("\r", "").rstrip())
        if not line.text:
            return
        with self._news:
            self.lines.append(line)
            self._news.notify_all()
        if self._watch:
            self._watch(line)
