# SPDX-License-Identifier: Apache-2.0
"""Faults in the middle of one certain file: environments that load tests/cli/fault_at.cpp."""

import os

import programs

FULL = "full"


def fault(what, call: str, file: str, after: int = 0, program: str = "quoin") -> dict[str, str]:
    """In `program`, what is started included, `what` (FULL, or a signal) comes at a call on a file
    whose name fits the pattern, when there were `after` of them."""
    return {**os.environ, "LD_PRELOAD": str(programs.BUILD / "tests/cli/fault_at.so"),
            "FAULT_PROGRAM": program, "FAULT_CALL": call, "FAULT_FILE": file,
            "FAULT_AFTER": str(after), "FAULT": what if what == FULL else str(int(what))}
