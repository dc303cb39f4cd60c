# SPDX-License-Identifier: Apache-2.0
"""an unconfirmed system whose root is corrupted restarts until the node is back on the old one"""

from harness.tamper import corrupt_file

#: Process 1 needs it, so every boot reads it.
LIBRARY = "/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so"


def check(lab) -> None:
    story = lab.fresh_node("1.0.0")
    machine = story.node.machine
    update = lab.images["2.0.0"]
    story.install(update)
    machine.shell.check("sync")
    machine.power_cut()
    corrupt_file(machine.disk, "b", LIBRARY)
    story.return_after_power_on(update, lab.images["1.0.0"], "is corrupted",
                                "dm-verity found the corruption and restarted the node")
    story.require_explained("2.0.0", "corrupt")
