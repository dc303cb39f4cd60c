// SPDX-License-Identifier: Apache-2.0
// Python's compiled modules without the time of their source. A package that is built anew has new
// times, so that a month's update would change every compiled module, 2.6 % of a bundle, in nothing
// but four bytes. Python does not check such a module, so that it may stay only beside the source
// from which it was compiled.
#pragma once

#include "builder/entry.hpp"
#include "builder/tree/inode.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace quoin {

/// What a compiled module says of its source.
struct ModuleSource {
    std::uint32_t time = 0; ///< the lower half of the seconds since 1970
    std::uint32_t size = 0; ///< the lower half
};

struct CompiledModule {
    ContentReader content;
    std::optional<ModuleSource> source; ///< none: the content is as it was
};

[[nodiscard]] bool is_python_bytecode(const std::string& path);

/// Where Python looks for the source of such a file: "a/m.py" for
/// "a/__pycache__/m.cpython-311.pyc".
[[nodiscard]] std::string source_of_bytecode(const std::string& path);

/// Whether a file is, by all that Python would have looked at, the source.
[[nodiscard]] bool is_source(const Inode& file, const ModuleSource& source);

/// The same content, but a module of Python 3.7 or later that is checked against its source's time
/// is one that is not checked (PEP 552). Reads the start of `content` at once.
[[nodiscard]] CompiledModule without_source_time(ContentReader content);

} // namespace quoin
