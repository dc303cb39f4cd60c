// SPDX-License-Identifier: Apache-2.0
// Of each attribute: sizes of name and value, the name, the value.
#include "builder/tree/attributes.hpp"

#include "base/error.hpp"

namespace quoin {

namespace {

struct Sizes {
    le32 name;
    le32 value;
};

void append(Bytes& out, ByteView bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

} // namespace

Bytes pack_attributes(const Attributes& attributes) {
    Bytes packed;
    for (const auto& [name, value] : attributes) {
        append(packed, view_of(Sizes{static_cast<std::uint32_t>(name.size()),
                                     static_cast<std::uint32_t>(value.size())}));
        append(packed, bytes_of(name));
        append(packed, value);
    }
    return packed;
}

Attributes unpack_attributes(ByteView packed) {
    const auto take = [&packed](std::size_t size) {
        if (size > packed.size())
            throw Error("cannot read packed attributes: they end early");
        const ByteView taken = packed.first(size);
        packed = packed.subspan(size);
        return taken;
    };
    Attributes attributes;
    while (!packed.empty()) {
        const auto sizes = load<Sizes>(take(sizeof(Sizes)));
        const std::string name(text_of(take(sizes.name)));
        const ByteView value = take(sizes.value);
        attributes[name] = Bytes(value.begin(), value.end());
    }
    return attributes;
}

} // namespace quoin
