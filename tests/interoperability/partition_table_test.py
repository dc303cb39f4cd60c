# SPDX-License-Identifier: Apache-2.0
"""The partition table, as sfdisk reads it and as its own checksums say (UEFI 2.10, chapter 5.3)."""

import re
import struct
import zlib

from bench import built, partitions
from programs import ProgramTest, run

SECTOR = 512
ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
ROOT = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"
ROOT_VERITY = "2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5"
LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
READ_ONLY = 60
NO_AUTO = 63


class PartitionTable(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.image = built("1.0.0")
        cls.table = cls.image.disk.read_bytes()[: 34 * SECTOR]

    def test_sfdisk_verifies(self):
        """sfdisk finds no errors in the partition table"""
        text = self.succeed(run(["sfdisk", "--verify", self.image.disk]))
        self.assertIn("No errors detected", text.output)

    def test_layout(self):
        """sfdisk sees ESP, root a, verity a, root b, verity b and data, in this order"""
        found = [(p["type"], p["name"]) for p in partitions(self.image.disk)]
        self.assertEqual([(ESP, "esp"), (ROOT, "node_1.0.0"), (ROOT_VERITY, "node_1.0.0_verity"),
                          (ROOT, "_empty"), (ROOT_VERITY, "_empty"), (LINUX, "data")], found)

    def test_uuids_are_the_root_hash(self):
        """the UUIDs of root and verity are the halves of the root hash"""
        _, root, verity, *_ = partitions(self.image.disk)
        digits = (root["uuid"] + verity["uuid"]).replace("-", "").lower()
        self.assertEqual(self.image.root_hash, digits)

    def test_uuids_differ(self):
        """no two partitions share a UUID"""
        uuids = [p["uuid"] for p in partitions(self.image.disk)]
        self.assertEqual(len(uuids), len(set(uuids)))

    def test_root_is_read_only(self):
        """root and verity partitions bear the read-only attribute"""
        for partition in partitions(self.image.disk)[1:3]:
            self.assertRegex(partition.get("attrs", ""), rf"\b{READ_ONLY}\b", partition["name"])

    def test_alignment(self):
        """every partition starts and ends on a MiB"""
        for partition in partitions(self.image.disk):
            self.assertEqual(0, partition["start"] % 2048, partition["name"])

    def test_checksums(self):
        """both headers and both arrays match their CRC-32, and point at each other"""
        content = self.image.disk.read_bytes()
        primary, backup = self.header(content, 1), self.header(content, len(content) // SECTOR - 1)
        self.assertEqual((primary["self"], primary["other"]), (backup["other"], backup["self"]))
        self.assertEqual(primary["array_crc"], backup["array_crc"])
        self.assertEqual(primary["disk_uuid"], backup["disk_uuid"])

    def header(self, content: bytes, sector: int) -> dict:
        """Checks one copy's checksums; returns what both copies must agree on."""
        raw = content[sector * SECTOR:(sector + 1) * SECTOR]
        signature, revision, size, crc, reserved, own, other, first, last = struct.unpack_from(
            "<8sIIIIQQQQ", raw)
        disk_uuid = raw[56:72]
        array, count, entry_size, array_crc = struct.unpack_from("<QIII", raw, 72)
        self.assertEqual((b"EFI PART", 0x10000, 92, 0), (signature, revision, size, reserved))
        self.assertEqual(crc, zlib.crc32(raw[:16] + bytes(4) + raw[20:size]))
        entries = content[array * SECTOR:array * SECTOR + count * entry_size]
        self.assertEqual(array_crc, zlib.crc32(entries))
        self.assertEqual(sector, own)
        self.assertLess(first, last)
        return {"self": own, "other": other, "array_crc": array_crc, "disk_uuid": disk_uuid}

    def test_protective_mbr(self):
        """sector 0 is a protective MBR"""
        self.assertEqual(b"\x55\xaa", self.table[510:512])
        self.assertEqual(0xEE, self.table[446 + 4])

    def test_name_has_no_controls(self):
        """labels are plain text"""
        for partition in partitions(self.image.disk):
            self.assertIsNotNone(re.fullmatch(r"[\w.+-]+", partition["name"]))
