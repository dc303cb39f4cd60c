# SPDX-License-Identifier: Apache-2.0
"""Boots real images in QEMU and talks to them: what the demo and the scenarios share.

processes   children that never outlive this program
qmp         QEMU's control socket
console     the serial console as timestamped lines, and waiting for one of them
shell       commands on the node, over its second serial port
machine     one virtual machine: firmware, disk, power
web         a real nginx on loopback
builds      Quoin, the keys and the images, built once and reused while nothing changed
node        a machine that runs one of our images: what it says of itself
story       the steps a node goes through, each one observed
narrator    the line per event and the closing table
"""
