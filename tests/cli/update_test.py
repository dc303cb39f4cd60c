# SPDX-License-Identifier: Apache-2.0
"""What an update costs over a web server. tests/bench has the numbers for real releases."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from bench import OfflineNode, built, keys, workbench
from programs import REPOSITORY, ProgramTest, agent_command, quoin

sys.path.insert(0, str(REPOSITORY))
from qemu.harness.web import WebServer  # noqa: E402

#: Of the bundle, for a release that changed one file of a root with few others.
LARGEST_SHARE = 0.2
#: The head, what is new, the kernel if it is. Without --previous there would be five.
MOST_REQUESTS = 3
PAGE = 4096
#: Bytes that an install asks for first.
FIRST_READ = 16 << 10
#: Bytes that are fetched rather than asked around.
LARGEST_GAP = 64 << 10


def changed_bytes(before: Path, after: Path) -> int:
    """Of all pages that differ."""
    changed = 0
    with open(before, "rb") as old, open(after, "rb") as new:
        while pages := old.read(256 * PAGE):
            others = new.read(256 * PAGE)
            if pages != others:
                changed += sum(pages[place:place + PAGE] != others[place:place + PAGE]
                               for place in range(0, len(pages), PAGE))
    return changed * PAGE


class Updates(ProgramTest):
    def setUp(self):
        self.first = built("1.0.0")
        second = built("1.1.0", b"changed once" * 2000, previous=self.first)
        self.third = built("1.2.0", b"changed twice" * 2000, previous=second)

    def install(self, node, image):
        """The agent's result, and the size of every answer by nginx's log."""
        web = WebServer(image.directory, workbench() / "nginx")
        self.addCleanup(web.stop)
        result = node.agent("install", f"http://127.0.0.1:{web.port}/{image.bundle.name}", "--json")
        return result, web.answers(image.bundle.name)

    def test_any_older_release(self):
        """a node two releases behind fetches little, in few requests"""
        result, answers = self.install(OfflineNode(self.first), self.third)
        report = self.succeed(result).json
        self.assertEqual([report["requests"], report["bytes_fetched"]], [len(answers), sum(answers)])
        self.assertLessEqual(report["requests"], MOST_REQUESTS)
        self.assertLess(report["bytes_fetched"], LARGEST_SHARE * self.third.bundle.stat().st_size)

    def test_forecasts(self):
        """what diff and install --dry-run say beforehand is what an install then fetches and writes"""
        node = OfflineNode(self.first)
        web = WebServer(self.third.directory, workbench() / "nginx")
        self.addCleanup(web.stop)
        url = f"http://127.0.0.1:{web.port}/{self.third.bundle.name}"
        costs = [self.succeed(quoin("diff", old, new, "--json")).json
                 for old in (self.first.bundle, self.first.disk)
                 for new in (self.third.bundle, self.third.disk)]
        forecast = self.succeed(node.agent("install", url, "--dry-run", "--json")).json
        before = web.answers(self.third.bundle.name)
        report = self.succeed(node.agent("install", url, "--json")).json
        answers = web.answers(self.third.bundle.name)[len(before):]

        self.assertEqual([report["bytes_fetched"], report["requests"]], [sum(answers), len(answers)])
        for said, taken in (("bytes_to_fetch", "bytes_fetched"), ("bytes_to_write", "bytes_written"),
                            ("requests", "requests"), ("bytes_reused", "bytes_reused"),
                            ("bytes_total", "bytes_total")):
            self.assertEqual(forecast[said], report[taken], said)
        # On the ESP lie the boot image and the head; beyond the count are the partition table, the
        # index's header and what fills the last pages.
        on_disk = (changed_bytes(self.first.disk, node.disk) + self.third.uki.stat().st_size
                   + costs[0]["bytes_head"])
        self.assertTrue(0 <= on_disk - report["bytes_written"] <= 10 * PAGE, on_disk)

        for cost in costs:
            self.assertEqual(report["bytes_total"], cost["bytes_total"])
            self.assertEqual(report["bytes_total"] - report["bytes_reused"], cost["bytes_chunks"])
            # The other slot was empty: diff's "at most" is all of it.
            self.assertEqual(report["bytes_written"], cost["bytes_to_write"])
            # Head and index are shorter than what is read for them; of the boot image's small parts some
            # between new blocks are old.
            first_read = max(FIRST_READ, cost["bytes_head"] + cost["bytes_index"])
            gaps = report["bytes_fetched"] - first_read - cost["bytes_chunks"]
            self.assertTrue(0 <= gaps < LARGEST_GAP, gaps)
            self.assertEqual(cost["bytes_to_fetch"],
                             cost["bytes_head"] + cost["bytes_index"] + cost["bytes_chunks"])

    def test_nothing_new(self):
        """when there is no update, one request of at most 16 KiB tells so"""
        result, answers = self.install(OfflineNode(self.first), self.first)
        self.assert_status(4, result)
        self.assertEqual(len(answers), 1)
        self.assertLessEqual(answers[0], 16 << 10)

    def test_causes(self):
        """install --dry-run and diff say which file causes the bytes, and blame no neighbour"""
        node = OfflineNode(self.first)
        forecast = "install", self.third.bundle, "--dry-run"
        comparison = "diff", self.first.bundle, self.third.bundle
        for text, report in ((node.agent(*forecast), node.agent(*forecast, "--json")),
                             (quoin(*comparison), quoin(*comparison, "--json"))):
            files = {cause["name"]: cause["bytes"] for cause in self.succeed(report).json["causes"]["files"]}
            # The whole fragment block, of which most are unchanged files that do not compress.
            self.assertGreater(files["/usr/share/changed"], 40_000)
            self.assertNotIn("/usr/share/small-39", files)
            self.assertIn("/usr/share/changed", self.succeed(text).output)
            self.assertIn("(no package)", text.output)


class InterruptedUpdates(ProgramTest):
    """The program as a whole, stopped while it downloads; tests/agent has every single step."""

    #: Bytes of the slot that are there when the download is stopped: several of the agent's writes.
    ENOUGH = 4 << 20

    def setUp(self):
        self.first = built("1.0.0")
        self.second = built("1.1.0", random.Random(7).randbytes(12 << 20))
        self.node = OfflineNode(self.first)
        self.next = self.node.status()["next"]
        self.web = WebServer(self.second.directory, workbench() / "nginx")
        self.addCleanup(self.web.stop)
        self.url = f"http://127.0.0.1:{self.web.port}/{self.second.bundle.name}"

    def begin(self) -> subprocess.Popen:
        """An install that has written ENOUGH and is far from its end."""
        slow = self.node.directory / "slow.toml"
        slow.write_text('[fetch]\nmaximum_rate = "2M"\n')
        allocated = os.stat(self.node.disk).st_blocks * 512
        process = subprocess.Popen(
            agent_command("install", self.url, "--config", slow, "--disk", self.node.disk, "--esp",
                          self.node.esp, "--state", self.node.state, "--trust",
                          keys() / "signing.pub"),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 120
        while os.stat(self.node.disk).st_blocks * 512 < allocated + self.ENOUGH:
            self.assertIsNone(process.poll(), "the install ended before it was stopped")
            self.assertLess(time.monotonic(), deadline, "the install writes nothing")
            time.sleep(0.02)
        return process

    def assert_goes_on(self) -> None:
        """The running system is what starts next; a second install fetches the rest alone."""
        self.assertEqual(self.next, self.node.status()["next"])
        report = self.succeed(self.node.agent("install", self.url, "--json")).json
        whole = self.second.bundle.stat().st_size
        self.assertLess(report["bytes_fetched"], whole - self.ENOUGH // 2)
        self.assertEqual("armed", self.node.slot("b")["state"])
        self.node.put_esp_back()
        self.succeed(quoin("verify", self.node.disk, "--trust", keys() / "signing.pub"))

    def test_killed(self):
        """an agent killed while it downloads leaves the running system, and the next one goes on"""
        process = self.begin()
        process.kill()
        self.assertEqual(-signal.SIGKILL, process.wait())
        process.stderr.close()
        self.assert_goes_on()

    def test_cancelled(self):
        """Ctrl+C and SIGTERM end a download with one line, exit code 1 and nothing lost"""
        for stop in (signal.SIGINT, signal.SIGTERM):
            process = self.begin()
            process.send_signal(stop)
            _, complaints = process.communicate(timeout=60)
            self.assertEqual((1, 1), (process.returncode, len(complaints.splitlines())), complaints)
        self.assert_goes_on()

    def test_budget(self):
        """--max-bytes refuses with the estimate before anything is written"""
        untouched = self.node.fingerprint()
        refusal = self.node.agent("install", self.url, "--max-bytes", "1M")
        self.assert_status(3, refusal)
        self.assertRegex(refusal.complaints, r"\d{8} bytes would have to be fetched, 1048576 are allowed")
        self.assertEqual(untouched, self.node.fingerprint())
        self.succeed(self.node.agent("install", self.url, "--max-bytes", "64M"))
