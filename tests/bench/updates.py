# SPDX-License-Identifier: Apache-2.0
"""What an update costs: bytes and requests over a real web server, and bytes written, with casync and
RAUC's way beside it on the same squashfs pair. Prints a table; --json prints the same for machines."""

import resource
import sys
from dataclasses import asdict, dataclass

import peers
from releases import OUT, Node, Built, manifest_of, release, squashfs_of, tell

from qemu.harness.web import WebServer

#: From a node at one release to another, and the largest share of the full bundle it may fetch.
UPDATES = [
    ("openssl only", "1.0.0", "1.1.0", 2.2),
    ("a month, userspace", "1.0.0", "1.2.0", 9.0),
    ("a month and the kernel", "1.0.0", "1.3.0", 30.0),
    ("three releases behind", "1.0.0", "2.3.0", 30.0),
    ("two releases behind", "1.1.0", "2.3.0", 30.0),
]
MOST_REQUESTS = 5
LARGEST_OVERHEAD = 0.3  # % of image and UKI
MOST_WRITTEN = 1.0      # % more than image and UKI
LONGEST_CHECK = 16 << 10


@dataclass
class Row:
    update: str
    bundle: int        # the whole file
    content: int       # root and UKI
    fetched: int       # as the agent says
    served: int        # bodies, as nginx says
    requests: int
    served_requests: int
    written: int       # as the agent says
    dirtied: int       # as the kernel says
    share: float       # % of the bundle
    target: float
    casync: peers.Fetched
    fixed: peers.Fetched


def _install(node: Node, bundle_directory, name: str):
    """The agent's report, nginx's answers, and the bytes that the kernel saw written."""
    web = WebServer(bundle_directory, OUT / "nginx")
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_oublock
    try:
        result = node.agent("install", f"http://127.0.0.1:{web.port}/{name}", "--json")
        answers = web.answers(name)
    finally:
        web.stop()
    dirtied = (resource.getrusage(resource.RUSAGE_CHILDREN).ru_oublock - before) * 512
    return result, answers, dirtied


def measure(what: str, old: Built, new: Built, target: float) -> Row:
    node = Node(old)
    result, served, dirtied = _install(node, new.directory, new.bundle.name)
    if result.status != 0:
        sys.exit(f"{what}: the install failed: {result.complaints}")
    report = result.json
    bundle = new.bundle.stat().st_size
    pair = squashfs_of(old), squashfs_of(new)
    node.discard()
    return Row(what, bundle, report["bytes_total"], report["bytes_fetched"], sum(served),
               report["requests"], len(served), report["bytes_written"], dirtied,
               100 * report["bytes_fetched"] / bundle, target,
               peers.casync(*pair), peers.fixed_blocks(*pair))


def measure_check(image: Built) -> tuple[int, int]:
    """Requests and bytes of asking for an update when there is none."""
    node = Node(image)
    result, served, _ = _install(node, image.directory, image.bundle.name)
    node.discard()
    if result.status != 4:
        sys.exit(f"the running release was not recognised: status {result.status}")
    return len(served), sum(served)


class Verdicts:
    def __init__(self):
        self.missed = 0

    def __call__(self, met: bool) -> str:
        self.missed += 0 if met else 1
        return "ok" if met else "MISSED"


def mb(size: int) -> str:
    return f"{size / 1e6:.2f}"


def print_table(rows: list[Row], check: tuple[int, int]) -> int:
    verdict = Verdicts()
    print("MB fetched, everything counted (head, signatures, manifest, index, ranges)\n")
    print(f"{'':24}{'bundle':>8}{'quoin':>8}{'share':>8}{'target':>8}        {'requests':>9}        "
          f"{'casync':>8}{'ratio':>7}{'4 KiB':>8}{'ratio':>7}")
    for row in rows:
        share = verdict(row.share <= row.target)
        requests = verdict(row.requests <= MOST_REQUESTS)
        print(f"{row.update:24}{mb(row.bundle):>8}{mb(row.fetched):>8}{row.share:>7.2f}%"
              f"{row.target:>7.1f}% {share:<7}{row.requests:>9} {requests:<7}"
              f"{mb(row.casync.bytes):>8}{row.fetched / row.casync.bytes:>7.2f}"
              f"{mb(row.fixed.bytes):>8}{row.fetched / row.fixed.bytes:>7.2f}")
    print("\ncasync and RAUC's 4 KiB blocks fetch the squashfs alone, we the UKI as well; their requests: "
          + ", ".join(f"{row.casync.requests} and {row.fixed.requests}" for row in rows))

    print("\nas nginx saw it; bundle beyond image and UKI; written beyond image and UKI\n")
    for row in rows:
        agree = row.fetched == row.served and row.requests == row.served_requests
        overhead = 100 * (row.bundle - row.content) / row.content
        written = 100 * (row.written - row.content) / row.content
        dirtied = 100 * (row.dirtied - row.content) / row.content
        print(f"{row.update:24}{mb(row.served):>8} MB in {row.served_requests}: "
              f"{verdict(agree):<7} bundle {overhead:+.3f} % {verdict(overhead <= LARGEST_OVERHEAD):<7}"
              f" written {written:+.3f} % {verdict(written <= MOST_WRITTEN):<7}"
              f" the kernel counts {dirtied:+.3f} % {verdict(dirtied <= MOST_WRITTEN)}")
    requests, size = check
    is_short = requests == 1 and size <= LONGEST_CHECK
    print(f"\nchecking when there is no update: {requests} request, {size} bytes {verdict(is_short)}")
    print(f"{verdict.missed} targets missed")
    return verdict.missed


def main() -> int:
    rows = [measure(what, release(old), release(new), target) for what, old, new, target in UPDATES]
    check = measure_check(release("1.0.0"))
    result = {"updates": [asdict(row) for row in rows],
              "check": {"requests": check[0], "bytes": check[1]}}
    return tell("updates", result, lambda: print_table(rows, check), "--json" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
