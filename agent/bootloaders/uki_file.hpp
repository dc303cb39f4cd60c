// SPDX-License-Identifier: Apache-2.0
// What can be told about a boot image by reading a few sectors of it.
#pragma once

#include "base/bytes.hpp"
#include "base/fd.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace quoin {

/// The part of a boot image whose absence hides it from the loader: one sector, the smallest unit
/// that a medium writes whole.
inline constexpr std::size_t first_sector_size = 512;

/// True when a first sector starts a program, so that the loader lists the file.
[[nodiscard]] bool starts_a_program(ByteView first_sector);

/// `roothash=` on the command line inside a UKI. Reads its headers and that section only, not the
/// tens of megabytes beside them. Nothing when the file is damaged or has no root hash.
[[nodiscard]] std::optional<std::string> root_hash_in(FdRef uki, const std::string& name);

} // namespace quoin
