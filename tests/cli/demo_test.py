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
from harness.console import Line  # noqa: E402
from harness.node import Node  # noqa: E402
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


class SilentFirmware(ProgramTest):
    def test_reset(self):
        """a machine whose firmware hangs is reset once, one that is silent for another reason is not"""
        for last, silence, presses in (("[   70.1] reboot: machine restart", 200, 1),
                                       ("[   22.3] Rebooting in 10 seconds..", 200, 1),
                                       (None, 200, 1),
                                       ("[   70.1] reboot: machine restart", 100, 0),
                                       ("BdsDxe: starting Boot0001", 200, 0),
                                       ("example-node login:", 200, 0)):
            console = mock.Mock(lines=[Line(1, last)] if last else [])
            console.silence.return_value = silence
            console.note.side_effect = lambda text: console.lines.append(Line(2, text))
            machine = mock.Mock(console=console, running=True)
            node = Node(None, mock.Mock(), {}, kind=lambda *_, **__: machine)
            answers = iter([False, False, True])
            node._wait(lambda: next(answers), "the end", 60)
            self.assertEqual(presses, machine.reset.call_count, last)


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
