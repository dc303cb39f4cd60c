# SPDX-License-Identifier: Apache-2.0
"""A disk in memory: an image file that is never changed and, over it, the pages that differ.

Every state has an identity: the XOR over its pages of a hash of (page number, content), where a page
of zeros counts as nothing. So it follows each write at the price of the pages written, it is the
same whichever way a state was reached, and states can be counted as distinct by content. The same
for parts of the disk says cheaply whether what was found out about a part still holds.
"""

import mmap
import os
import shutil
from hashlib import blake2b
from pathlib import Path

PAGE = 4096
_ZERO_PAGE = bytes(PAGE)
#: Pages whose identity is kept together: 128 KiB.
_GROUP = 5


def page_identity(page: int, content) -> int:
    if content == _ZERO_PAGE:
        return 0
    return int.from_bytes(
        blake2b(content, digest_size=16, salt=page.to_bytes(16, "little")).digest(), "little")


class Disk:
    """Copy on write in memory. apply() returns what revert() needs to undo it."""

    def __init__(self, image: Path):
        with open(image, "rb") as file:
            self._base = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        if len(self._base) % PAGE:
            raise ValueError(f"'{image}' is not a whole number of {PAGE}-byte pages")
        self.image = image
        self.size = len(self._base)
        self._pages: dict[int, tuple[memoryview, int]] = {}
        self._base_identities: dict[int, int] = {}
        self._groups: dict[int, int] = {}
        self._difference = 0
        self._whole_base: int | None = None

    def apply(self, offset: int, data) -> list:
        """Writes; whole pages are borrowed from `data`, which must stay as it is."""
        end = offset + len(data)
        if end > self.size:
            raise ValueError(f"a write to {end} is behind the end of the disk, {self.size}")
        undo = []
        for page in range(offset // PAGE, -(-end // PAGE)):
            start = page * PAGE
            if start >= offset and start + PAGE <= end:
                content = data[start - offset:start - offset + PAGE]
            else:
                mixed = bytearray(self.page(page))
                first, last = max(start, offset), min(start + PAGE, end)
                mixed[first - start:last - start] = data[first - offset:last - offset]
                content = memoryview(bytes(mixed))
            undo.append((page, self._pages.get(page)))
            self._put(page, (content, page_identity(page, content)))
        return undo

    def revert(self, undo: list) -> None:
        for page, before in reversed(undo):
            self._put(page, before)

    def _put(self, page: int, fresh: tuple[memoryview, int] | None) -> None:
        current = self._pages.get(page)
        change = self._base_identity(page) if current is None else current[1]
        change ^= self._base_identity(page) if fresh is None else fresh[1]
        self._difference ^= change
        group = page >> _GROUP
        self._groups[group] = self._groups.get(group, 0) ^ change
        if fresh is None:
            self._pages.pop(page, None)
        else:
            self._pages[page] = fresh

    def page(self, page: int) -> memoryview:
        found = self._pages.get(page)
        return found[0] if found else self._base[page * PAGE:(page + 1) * PAGE]

    def read(self, offset: int, size: int) -> bytes:
        """Like a medium: nothing lies outside of it."""
        if offset < 0 or size < 0 or offset + size > self.size:
            raise ValueError(f"a read of {size} bytes at {offset} is outside of the disk")
        if not size:
            return b""
        first, last = offset // PAGE, (offset + size - 1) // PAGE
        if last - first < 4:
            content = b"".join(self.page(page) for page in range(first, last + 1))
        else:
            content = b"".join(self._pieces(first, last))
        skip = offset - first * PAGE
        return content if skip == 0 and len(content) == size else content[skip:skip + size]

    def _pieces(self, first: int, last: int):
        """Stretches of pages that are the image's own come as one."""
        run = first
        for page in range(first, last + 1):
            changed = self._pages.get(page)
            if changed is None:
                continue
            if run < page:
                yield self._base[run * PAGE:page * PAGE]
            yield changed[0]
            run = page + 1
        if run <= last:
            yield self._base[run * PAGE:(last + 1) * PAGE]

    def part_identity(self, offset: int, size: int) -> tuple:
        """Equal for equal content of that part, among the states of one image. Changes nearby, within
        128 KiB, may make it differ."""
        groups = self._groups
        return tuple((group, groups[group])
                     for group in range(offset // PAGE >> _GROUP,
                                        ((offset + size - 1) // PAGE >> _GROUP) + 1)
                     if groups.get(group))

    @property
    def identity(self) -> int:
        """Of the whole content, comparable between images."""
        if self._whole_base is None:
            self._whole_base = self._identity_of_base()
        return self._whole_base ^ self._difference

    def _base_identity(self, page: int) -> int:
        known = self._base_identities.get(page)
        if known is None:
            known = page_identity(page, self._base[page * PAGE:(page + 1) * PAGE])
            self._base_identities[page] = known
        return known

    def _identity_of_base(self) -> int:
        whole, at = 0, 0
        with open(self.image, "rb") as file:
            while at < self.size:
                try:
                    start = os.lseek(file.fileno(), at, os.SEEK_DATA)
                except OSError:  # ENXIO: only a hole is left
                    break
                at = os.lseek(file.fileno(), start, os.SEEK_HOLE)
                for page in range(start // PAGE, -(-at // PAGE)):
                    whole ^= self._base_identity(page)
        return whole

    def save(self, path: Path) -> None:
        """As an image file, sparse where the image is."""
        path.unlink(missing_ok=True)
        copy_sparse(self.image, path)
        with open(path, "r+b") as file:
            for page, (content, _) in self._pages.items():
                file.seek(page * PAGE)
                file.write(content)

    def save_part(self, path: Path, offset: int, size: int) -> None:
        with open(path, "wb") as file:
            for start in range(0, size, 1 << 20):
                content = self.read(offset + start, min(1 << 20, size - start))
                if content.strip(b"\0"):
                    file.seek(start)
                    file.write(content)
            file.truncate(size)


def copy_sparse(image: Path, path: Path) -> None:
    """Holes stay holes; in between, the kernel copies."""
    with open(image, "rb") as source, open(path, "wb") as target:
        size = os.fstat(source.fileno()).st_size
        target.truncate(size)
        at = 0
        while at < size:
            try:
                start = os.lseek(source.fileno(), at, os.SEEK_DATA)
            except OSError:
                break
            at = os.lseek(source.fileno(), start, os.SEEK_HOLE)
            source.seek(start)
            target.seek(start)
            left = at - start
            while left:
                piece = source.read(min(left, 1 << 20))
                target.write(piece)
                left -= len(piece)
    shutil.copymode(image, path)
