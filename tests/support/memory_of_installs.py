# SPDX-License-Identifier: Apache-2.0
"""Peaks of installs from a file and over HTTPS, and what they may be: for the bench
(install_memory) and for tests/cli."""

import tempfile
from pathlib import Path

from bench import OfflineNode, built, keys, must, workbench
from memory import MIB, Peak, run_and_measure
from programs import agent_command, run
from secure_server import SecureServer
from zero_release import write_zero_release

#: Nearly as many as there may be (65,536), which the boot image's own are among.
MANY_CHUNKS = 65_000
LIMITS = {"file": Peak(8 * MIB, 16 * MIB), "https": Peak(8 * MIB, 24 * MIB)}
SYSTEM_CAS = Path("/etc/ssl/certs/ca-certificates.crt")


def measure_installs(size: int, chunks: int) -> dict[str, Peak]:
    room = max(size // MIB + 64, 1024)  # a slot's room for the index goes by that for its root
    small = built("1.0.0", image=f'[disk]\nroot_size = "{room}M"')
    bundle = write_zero_release(small, "2.0.0", size, chunks)
    peaks = {"file": measure(small, bundle)}
    server = SecureServer(bundle.parent)
    try:
        peaks["https"] = measure(small, server.url(bundle.name), "--config",
                                 configuration(server.certificate))
    finally:
        server.stop()
    bundle.unlink()
    return peaks


def configuration(certificate: Path) -> Path:
    """Trusts the server and, since that costs memory, all the CAs of the system."""
    directory = Path(tempfile.mkdtemp(dir=workbench()))
    system = SYSTEM_CAS.read_bytes() if SYSTEM_CAS.exists() else b""
    (directory / "ca.crt").write_bytes(certificate.read_bytes() + system)
    (directory / "agent.toml").write_text(f'[fetch]\ncertificates = "{directory}/ca.crt"\n')
    return directory / "agent.toml"


def measure(image, source, *options) -> Peak:
    node = OfflineNode(image)
    peak, done = run_and_measure(agent_command(
        "install", source, *options, "--disk", node.disk, "--esp", node.esp, "--state", node.state,
        "--trust", keys() / "signing.pub"))
    if done.returncode != 0:
        raise RuntimeError(f"status {done.returncode}: {done.stderr}")
    node.disk.unlink()
    return peak
