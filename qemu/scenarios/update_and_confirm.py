# SPDX-License-Identifier: Apache-2.0
"""a node updates itself over HTTP, confirms the update and keeps the way back"""

from harness.builds import LARGEST_INITRD
from harness.story import require, slot_other


def check(lab) -> None:
    for image in lab.images.values():
        require(image.initrd_size <= LARGEST_INITRD,
                f"the initrd of {image.version} takes {image.initrd_size} bytes")
    story = lab.fresh_node("1.0.0")
    install = story.install(lab.images["2.0.0"])
    require(install.fetched < install.whole,
            "the node fetched everything although most of it is unchanged")
    require(install.report["requests"] <= 5,
            f"what the node lacks took {install.report['requests']} requests")
    story.reboot_into(lab.images["2.0.0"])
    other = slot_other(story.node.status())
    require((other["version"], other["state"]) == ("1.0.0", "confirmed"),
            f"the way back is {other}")
