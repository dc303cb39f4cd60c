# SPDX-License-Identifier: Apache-2.0
"""A real nginx with a certificate of its own, over HTTP/2, on the loopback."""

import socket
import subprocess
import tempfile
import time
from pathlib import Path

from bench import must, workbench
from programs import run

_CONFIGURATION = """
daemon off; master_process off; pid {own}/pid; error_log {own}/errors;
events {{}}
http {{
    access_log off; sendfile on;
    client_body_temp_path {own}/t; proxy_temp_path {own}/t; fastcgi_temp_path {own}/t;
    uwsgi_temp_path {own}/t; scgi_temp_path {own}/t;
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {own}/server.crt; ssl_certificate_key {own}/server.key;
        root "{root}";
    }}
}}
"""


class SecureServer:
    def __init__(self, root: Path):
        own = Path(tempfile.mkdtemp(dir=workbench()))
        self.certificate = own / "server.crt"
        must(run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                  "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                  "subjectAltName=DNS:localhost", "-keyout", own / "server.key", "-out",
                  self.certificate]))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (own / "nginx.conf").write_text(_CONFIGURATION.format(own=own, port=self.port, root=root))
        self._process = subprocess.Popen(
            ["nginx", "-p", own, "-c", own / "nginx.conf", "-e", own / "errors"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"nginx does not start: {(own / 'errors').read_text()}")

    def url(self, name: str) -> str:
        return f"https://localhost:{self.port}/{name}"

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()
