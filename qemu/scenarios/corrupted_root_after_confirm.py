# SPDX-License-Identifier: Apache-2.0
"""a confirmed system whose root is corrupted reads EIO there, is marked bad and left for the other"""

from harness.story import require
from harness.tamper import corrupt_file

#: Large, in every image, and nothing uses it: only the test reads it.
MODULE = "kernel/fs/xfs/xfs.ko"


def check(lab) -> None:
    story = lab.node_with_fallback("2.0.0", "1.0.0")
    # dm-verity is told what to do when the root is opened: in the boot that was the try, it still
    # restarts the node.
    story.restart(lab.images["2.0.0"])
    node, machine = story.node, story.node.machine
    kernel = machine.shell.check("uname -r").strip()
    path = f"/usr/lib/modules/{kernel}/{MODULE}"
    corrupt_file(machine.disk, node.boots[-1].slot, path)
    machine.shell.check("echo 3 >/proc/sys/vm/drop_caches")
    number = len(node.boots) + 1
    # The agent hears of it at once and reboots, so the answer is looked for on the console: it may
    # be too late for the shell.
    machine.console.skip_to_end()
    machine.shell.send(f"cat {path} >/dev/null 2>/dev/console")
    machine.console.wait_for("device-mapper: verity: .* is corrupted", 60)
    machine.console.wait_for("xfs.ko: Input/output error", 60)
    boot = node.wait_for_boot(number)
    require(boot.version == "1.0.0", f"{boot.version} was started instead of 1.0.0")
    story.require_left("2.0.0", "1.0.0")
    story.require_explained("2.0.0", "corrupt")
