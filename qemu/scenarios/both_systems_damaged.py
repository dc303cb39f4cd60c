# SPDX-License-Identifier: Apache-2.0
"""when no system can start, the node says why on its console and waits instead of going in circles"""

import time

from harness import tamper
from harness.story import require

#: Seconds without another boot; a panicked kernel would have started one within 30.
WAITED = 60


def check(lab) -> None:
    story = lab.node_with_fallback("2.0.0", "1.0.0")
    machine = story.node.machine
    machine.shell.check("sync")
    machine.power_cut()
    for slot in ("a", "b"):
        tamper.destroy_root(machine.disk, slot)
    number = len(story.node.boots) + 1
    story.node.power_on()
    machine.console.wait_for("quoin: cannot mount .*; this system is confirmed, so no other is tried", 600)
    time.sleep(WAITED)
    # At most: the firmware's last characters may have spoilt the line that tells of the boot.
    require(len(story.node.boots) <= number, "it goes in circles")
    lab.discard_node()
