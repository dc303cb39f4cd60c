# SPDX-License-Identifier: Apache-2.0
"""What an update costs over a web server. tests/bench has the numbers for real releases."""

import sys

from bench import OfflineNode, built, workbench
from programs import REPOSITORY, ProgramTest, quoin

sys.path.insert(0, str(REPOSITORY))
from qemu.harness.web import WebServer  # noqa: E402

#: Of the bundle, for a release that changed one file of a root with few others.
LARGEST_SHARE = 0.2
#: The head, what is new, the kernel if it is. Without --previous there would be five.
MOST_REQUESTS = 3


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
            # The whole fragment block, of which 70 KB are unchanged files that do not compress.
            self.assertGreater(files["/usr/share/changed"], 60_000)
            self.assertNotIn("/usr/share/small-39", files)
            self.assertIn("/usr/share/changed", self.succeed(text).output)
            self.assertIn("(no package)", text.output)
