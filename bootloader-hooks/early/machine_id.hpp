// SPDX-License-Identifier: Apache-2.0
// machine-id(5): who this node is. Kept on the data partition, since /etc is new at every boot.
#pragma once

#include "base/bytes.hpp"
#include "early/persistence.hpp"

#include <array>
#include <string>
#include <string_view>

namespace quoin::early {

/// 32 hex digits with the bits of a version 4 UUID set, as machine-id(5) asks.
[[nodiscard]] std::string machine_id_from(std::array<std::uint8_t, 16> random);

/// True for 32 lower-case hex digits, not all zero, and at most a line feed after them.
[[nodiscard]] bool is_machine_id(std::string_view text);

/// Puts the data partition's machine-id into the root's /etc. Where there is none (first boot), or
/// a damaged one, a new one is made, durably. Returns notes.
[[nodiscard]] std::vector<std::string> write_machine_id(const DataMount& data);

} // namespace quoin::early
