# SPDX-License-Identifier: Apache-2.0
"""quoin keys init, and builds with keys of other kinds."""

import shutil
import stat
from pathlib import Path

from bench import keys, must, new_directory, short_build_words, signing_keys, workbench
from programs import ProgramTest, Result, quoin, run

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


class RandomSignatures(ProgramTest):
    """No two of some algorithms' signatures are alike: a build says when its bytes cannot be, either."""

    def built_with(self, *algorithms: tuple[str, ...], secure_boot: Path | None = None) -> Result:
        identity = new_directory()
        for number, algorithm in enumerate(algorithms):
            must(run(["openssl", "genpkey", *algorithm, "-out", identity / f"signing-{number}.key"]))
        for name in ("secure-boot.key", "secure-boot.crt"):
            if secure_boot:
                shutil.copy(secure_boot / name, identity)
        words = list(short_build_words(identity / "out"))
        words[words.index(signing_keys())] = identity
        return self.succeed(quoin(*words))

    def test_bundle(self):
        """a build warns of ECDSA and RSA-PSS signatures in the bundle, not of Ed25519"""
        curve = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
        rsa = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        said = self.built_with(("-algorithm", "ED25519"), curve, rsa).complaints
        for name in ("ECDSA P-256 SHA-256", "RSA-PSS SHA-256"):
            self.assertIn(f"warning: signatures by {name} are random: built again, the bundle is not "
                          "the same bytes\n", said)
        self.assertEqual(2, said.count("are random"))

    def test_unreadable_certificate(self):
        """a Secure Boot certificate that cannot be read ends a build before its work begins"""
        identity = new_directory()
        for name in ("signing.key", "secure-boot.key"):
            shutil.copy(keys() / name, identity)
        (identity / "secure-boot.crt").mkdir()
        words = list(short_build_words(identity / "out"))
        words[words.index(signing_keys())] = identity
        result = self.assert_status(1, quoin(*words, "-v"))
        self.assertIn("secure-boot.crt'", result.complaints)
        self.assertNotIn("packing the root", result.complaints)

    def test_secure_boot(self):
        """a build warns of ECDSA signatures for Secure Boot, not of RSA"""
        quiet = self.built_with(("-algorithm", "ED25519"), secure_boot=keys())
        self.assertNotIn("random", quiet.complaints)
        directory = new_directory()
        must(run(["openssl", "req", "-new", "-x509", "-nodes", "-subj", "/CN=test", "-newkey", "ec",
                  "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", directory / "secure-boot.key",
                  "-out", directory / "secure-boot.crt"]))
        loud = self.built_with(("-algorithm", "ED25519"), secure_boot=directory)
        self.assertIn("warning: Secure Boot signatures by a key that is not RSA are random", loud.complaints)
