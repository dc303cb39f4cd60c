# SPDX-License-Identifier: Apache-2.0
"""The steps of a node's life, each one observed: on the console (which root hash each kernel was
started with) or in what the agent says. The demo tells them, the scenarios combine them."""

import re
from dataclasses import dataclass

from .builds import Image
from .machine import HOST_AS_SEEN_BY_GUEST
from .narrator import Narrator
from .node import Install, Node, NotObserved, booted_slot, slot_of
from .web import WebServer

#: More boots than any release gets: its tries, and once more as many when their end told nothing.
_MOST_BOOTS = 8


def require(condition: bool, what: str) -> None:
    if not condition:
        raise NotObserved(what)


def bundle_url(web: WebServer, image: Image) -> str:
    return f"http://{HOST_AS_SEEN_BY_GUEST}:{web.port}/{image.bundle.name}"


@dataclass
class Story:
    """One node, the web server it updates from, and whoever listens."""

    node: Node
    web: WebServer
    narrator: Narrator

    def first_boot(self, image: Image) -> None:
        """Power on with a factory image: it runs, confirmed, and Secure Boot is on."""
        node = self.node
        with self.narrator.working(f"booting {image.version}"):
            node.power_on()
            node.wait_for_boot(1)
            boot = node.wait_until_up(image.version)
        require(boot.root_mounted_after is not None, "early userspace did not report the root")
        require(node.secure_boot(), "Secure Boot is off in the running node")
        shown = node.machine.console.matching(r"[Ss]ecure ?[Bb]oot(:| is) .*enabled")
        require(bool(shown), "the kernel did not report Secure Boot on the console")
        self.narrator.observed("Secure Boot is on",
                               f"EFI variable SecureBoot = 1; \"{shown[-1].text.strip()}\"")
        status = node.wait_for_status(
            lambda s: (booted_slot(s) or {}).get("state") == "confirmed",
            f"{image.version} confirmed")
        require(booted_slot(status)["root_hash"] == image.root_hash,
                "the booted slot's root hash is not the built one")
        self.narrator.observed(
            f"{image.version} boots from slot {status['booted']}",
            f"root {image.root_hash[:12]}… verified, mounted {boot.root_mounted_after:.1f} s after "
            "the kernel started")

    def install(self, image: Image) -> Install:
        """Over HTTP to the other slot, up to armed; what runs is not touched."""
        node = self.node
        self.wait_for_gate()
        before = node.status()
        sent_before = self.web.bytes_sent(image.bundle.name)
        with self.narrator.working(f"quoin-agent install {bundle_url(self.web, image)}"):
            install = node.install(bundle_url(self.web, image))
        report = install.report
        require(report["root_hash"] == image.root_hash, "another root hash was installed")
        sent = self.web.bytes_sent(image.bundle.name) - sent_before
        require(sent >= install.fetched > 0,
                f"the agent says it fetched {install.fetched} bytes, nginx sent {sent}")
        after = node.status()
        slot = slot_of(after, image.version)
        require(slot is not None and slot["state"] == "armed", f"{image.version} is not armed")
        require(after["next"] == slot["name"] != after["booted"] == before["booted"],
                "the armed slot is not the one that boots next")
        self.narrator.observed(
            f"{image.version} installed to slot {slot['name']}",
            f"armed with {slot['tries_left']} tries; {mebibytes(install.fetched)} of "
            f"{mebibytes(install.whole)} fetched, {report['seconds']:.0f} s")
        return install

    def reboot_into(self, image: Image) -> None:
        """The armed release starts, passes its health checks and is confirmed."""
        node = self.node
        number = len(node.boots) + 1
        with self.narrator.working("rebooting"):
            node.reboot()
            boot = node.wait_for_boot(number)
        require(boot.version == image.version,
                f"{boot.version} was started instead of {image.version}")
        self.narrator.event(f"the boot loader counted a try and started {image.version}")
        with self.narrator.working("waiting for its health checks"):
            status = node.wait_for_status(
                lambda s: (booted_slot(s) or {}).get("state") == "confirmed",
                f"{image.version} confirmed")
        require(booted_slot(status)["version"] == image.version, "another release was confirmed")
        self.narrator.observed(
            f"{image.version} runs and is confirmed",
            f"slot {status['booted']}, health checks passed; the way back is slot "
            f"{slot_other(status)['name']}, {slot_other(status)['version']}")

    def restart(self, image: Image) -> None:
        """The confirmed release starts again; no try is counted."""
        number = len(self.node.boots) + 1
        with self.narrator.working(f"restarting {image.version}"):
            self.node.reboot()
            self.node.wait_for_boot(number)
            self.node.wait_until_up(image.version)

    def power_cycle_into(self, image: Image) -> None:
        """The plug is pulled and put back. Returns when the release's root is mounted: it has only
        begun to start, and a counted try is used up."""
        node = self.node
        number = len(node.boots) + 1
        with self.narrator.working(f"the power goes and comes back; waiting for {image.version}"):
            node.machine.power_cut()
            node.power_on()
            boot = node.wait_for_root(number)
        require(boot.version == image.version,
                f"{boot.version} was started instead of {image.version}")

    def reboot_and_return(self, broken: Image, good: Image, ending: str, how: str) -> None:
        """The armed release fails however often it is tried, and the node is back on the good one
        by itself. Each failed boot must end with `ending` on the console; `how` says it in words."""
        number = len(self.node.boots) + 1
        self.node.reboot()
        self._fail_and_return(number, broken, good, ending, how)

    def return_after_power_on(self, broken: Image, good: Image, ending: str, how: str) -> None:
        """The same for a node that is switched off."""
        number = len(self.node.boots) + 1
        self.node.power_on()
        self._fail_and_return(number, broken, good, ending, how)

    def require_left(self, broken: str, good: str) -> None:
        """The good release runs, confirmed, and the broken one is marked bad."""
        with self.narrator.working(f"{good} starts"):
            status = self.node.wait_for_status(
                lambda s: (slot_of(s, broken) or {}).get("state") == "bad", f"{broken} marked bad")
        booted = booted_slot(status)
        require(booted is not None and booted["version"] == good and booted["state"] == "confirmed",
                f"{good} does not run as confirmed")

    def wait_for_gate(self) -> None:
        """Until this boot's health gate is done: it judges how the last update ended, and meanwhile
        the agent refuses other work."""
        self.node.machine.shell.check("until systemctl show -p SubState --value quoin-health | "
                                      "grep -qE 'exited|failed'; do sleep 1; done", 300)

    def require_explained(self, broken: str, word: str) -> str:
        """The agent's status names the release and why it was left; returns it."""
        self.wait_for_gate()
        text = self.node.machine.shell.check("quoin-agent status")
        require(any(broken in line and word in line for line in text.splitlines()),
                f"the status does not say that {broken} was left because of '{word}':\n{text}")
        return text

    def require_refused(self, bundle: str, word: str, options: str = "") -> None:
        """Installing a bundle, named by its path below the web server's root, ends with status 3."""
        url = f"http://{HOST_AS_SEEN_BY_GUEST}:{self.web.port}/{bundle}"
        answer = self.node.machine.shell.run(f"quoin-agent install {options} {url}", 120)
        require(answer.status == 3 and re.search(word, answer.complaints) is not None,
                f"'{bundle}' was not refused because of '{word}': status {answer.status}, "
                f"{answer.complaints}")
        self.narrator.observed(f"{bundle} is refused", answer.complaints.strip())

    def _fail_and_return(self, number: int, broken: Image, good: Image, ending: str,
                         how: str) -> None:
        node = self.node
        tries = 0
        while True:
            with self.narrator.working("waiting for the next boot"):
                boot = node.wait_for_boot(number)
            if boot.version != broken.version:
                break
            tries += 1
            require(tries < _MOST_BOOTS, f"{broken.version} was started {tries} times")
            with self.narrator.working(f"{broken.version} starts"):
                node.wait_for_boot(number + 1)
            require(boot.ended_by is not None and ending in boot.ended_by,
                    f"boot {number} of {broken.version} ended with '{boot.ended_by}'")
            self.narrator.event(f"try {tries} of {broken.version}: {how}")
            number += 1
        require(tries > 0, f"{broken.version} was never tried")
        require(boot.version == good.version,
                f"the node came back with {boot.version} instead of {good.version}")
        self.require_left(broken.version, good.version)
        self.narrator.observed(f"{broken.version} left, back on {good.version}",
                               f"by itself, after {tries} tries; each time {how}")


def slot_other(status: dict) -> dict:
    return next(slot for slot in status["slots"] if slot["name"] != status["booted"])


def mebibytes(size: int) -> str:
    return f"{size / (1 << 20):.1f} MiB"
