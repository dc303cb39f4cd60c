// SPDX-License-Identifier: Apache-2.0
#include "disk/gpt_create.hpp"

#include "base/error.hpp"
#include "base/handle.hpp"

#include <cerrno>
#include <libfdisk/libfdisk.h>

namespace quoin {
namespace {

using Context = Handle<fdisk_context, fdisk_unref_context>;
using NewPartition = Handle<fdisk_partition, fdisk_unref_partition>;
using PartitionType = Handle<fdisk_parttype, fdisk_unref_parttype>;

/// libfdisk returns 0 or a negative errno.
void check(int result, const std::string& doing) {
    if (result < 0)
        throw system_error(doing, -result);
}

void add(fdisk_context* context, const Partition& partition, std::size_t place,
         unsigned sector_size) {
    const std::string doing = "cannot create partition '" + partition.label + "'";
    if (utf16_length(partition.label) > max_label_units)
        throw refused(doing + ": its label is longer than " + std::to_string(max_label_units) +
                      " UTF-16 units");
    if (partition.start % sector_size != 0 || partition.size % sector_size != 0 ||
        partition.size == 0)
        throw refused(doing + ": start and size are not multiples of the sector size");
    const std::uint64_t first = partition.start / sector_size;
    const std::uint64_t sectors = partition.size / sector_size;
    const std::uint64_t end = fdisk_get_last_lba(context) + 1;
    if (first < fdisk_get_first_lba(context) || first > end || sectors > end - first)
        throw refused(doing + ": it does not fit the image");

    const PartitionType type(fdisk_new_unknown_parttype(0, partition.type.text().c_str()));
    const NewPartition entry(fdisk_new_partition());
    if (!type || !entry)
        throw system_error(doing, ENOMEM);
    check(fdisk_partition_set_partno(entry.get(), place), doing);
    check(fdisk_partition_set_type(entry.get(), type.get()), doing);
    check(fdisk_partition_set_uuid(entry.get(), partition.uuid.text().c_str()), doing);
    check(fdisk_partition_set_name(entry.get(), partition.label.c_str()), doing);
    check(fdisk_partition_set_start(entry.get(), first), doing);
    check(fdisk_partition_set_size(entry.get(), sectors), doing);
    check(fdisk_partition_size_explicit(entry.get(), 1), doing);
    check(fdisk_add_partition(context, entry.get(), nullptr), doing);
    check(fdisk_gpt_set_partition_attrs(context, place, partition.attributes), doing);
}

} // namespace

void create_gpt(const std::string& path, unsigned sector_size, const Uuid& disk_uuid,
                const std::vector<Partition>& partitions) {
    const std::string doing = "cannot create partition table on '" + path + "'";
    const Context context(fdisk_new_context());
    if (!context)
        throw system_error(doing, ENOMEM);
    check(fdisk_disable_dialogs(context.get(), 1), doing);
    check(fdisk_save_user_sector_size(context.get(), sector_size, sector_size), doing);
    check(fdisk_assign_device(context.get(), path.c_str(), 0), doing);
    check(fdisk_create_disklabel(context.get(), "gpt"), doing);
    check(fdisk_set_disklabel_id_from_string(context.get(), disk_uuid.text().c_str()), doing);

    std::size_t place = 0;
    for (const Partition& partition : partitions)
        add(context.get(), partition, place++, sector_size);

    check(fdisk_write_disklabel(context.get()), doing);
    check(fdisk_deassign_device(context.get(), 0), doing);
}

} // namespace quoin
