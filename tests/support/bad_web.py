# SPDX-License-Identifier: Apache-2.0
"""bad_server.py serving one file, as a process of a test's own."""

import subprocess
import sys
import urllib.request
from pathlib import Path


class BadServer:
    def __init__(self, file: Path):
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("bad_server.py"), file],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = int(self._process.stdout.readline())

    def url(self, behaviour: str) -> str:
        return f"http://127.0.0.1:{self.port}/{behaviour}"

    def sent(self) -> int:
        """Bytes of the file that it has sent so far, among them what lies in buffers of the kernel."""
        with urllib.request.urlopen(self.url("sent")) as answer:
            return int(answer.read())

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()
