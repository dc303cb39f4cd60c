# SPDX-License-Identifier: Apache-2.0
"""what is truncated, untrusted, for others, older or not what it says is refused, the disk untouched"""

import hashlib
import json
import shutil
from pathlib import Path

from harness import processes
from harness.story import require
from synthetic_root import SyntheticRoot, write_recipe

#: Enough of a disk for everything that boots: tables, ESP and both slots, but not the data partition,
#: where the running system keeps its journal.
_SYSTEM_PARTITIONS = 5


def check(lab) -> None:
    story = lab.node_running("2.0.0")
    machine = story.node.machine
    before = system_fingerprint(machine)
    for bundle, word in bad_bundles(lab):
        story.require_refused(bundle, word)
    story.require_refused(lab.images["4.0.0"].bundle.name, "1 of 2|2", "--required 2")
    require(system_fingerprint(machine) == before, "the disk was changed")


def bad_bundles(lab) -> list[tuple[str, str]]:
    """Paths below the web server's root, and a word of each refusal."""
    served = lab.workshop.images
    directory = served / "refused"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    strangers = lab.workshop.out / "strangers-keys"
    shutil.rmtree(strangers, ignore_errors=True)
    processes.run([lab.workshop.quoin, "keys", "init", strangers])
    root = SyntheticRoot().write_tar(directory / "root.tar")

    def build(name: str, version: str, image: str = "", keys: Path = lab.workshop.keys) -> str:
        out = directory / name
        out.mkdir()
        recipe = write_recipe(out, version, f'tar = "{root}"', "example-node", image)
        processes.run([lab.workshop.quoin, "build", recipe, "-o", out, "--keys", keys])
        return f"refused/{name}/example-node_{version}.quoin"

    whole = lab.images["4.0.0"].bundle
    (directory / "truncated.quoin").write_bytes(whole.read_bytes()[:-4096])
    (directory / "head-only.quoin").write_bytes(whole.read_bytes()[:300])
    return [
        ("refused/truncated.quoin", "its manifest says"),
        ("refused/head-only.quoin", "ends early"),
        (build("wrong-key", "5.0.0", keys=strangers), "sign|trust"),
        (build("wrong-compatible", "5.0.0", 'compatible = "other-board"'), "other-board"),
        (build("older", "1.5.0"), "older"),
        (build("same-version", "2.0.0"), "same version"),
    ]


def system_fingerprint(machine) -> str:
    """Of everything on the disk that decides what boots. FAT's own marks of having been mounted are
    left out: the ESP counts by its files."""
    machine.shell.check("sync")
    table = json.loads(processes.run(["sfdisk", "--json", machine.disk]))["partitiontable"]
    esp, *slots = table["partitions"][:_SYSTEM_PARTITIONS]
    digest = hashlib.sha256(json.dumps(table).encode())
    with open(machine.disk, "rb") as disk:
        for place in slots:
            disk.seek(place["start"] * 512)
            digest.update(hashlib.sha256(disk.read(place["size"] * 512)).digest())
    files = machine.directory / "esp"
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir()
    processes.run(["mcopy", "-s", "-n", "-i", f"{machine.disk}@@{esp['start'] * 512}", "::/*", files])
    for path in sorted(files.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        digest.update(str(path.relative_to(files)).encode() + hashlib.sha256(content).digest())
    return digest.hexdigest()
