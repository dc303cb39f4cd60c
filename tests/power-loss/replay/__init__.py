# SPDX-License-Identifier: Apache-2.0
"""What a power cut can leave on a disk, from the log of what was written to it.

log      reads QEMU's blklogwrites (the format of the kernel's dm-log-writes), and writes it for tests
disk     a disk in memory: an image file and, over it, the pages that differ
cuts     every state that a cut may leave, in an order that shares the work
"""
