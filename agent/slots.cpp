// SPDX-License-Identifier: Apache-2.0
// Labels are "ID_VERSION" and "ID_VERSION_verity", UUIDs the halves of the root hash (Discoverable
// Partitions Specification). A slot is occupied only when both partitions say so.
#include "agent/slots.hpp"

#include "base/error.hpp"

#include <algorithm>

namespace quoin {

namespace {

constexpr std::string_view verity_suffix = "_verity";

std::vector<Partition> partitions_of(const GptTable& table, const Uuid& type) {
    std::vector<Partition> found;
    std::copy_if(table.partitions.begin(), table.partitions.end(), std::back_inserter(found),
                 [&type](const Partition& partition) { return partition.type == type; });
    std::sort(found.begin(), found.end(), [](const Partition& left, const Partition& right) {
        return left.number < right.number;
    });
    return found;
}

Slot describe(char name, const Partition& root, const Partition& verity) {
    Slot slot{name, root, verity, {}, {}, {}};
    const auto separator = root.label.rfind('_'); // versions hold none
    if (separator == std::string::npos || separator == 0 ||
        verity.label != root.label + std::string(verity_suffix))
        return slot;
    slot.id = root.label.substr(0, separator);
    slot.version = root.label.substr(separator + 1);
    Digest root_hash;
    const auto second_half =
        std::copy(root.uuid.bytes.begin(), root.uuid.bytes.end(), root_hash.bytes.begin());
    std::copy(verity.uuid.bytes.begin(), verity.uuid.bytes.end(), second_half);
    slot.root_hash = root_hash;
    return slot;
}

} // namespace

std::array<Slot, 2> identify_slots(const GptTable& table, const std::string& disk) {
    for (const char* architecture : {"x86-64", "arm64"}) {
        const PartitionTypes types = partition_types(architecture);
        const auto roots = partitions_of(table, types.root);
        const auto verities = partitions_of(table, types.root_verity);
        if (roots.size() >= 2 && verities.size() >= 2)
            return {describe('a', roots[0], verities[0]), describe('b', roots[1], verities[1])};
    }
    throw refused("cannot use '" + disk +
                  "': it does not hold two root and two root-verity partitions");
}

} // namespace quoin
