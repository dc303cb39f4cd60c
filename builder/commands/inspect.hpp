// SPDX-License-Identifier: Apache-2.0
// `quoin inspect FILE`.
#pragma once

#include <string>

namespace quoin {

struct InspectOptions {
    std::string file;
    bool json = false;
};

/// Prints what a bundle, disk image or UKI says about itself. Nothing is verified, and nothing in
/// it can reach the terminal as anything but text.
void inspect(const InspectOptions& options);

} // namespace quoin
