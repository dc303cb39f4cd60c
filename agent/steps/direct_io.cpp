// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/direct_io.hpp"

#include <new>

namespace quoin {

AlignedBuffer aligned_buffer(std::size_t size) {
    AlignedBuffer buffer(static_cast<std::uint8_t*>(std::aligned_alloc(direct_alignment, size)));
    if (!buffer)
        throw std::bad_alloc();
    return buffer;
}

UniqueFd reopen_direct(const Region& region, int access) {
    const std::string path = "/proc/self/fd/" + std::to_string(region.fd().get());
    return UniqueFd(::open(path.c_str(), access | O_DIRECT | O_CLOEXEC));
}

} // namespace quoin
