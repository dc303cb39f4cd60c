// SPDX-License-Identifier: Apache-2.0
// Kernel modules out of the initrd. No modprobe, no alias matching: the builder has numbered the
// files NNN-name.ko so that each comes after what it needs.
#pragma once

#include <string>
#include <vector>

namespace quoin::early {

/// The module files among `names`, in the order of their numbers.
[[nodiscard]] std::vector<std::string> modules_in_load_order(std::vector<std::string> names);

/// Loads every module of `directory` (which may be absent) and returns a note for each that the
/// kernel refused. One that is there already, or finds no device of its kind, is not worth a note;
/// whether anything needed is missing shows when the root is opened.
[[nodiscard]] std::vector<std::string> load_modules(const std::string& directory);

} // namespace quoin::early
