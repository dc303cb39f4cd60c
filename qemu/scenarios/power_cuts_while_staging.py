# SPDX-License-Identifier: Apache-2.0
"""power cuts while the boot image is written leave an ESP on which the next install goes on"""

from harness.story import bundle_url, require

#: Of a boot image of 14 MiB and more, seconds after its first byte.
_CUTS = (0.3, 1.0, 2.0)


def check(lab) -> None:
    story = lab.fresh_node("1.0.0")
    node = story.node
    old, update = lab.images["1.0.0"], lab.images["2.0.0"]
    for after in _CUTS:
        story.wait_for_gate()
        number = len(node.boots) + 1
        node.machine.shell.check(
            f"quoin-agent --verbose install {bundle_url(story.web, update)} 2>/run/steps & "
            "until grep -q 'writing the boot image' /run/steps; do sleep 0.05; done; "
            f"sleep {after}", 300)
        node.machine.power_cut()
        node.power_on()
        boot = node.wait_for_boot(number)
        require(boot.version == old.version, f"{boot.version} was started")
        node.wait_until_up(old.version)
    story.install(update)
    complaints = node.machine.shell.check("dmesg | grep -i 'fat-fs.*\\(error\\|read-only\\)' || true")
    require(not complaints.strip(), f"the kernel found the ESP damaged: {complaints}")
    story.reboot_into(update)
