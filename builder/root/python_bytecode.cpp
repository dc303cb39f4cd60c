// SPDX-License-Identifier: Apache-2.0
#include "builder/root/python_bytecode.hpp"

#include <algorithm>
#include <array>

namespace quoin {

namespace {

/// At the start of a module: PEP 552.
struct BytecodeHeader {
    le16 version;
    std::array<char, 2> line_end;
    le32 flags;
    le32 source_time; ///< or, by the flags, the source's hash in this and the next
    le32 source_size;
};
static_assert(sizeof(BytecodeHeader) == 16);

constexpr std::uint16_t first_version = 3390; // Python 3.7, the first with these flags
constexpr std::uint16_t last_version = 9999;  // far above any; Python 2 had numbers above 20000
constexpr std::uint32_t checked_by_time = 0;
constexpr std::uint32_t never_checked = 1; // by hash, but the hash is not looked at

/// What the start of the module said.
std::optional<ModuleSource> forget_source_time(ByteSpan start) {
    if (start.size() < sizeof(BytecodeHeader))
        return std::nullopt;
    auto header = load<BytecodeHeader>(start);
    if (header.version < first_version || header.version > last_version ||
        header.line_end != std::array{'\r', '\n'} || header.flags != checked_by_time)
        return std::nullopt;
    const ModuleSource source{header.source_time, header.source_size};
    header.flags = never_checked;
    header.source_time = 0U;
    header.source_size = 0U;
    const ByteView changed = view_of(header);
    std::copy(changed.begin(), changed.end(), start.begin());
    return source;
}

/// The start of a content, whole, however small the pieces are in which it comes.
Bytes read_start(const ContentReader& content) {
    Bytes start(sizeof(BytecodeHeader));
    std::size_t filled = 0;
    while (filled < start.size()) {
        const std::size_t count = content(ByteSpan(start).subspan(filled));
        if (count == 0)
            break;
        filled += count;
    }
    start.resize(filled);
    return start;
}

} // namespace

bool is_python_bytecode(const std::string& path) {
    return path.ends_with(".pyc") && path.find("__pycache__/") != std::string::npos;
}

std::string source_of_bytecode(const std::string& path) {
    const std::size_t name = path.rfind('/') + 1;
    const std::size_t directory = path.rfind("__pycache__/");
    return path.substr(0, directory) + path.substr(name, path.find('.', name) - name) + ".py";
}

bool is_source(const Inode& file, const ModuleSource& source) {
    return file.type == EntryType::file && static_cast<std::uint32_t>(file.mtime) == source.time &&
           static_cast<std::uint32_t>(file.size) == source.size;
}

CompiledModule without_source_time(ContentReader content) {
    Bytes start = read_start(content);
    const auto source = forget_source_time(start);
    auto changed = [content = std::move(content), start = std::move(start),
                    given = std::size_t{0}](ByteSpan buffer) mutable {
        if (given == start.size())
            return content(buffer);
        const std::size_t count = std::min(buffer.size(), start.size() - given);
        std::copy_n(start.begin() + static_cast<std::ptrdiff_t>(given), count, buffer.begin());
        given += count;
        return count;
    };
    return {std::move(changed), source};
}

} // namespace quoin
