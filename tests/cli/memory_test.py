# SPDX-License-Identifier: Apache-2.0
"""The agent's memory; tests/bench has the same for an image of 4 GiB."""

from memory_of_installs import LIMITS, measure_installs
from programs import ProgramTest

#: As many chunks as a root of 4 GiB has in blocks of 128 KiB, of a few KiB each: it is their number that
#: an install remembers.
SIZE = 64 << 20
CHUNKS = 32_768


class MemoryOfInstalls(ProgramTest):
    def test_many_chunks(self):
        """an install of as many chunks as 4 GiB have stays within the memory that is promised, also over HTTPS"""
        for way, peak in measure_installs(SIZE, CHUNKS).items():
            self.assertLessEqual(peak.anonymous, LIMITS[way].anonymous, way)
            self.assertLessEqual(peak.resident, LIMITS[way].resident, way)
