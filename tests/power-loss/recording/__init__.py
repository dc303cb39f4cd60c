# SPDX-License-Identifier: Apache-2.0
"""What a real node writes to its disk: recorded once, cut into scenarios, replayed at will.

releases    the small images that the recorded node runs, and what is known of each
machine     a PC whose disk logs every write and flush
session     the node's life from first boot on, with a boundary between scenarios
split       one log of the whole life into one recording a scenario
recording   a scenario's directory, as the judges read it

`record(name)` returns one scenario's recording, `SCENARIOS` has their names in the order of the
node's life. Recordings lie in out/power-loss/recordings/ and are made again, all together, when the
programs, the images or this package changed.
"""

from .recording import SCENARIOS, Recording, ReleaseInPlay, Scenario

__all__ = ["SCENARIOS", "Recording", "ReleaseInPlay", "Scenario", "record"]


def record(name: str) -> Recording:
    """The recording of one scenario; the first call may take minutes, the others take none."""
    from .session import make_recordings  # what needs QEMU is loaded by those who record

    return make_recordings()[name]
