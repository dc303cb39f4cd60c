# SPDX-License-Identifier: Apache-2.0
"""`./qemu/demo`, once its packages are there and its command line is checked."""

import os
import sys

from . import machine, processes
from .builds import REPOSITORY, Image, Workshop
from .console import ConsoleTimeout
from .narrator import Narrator
from .node import Node, NotObserved
from .qmp import QmpError
from .shell import ShellError
from .story import Install, Story, mebibytes
from .web import WebServer

# Answers of the node and descriptions of images are JSON that may be cut or lack a field: ValueError,
# LookupError and TypeError are what using it then raises.
_EXPECTED_FAILURES = (NotObserved, ConsoleTimeout, ShellError, QmpError, processes.CommandFailed,
                      OSError, ValueError, LookupError, TypeError)


def main() -> int:
    processes.stop_on_signals()
    started = os.environ.get("QUOIN_DEMO_STARTED")
    narrator = Narrator(float(started) if started else None)
    try:
        _tell(narrator, keep="--keep" in sys.argv[1:])
    except _EXPECTED_FAILURES as e:
        narrator.failed(_in_words(e))
        narrator.table("Observed before that", narrator.rows or [("nothing", "", "")])
        return 1
    except SystemExit:
        narrator.event("interrupted; QEMU and nginx are stopped")
        raise
    return 0


def _in_words(failure: Exception) -> str:
    """A missing key's or a bad value's own text says too little alone."""
    if isinstance(failure, (ValueError, LookupError, TypeError)):
        return f"an answer was not what was expected: {type(failure).__name__}: {failure}"
    return str(failure)


def _tell(narrator: Narrator, keep: bool) -> None:
    workshop = Workshop()
    images = build(workshop, narrator)
    web = WebServer(workshop.images, workshop.out / "web")
    one, two, three, four = images.values()
    node = Node(workshop.out / "node", one,
                {image.root_hash: version for version, image in images.items()})
    story = Story(node, web, narrator)
    installs: dict[str, Install] = {}

    narrator.chapter(
        "A node is switched on for the first time: a PC in QEMU "
        f"({machine.accelerator()}) whose UEFI firmware starts only what is signed. On its disk is "
        "the image of version 1.0.0. A web server (nginx) on this machine has the updates.")
    story.first_boot(one)

    narrator.chapter(
        "Version 2.0.0 is out. The node fetches it while it goes on working, checks the signature, "
        "writes it to its other slot, reads it back and arms it: the next boot is a try.")
    installs["2.0.0"] = story.install(two)
    story.reboot_into(two)

    narrator.chapter(
        "Version 3.0.0 is broken: its kernel panics in boot. Nothing of ours runs then, so the boot "
        "loader counts the tries and returns to the last confirmed slot.")
    installs["3.0.0"] = story.install(three)
    story.reboot_and_return(three, two, "Kernel panic", "the kernel panicked")

    narrator.chapter(
        "Version 4.0.0 is broken in another way: it boots, but its health check fails. The health "
        "gate reboots it until its tries are used up.")
    installs["4.0.0"] = story.install(four)
    story.reboot_and_return(four, two, "Restarting system", "its health check failed")

    narrator.chapter("What the node says about all this (quoin-agent status):")
    story.require_explained("3.0.0", "panic")
    print(story.require_explained("4.0.0", "check").rstrip())
    narrator.observed("status explains both", "3.0.0 and 4.0.0 are named with their reasons")

    _summary(narrator, node, installs)
    if keep:
        _keep(narrator, node)


def build(workshop: Workshop, narrator: Narrator) -> dict[str, Image]:
    """Quoin, keys, and the example node's releases."""
    narrator.chapter(
        "First Quoin itself is built, then four releases of a small Debian node. Each becomes a disk "
        "image, for the first installation, and a signed bundle, for updates.")
    with narrator.working("building Quoin (meson, ninja)", workshop.log):
        workshop.compile_quoin()
    narrator.event(f"Quoin is built in {workshop.build.relative_to(REPOSITORY)}/")
    if workshop.make_keys():
        narrator.event("made a signing key; Secure Boot uses the test key that QEMU's firmware trusts")
    images = {}
    for version, recipe in workshop.catalogue.recipes.items():
        what = workshop.catalogue.about[version]
        with narrator.working(f"building {version} from configs/{recipe.name}: {what}", workshop.log):
            image, was_built = workshop.image(version)
        images[version] = image
        how = "built" if was_built else "unchanged since it was last built"
        narrator.event(f"{version} {how}: root hash {image.root_hash[:12]}…, bundle "
                       f"{mebibytes(image.bundle.stat().st_size)}")
    return images


def _summary(narrator: Narrator, node: Node, installs: dict[str, Install]) -> None:
    narrator.table("What was observed", [("at", "step", "evidence"), *narrator.rows])
    narrator.table("Updates over HTTP", [
        ("release", "root + kernel", "fetched", "share", "requests"),
        *((version, mebibytes(i.whole), mebibytes(i.fetched), f"{100 * i.fetched / i.whole:.1f} %",
           str(i.report["requests"])) for version, i in installs.items())])
    narrator.table("Boots", [
        ("boot", "release", "root mounted", "system up", "ended by"),
        *((str(number), boot.version, _seconds(boot.root_mounted_after),
           _seconds(boot.system_up_at and boot.system_up_at - boot.kernel_at),
           boot.ended_by or "still running") for number, boot in enumerate(node.boots, 1))])
    print("  Times count from the start of the kernel.")


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"after {value:.1f} s"


def _keep(narrator: Narrator, node: Node) -> None:
    node.machine.release_shell()
    narrator.chapter("The node keeps running until you press Ctrl+C here. A root shell on it, from "
                     "another terminal:")
    print("  ./qemu/shell\n  ./qemu/shell quoin-agent status\n"
          f"Its console: tail -f {os.path.relpath(node.machine.directory / 'console.log')}", flush=True)
    try:
        node.machine.wait_until_stopped()
    except SystemExit:
        pass  # Ctrl+C is how this ends


if __name__ == "__main__":
    sys.exit(main())
