#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a C++ source with the content of text files: embed_files.py OUTPUT FILE..."""
import pathlib
import sys

DELIMITER = "quoin_file"
SOURCE = """// SPDX-License-Identifier: Apache-2.0
// Made by embed_files.py.
#include "builder/node_files.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace quoin {{
static constexpr std::array<NodeFile, {count}> files = {{{{
{entries}
}}}};

std::span<const NodeFile> node_files() {{ return files; }}

std::string_view node_file(std::string_view name) {{
    const auto found = std::ranges::find(files, name, &NodeFile::name);
    if (found == files.end())
        throw std::logic_error("no such file was compiled in");
    return found->content;
}}
}} // namespace quoin
"""


def main() -> None:
    output, *paths = map(pathlib.Path, sys.argv[1:])
    entries = []
    for path in sorted(paths, key=lambda path: path.name):
        text = path.read_text(encoding="utf-8")
        assert f'){DELIMITER}"' not in text, path
        entries.append(f'    {{"{path.name}", R"{DELIMITER}({text}){DELIMITER}"}},')
    output.write_text(SOURCE.format(count=len(paths), entries="\n".join(entries)), encoding="utf-8")


if __name__ == "__main__":
    main()
