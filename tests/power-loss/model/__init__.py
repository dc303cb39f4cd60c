# SPDX-License-Identifier: Apache-2.0
"""What a PC makes of a disk's state: an independent model of firmware, systemd-boot 252 and early
userspace.

It is written from the specifications (UEFI 2.10 for the partition table and PE images, Microsoft's
FAT and Authenticode specifications, UAPI.1 and UAPI.10, the kernel's document on dm-verity) and from
what firmware (EDK II) and loader were seen to do. It shares no code with Quoin's programs.

partitions   the partition table, as firmware and as early userspace find it
fat          the ESP's files, from the directory records as they lie there
version      the loader's order of versions
uki          PE images: sections, Authenticode, the signed command line
loader       which entry is listed, which is chosen, how tries are counted
verity       whether a root is whole
power_on     all of it: what runs in the end, and after how many attempts
"""
