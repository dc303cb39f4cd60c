# SPDX-License-Identifier: Apache-2.0
"""--max-bytes where an update takes more than it should: never a full download that nobody asked for."""

import functools
import random
import re
import sys

from bad_web import BadServer
from bench import Built, OfflineNode, build, partitions, workbench
from programs import REPOSITORY, ProgramTest, Result
from synthetic_root import SyntheticRoot

sys.path.insert(0, str(REPOSITORY))
from qemu.harness.web import WebServer  # noqa: E402

#: More than the update takes from a good server, far less than the bundle.
LIMIT = 1 << 20
OLD_CONTENT = 12 << 20
#: What a server may have sent that the agent never read.
IN_FLIGHT = 2 << 20
#: What may come of three requests before the agent hangs up: it depends on how the bytes arrive.
LEFT_OVER = 3 * (16 << 10)
PAGE = 4096


@functools.cache
def releases() -> tuple[Built, Built]:
    """The second has one file more than the first. Its blocks are not in front of the bundle, since it
    does not follow the first."""
    root = SyntheticRoot(changed=random.Random(5).randbytes(OLD_CONTENT))
    old = build("1.0.0", root.write_tar(workbench() / "budget-old.tar"))
    root.file("usr/share/zz", random.Random(6).randbytes(300_000))
    return old, build("2.0.0", root.write_tar(workbench() / "budget-new.tar"))


@functools.cache
def follower() -> Built:
    """Made to follow the first: what changed lies in front."""
    old, new = releases()
    return build("2.1.0", new.directory.parent / "budget-new.tar", previous=old)


class Budgets(ProgramTest):
    def setUp(self):
        self.old, self.new = releases()
        self.node = OfflineNode(self.old)
        self.untouched = self.node.fingerprint()

    def install(self, url: str, most_bytes: int, *more: str) -> Result:
        return self.node.agent("install", url, "--max-bytes", most_bytes, "--json", *more)

    def assert_refused(self, refusal: Result) -> int:
        """With an estimate of all the old content, before anything was written; the estimate."""
        self.assert_status(3, refusal)
        said = re.search(fr"(\d+) bytes would have to be fetched, {LIMIT} are allowed", refusal.complaints)
        self.assertIsNotNone(said, refusal.complaints)
        self.assertGreater(int(said[1]), OLD_CONTENT)
        self.assertEqual(self.untouched, self.node.fingerprint())
        self.assertLessEqual([path.name for path in self.node.state.iterdir()], ["lock"])
        return int(said[1])

    def bad_server(self) -> BadServer:
        server = BadServer(self.new.bundle)
        self.addCleanup(server.stop)
        return server

    def good_server(self) -> WebServer:
        server = WebServer(self.new.directory, workbench() / "nginx")
        self.addCleanup(server.stop)
        return server

    def test_no_ranges(self):
        """a server without ranges is found out within --max-bytes, and the estimate is for it"""
        for how in ("no-ranges", "no-length"):
            server = self.bad_server()
            url = server.url(how)
            estimate = self.assert_refused(self.install(url, LIMIT))
            self.assertLess(server.sent(), LIMIT)
            self.assert_refused(self.install(url, LIMIT, "--dry-run"))
        report = self.succeed(self.install(url, estimate + LEFT_OVER)).json
        self.assertLessEqual(report["bytes_fetched"], estimate + LEFT_OVER)
        self.assertGreater(report["bytes_fetched"], estimate - LEFT_OVER)

    def test_no_ranges_dry_run(self):
        """where reading what causes an update would fetch the whole bundle, a dry run leaves that out"""
        self.new = follower()
        server = self.bad_server()
        self.assertTrue(self.succeed(self.install(server.url("good"), LIMIT, "--dry-run")).json["causes"]["files"])
        for how in ("no-ranges", "ranges-until/2", "ranges-until/3"):
            before = server.sent()
            forecast = self.succeed(self.install(server.url(how), LIMIT, "--dry-run"))
            self.assertLess(server.sent() - before, OLD_CONTENT // 2, how)
            self.assertEqual({"packages": [], "files": []}, forecast.json["causes"])
            self.assertIn("cannot send parts of the file", forecast.complaints)

    def test_ranges_given_up(self):
        """a server that gives up ranges in the middle is left at --max-bytes, and the node runs on"""
        server = self.bad_server()
        before = self.node.status()
        forecast = self.succeed(self.install(server.url("good"), LIMIT, "--dry-run")).json
        allowed = forecast["bytes_to_fetch"]
        sent = server.sent()
        refusal = self.assert_status(3, self.install(server.url("ranges-until/3"), allowed))
        self.assertIn(f"more than the {allowed} bytes that are allowed", refusal.complaints)
        self.assertLess(server.sent() - sent, allowed + IN_FLIGHT)
        after = self.node.status()
        self.assertEqual((before["booted"], before["next"]), (after["booted"], after["next"]))
        self.succeed(self.install(server.url("good"), allowed))

    def test_less_than_the_head(self):
        """a limit that ends within the head is told with the way to learn how much it takes"""
        refusal = self.assert_status(3, self.install(self.new.bundle, 10240))
        self.assertRegex(refusal.complaints, "more than the 10240 bytes .*; --dry-run says how many")
        refusal = self.assert_status(3, self.install(self.new.bundle, 10240, "--dry-run"))
        self.assertRegex(refusal.complaints, r"\d+ bytes would have to be fetched, 10240 are allowed")

    def test_lost_manifest(self):
        """a node that lost the kept manifest of what it runs fetches no more for that"""
        url = f"http://127.0.0.1:{self.good_server().port}/{self.new.bundle.name}"
        forecast = self.succeed(self.install(url, LIMIT, "--dry-run")).json
        (self.node.esp / "EFI/quoin/node_1.0.0.manifest").unlink()
        report = self.succeed(self.install(url, forecast["bytes_to_fetch"])).json
        self.assertEqual(forecast["bytes_to_fetch"], report["bytes_fetched"])

    def test_lost_index(self):
        """a node that lost its block index refuses a full download beyond --max-bytes"""
        server = self.good_server()
        name = self.new.bundle.name
        url = f"http://127.0.0.1:{server.port}/{name}"
        self.assertLess(self.succeed(self.install(url, LIMIT, "--dry-run")).json["bytes_to_fetch"], LIMIT)
        verity = partitions(self.node.disk)[2]
        start, size = verity["start"] * 512, verity["size"] * 512
        with open(self.node.disk, "r+b") as disk:
            disk.seek(start)
            index = start + disk.read(size).index(b"QUOINIDX")
            # Its records first, which leaves a header that still promises them.
            for place, length in ((index + 32, 24 * 64), (start + size - PAGE, PAGE)):
                disk.seek(place)
                disk.write(bytes(length))
                disk.flush()
                self.untouched = self.node.fingerprint()
                before = sum(server.answers(name))
                estimate = self.assert_refused(self.install(url, LIMIT))
                self.assertLess(sum(server.answers(name)) - before, 64 << 10)
        report = self.succeed(self.install(url, estimate)).json
        self.assertEqual(estimate, report["bytes_fetched"])
