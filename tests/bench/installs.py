# SPDX-License-Identifier: Apache-2.0
"""Time of a full install from a local file, beside `rauc install` of the same root and boot image into
slots of the same kind (files), in turn. RAUC's plain bundle, since hosts need not have device-mapper."""

import json
import os
import statistics
import subprocess
import sys
import time

from releases import Built, Node, keys, partitions, release, squashfs_of, tell
from rauc import Rauc, processor_seconds

from programs import agent_command

ROUNDS = 7
LARGEST_RATIO = 0.8
#: The agent's step that reads the slot back from the medium, hashes it and writes the hash tree.
READ_BACK = "reading back"


def _forget_index(node: Node) -> None:
    """Zeroes the header of slot a's block index: where nothing is known to be there, all is fetched."""
    verity = partitions(node.disk)[2]
    with open(node.disk, "r+b") as disk:
        disk.seek((verity["start"] + verity["size"]) * 512 - 4096)
        disk.write(bytes(4096))


def quoin_install(running: Built, new: Built) -> dict[str, float]:
    """Seconds of an install that reuses nothing into a slot that was never written, and what of them
    was the read-back."""
    node = Node(running)
    _forget_index(node)
    os.sync()  # the node's disk is a fresh copy: what is still in the cache of it is not the install's
    command = agent_command("install", new.bundle, "--verbose", "--json", "--disk", node.disk,
                            "--esp", node.esp, "--state", node.state,
                            "--trust", keys() / "signing.pub")
    started = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    steps = [(line.strip(), time.monotonic(), processor_seconds(process.pid))
             for line in process.stderr]
    report = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit("the install failed:\n" + "\n".join(line for line, _, _ in steps))
    if json.loads(report)["bytes_reused"] != 0:
        sys.exit("the install reused something: it was no full one")
    node.discard()
    begin = next(i for i, (line, _, _) in enumerate(steps) if line.endswith(READ_BACK))
    (_, wall_then, processor_then), (_, wall_after, processor_after) = steps[begin:begin + 2]
    return {"wall": wall, "processor": usage.ru_utime + usage.ru_stime,
            "wall of the read-back": wall_after - wall_then,
            "processor of the read-back": processor_after - processor_then}


def rauc_install(rauc: Rauc) -> dict[str, float]:
    os.sync()
    wall, processor = rauc.install()
    return {"wall": wall, "processor": processor}


def median(rounds: list[dict], key: str) -> float:
    return statistics.median(one[key] for one in rounds)


def print_table(ours: list[dict], theirs: list[dict]) -> int:
    missed = 0
    print(f"{'seconds, medians':18}{'quoin':>8}{'rauc':>8}{'ratio':>8}{'':10}"
          f"{'no read-back':>13}{'ratio':>8}")
    for key in ("wall", "processor"):
        own, peer = median(ours, key), median(theirs, key)
        without = statistics.median(one[key] - one[f"{key} of the read-back"] for one in ours)
        verdicts = ["ok" if time / peer <= LARGEST_RATIO else "MISSED" for time in (own, without)]
        missed += verdicts.count("MISSED")
        print(f"{key:18}{own:>8.2f}{peer:>8.2f}{own / peer:>8.2f} {verdicts[0]:<9}"
              f"{without:>13.2f}{without / peer:>8.2f} {verdicts[1]}")
    print(f"target: at most {LARGEST_RATIO}; {len(ours)} rounds each, in turn")
    return missed


def main() -> int:
    running, new = release("1.0.0"), release("1.2.0")
    rauc = Rauc(squashfs_of(new), new.uki)
    ours, theirs = [], []
    for number in range(ROUNDS):
        print(f"round {number + 1} of {ROUNDS} ...", file=sys.stderr, flush=True)
        ours.append(quoin_install(running, new))
        theirs.append(rauc_install(rauc))
    if rauc.written("rootfs").read_bytes() != squashfs_of(new).read_bytes():
        sys.exit("RAUC wrote something else")
    result = {"quoin": ours, "rauc": theirs}
    return tell("installs", result, lambda: print_table(ours, theirs), "--json" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
