# SPDX-License-Identifier: Apache-2.0
"""A real nginx on a free port of the loopback interface, serving one directory."""

import shutil
import socket
import subprocess
import time
from pathlib import Path

from . import processes

# One process, in the foreground: a master that is killed would leave its workers behind.
_CONFIGURATION = """
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 64; }}
http {{
    log_format bytes '$request_method $uri $status $body_bytes_sent "$http_range"';
    access_log access.log bytes;
    types {{ application/octet-stream quoin; application/json json; }}
    sendfile on;
    client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp;
    uwsgi_temp_path temp; scgi_temp_path temp;
    server {{
        listen 127.0.0.1:{port};
        root "{root}";
    }}
}}
"""


class WebServer:
    """Serves `root` while it lives; its configuration and logs lie in `prefix`."""

    def __init__(self, root: Path, prefix: Path):
        self._prefix = prefix
        self.access_log = prefix / "access.log"
        shutil.rmtree(prefix, ignore_errors=True)
        (prefix / "temp").mkdir(parents=True)
        self.port = _free_port()
        configuration = prefix / "nginx.conf"
        configuration.write_text(_CONFIGURATION.format(port=self.port, root=root.resolve()))
        self._process = processes.start(
            ["nginx", "-p", f"{prefix.resolve()}/", "-c", configuration.resolve(),
             "-e", prefix.resolve() / "error.log"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait_until_it_listens()

    def answers(self, name: str) -> list[int]:
        """How much of a file nginx has sent in answer to each request so far: its own count."""
        lines = [line.split() for line in self.access_log.read_text().splitlines()]
        return [int(fields[3]) for fields in lines if fields[1] == f"/{name}"]

    def bytes_sent(self, name: str) -> int:
        return sum(self.answers(name))

    def stop(self) -> None:
        processes.stop(self._process)

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        complaints = (self._prefix / "error.log").read_text(errors="replace")
        raise processes.CommandFailed(f"nginx does not listen on port {self.port}:\n{complaints}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
