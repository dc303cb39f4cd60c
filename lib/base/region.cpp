// SPDX-License-Identifier: Apache-2.0
#include "base/region.hpp"

#include "base/error.hpp"

namespace quoin {

void Region::check(std::uint64_t offset, std::uint64_t size) const {
    if (offset > size_ || size > size_ - offset)
        throw refused("access outside " + name_ + ": " + std::to_string(size) + " bytes at " +
                      std::to_string(offset) + " of " + std::to_string(size_));
}

void Region::read(ByteSpan out, std::uint64_t offset) const {
    check(offset, out.size());
    pread_exact(fd_, out, start_ + offset, name_);
}

void Region::write(ByteView data, std::uint64_t offset) const {
    check(offset, data.size());
    pwrite_all(fd_, data, start_ + offset, name_);
}

bool Region::write_direct(ByteView data, std::uint64_t offset) const {
    check(offset, data.size());
    return pwrite_direct(fd_, data, start_ + offset, name_);
}

Region Region::part(std::uint64_t offset, std::uint64_t size, std::string name) const {
    check(offset, size);
    return {fd_, start_ + offset, size, std::move(name)};
}

} // namespace quoin
