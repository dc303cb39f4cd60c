# SPDX-License-Identifier: Apache-2.0
"""power cuts use up the tries of a good update: it is judged inconclusive, tried again and confirmed"""

from harness.node import slot_of
from harness.story import require


def check(lab) -> None:
    story = lab.fresh_node("1.0.0")
    node = story.node
    old, update = lab.images["1.0.0"], lab.images["2.0.0"]
    story.install(update)
    node.machine.shell.check("sync")
    tries = slot_of(node.status(), update.version)["tries_left"]
    for _ in range(tries):
        story.power_cycle_into(update)
    # Nothing failed, and nobody could say so.
    story.power_cycle_into(old)
    node.wait_until_up(old.version)
    story.wait_for_gate()
    status = node.status()
    slot = slot_of(status, update.version)
    require((slot["state"], slot["tries_left"]) == ("armed", tries),
            f"{update.version} was not given its tries again: {slot}")
    require(not status["quarantine"], f"quarantined: {status['quarantine']}")
    story.reboot_into(update)
