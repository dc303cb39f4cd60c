# SPDX-License-Identifier: Apache-2.0
"""The indexes of a small Debian archive: enough for apt to choose packages, none of which exists."""

import hashlib
from pathlib import Path

SUITE = "bookworm"
DATE = "Sat, 09 Nov 2024 10:20:30 UTC"
TIME = 1731147630


class DebianArchive:
    def __init__(self, directory: Path):
        self.directory = directory
        self.stanzas: dict[str, dict[str, str]] = {}
        self.add("base-thing", "1:2.0-1", Essential="yes", Priority="required")
        self.add("required-thing", "3.1", Priority="required", Depends="base-thing")
        self.add("library", "1.0", Architecture="all")
        self.add("application", "5.0+b1", Depends="library (>= 1.0)")
        self.add("unrelated", "9")

    def add(self, name: str, version: str, **fields: str) -> None:
        """Adds a package, or takes another version of it instead."""
        digest = hashlib.sha256(f"{name} {version}".encode()).hexdigest()
        self.stanzas[name] = {"Package": name, "Version": version, "Architecture": "amd64",
                              "Priority": "optional", "Filename": f"pool/{name}.deb", "Size": "1000",
                              "SHA256": digest, "Maintainer": "nobody", "Description": "x", **fields}
        self.write()

    def write(self) -> None:
        packages = "".join("".join(f"{key}: {value}\n" for key, value in stanza.items()) + "\n"
                           for stanza in self.stanzas.values()).encode()
        suite = self.directory / "dists" / SUITE
        (suite / "main/binary-amd64").mkdir(parents=True, exist_ok=True)
        (suite / "main/binary-amd64/Packages").write_bytes(packages)
        (suite / "Release").write_text(
            f"Suite: stable\nCodename: {SUITE}\nDate: {DATE}\nArchitectures: amd64\n"
            f"Components: main\nSHA256:\n {hashlib.sha256(packages).hexdigest()} {len(packages)} "
            "main/binary-amd64/Packages\n")

    @property
    def source(self) -> str:
        """[root.debian]'s 'mirrors'."""
        return f'mirrors = ["deb [trusted=yes] copy:{self.directory} {SUITE} main"]'
