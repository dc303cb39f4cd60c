# SPDX-License-Identifier: Apache-2.0
"""QEMU's control socket (QMP): one JSON object a line, events in between."""

import json
import socket


class QmpError(Exception):
    """QEMU refused a command, or is gone."""


class Qmp:
    """A negotiated connection. Commands are answered before `execute` returns."""

    def __init__(self, connection: socket.socket):
        connection.settimeout(30)
        self._connection = connection
        self._lines = connection.makefile("r", encoding="utf-8")
        self._next_answer()  # the greeting
        self.execute("qmp_capabilities")

    def execute(self, command: str, **arguments) -> dict:
        request = {"execute": command, "arguments": arguments}
        self._connection.sendall(json.dumps(request).encode() + b"\n")
        answer = self._next_answer()
        if "error" in answer:
            raise QmpError(f"QEMU refused '{command}': {answer['error'].get('desc')}")
        return answer["return"]

    def close(self) -> None:
        self._connection.close()

    def _next_answer(self) -> dict:
        for line in self._lines:
            message = json.loads(line)
            if "event" not in message:
                return message
        raise QmpError("QEMU closed its control socket")
