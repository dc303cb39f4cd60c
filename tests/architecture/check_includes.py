#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that includes follow the rooms' direction (docs/ARCHITECTURE.md, "Rooms").

Static libraries do not enforce it: a header of a later room compiles in an earlier one. Also checks
that C libraries stay in the rooms that own them. Prints every wrong arrow; exit status 1 if any.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# room: the rooms whose headers it may include
MAY_INCLUDE = {
    "lib/base": set(),
    "lib/crypto": {"base"},
    "lib/disk": {"base", "crypto"},
    "lib/bundle": {"base", "crypto", "disk"},
    "bootloader-hooks": {"base", "disk", "crypto", "early"},
    "builder": {"base", "crypto", "disk", "bundle", "builder"},
    "agent": {"base", "crypto", "disk", "bundle", "agent"},
}

# C library headers and the only places that may see them
OWNERS = {
    r"openssl/": ("lib/crypto/",),
    r"libfdisk/": ("lib/disk/gpt_create.cpp",),
    r"sqfs/": ("builder/",),
    r"archive(_entry)?\.h": ("builder/",),
    r"curl/": ("agent/fetch/",),
    r"libcryptsetup\.h": (),
    r"toml\+\+/": ("lib/base/toml.hpp",),
    r"CLI/": ("lib/base/command_line.hpp",),
}

# lib/disk files that early userspace compiles into itself use base alone
EARLY_SHARED = {"lib/disk/gpt.hpp", "lib/disk/gpt.cpp"}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def room_of(path: str) -> str | None:
    return next((room for room in MAY_INCLUDE if path.startswith(room + "/")), None)


def wrong_arrows() -> list[str]:
    found = []
    for file in sorted(ROOT.rglob("*.[ch]pp")):
        path = file.relative_to(ROOT).as_posix()
        room = room_of(path)
        if room is None:
            continue
        own = room.rsplit("/", 1)[-1]
        for number, line in enumerate(file.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            kind, target = match.groups()
            where = f"{path}:{number}"
            if kind == '"' and "/" in target:
                first = target.split("/", 1)[0]
                if first != own and first not in MAY_INCLUDE[room]:
                    found.append(f"{where}: room '{room}' may not include '{target}'")
                if path in EARLY_SHARED and first not in ("base", "disk"):
                    found.append(f"{where}: is shared with early userspace, may not include '{target}'")
            for pattern, owners in OWNERS.items():
                if re.match(pattern, target) and not path.startswith(owners or ("\0",)):
                    found.append(f"{where}: '{target}' belongs to {', '.join(owners) or 'tests only'}")
    return found


if __name__ == "__main__":
    arrows = wrong_arrows()
    print("\n".join(arrows) or "every include follows the rooms' direction")
    sys.exit(1 if arrows else 0)
