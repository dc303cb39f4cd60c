# SPDX-License-Identifier: Apache-2.0
"""quoin-agent off the node, on a disk image: status, install, confirm, rollback."""

import re
import struct

from bench import OfflineNode, built, keys
from programs import REPOSITORY, ProgramTest, agent, quoin, run, with_mounts

INSTALL_FIELDS = {"version", "root_hash", "bytes_total", "bytes_reused", "bytes_fetched",
                  "bytes_written", "requests", "seconds"}
STATES = {"empty", "writing", "armed", "trying", "confirmed", "bad"}


def members(value) -> set[str]:
    """The names of all members of a JSON value, at any depth."""
    if isinstance(value, dict):
        return set(value).union(*map(members, value.values()))
    return set().union(*map(members, value)) if isinstance(value, list) else set()


class Status(ProgramTest):
    def test_factory(self):
        """a factory image has one confirmed slot and one empty one, and needs no root"""
        image = built("1.0.0")
        status = OfflineNode(image).status()
        self.assertIsNone(status["booted"])
        self.assertEqual("a", status["next"])
        first, second = status["slots"]
        self.assertEqual(("a", "1.0.0", image.root_hash, "confirmed", None),
                         tuple(first[key] for key in ("name", "version", "root_hash", "state", "tries_left")))
        self.assertEqual(("b", "empty"), (second["name"], second["state"]))

    def test_text(self):
        """status without --json says in words what would boot next"""
        text = self.succeed(OfflineNode(built("1.0.0")).agent("status")).output
        self.assertIn("1.0.0", text)
        self.assertIn("confirmed", text)

    def test_changes_nothing(self):
        """status changes nothing on the disk"""
        node = OfflineNode(built("1.0.0"))
        before = node.fingerprint()
        node.status()
        self.assertEqual(before, node.fingerprint())

    def test_no_disk(self):
        """status of a disk that is not there fails with its name"""
        result = agent("status", "--disk", "/no/disk", "--esp", "/no/esp", "--state", "/no/state")
        self.assertIn(result.status, (1, 2))
        self.assertIn("/no/", result.complaints)


class Install(ProgramTest):
    def test_arms_the_other_slot(self):
        """install writes the empty slot and arms it; the running one stays as it was"""
        node, new = OfflineNode(built("1.0.0")), built("2.0.0", b"new content\n")
        report = self.succeed(node.agent("install", new.bundle, "--json")).json
        self.assertLessEqual(INSTALL_FIELDS, report.keys())
        self.assertEqual(("2.0.0", new.root_hash), (report["version"], report["root_hash"]))
        status = node.status()
        self.assertEqual("b", status["next"])
        self.assertEqual("confirmed", status["slots"][0]["state"])
        self.assertEqual(("armed", 3), (status["slots"][1]["state"], status["slots"][1]["tries_left"]))
        self.assertIn("node_2.0.0+3-0.efi", node.entries())

    def test_written_root_verifies(self):
        """the installed entry is the bundle's UKI, byte for byte"""
        node, new = OfflineNode(built("1.0.0")), built("2.0.0", b"new content\n")
        self.succeed(node.agent("install", new.bundle))
        entry = node.esp / "EFI/Linux/node_2.0.0+3-0.efi"
        self.assertEqual(new.uki.read_bytes(), entry.read_bytes())

    def test_counts_add_up(self):
        """reused and fetched bytes cover the whole, and a small change fetches little"""
        node, new = OfflineNode(built("1.0.0")), built("2.0.0", b"new content\n")
        report = self.succeed(node.agent("install", new.bundle, "--json")).json
        self.assertGreaterEqual(report["bytes_reused"] + report["bytes_fetched"], report["bytes_total"])
        self.assertLess(report["bytes_fetched"], new.bundle.stat().st_size)
        self.assertGreater(report["bytes_reused"], 0)

    def test_dry_run(self):
        """install --dry-run says what install would take, decides as it would, and changes nothing"""
        node, new = OfflineNode(built("1.0.0")), built("2.0.0", b"new content\n")
        before = node.fingerprint()
        forecast = self.succeed(node.agent("install", new.bundle, "--dry-run", "--json")).json
        self.assertEqual(3, node.agent("install", built("0.9.0", b"older\n").bundle, "--dry-run").status)
        self.assertEqual(4, node.agent("install", built("1.0.0").bundle, "--dry-run").status)
        self.assertEqual(before, node.fingerprint())
        self.assertEqual([], list(node.state.iterdir()))
        report = self.succeed(node.agent("install", new.bundle, "--json")).json
        for promised, taken in (("bytes_to_fetch", "bytes_fetched"), ("bytes_to_write", "bytes_written"),
                                ("requests", "requests"), ("root_hash", "root_hash")):
            self.assertEqual(forecast[promised], report[taken], promised)

    def test_twice(self):
        """installing what is already armed is nothing to do: status 4"""
        node, new = OfflineNode(built("1.0.0")), built("2.0.0", b"new content\n")
        self.succeed(node.agent("install", new.bundle))
        before = node.fingerprint()
        self.assert_status(4, node.agent("install", new.bundle))
        self.assertEqual(before, node.fingerprint())

    def test_running_version(self):
        """installing what already runs is nothing to do: status 4"""
        node = OfflineNode(built("1.0.0"))
        before = node.fingerprint()
        self.assert_status(4, node.agent("install", built("1.0.0").bundle))
        self.assertEqual(before, node.fingerprint())

    def test_over_unconfirmed(self):
        """while the next system is unconfirmed, a third one is not installed over the last good one"""
        node = OfflineNode(built("1.0.0"))
        self.succeed(node.agent("install", built("2.0.0", b"new content\n").bundle))
        self.assert_status(3, node.agent("install", built("3.0.0", b"third\n").bundle))
        self.assertEqual("confirmed", node.slot("a")["state"])


    def test_updated_disk_verifies(self):
        """`quoin verify` accepts a disk that the agent has updated, and an older manifest is gone"""
        node, new = OfflineNode(built("1.0.0")), built("2.0.0", b"new content\n")
        self.succeed(node.agent("install", new.bundle))
        self.succeed(node.agent("confirm"))
        node.put_esp_back()
        self.succeed(quoin("verify", node.disk, "--trust", keys() / "signing.pub"))
        self.succeed(node.agent("install", built("3.0.0", b"third\n").bundle))
        self.assertEqual(["node_2.0.0.manifest", "node_3.0.0.manifest"],
                         sorted(path.name for path in (node.esp / "EFI/quoin").iterdir()))


class ConfirmAndRollback(ProgramTest):
    def node_with_update(self) -> OfflineNode:
        node = OfflineNode(built("1.0.0"))
        self.succeed(node.agent("install", built("2.0.0", b"new content\n").bundle))
        return node

    def test_confirm(self):
        """confirm makes the armed slot the confirmed one, without a counter in its name"""
        node = self.node_with_update()
        self.succeed(node.agent("confirm"))
        self.assertEqual("confirmed", node.slot("b")["state"])
        self.assertIn("node_2.0.0.efi", node.entries())
        self.assertEqual("b", node.status()["next"])

    def test_confirm_twice(self):
        """confirming a confirmed system is nothing to do: status 4"""
        self.assert_status(4, OfflineNode(built("1.0.0")).agent("confirm"))

    def test_rollback(self):
        """rollback makes the other confirmed slot the one that boots next"""
        node = self.node_with_update()
        self.succeed(node.agent("confirm"))
        self.succeed(node.agent("rollback"))
        self.assertEqual("a", node.status()["next"])

    def test_rollback_without_another(self):
        """rollback with no other slot to go to changes nothing and does not succeed"""
        node = OfflineNode(built("1.0.0"))
        before = node.fingerprint()
        self.assertIn(node.agent("rollback").status, (1, 3, 4))
        self.assertEqual(before, node.fingerprint())


class Documentation(ProgramTest):
    def test_members(self):
        """every member of the agent's JSON is told in its manual page"""
        node, new = OfflineNode(built("1.0.0")), built("2.0.0", b"new content\n")
        said: set[str] = set()
        for command in (["install", new.bundle, "--dry-run"], ["install", new.bundle], ["confirm"],
                        ["rollback"], ["status"]):
            said |= members(self.succeed(node.agent(*command, "--json")).json)
        page = (REPOSITORY / "docs/man/quoin-agent.8").read_text()
        told = set(re.findall(r"\w+", " ".join(re.findall(r"^\.Va (.*)", page, re.MULTILINE))))
        self.assertIn("outcome", said)
        self.assertEqual(set(), said - told)


class Refusals(ProgramTest):
    """Each one ends with status 3, says why, and leaves disk and ESP as they were, to the bit."""

    def refuse(self, bundle, word: str, *more, node: OfflineNode | None = None, trust=None) -> None:
        node = node or OfflineNode(built("1.0.0"))
        before = node.fingerprint()
        result = self.assert_status(3, node.agent("install", bundle, *more, trust=trust))
        self.assertRegex(result.complaints, word)
        self.assertEqual(before, node.fingerprint(), "the disk was changed")

    def test_truncated(self):
        """a truncated bundle is refused, wherever it ends, and nothing has changed"""
        whole = built("2.0.0", b"new content\n").bundle
        size = whole.stat().st_size
        for length in (0, 10, 64, 500, 5000, size // 2, size - 1):
            cut = whole.parent / "cut.quoin"
            cut.write_bytes(whole.read_bytes()[:length])
            self.refuse(cut, "cut.quoin")

    def test_wrong_key(self):
        """a bundle signed by an unknown key is refused"""
        self.refuse(built("2.0.0", b"new content\n", signer="other-keys").bundle, "sign|trust|key")

    def test_too_few_signers(self):
        """a bundle with one trusted signature is refused when two are required"""
        self.refuse(built("2.0.0", b"new content\n").bundle, "1 of 2|2", "--required", "2",
                    trust=[keys() / "signing.pub", keys("other-keys") / "signing.pub"])

    def test_older(self):
        """a bundle older than the running version is refused"""
        self.refuse(built("0.9.0", b"older\n").bundle, "older|0\\.9\\.0")

    def test_other_hardware(self):
        """a bundle for other hardware is refused, by the manifest that the ESP keeps of what runs"""
        other = built("2.0.0", b"new content\n", image='compatible = "other-board"')
        self.refuse(other.bundle, "other-board")

    def test_same_version_other_root(self):
        """a bundle with the running version but another root hash is refused"""
        self.refuse(built("1.0.0", b"another 1.0.0\n").bundle, "1\\.0\\.0")

    def test_full_esp(self):
        """a bundle whose boot image would take the last MiB of the ESP is refused"""
        node = OfflineNode(built("1.0.0"))
        release = built("2.0.0", b"new content\n")
        leftover = node.esp / "EFI/Linux/node_0.9.0.efi"
        page = 4096
        files = [path for path in node.esp.rglob("*") if path.is_file()] + [release.uki]
        needed = sum(-(-path.stat().st_size // page) * page for path in files)
        # The leftover is unlisted, and goes when the release comes.
        for free, left, status, words in ((1000 << 10, 0, 3, "the ESP has"),
                                          (1100 << 10, 0, 0, "armed|would take"),
                                          (100 << 10, 800 << 10, 3, "the ESP has"),
                                          (100 << 10, 1000 << 10, 0, "armed|would take")):
            leftover.write_bytes(bytes(left))
            before = node.fingerprint()
            size = needed + free + left
            kept = node.directory / "kept"
            script = (f'cp -r "{node.esp}" "{kept}" && mount -t tmpfs -o size={size} none "{node.esp}" && '
                      f'cp -r "{kept}/." "{node.esp}" && rm -r "{kept}" && "$@"')
            for dry_run in (["--dry-run"], []):
                result = run(with_mounts(script, node.agent_command("install", release.bundle, *dry_run)))
                self.assert_status(status, result)
                self.assertRegex(result.output + result.complaints, words)
                if status != 0:
                    self.assertEqual(before, node.fingerprint(), "the disk was changed")

    def test_damaged_chunk(self):
        """a bundle whose blocks are not what its index says is refused, and what ran still runs"""
        whole = built("2.0.0", b"new content\n").bundle
        content = bytearray(whole.read_bytes())
        sizes = struct.unpack_from("<QQQ", content, 16)  # signatures, manifest, index
        for place in range(64 + sum(sizes), len(content), 512):
            content[place] ^= 1
        damaged = whole.parent / "damaged.quoin"
        damaged.write_bytes(content)
        node = OfflineNode(built("1.0.0"))
        # Blocks are checked as they are written: by then the other slot is no longer as it was.
        self.assert_status(3, node.agent("install", damaged))
        self.assertEqual(("confirmed", "a"), (node.slot("a")["state"], node.status()["next"]))
        self.assertEqual(["node_1.0.0.efi"], [name for name in node.entries()
                                              if (node.esp / "EFI/Linux" / name).read_bytes()[:2] == b"MZ"])
