# SPDX-License-Identifier: Apache-2.0
"""The agent's memory; tests/bench has the same for an image of 4 GiB."""

from memory_of_installs import LIMITS, MANY_CHUNKS, measure_installs
from programs import ProgramTest

#: In chunks of a few hundred bytes: it is their number that an install remembers.
SIZE = 64 << 20


class MemoryOfInstalls(ProgramTest):
    def test_many_chunks(self):
        """an install of as many chunks as there may be stays within the memory that is promised, also over HTTPS"""
        for way, peak in measure_installs(SIZE, MANY_CHUNKS).items():
            self.assertLessEqual(peak.anonymous, LIMITS[way].anonymous, way)
            self.assertLessEqual(peak.resident, LIMITS[way].resident, way)
