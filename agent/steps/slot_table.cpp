// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/slot_table.hpp"

#include "agent/policy/accept_release.hpp"
#include "disk/verity.hpp"

namespace quoin {

namespace {

void change(Node& node, const PartitionChange& root, const PartitionChange& verity) {
    change_partitions(node.disk(), node.disk_path(), {root, verity});
    node.refresh();
}

bool already(const Partition& partition, const PartitionChange& wanted) {
    return partition.label == wanted.label && partition.uuid == wanted.uuid;
}

} // namespace

void empty_slot(Node& node, char name) {
    const Slot& slot = node.slot(name);
    const std::string place(1, name);
    const PartitionChange root{slot.root.number, empty_label, derived_uuid("empty-root", place)};
    const PartitionChange verity{slot.verity.number, empty_label,
                                 derived_uuid("empty-verity", place)};
    if (!already(slot.root, root) || !already(slot.verity, verity))
        change(node, root, verity);
}

void name_slot(Node& node, char name, const Manifest& manifest) {
    const Slot& slot = node.slot(name);
    change(node,
           {slot.root.number, root_label(manifest.id, manifest.version),
            data_partition_uuid(manifest.root_hash)},
           {slot.verity.number, verity_label(manifest.id, manifest.version),
            verity_partition_uuid(manifest.root_hash)});
}

} // namespace quoin
