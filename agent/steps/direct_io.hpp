// SPDX-License-Identifier: Apache-2.0
// O_DIRECT: what reading past the page cache and writing past it share. It wants memory, offset and
// length aligned to the logical block size of the device; 4096 satisfies every device there is.
#pragma once

#include "base/handle.hpp"
#include "base/region.hpp"
#include "base/units.hpp"

#include <cstdint>
#include <cstdlib>

namespace quoin {

constexpr std::size_t direct_alignment = 4096;
constexpr std::size_t direct_buffer_size = 384 * KiB;

using AlignedBuffer = Handle<std::uint8_t, std::free>;

/// `size` bytes, a multiple of `direct_alignment`.
[[nodiscard]] AlignedBuffer aligned_buffer(std::size_t size);

/// A second description of the region's file, since O_DIRECT is a property of the description and
/// others use the page cache. Empty where the file system has no such thing (some overlays).
/// `access`: O_RDONLY or O_WRONLY.
[[nodiscard]] UniqueFd reopen_direct(const Region& region, int access);

} // namespace quoin
