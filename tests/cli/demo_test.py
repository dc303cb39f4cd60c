# SPDX-License-Identifier: Apache-2.0
"""How the demo ends when a step cannot be observed; without QEMU."""

import contextlib
import io
import json
import sys
from unittest import mock

from programs import REPOSITORY, ProgramTest

sys.path.insert(0, str(REPOSITORY / "qemu"))

from harness import demo, processes  # noqa: E402  (its place is known only now)


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
