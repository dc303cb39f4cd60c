# SPDX-License-Identifier: Apache-2.0
"""systemd-boot 252: what it lists, what it chooses, how it counts (UAPI.1 and its own ways).

Listed is each file of /EFI/Linux whose name ends in ".efi" and that is a PE image for this machine
with an .osrel section that names a version. Of a name the last "+LEFT-DONE" counts. Order: entries
without tries left come last; then sort key, then version, newest first, then name, highest first,
then more tries left, then fewer done. The first one is started, also when all are bad. Before, its
file is renamed to LEFT-1, DONE+1; when that name is taken, the rename fails and it starts uncounted.
When it cannot be loaded, 252 returns to the firmware, and that is the end.
"""

import functools
import re
from dataclasses import dataclass, replace

from .uki import Root, root_of
from .version import version_key

_COUNTER = re.compile(r"^(.*)\+([0-9]+)(?:-([0-9]+))?(\.efi)$")
#: What makes this loader's choice one that the model does not know.
_UNKNOWN_SETTINGS = ("default", "preferred")


class UnknownLoaderSetting(ValueError):
    """The ESP asks for something that no node of ours should, and that the model does not follow."""


@dataclass(frozen=True)
class Program:
    """What a file of /EFI/Linux is, whatever its name."""

    sort_key: str
    version: str
    root: Root | None  # what its command line asks for
    startable: bool  # firmware loads it: complete, and signed by a trusted key


@dataclass(frozen=True)
class Entry:
    file_name: str
    program: Program
    left: int | None = None
    done: int = 0

    @staticmethod
    def named(file_name: str, program: Program) -> "Entry":
        match = _COUNTER.match(file_name)
        if not match:
            return Entry(file_name, program)
        return Entry(file_name, program, int(match[2]), int(match[3] or 0))

    @property
    def bad(self) -> bool:
        return self.left == 0

    def counted(self) -> "Entry":
        """With one try less, under its new name."""
        if self.left is None:
            return self
        left, done = max(self.left - 1, 0), self.done + 1
        prefix = self.file_name[:self.file_name.rindex("+")]
        return replace(self, file_name=f"{prefix}+{left}-{done}.efi", left=left, done=done)


def os_release(text: str) -> tuple[str, str] | None:
    """Sort key and version, or nothing where the loader skips the entry."""
    values: dict[str, str] = {}
    for line in text.split("\0")[0].splitlines():
        key, separator, value = line.strip().partition("=")
        if not separator or line.startswith("#"):
            continue
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        values[key.strip()] = value
    first = lambda *keys: next((values[key] for key in keys if values.get(key)), None)
    name = first("PRETTY_NAME", "IMAGE_ID", "NAME", "ID")
    version = first("IMAGE_VERSION", "VERSION", "VERSION_ID", "BUILD_ID")
    sort_key = first("IMAGE_ID", "ID")
    return (sort_key, version) if name and version and sort_key else None


def program_in(content: bytes, headers, startable: bool) -> Program | None:
    """Nothing where the loader does not list the file."""
    section = headers.section(".osrel")
    if not section or not section.size:
        return None
    text = lambda s: content[s.offset:s.offset + s.size].decode("utf-8", "replace").rstrip("\0")
    described = os_release(text(section))
    if not described:
        return None
    command_line = headers.section(".cmdline")
    root = root_of(text(command_line)) if command_line else None
    return Program(*described, root, startable)


def is_candidate(file_name: str) -> bool:
    return file_name.lower().endswith(".efi") and not file_name.startswith((".", "auto-"))


def in_order(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=functools.cmp_to_key(_compare))


def _compare(a: Entry, b: Entry) -> int:
    return _order(a.bad, b.bad) \
        or _order(a.program.sort_key, b.program.sort_key) \
        or -_order(version_key(a.program.version), version_key(b.program.version)) \
        or -_order(version_key(a.file_name.lower()), version_key(b.file_name.lower())) \
        or (0 if a.left is None or b.left is None
            else -_order(a.left, b.left) or _order(a.done, b.done))


def _order(a, b) -> int:
    return (a > b) - (a < b)


def check_settings(loader_conf: str | None, entry_files: list[str]) -> None:
    """Refuses what would override the order."""
    for line in (loader_conf or "").splitlines():
        word = line.split(maxsplit=1)[0] if line.split() else ""
        if word in _UNKNOWN_SETTINGS:
            raise UnknownLoaderSetting(f"loader.conf says '{line.strip()}'")
    if any(name.lower().endswith(".conf") for name in entry_files):
        raise UnknownLoaderSetting(f"there are entries of type 1: {entry_files}")
