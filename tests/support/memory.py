# SPDX-License-Identifier: Apache-2.0
"""How much memory a program takes while it runs."""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
#: Seconds. The peak of all memory is the kernel's own, however short; that of anonymous memory is
#: the largest that was seen.
BETWEEN_LOOKS = 0.002


@dataclass
class Peak:
    anonymous: int = 0
    resident: int = 0

    def look(self, status: Path) -> bool:
        """False when the program is gone."""
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        except OSError:
            return False
        if "VmHWM" not in fields:
            return False
        self.anonymous = max(self.anonymous, kib(fields["RssAnon"]))
        self.resident = max(self.resident, kib(fields["VmHWM"]))
        return True


def kib(text: str) -> int:
    return int(text.split()[0]) * 1024


def run_and_measure(command: list, **options) -> tuple[Peak, subprocess.CompletedProcess]:
    """Runs a program to its end."""
    words = [str(word) for word in command]
    peak = Peak()
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **options) as process:
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None and peak.look(status):
            time.sleep(BETWEEN_LOOKS)
        output, complaints = process.communicate()
    return peak, subprocess.CompletedProcess(words, process.returncode, output, complaints)
