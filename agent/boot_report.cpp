// SPDX-License-Identifier: Apache-2.0
#include "agent/boot_report.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/whole_number.hpp"

#include <nlohmann/json.hpp>
#include <unistd.h>

namespace quoin {

namespace {

using Json = nlohmann::json;

/// Parses a file and hands it to `convert`; what JSON finds wrong becomes an Error with the path.
template <typename Convert>
auto read_json(const std::string& path, Convert convert) {
    try {
        const std::string text = read_text(path);
        return convert(Json::parse(text.data(), text.data() + text.size()));
    } catch (const Json::exception& problem) {
        throw Error("cannot read '" + path + "': " + problem.what());
    }
}

} // namespace

LiveBoot read_boot_report(const std::string& path) {
    return read_json(path, [&path](const Json& json) {
        LiveBoot boot;
        const auto slot = json.at("slot").get<std::string>();
        const auto root_hash = Digest::parse(json.at("root_hash").get<std::string>());
        if ((slot != "a" && slot != "b") || !root_hash)
            throw Error("cannot read '" + path + "': neither slot nor root hash make sense");
        boot.report.slot = slot.front();
        boot.report.root_hash = *root_hash;
        boot.report.counted = json.at("counted").get<bool>();
        boot.report.data_mounted = json.at("data_mounted").get<bool>();
        for (const Json& note : json.at("notes"))
            boot.report.notes.push_back(note.get<std::string>());
        boot.disk = json.at("disk").get<std::string>();
        boot.esp = json.at("esp").get<std::string>();
        return boot;
    });
}

void forget_try() {
    (void)::unlink("/run/quoin/counted");
}

ImageIdentity read_image_identity(const std::string& path) {
    return read_json(path, [&path](const Json& json) {
        ImageIdentity identity;
        identity.id = json.at("id").get<std::string>();
        identity.version = json.at("version").get<std::string>();
        identity.architecture = json.at("architecture").get<std::string>();
        identity.compatible = json.at("compatible").get<std::string>();
        const auto epoch = whole_number<std::uint64_t>(json.at("security_epoch"));
        if (!epoch)
            throw Error("cannot read '" + path + "': its security epoch makes no sense");
        identity.security_epoch = *epoch;
        return identity;
    });
}

} // namespace quoin
