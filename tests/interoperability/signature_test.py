# SPDX-License-Identifier: Apache-2.0
"""A bundle's signature, as OpenSSL checks it. Layout: docs/formats/bundle.md."""

import hashlib
import json
import struct

from bench import built, keys, must, workbench
from programs import ProgramTest, run

HEADER_SIZE = 64
ED25519 = 1


class Signature(ProgramTest):
    @classmethod
    def setUpClass(cls):
        content = built("1.0.0").bundle.read_bytes()
        cls.signatures, cls.manifest = split_head(content)

    def test_one_signature(self):
        """the bundle has one signature, by the one signing key"""
        self.assertEqual([ED25519], [signature["algorithm"] for signature in self.signatures])

    def check(self, message: bytes, signature: bytes):
        (workbench() / "message").write_bytes(message)
        (workbench() / "signature").write_bytes(signature)
        return run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", keys() / "signing.pub",
                    "-rawin", "-in", workbench() / "message", "-sigfile", workbench() / "signature"])

    def test_openssl_verifies(self):
        """openssl pkeyutl verifies the signature over the manifest's exact bytes"""
        self.succeed(self.check(self.manifest, self.signatures[0]["value"]))

    def test_openssl_refuses(self):
        """openssl pkeyutl refuses the signature over a changed manifest"""
        self.assertNotEqual(0, self.check(self.manifest + b" ", self.signatures[0]["value"]).status)

    def test_key_id(self):
        """the record names the key by the SHA-256 of its public half"""
        der = workbench() / "signing.der"
        must(run(["openssl", "pkey", "-pubin", "-in", keys() / "signing.pub", "-outform", "DER",
                  "-out", der]))
        self.assertEqual(hashlib.sha256(der.read_bytes()).digest(), self.signatures[0]["key_id"])

    def test_manifest(self):
        """the signed manifest is JSON and names what was built"""
        manifest = json.loads(self.manifest)
        self.assertIn(built("1.0.0").root_hash, self.manifest.decode())
        self.assertEqual(("node", "1.0.0"), (manifest["id"], manifest["version"]))


def split_head(content: bytes) -> tuple[list[dict], bytes]:
    """Signature records and manifest bytes of a bundle."""
    magic, form, header_size, signatures_size, manifest_size = struct.unpack_from("<8sIIQQ", content)
    assert (magic, form, header_size) == (b"QUOINBDL", 1, HEADER_SIZE)
    records = content[HEADER_SIZE:HEADER_SIZE + signatures_size]
    manifest = content[HEADER_SIZE + signatures_size:][:manifest_size]
    signatures = []
    while records:
        key_id, algorithm, size = struct.unpack_from("<32sHH", records)
        signatures.append({"key_id": key_id, "algorithm": algorithm, "value": records[36:36 + size]})
        records = records[36 + size:]
    return signatures, manifest
