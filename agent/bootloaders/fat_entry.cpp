// SPDX-License-Identifier: Apache-2.0
#include "agent/bootloaders/fat_entry.hpp"

#include "agent/bootloaders/uki_file.hpp"
#include "base/error.hpp"

namespace quoin {

bool is_listed(const Region& esp, const FatClusters& clusters, const FatName& file) {
    if (file.first_cluster == 0)
        return false;
    Bytes start(2);
    try {
        esp.read(start, clusters.place_of(file.first_cluster));
    } catch (const Error&) {
        return false;
    }
    return starts_a_program(start);
}

} // namespace quoin
