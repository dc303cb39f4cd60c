// SPDX-License-Identifier: Apache-2.0
#include "early/machine_id.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "early/mounts.hpp"

#include <algorithm>
#include <sys/random.h>

namespace quoin::early {

std::string machine_id_from(std::array<std::uint8_t, 16> random) {
    random[6] = static_cast<std::uint8_t>((random[6] & 0x0f) | 0x40);
    random[8] = static_cast<std::uint8_t>((random[8] & 0x3f) | 0x80);
    return to_hex(random);
}

bool is_machine_id(std::string_view text) {
    if (text.ends_with('\n'))
        text.remove_suffix(1);
    const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    return text.size() == 32 && std::ranges::all_of(text, is_digit) &&
           text.find_first_not_of('0') != text.npos;
}

static std::string new_machine_id() {
    std::array<std::uint8_t, 16> random{};
    // Waits, at most about a second, until the kernel has gathered randomness: two nodes that start
    // alike must not become one.
    if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
        throw system_error("cannot make a machine-id");
    return machine_id_from(random) + "\n";
}

std::vector<std::string> write_machine_id(const DataMount& data) {
    std::vector<std::string> notes;
    const std::string kept = data.directory + "/machine-id";
    std::string id;
    try {
        if (exists(kept))
            id = read_text(kept);
        if (!id.empty() && !is_machine_id(id))
            notes.push_back("cannot use '" + kept + "': it is damaged; a new one is made");
        if (!is_machine_id(id)) {
            id = new_machine_id();
            replace_file_durably(kept, bytes_of(id), 0444);
        }
    } catch (const Error& e) {
        notes.emplace_back(e.what());
        if (!is_machine_id(id))
            id = new_machine_id();
    }
    replace_file_durably(sysroot + "/etc/machine-id", bytes_of(id), 0444);
    return notes;
}

} // namespace quoin::early
