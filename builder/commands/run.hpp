// SPDX-License-Identifier: Apache-2.0
// `quoin run IMAGE`.
#pragma once

#include <string>
#include <vector>

namespace quoin {

struct RunOptions {
    std::string image;
    std::string memory = "1G";
    std::vector<std::string> qemu_arguments;
};

/// Boots a disk image in QEMU, on this terminal, and returns when the machine has ended. The image
/// is not changed.
void run_image(const RunOptions& options);

} // namespace quoin
