// SPDX-License-Identifier: Apache-2.0
// Faults at the I/O seam. The linker puts the functions of fault_switch.cpp in front of the C
// library's (the list is in meson.build), so that what is tested is what is shipped.
#pragma once

#include <cerrno>

namespace quoin::test {

/// What happens at one change: a write, a rename, an unlink or a sync.
enum class Fault {
    power_before, ///< it does not happen, and nothing that follows does
    power_within, ///< a write gets half its sectors to the disk, then as above
    error,        ///< it fails, alone
    short_write,  ///< a write takes half of its bytes and says so
    kill,         ///< the process ends before it, by SIGKILL
};

/// From here on changes are counted from 0, and number `at` meets the fault. `error` is the errno.
void plan_fault(Fault fault, long at, int error = EIO);

/// From here on all goes well; changes are counted from 0.
void no_faults();

/// Changes since the last call of one of the functions above.
[[nodiscard]] long changes_made();

} // namespace quoin::test
