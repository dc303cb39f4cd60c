// SPDX-License-Identifier: Apache-2.0
#include "early/modules.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/file.hpp"
#include "early/directory.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace quoin::early {

/// By value, so that 1000-x.ko comes after 999-x.ko; names without a number come last.
static unsigned number_of(const std::string& name) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool numbered = error == std::errc{} && end != name.data() + name.size() && *end == '-';
    return numbered ? number : ~0U;
}

std::vector<std::string> modules_in_load_order(std::vector<std::string> names) {
    std::erase_if(names, [](const std::string& name) { return !name.ends_with(".ko"); });
    std::ranges::sort(names, {},
                      [](const std::string& name) { return std::pair(number_of(name), name); });
    return names;
}

std::vector<std::string> load_modules(const std::string& directory) {
    std::vector<std::string> notes;
    if (!exists(directory))
        return notes;
    for (const std::string& name : modules_in_load_order(names_in(directory))) {
        const UniqueFd file = open_file(directory + "/" + name, O_RDONLY);
        if (::syscall(SYS_finit_module, file.get(), "", 0) == 0 || errno == EEXIST ||
            errno == ENODEV)
            continue;
        notes.emplace_back(system_error("cannot load module '" + name + "'").what());
    }
    return notes;
}

} // namespace quoin::early
