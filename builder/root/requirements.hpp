// SPDX-License-Identifier: Apache-2.0
// What booting and the agent need from a root. A root that lacks it is still built.
#pragma once

#include "builder/root_image.hpp"
#include "builder/tree/tree.hpp"

#include <string>
#include <vector>

namespace quoin {

/// One warning for each thing missing: systemd, the kernel's modules, libraries that the added
/// programs are linked against.
[[nodiscard]] std::vector<std::string> missing_requirements(RootTree& tree,
                                                            const std::vector<AddedFile>& added,
                                                            const std::string& kernel_release);

} // namespace quoin
