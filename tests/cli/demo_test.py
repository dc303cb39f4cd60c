# SPDX-License-Identifier: Apache-2.0
"""How the demo ends when a step cannot be observed, and how it talks to a node; without QEMU."""

import contextlib
import io
import json
import socket
import subprocess
import sys
from unittest import mock

from programs import REPOSITORY, ProgramTest

sys.path.insert(0, str(REPOSITORY / "qemu"))

from harness import demo, processes  # noqa: E402  (its place is known only now)
from harness.shell import Shell, ShellError  # noqa: E402

NODE_SIDE = REPOSITORY / "configs/overlays/demo-shell/usr/libexec/demo-shell"


class FailedDemo(ProgramTest):
    def test_answer_without_a_field(self):
        """a demo that gets an answer it cannot use prints the failure and its table, no traceback"""
        for failure, words in ((KeyError("slots"), "slots"), (IndexError("list index"), "list index"),
                               (json.JSONDecodeError("Expecting value", "", 0), "Expecting value")):
            output = io.StringIO()
            with (mock.patch.object(demo, "_tell", side_effect=failure),
                  mock.patch.object(processes, "stop_on_signals"),
                  contextlib.redirect_stdout(output)):
                self.assertEqual(1, demo.main())
            self.assertIn("FAILED", output.getvalue())
            self.assertIn(words, output.getvalue())
            self.assertIn("Observed before that", output.getvalue())


class SpoiltQuestion(ProgramTest):
    def test_lost_bytes(self):
        """a shell on the node that saw only a part of a question answers the next one"""
        # A serial port that is opened while a question arrives loses what it holds.
        question = mock.Mock()
        with self.assertRaises(ShellError):
            Shell(mock.Mock(sendall=question, recv=mock.Mock(return_value=b""))).run("echo 'so'")
        question = question.call_args.args[0]
        for part in ([question[lost:] for lost in range(0, len(question), 7)] +
                     [question[:kept] for kept in range(0, len(question), 7)] +
                     [question[:30] + question[lost:] for lost in range(31, len(question), 7)]):
            ours, theirs = socket.socketpair()
            node = subprocess.Popen([NODE_SIDE], stdin=theirs, stdout=theirs, stderr=theirs)
            theirs.close()
            shell = Shell(ours)
            try:
                ours.sendall(part)
                self.assertEqual("here\n", shell.check("echo 'here'", 10), part)
            finally:
                shell.close()
                node.wait()
