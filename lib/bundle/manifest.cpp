// SPDX-License-Identifier: Apache-2.0
// The manifest has exactly one spelling: what parse() accepts, serialize() gives back byte for
// byte. So two readers can never see two meanings in one signed text.
#include "bundle/manifest.hpp"

#include "base/error.hpp"
#include "bundle/contents.hpp"
#include "disk/boot_entry.hpp"
#include "disk/slot_index.hpp"
#include "disk/verity.hpp"
#include "disk/version_order.hpp"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>

namespace quoin {

using json = nlohmann::json;

static constexpr unsigned manifest_format = 1;
static constexpr int max_depth = 4;
static constexpr std::size_t max_compatible_length = 64;

static Error invalid(const std::string& why) {
    return refused("invalid manifest: " + why);
}

namespace {

/// One JSON object, whose members are taken by name and type.
class Fields {
  public:
    /// Throws unless `value` is an object with exactly the members `names`.
    Fields(const json& value, const std::string& where, std::initializer_list<const char*> names)
        : value_(value), prefix_(where.empty() ? "" : where + ".") {
        if (!value.is_object())
            throw invalid("'" + where + "' is not an object");
        for (const char* name : names)
            if (!value.contains(name))
                throw invalid("'" + prefix_ + name + "' is missing");
        if (value.size() != names.size())
            throw invalid("it has a field that this version of Quoin does not know");
    }

    [[nodiscard]] const json& object(const char* name) const { return value_.at(name); }

    [[nodiscard]] std::uint64_t number(const char* name, std::uint64_t lowest,
                                       std::uint64_t highest) const {
        const json& field = value_.at(name);
        if (!field.is_number_unsigned())
            throw invalid(quoted(name) + " is not a non-negative whole number");
        const auto number = field.get<std::uint64_t>();
        if (number < lowest || number > highest)
            throw invalid(quoted(name) + " is " + std::to_string(number) + ", not between " +
                          std::to_string(lowest) + " and " + std::to_string(highest));
        return number;
    }

    [[nodiscard]] std::string text(const char* name, bool (*is_valid)(std::string_view)) const {
        const json& field = value_.at(name);
        if (!field.is_string() || !is_valid(field.get_ref<const std::string&>()))
            throw invalid(quoted(name) + " is not acceptable");
        return field.get<std::string>();
    }

    [[nodiscard]] Digest digest(const char* name) const {
        return *Digest::parse(
            text(name, [](std::string_view hex) { return Digest::parse(hex).has_value(); }));
    }

    [[nodiscard]] Uuid uuid(const char* name) const {
        return *Uuid::parse(
            text(name, [](std::string_view uuid) { return Uuid::parse(uuid).has_value(); }));
    }

  private:
    [[nodiscard]] std::string quoted(const char* name) const { return "'" + prefix_ + name + "'"; }

    const json& value_;
    std::string prefix_;
};

} // namespace

static bool is_architecture(std::string_view text) {
    return text == "x86-64" || text == "arm64";
}

static bool is_compatible(std::string_view text) {
    const auto is_allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-' || c == '_';
    };
    return !text.empty() && text.size() <= max_compatible_length &&
           std::ranges::all_of(text, is_allowed);
}

static json parse_json(std::string_view text) {
    const auto refuse_depth = [](int depth, json::parse_event_t, json&) {
        if (depth > max_depth)
            throw invalid("nested too deeply");
        return true;
    };
    try {
        return json::parse(text, refuse_depth);
    } catch (const json::exception&) {
        throw invalid("not JSON");
    }
}

std::string Manifest::serialize() const {
    const json root{{"size", root_size},
                    {"hash", root_hash.hex()},
                    {"salt", to_hex(salt)},
                    {"verity_uuid", verity_uuid.text()}};
    const json patches{{"size", patches_size},
                       {"sha256", patches_sha256.hex()},
                       {"index_size", patch_index_size},
                       {"index_sha256", patch_index_sha256.hex()}};
    const json document{{"format", manifest_format},
                        {"id", id},
                        {"version", version},
                        {"architecture", architecture},
                        {"compatible", compatible},
                        {"security_epoch", security_epoch},
                        {"minimum_agent", minimum_agent},
                        {"tries", tries},
                        {"root", root},
                        {"uki", {{"size", uki_size}, {"sha256", uki_sha256.hex()}}},
                        {"index", {{"size", index_size}, {"sha256", index_sha256.hex()}}},
                        {"data", {{"size", data_size}}},
                        {"contents", {{"size", contents_size}, {"sha256", contents_sha256.hex()}}},
                        {"patches", patches}};
    return document.dump(2) + "\n";
}

Manifest Manifest::parse(std::string_view text) {
    if (text.size() > max_manifest_size)
        throw invalid("larger than 64 KiB");
    const json document = parse_json(text);
    const Fields all(document, "",
                     {"format", "id", "version", "architecture", "compatible", "security_epoch",
                      "minimum_agent", "tries", "root", "uki", "index", "data", "contents",
                      "patches"});
    (void)all.number("format", manifest_format, manifest_format);

    Manifest manifest;
    manifest.id = all.text("id", is_valid_image_id);
    manifest.version = all.text("version", is_valid_version);
    manifest.architecture = all.text("architecture", is_architecture);
    manifest.compatible = all.text("compatible", is_compatible);
    manifest.security_epoch = all.number("security_epoch", 0, max_security_epoch);
    manifest.minimum_agent = all.text("minimum_agent", is_valid_version);
    manifest.tries = static_cast<unsigned>(all.number("tries", 1, max_tries));

    const Fields root(all.object("root"), "root", {"size", "hash", "salt", "verity_uuid"});
    manifest.root_size = root.number("size", verity_block_size, max_bundle_data_size);
    manifest.root_hash = root.digest("hash");
    manifest.salt = root.digest("salt").bytes;
    manifest.verity_uuid = root.uuid("verity_uuid");
    if (manifest.root_size % verity_block_size != 0)
        throw invalid("'root.size' is not a multiple of 4096");

    const Fields uki(all.object("uki"), "uki", {"size", "sha256"});
    manifest.uki_size = uki.number("size", 1, max_uki_size);
    manifest.uki_sha256 = uki.digest("sha256");

    const Fields index(all.object("index"), "index", {"size", "sha256"});
    manifest.index_size = index.number("size", 1, max_index_size);
    manifest.index_sha256 = index.digest("sha256");

    const Fields data(all.object("data"), "data", {"size"});
    manifest.data_size = data.number("size", 1, max_bundle_data_size);
    if (manifest.data_size != manifest.root_size + manifest.uki_size)
        throw invalid("'data.size' is not the sum of 'root.size' and 'uki.size'");

    const Fields contents(all.object("contents"), "contents", {"size", "sha256"});
    manifest.contents_size = contents.number("size", 1, max_contents_size);
    manifest.contents_sha256 = contents.digest("sha256");

    const Fields patches(all.object("patches"), "patches",
                         {"size", "sha256", "index_size", "index_sha256"});
    manifest.patches_size = patches.number("size", 0, max_bundle_data_size);
    manifest.patches_sha256 = patches.digest("sha256");
    manifest.patch_index_size = patches.number("index_size", 0, manifest.patches_size);
    manifest.patch_index_sha256 = patches.digest("index_sha256");

    // Duplicate members, other number formats, capitals in hex, another order, other white space.
    if (manifest.serialize() != text)
        throw invalid("not in canonical form");
    return manifest;
}

} // namespace quoin
