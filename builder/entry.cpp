// SPDX-License-Identifier: Apache-2.0
#include "builder/entry.hpp"

#include "base/error.hpp"
#include "base/terminal.hpp"
#include "base/units.hpp"

#include <algorithm>

namespace quoin {

namespace {

constexpr std::size_t longest_name = 255; // NAME_MAX of Linux; squashfs could store 256

} // namespace

ContentReader read_from(ByteView bytes) {
    return [bytes](ByteSpan buffer) mutable {
        const std::size_t count = std::min(buffer.size(), bytes.size());
        std::copy_n(bytes.begin(), count, buffer.begin());
        bytes = bytes.subspan(count);
        return count;
    };
}

Bytes read_whole(const ContentReader& content, std::uint64_t limit, const std::string& name) {
    Bytes whole;
    Bytes buffer(64 * KiB);
    while (const std::size_t count = content(buffer)) {
        if (whole.size() + count > limit)
            throw refused("cannot use '" + printable(name) + "': larger than " +
                          format_size(limit));
        whole.insert(whole.end(), buffer.begin(),
                     buffer.begin() + static_cast<std::ptrdiff_t>(count));
    }
    return whole;
}

std::string normal_entry_path(const std::string& path) {
    const auto reject = [&](const std::string& why) {
        return refused("cannot use entry '" + printable(path) + "': " + why);
    };
    if (path.empty())
        throw reject("it has no name");
    if (path.front() == '/')
        throw reject("its name is absolute");
    if (path.find('\0') != std::string::npos)
        throw reject("its name contains a NUL byte");

    std::string normal;
    for (std::size_t start = 0; start <= path.size();) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        const std::string component = path.substr(start, end - start);
        start = end + 1;
        if (component.empty() || component == ".")
            continue;
        if (component == "..")
            throw reject("its name contains '..'");
        if (component.size() > longest_name)
            throw reject("a component of its name is longer than 255 bytes");
        if (!normal.empty())
            normal += '/';
        normal += component;
    }
    return normal;
}

} // namespace quoin
