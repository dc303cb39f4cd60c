// SPDX-License-Identifier: Apache-2.0
#include "early/boot_disk.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "early/directory.hpp"
#include "early/patience.hpp"

#include <algorithm>
#include <linux/blkpg.h>
#include <sys/ioctl.h>

namespace quoin::early {

static const std::string block_class = "/sys/class/block/";

static const Partition* find_by_uuid(const GptTable& table, const Uuid& uuid) {
    const auto found = std::ranges::find(table.partitions, uuid, &Partition::uuid);
    return found == table.partitions.end() ? nullptr : &*found;
}

const Disk* choose_boot_disk(const std::vector<Disk>& disks, const std::optional<Uuid>& esp,
                             const Uuid& root) {
    const Uuid& wanted = esp ? *esp : root;
    const Disk* chosen = nullptr;
    for (const Disk& disk : disks) {
        if (find_by_uuid(disk.table, wanted) == nullptr)
            continue;
        if (chosen != nullptr)
            throw refused("cannot choose the boot disk: '/dev/" + chosen->name + "' and '/dev/" +
                          disk.name + "' both hold partition " + wanted.text() +
                          "; unplug one of them");
        chosen = &disk;
    }
    return chosen;
}

SlotPartitions find_slot(const Disk& disk, const CommandLine& line) {
    constexpr std::pair<unsigned, char> places[] = {{2, 'a'}, {4, 'b'}};
    const auto numbered = [&](unsigned number) {
        return std::ranges::find(disk.table.partitions, number, &Partition::number);
    };
    const auto none = disk.table.partitions.end();
    for (const auto& [number, name] : places) {
        const auto root = numbered(number);
        const auto verity = numbered(number + 1);
        if (root == none || verity == none || root->uuid != line.root_uuid() ||
            verity->uuid != line.verity_uuid())
            continue;
        if (root->size / 4096 < line.blocks)
            throw refused("cannot use slot '" + std::string(1, name) + "' of '/dev/" + disk.name +
                          "': it is shorter than the signed root");
        return {name, *root, *verity};
    }
    throw refused("cannot find the root on '/dev/" + disk.name + "': no slot holds root hash " +
                  line.root_hash);
}

const Partition* find_esp(const GptTable& table, const std::optional<Uuid>& esp) {
    if (esp)
        return find_by_uuid(table, *esp);
    const auto found = std::ranges::find(table.partitions, esp_type(), &Partition::type);
    return found == table.partitions.end() ? nullptr : &*found;
}

const Partition* find_data(const GptTable& table) {
    const auto found = std::ranges::find_if(table.partitions, [](const Partition& partition) {
        return partition.type == linux_generic_type() && partition.label == "data";
    });
    return found == table.partitions.end() ? nullptr : &*found;
}

/// Devices that are made by software, and cannot be what the firmware started from.
static bool is_virtual(const std::string& name) {
    constexpr std::string_view prefixes[] = {"loop", "ram", "zram", "dm-", "md"};
    return std::ranges::any_of(prefixes,
                               [&](std::string_view prefix) { return name.starts_with(prefix); });
}

std::vector<Disk> scan_disks() {
    std::vector<Disk> disks;
    for (const std::string& name : names_in(block_class)) {
        if (is_virtual(name) || exists(block_class + name + "/partition"))
            continue;
        try {
            const std::string path = "/dev/" + name;
            disks.push_back({name, read_gpt(open_file(path, O_RDONLY), path)});
        } catch (const Error&) {
            // No medium, not ready yet, or no partition table of ours: not the boot disk.
        }
    }
    return disks;
}

Disk wait_for_boot_disk(const std::optional<Uuid>& esp, const Uuid& root) {
    Patience patience(30);
    do {
        const std::vector<Disk> disks = scan_disks();
        if (const Disk* disk = choose_boot_disk(disks, esp, root))
            return *disk;
    } while (patience.wait());
    throw Error("cannot find the boot disk: no disk with " +
                std::string(esp ? "the loader's ESP " : "the root partition ") +
                (esp ? *esp : root).text() + " appeared within 30 s");
}

/// The kernel's name for a partition, from sysfs; empty when it has none.
static std::string kernel_name(const Disk& disk, unsigned number) {
    const std::string directory = block_class + disk.name + "/";
    for (const std::string& name : names_in(directory)) {
        const std::string number_file = directory + name + "/partition";
        if (exists(number_file) && read_text(number_file) == std::to_string(number) + "\n")
            return name;
    }
    return "";
}

static void add_to_kernel(const Disk& disk, const Partition& partition) {
    const UniqueFd fd = open_file("/dev/" + disk.name, O_RDONLY);
    blkpg_partition range{};
    range.start = static_cast<long long>(partition.start);
    range.length = static_cast<long long>(partition.size);
    range.pno = static_cast<int>(partition.number);
    blkpg_ioctl_arg request{};
    request.op = BLKPG_ADD_PARTITION;
    request.datalen = sizeof range;
    request.data = &range;
    if (::ioctl(fd.get(), BLKPG, &request) != 0)
        throw system_error("cannot add partition " + std::to_string(partition.number) + " of '" +
                           disk.name + "'");
}

std::string device_of(const Disk& disk, const Partition& partition) {
    std::string name = kernel_name(disk, partition.number);
    // The kernel may still be scanning the disk.
    for (Patience patience(0.5); name.empty() && patience.wait();)
        name = kernel_name(disk, partition.number);
    if (name.empty()) {
        add_to_kernel(disk, partition);
        name = kernel_name(disk, partition.number);
    }
    const std::string path = "/dev/" + name;
    Patience patience(5);
    while (name.empty() || !exists(path)) {
        if (!patience.wait())
            throw Error("cannot find partition " + std::to_string(partition.number) + " of '" +
                        disk.name + "': the kernel made no device for it");
    }
    return path;
}

} // namespace quoin::early
