# SPDX-License-Identifier: Apache-2.0
"""a node mends a lost partition table, a doubled boot entry and a broken journal, and says so"""

from harness import tamper
from harness.node import booted_slot
from harness.story import require


def check(lab) -> None:
    story = lab.node_running("2.0.0")
    node, machine = story.node, story.node.machine
    entry = f"example-node_{lab.images['2.0.0'].version}"
    machine.shell.check("sync")
    machine.power_cut()
    tamper.destroy_primary_table(machine.disk)
    tamper.add_name(machine.disk, f"{entry}.efi", f"{entry}+2-1.efi")
    tamper.break_journal(machine.disk)
    notes = come_up(story)
    for word in ("had a second name", "e2fsck mended it"):
        require(any(word in note for note in notes), f"no note says '{word}': {notes}")
    require(booted_slot(node.status())["state"] == "confirmed", "what runs is not confirmed")
    machine.shell.check("sync")
    require(tamper.table_is_whole(machine.disk), "the primary partition table is still damaged")
    require(tamper.names(machine.disk, entry) == [f"{entry}.efi"], "both names are still there")

    # A data partition that nothing mends: the node runs without it.
    machine.power_cut()
    tamper.destroy_data(machine.disk)
    notes = come_up(story)
    require(any("what is written now is lost" in note for note in notes),
            f"no note says that data is lost: {notes}")
    lab.discard_node()


def come_up(story) -> list[str]:
    """The notes of a node that is switched on again."""
    number = len(story.node.boots) + 1
    story.node.power_on()
    story.node.wait_for_boot(number)
    story.node.wait_until_up("2.0.0")
    story.wait_for_gate()
    return story.node.status()["notes"]
