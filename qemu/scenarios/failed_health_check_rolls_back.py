# SPDX-License-Identifier: Apache-2.0
"""a release that fails its health check is left by the health gate, explained and not tried again"""


def check(lab) -> None:
    story = lab.node_running("2.0.0")
    broken = lab.images["4.0.0"]
    story.install(broken)
    story.reboot_and_return(broken, lab.images["2.0.0"], "Restarting system",
                            "its health check failed")
    story.require_explained(broken.version, "50-application-answers")
    story.require_refused(broken.bundle.name, "quarantine")
