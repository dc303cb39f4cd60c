# SPDX-License-Identifier: Apache-2.0
"""How much memory an install takes, whatever the size of the image: a release of zeros in chunks of
128 KiB, and in as many as three times its size has before it is compressed, from a file and over HTTPS
with all of the system's CAs. Prints the peaks; needs room for twice the image."""

import argparse
import json
import sys
from dataclasses import asdict

import releases  # noqa: F401  (the path of tests/support)
from memory import MIB
from memory_of_installs import LIMITS, MANY_CHUNKS, measure_installs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default=4.0, type=float, help="GiB of the image (4)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    size = int(options.size * 2**30) // 4096 * 4096
    result, missed = [], False
    for chunks in (max(1, size // (128 << 10)), MANY_CHUNKS):
        for way, peak in measure_installs(size, chunks).items():
            result.append({"size": size, "chunks": chunks, "way": way, **asdict(peak)})
            limit = LIMITS[way]
            kept = peak.anonymous <= limit.anonymous and peak.resident <= limit.resident
            missed |= not kept
            if not options.json:
                print(f"{size / 2**30:.2f} GiB, {chunks:6} chunks, {way:5}  "
                      f"anonymous {peak.anonymous / MIB:5.1f} MiB (limit {limit.anonymous // MIB})  "
                      f"resident {peak.resident / MIB:5.1f} MiB (limit {limit.resident // MIB})  "
                      f"{'ok' if kept else 'MISSED'}", flush=True)
    if options.json:
        print(json.dumps(result, indent=2))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
