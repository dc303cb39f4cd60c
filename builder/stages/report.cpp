// SPDX-License-Identifier: Apache-2.0
// The JSON's first fields are a contract (docs/man/quoin.1); the others may grow.
#include "builder/stages/report.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/units.hpp"
#include "builder/interruption.hpp"
#include "crypto/digest.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace quoin {
namespace {

/// Where the next data at or after `offset` begins; `size` when only a hole follows. A file system
/// that knows no holes has data everywhere.
std::uint64_t next_data(FdRef file, std::uint64_t offset, std::uint64_t size,
                        const std::string& path) {
    const off_t found = ::lseek(file.get(), static_cast<off_t>(offset), SEEK_DATA);
    if (found >= 0)
        return static_cast<std::uint64_t>(found);
    if (errno != ENXIO)
        throw system_error("cannot find data in '" + path + "'");
    return size;
}

} // namespace

std::string BuildReport::json() const {
    nlohmann::json list = nlohmann::json::array();
    for (const auto& output : outputs)
        list.push_back({{"path", output.path}, {"size", output.size}, {"sha256", output.sha256}});
    const nlohmann::json report = {
        {"id", id},
        {"version", version},
        {"architecture", architecture},
        {"root_hash", root_hash},
        {"outputs", list},
        {"kernel", kernel},
        {"root_size", root_size},
        {"slot_size", slot_size},
        {"initrd_size", initrd_size},
        {"uki_size", uki_size},
        {"disk_size", disk_size},
        {"secure_boot", secure_boot},
        {"signers", signers},
        {"boot_modules", boot_modules},
        {"warnings", warnings},
    };
    return report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string BuildReport::text() const {
    auto text = fmt::format("{} {} ({})\n", id, version, architecture);
    const auto line = [&](std::string_view label, const std::string& value) {
        text += fmt::format("  {:<10} {}\n", label, value);
    };
    line("root hash", root_hash);
    line("root", fmt::format("{} in slots of {}", format_size(root_size), format_size(slot_size)));
    line("kernel", fmt::format("{}, UKI {}{}", kernel, format_size(uki_size),
                               secure_boot ? ", signed for Secure Boot" : ""));
    line("initrd", fmt::format("{}, {} modules", format_size(initrd_size), boot_modules.size()));
    for (const auto& output : outputs)
        line("wrote", fmt::format("{} ({})", output.path, format_size(output.size)));
    return text;
}

BuiltOutput describe_output(FdRef file, const std::string& path) {
    const auto size = size_of(file, path);
    Sha256 hash;
    Bytes buffer(MiB);
    const Bytes zeros(MiB);
    for (std::uint64_t offset = 0; offset < size;) {
        check_interruption();
        const auto data = next_data(file, offset, size, path);
        const auto end = data > offset ? data : size; // holes within a part read as zeros anyway
        const auto part = std::min<std::uint64_t>(buffer.size(), end - offset);
        if (data > offset) {
            hash.update(ByteView(zeros).first(part));
        } else {
            pread_exact(file, ByteSpan(buffer).first(part), offset, path);
            hash.update(ByteView(buffer).first(part));
        }
        offset += part;
    }
    return {std::filesystem::path(path).filename().string(), size, hash.finish().hex()};
}

std::future<BuiltOutput> begin_describing(FdRef file, const std::string& path) {
    return std::async(std::launch::async, [file, path] {
        auto synced = std::async(std::launch::async, [&] { sync_file(file, path); });
        auto output = describe_output(file, path);
        synced.get();
        return output;
    });
}

} // namespace quoin
