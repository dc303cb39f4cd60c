# SPDX-License-Identifier: Apache-2.0
"""quoin keys init."""

import stat

from bench import keys, workbench
from programs import ProgramTest, quoin, run

FILES = ["secure-boot.crt", "secure-boot.key", "signing.key", "signing.pub"]


class KeysInit(ProgramTest):
    def test_writes_four_files(self):
        """keys init writes a signing key pair and a Secure Boot key pair"""
        self.assertEqual(FILES, sorted(path.name for path in keys().iterdir()))

    def test_private_keys_are_private(self):
        """private keys can be read by their owner only"""
        for name in ("signing.key", "secure-boot.key"):
            self.assertEqual(0o600, stat.S_IMODE((keys() / name).stat().st_mode), name)

    def test_never_overwrites(self):
        """keys init leaves existing keys alone and fails"""
        before = {path.name: path.read_bytes() for path in keys().iterdir()}
        self.assertNotEqual(0, quoin("keys", "init", keys()).status)
        self.assertEqual(before, {path.name: path.read_bytes() for path in keys().iterdir()})

    def test_never_overwrites_one(self):
        """keys init writes nothing at all when even one of the files exists"""
        directory = workbench() / "one-key"
        directory.mkdir()
        (directory / "secure-boot.crt").write_text("precious")
        self.assertNotEqual(0, quoin("keys", "init", directory).status)
        self.assertEqual(["secure-boot.crt"], [path.name for path in directory.iterdir()])

    def test_openssl_reads_them(self):
        """OpenSSL reads the keys: Ed25519 for signing, RSA with a certificate for Secure Boot"""
        text = self.succeed(run(["openssl", "pkey", "-in", keys() / "signing.key", "-text", "-noout"]))
        self.assertIn("ED25519", text.output)
        public = self.succeed(run(["openssl", "pkey", "-in", keys() / "signing.key", "-pubout"]))
        self.assertEqual(public.output, (keys() / "signing.pub").read_text())
        key = self.succeed(run(["openssl", "rsa", "-in", keys() / "secure-boot.key", "-modulus", "-noout"]))
        certificate = self.succeed(run(["openssl", "x509", "-in", keys() / "secure-boot.crt",
                                        "-modulus", "-noout"]))
        self.assertEqual(key.output, certificate.output)
