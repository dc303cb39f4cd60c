# SPDX-License-Identifier: Apache-2.0
"""dm-verity (the kernel's admin-guide/device-mapper/verity): whether every block of a root can be read.

Version 1 hashes: SHA-256 over salt and block. The tree begins in block 1 of its partition, top level
first, 128 hashes a block. A read goes through the tree on the disk, so that must be right, too; and
the whole of it is, when it equals the one computed from data with the right root hash.
"""

from hashlib import sha256

BLOCK = 4096
_FANOUT = BLOCK // 32
#: Blocks whose leaves are kept together, under the identity of their part of the disk.
_PIECE = 32


class VerityCheck:
    """Remembers what it hashed by the content's identity on `disk`, so that a state that differs in
    a few blocks costs a few hashes."""

    def __init__(self, disk):
        self._disk = disk
        self._verdicts: dict[tuple, bool] = {}
        self._leaves: dict[tuple, bytes] = {}

    def is_whole(self, root, data: tuple[int, int], tree: tuple[int, int]) -> bool:
        """`data` and `tree` are (offset, size) of the partitions."""
        size = root.blocks * BLOCK
        levels = _level_sizes(root.blocks)
        if size > data[1] or (1 + sum(levels)) * BLOCK > tree[1]:
            return False
        key = (root, data, tree, self._disk.part_identity(data[0], size),
               self._disk.part_identity(tree[0], (1 + sum(levels)) * BLOCK))
        if key not in self._verdicts:
            self._verdicts[key] = self._check(root, data[0], tree[0], levels)
        return self._verdicts[key]

    def _check(self, root, data: int, tree: int, levels: list[int]) -> bool:
        hashes = b"".join(self._piece(root.salt, data + at * BLOCK,
                                      min(_PIECE, root.blocks - at))
                          for at in range(0, root.blocks, _PIECE))
        at = tree + (1 + sum(levels)) * BLOCK  # the levels lie top first: from the end backwards
        for blocks in levels:
            at -= blocks * BLOCK
            level = hashes.ljust(blocks * BLOCK, b"\0")
            if level != self._disk.read(at, blocks * BLOCK):
                return False
            hashes = _hash_blocks(root.salt, level)
        return hashes.hex() == root.hash

    def _piece(self, salt: bytes, offset: int, blocks: int) -> bytes:
        key = (salt, offset, blocks, self._disk.part_identity(offset, blocks * BLOCK))
        if key not in self._leaves:
            self._leaves[key] = _hash_blocks(salt, self._disk.read(offset, blocks * BLOCK))
        return self._leaves[key]


def _level_sizes(blocks: int) -> list[int]:
    """Tree blocks a level, the leaves' level first; none over a single data block."""
    sizes = []
    while blocks > 1:
        blocks = -(-blocks // _FANOUT)
        sizes.append(blocks)
    return sizes


def _hash_blocks(salt: bytes, content: bytes) -> bytes:
    salted = sha256(salt)
    hashes = []
    for at in range(0, len(content), BLOCK):
        block = salted.copy()
        block.update(content[at:at + BLOCK])
        hashes.append(block.digest())
    return b"".join(hashes)
