// SPDX-License-Identifier: Apache-2.0
// The kernel's command line, which carries, signed with the UKI, all that must be known to open the
// root: docs/formats/initrd.md lists the words.
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace quoin::early {

/// What the command line says. Everything else on it is for the kernel and systemd.
struct CommandLine {
    std::string root_hash;           ///< 64 lower-case hex digits
    std::string salt;                ///< 64 lower-case hex digits
    std::uint64_t blocks = 0;        ///< data blocks of 4096 bytes; blocks * 4096 fits 64 bits
    std::string init = "/sbin/init"; ///< absolute path in the root

    /// The halves of the root hash: UUIDs of the root and the verity partition.
    [[nodiscard]] Uuid root_uuid() const;
    [[nodiscard]] Uuid verity_uuid() const;
};

/// Words are separated by white space outside double quotes, as in the kernel. Throws
/// Error(refused) when a word that is needed is missing, malformed or given twice.
[[nodiscard]] CommandLine parse_command_line(std::string_view text);

} // namespace quoin::early
