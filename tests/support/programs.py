# SPDX-License-Identifier: Apache-2.0
"""Runs the built programs for the tests that see them from outside, and runs those tests.

A test is a method of a unittest.TestCase whose docstring is one sentence: what the program promises.
"""

import json
import os
import subprocess
import sys
import time
import unittest
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = REPOSITORY / "build"


@dataclass(frozen=True)
class Result:
    status: int
    output: str
    complaints: str

    @property
    def json(self) -> dict:
        """The last line of stdout that is JSON, or all of it."""
        try:
            return json.loads(self.output)
        except json.JSONDecodeError:
            return json.loads(self.output.strip().splitlines()[-1])


def quoin_command(*arguments) -> list[str]:
    return [str(BUILD / "builder/quoin"), *map(str, arguments)]


def agent_command(*arguments) -> list[str]:
    return [str(BUILD / "agent/quoin-agent"), *map(str, arguments)]


def run(command: list, timeout: float = 300, **options) -> Result:
    """Runs a program to its end, with neither terminal nor colours. It never throws for a status."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors="replace", timeout=timeout,
                          check=False, **options)
    return Result(done.returncode, done.stdout, done.stderr)


def with_mounts(script: str, command: list) -> list:
    """A command whose mounts no one else sees: `script` makes them and runs "$@", which is `command`."""
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", *command]


def quoin(*arguments, **options) -> Result:
    return run(quoin_command(*arguments), **options)


def agent(*arguments, **options) -> Result:
    return run(agent_command(*arguments), **options)


class ProgramTest(unittest.TestCase):
    """With assertions whose failure shows what the program said."""

    longMessage = True

    def assert_status(self, expected: int, result: Result) -> Result:
        self.assertEqual(expected, result.status,
                         f"\nstdout: {result.output}\nstderr: {result.complaints}")
        return result

    def succeed(self, result: Result) -> Result:
        return self.assert_status(0, result)


class _OneLineEach(unittest.TestResult):
    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()

    def _line(self, test, verdict: str) -> None:
        sentence = test.shortDescription() or str(test)
        print(f"{sentence:<96} {verdict:<7}{time.monotonic() - self._started:6.1f} s", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._line(test, "ok")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print(f"skipped: {test.shortDescription() or test}: {reason}", flush=True)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._line(test, "FAILED")
        print(self.failures[-1][1], flush=True)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error:
            self._line(test, "FAILED")
            print(subtest)
            failed = issubclass(error[0], test.failureException)
            print((self.failures if failed else self.errors)[-1][1], flush=True)

    def addError(self, test, error):
        super().addError(test, error)
        if hasattr(self, "_started") and isinstance(test, unittest.TestCase):
            self._line(test, "FAILED")
        print(self.errors[-1][1], flush=True)


def main(directory: Path) -> int:
    """Runs every *_test.py of a directory: `run [BUILD] [WORD]`, only tests whose sentence or name
    holds WORD. Prints a line a test and "N passed, N failed"."""
    global BUILD
    BUILD = Path(sys.argv[1] if len(sys.argv) > 1 else BUILD).resolve()
    word = sys.argv[2] if len(sys.argv) > 2 else ""
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    sys.path.insert(0, str(directory))
    suite = unittest.TestSuite(
        test for test in _flatten(unittest.defaultTestLoader.discover(str(directory), "*_test.py"))
        if word in f"{test.shortDescription()} {test.id()}")
    result = _OneLineEach()
    suite.run(result)
    failed = len({getattr(test, "test_case", test) for test, _ in result.failures + result.errors})
    print(f"{result.testsRun - failed - len(result.skipped)} passed, {failed} failed")
    return 1 if failed or result.testsRun == 0 else 0


def _flatten(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _flatten(test)
        else:
            yield test
