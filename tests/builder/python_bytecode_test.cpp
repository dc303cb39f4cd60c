// SPDX-License-Identifier: Apache-2.0
#include "builder/root/python_bytecode.hpp"

#include "support/catch.hpp"

using namespace quoin;

namespace {

/// A module as `py3compile` leaves it: number of the version, flags, time and size of the source.
Bytes module(const std::string& hex_of_header, std::size_t size = 40) {
    Bytes bytes = *from_hex(hex_of_header);
    for (std::size_t i = bytes.size(); i < size; ++i)
        bytes.push_back(static_cast<std::uint8_t>(i));
    return bytes;
}

/// What comes out, read in pieces of `step` bytes.
Bytes passed(const Bytes& content, std::size_t step = 1000) {
    const ContentReader reader = without_source_time(read_from(content)).content;
    Bytes result;
    Bytes piece(step);
    while (const std::size_t count = reader(piece))
        result.insert(result.end(), piece.begin(),
                      piece.begin() + static_cast<std::ptrdiff_t>(count));
    return result;
}

} // namespace

TEST_CASE("a compiled module of Python 3.11 loses its source's time and is not checked by it") {
    const Bytes compiled = module("a70d0d0a00000000e7b7026a1c850100");
    const Bytes expected = module("a70d0d0a010000000000000000000000");
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
        CAPTURE(step);
        CHECK(passed(compiled, step) == expected);
    }
}

TEST_CASE("what is no such module passes as it is") {
    for (const char* header : {"a70d0d0a03000000e7b7026a1c850100",    // checked by its hash
                               "a70d0d0a01000000e7b7026a1c850100",    // not checked already
                               "330d0d0ae7b7026a1c8501000000e300",    // Python 3.6
                               "03f30d0ae7b7026a1c850100000000e3",    // Python 2.7
                               "a70d0a0d00000000e7b7026a1c850100"}) { // something else
        CAPTURE(header);
        CHECK(passed(module(header)) == module(header));
    }
    CHECK(passed(module("a70d0d0a0000", 6)) == module("a70d0d0a0000", 6));
    CHECK(passed({}).empty());
}

TEST_CASE("compiled modules are known by where they lie") {
    CHECK(is_python_bytecode("usr/lib/python3/__pycache__/six.cpython-311.pyc"));
    CHECK_FALSE(is_python_bytecode("usr/share/data/six.pyc"));
    CHECK_FALSE(is_python_bytecode("usr/lib/python3/__pycache__/six.py"));
}

TEST_CASE("a compiled module tells its source by name, time and size") {
    CHECK(source_of_bytecode("lib/__pycache__/six.cpython-311.opt-1.pyc") == "lib/six.py");
    CHECK(source_of_bytecode("__pycache__/six.cpython-311.pyc") == "six.py");
    const Bytes compiled = module("a70d0d0a00000000e7b7026a1c850100");
    const auto source = without_source_time(read_from(compiled)).source;
    REQUIRE(source);
    Inode file;
    file.mtime = 0x6a02b7e7;
    file.size = 0x1851c;
    CHECK(is_source(file, *source));
    ++file.size;
    CHECK_FALSE(is_source(file, *source));
    --file.size;
    ++file.mtime;
    CHECK_FALSE(is_source(file, *source));
}
