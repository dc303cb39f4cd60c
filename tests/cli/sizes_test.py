# SPDX-License-Identifier: Apache-2.0
"""What is loaded in every boot stays small."""

import shutil

import programs
from bench import must, workbench
from programs import ProgramTest, run

LARGEST_EARLY_PROGRAM = 1 << 20  # bytes, stripped


class Sizes(ProgramTest):
    def test_early_program(self):
        """the early program takes at most 1 MiB, stripped"""
        copy = workbench() / "quoin-early"
        shutil.copyfile(programs.BUILD / "bootloader-hooks/early/quoin-early", copy)
        must(run(["strip", copy]))
        self.assertLessEqual(copy.stat().st_size, LARGEST_EARLY_PROGRAM)
