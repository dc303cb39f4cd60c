# SPDX-License-Identifier: Apache-2.0
"""Where scenarios run: the images, a web server, and one node that a scenario hands on to the next
in a known state, since a boot takes longer than anything else here."""

from pathlib import Path

from .builds import Image, Workshop
from .narrator import Narrator
from .node import Node, booted_slot
from .story import Story, slot_other
from .web import WebServer


class Lab:
    """Owns at most one running node."""

    def __init__(self, build: Path, narrator: Narrator):
        self.workshop = Workshop(build)
        self.narrator = narrator
        self.images: dict[str, Image] = {}
        self._story: Story | None = None
        self._web: WebServer | None = None

    def prepare(self) -> None:
        """Builds what is missing, and serves it."""
        self.workshop.compile_quoin()
        self.workshop.make_keys()
        for version in self.workshop.catalogue.recipes:
            self.images[version], _ = self.workshop.image(version)
        self._web = WebServer(self.workshop.images, self.workshop.out / "web")

    def fresh_node(self, version: str = "1.0.0") -> Story:
        """A node as it leaves the factory, switched on for the first time."""
        self.discard_node()
        image = self.images[version]
        names = {each.root_hash: each.version for each in self.images.values()}
        node = Node(self.workshop.out / "node", image, names)
        self._story = Story(node, self._web, self.narrator)
        self._story.first_boot(image)
        return self._story

    def node_running(self, version: str) -> Story:
        """A node on a confirmed release, whatever the other slot holds."""
        if self._story and self._confirmed(version):
            return self._story
        return self.fresh_node(version)

    def node_with_fallback(self, version: str, fallback: str) -> Story:
        """A node on a confirmed release, whose other slot holds an older confirmed one."""
        if self._story and self._confirmed(version):
            other = slot_other(self._story.node.status())
            if (other["version"], other["state"]) == (fallback, "confirmed"):
                return self._story
        story = self.fresh_node(fallback)
        story.install(self.images[version])
        story.reboot_into(self.images[version])
        return story

    def discard_node(self) -> Path | None:
        """After a scenario that left it in no known state; returns its console's log."""
        if not self._story:
            return None
        machine = self._story.node.machine
        machine.power_cut()
        self._story = None
        return machine.directory / "console.log"

    def _confirmed(self, version: str) -> bool:
        slot = booted_slot(self._story.node.status())
        return slot is not None and (slot["version"], slot["state"]) == (version, "confirmed")
