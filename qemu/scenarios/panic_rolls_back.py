# SPDX-License-Identifier: Apache-2.0
"""a release that panics in boot is left by boot counting, explained and not tried again"""


def check(lab) -> None:
    story = lab.node_running("2.0.0")
    broken = lab.images["3.0.0"]
    story.install(broken)
    story.reboot_and_return(broken, lab.images["2.0.0"], "Kernel panic", "the kernel panicked")
    story.require_explained(broken.version, "panic")
    story.require_refused(broken.bundle.name, "quarantine")
