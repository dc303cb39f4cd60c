# SPDX-License-Identifier: Apache-2.0
"""What a person sees: one line per event with its time, and a table at the end. Colours and the
line that shows what is going on appear on a terminal only, and not with NO_COLOR."""

import os
import sys
import textwrap
import threading
import time
from contextlib import contextmanager
from pathlib import Path

_WIDTH = 100


class Narrator:
    """Writes to `stream`; times count from `started` (seconds since 1970)."""

    def __init__(self, started: float | None = None, stream=None):
        self._stream = stream or sys.stdout
        self._started = started or time.time()
        self._terminal = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._colour = self._terminal and "NO_COLOR" not in os.environ
        self._lock = threading.Lock()
        self.rows: list[tuple[str, str, str]] = []  # when, step, what was observed

    def chapter(self, text: str) -> None:
        """What comes next, in a sentence or two for somebody new to all this."""
        self._print("")
        self._print(self._paint("1", textwrap.fill(text, _WIDTH)))

    def event(self, text: str) -> None:
        for number, line in enumerate(textwrap.wrap(text, _WIDTH - 10)):
            self._print((self._clock() if number == 0 else " " * 9) + " " + line)

    def observed(self, step: str, evidence: str) -> None:
        """An event that the story needs: it goes into the closing table too."""
        self.rows.append((self._clock(), step, evidence))
        mark = self._paint("32", "✓")
        self._print(f"{self._clock()} {mark} {step}: {evidence}")

    def failed(self, text: str) -> None:
        first, *rest = text.splitlines() or [""]
        self._print(f"{self._clock()} {self._paint('31', 'FAILED')} {first}")
        for line in rest:
            self._print(line)

    @contextmanager
    def working(self, what: str, log: Path | None = None):
        """Shows on a terminal that something takes its time: seconds so far and the log's last
        line. Elsewhere it says so once."""
        if not self._terminal:
            self.event(f"{what} …")
            yield
            return
        done = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(what, log, done), daemon=True)
        ticker.start()
        try:
            yield
        finally:
            done.set()
            ticker.join()
            self._erase()

    def table(self, title: str, rows: list[tuple[str, ...]]) -> None:
        """Columns as wide as their content; the last one may be as long as it likes."""
        self._print("")
        self._print(self._paint("1", title))
        widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row, widths)]
            self._print("  " + "  ".join(cells).rstrip())

    def _tick(self, what: str, log: Path | None, done: threading.Event) -> None:
        begun = time.monotonic()
        while not done.wait(0.5):
            with self._lock:
                columns = os.get_terminal_size().columns
                text = f"{self._clock()} {what}, {time.monotonic() - begun:.0f} s  {_last_line(log)}"
                self._stream.write("\r\x1b[K" + text[: columns - 1])
                self._stream.flush()

    def _erase(self) -> None:
        with self._lock:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def _print(self, text: str) -> None:
        with self._lock:
            print(("\r\x1b[K" if self._terminal else "") + text, file=self._stream, flush=True)

    def _clock(self) -> str:
        return f"[{time.time() - self._started:4.0f} s]"

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text


def _last_line(log: Path | None) -> str:
    if log is None or not log.exists():
        return ""
    with open(log, "rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        lines = file.read().decode("utf-8", errors="replace").replace("\r", "\n").split("\n")
    shown = [line.strip() for line in lines if line.strip()]
    return shown[-1] if shown else ""
