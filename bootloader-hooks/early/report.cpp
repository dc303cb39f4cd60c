// SPDX-License-Identifier: Apache-2.0
#include "early/report.hpp"

#include "base/bytes.hpp"
#include "base/file.hpp"
#include "early/mounts.hpp"

namespace quoin::early {

static std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<std::uint8_t>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte >= 0x7f) {
            // Names of foreign bytes need not be UTF-8, which JSON must be.
            out += "\\u00" + to_hex(ByteView(&byte, 1));
        } else {
            out += c;
        }
    }
    return out + '"';
}

static std::string quoted_list(const std::vector<std::string>& texts) {
    std::string out = "[";
    for (const std::string& text : texts) {
        if (out.size() > 1)
            out += ',';
        out += quoted(text);
    }
    return out + "]";
}

std::string to_json(const BootReport& report) {
    const auto word = [](bool value) { return value ? "true" : "false"; };
    return "{\"slot\":" + quoted(std::string(1, report.slot)) +
           ",\"root_hash\":" + quoted(report.root_hash) + ",\"disk\":" + quoted(report.disk) +
           ",\"esp\":" + quoted(report.esp) + ",\"data\":" + quoted(report.data) +
           ",\"counted\":" + word(report.counted) +
           ",\"data_mounted\":" + word(report.data_mounted) +
           ",\"notes\":" + quoted_list(report.notes) + "}\n";
}

void write_report(const BootReport& report) {
    const std::string directory = sysroot + "/run/quoin/";
    replace_file_durably(directory + "boot.json", bytes_of(to_json(report)));
    if (report.counted)
        (void)open_file(directory + "counted", O_WRONLY | O_CREAT);
}

} // namespace quoin::early
