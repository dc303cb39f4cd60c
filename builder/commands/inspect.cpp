// SPDX-License-Identifier: Apache-2.0
// `quoin inspect FILE`: shows what a file says about itself. Nothing is verified, and nothing in it
// can reach the terminal as anything but text.
#include "builder/commands/inspect.hpp"

#include "base/error.hpp"
#include "base/terminal.hpp"
#include "base/units.hpp"
#include "builder/artifacts/artifact.hpp"
#include "disk/uki.hpp"

#include <fmt/format.h>
#include <iostream>
#include <nlohmann/json.hpp>

namespace quoin {
namespace {

using nlohmann::ordered_json;

constexpr std::uint64_t max_uki_size = 1 << 30;

ordered_json describe_signatures(const std::vector<Signature>& signatures) {
    auto list = ordered_json::array();
    for (const auto& signature : signatures)
        list.push_back({{"key", signature.key_id.hex()},
                        {"algorithm", std::string(name_of(signature.algorithm))}});
    return list;
}

ordered_json describe_manifest(const Manifest& manifest) {
    return {{"id", manifest.id},
            {"version", manifest.version},
            {"architecture", manifest.architecture},
            {"compatible", manifest.compatible},
            {"security_epoch", manifest.security_epoch},
            {"minimum_agent", manifest.minimum_agent},
            {"tries", manifest.tries},
            {"root_size", manifest.root_size},
            {"root_hash", manifest.root_hash.hex()},
            {"salt", to_hex(manifest.salt)},
            {"uki_size", manifest.uki_size},
            {"uki_sha256", manifest.uki_sha256.hex()},
            {"index_size", manifest.index_size},
            {"data_size", manifest.data_size},
            {"contents_size", manifest.contents_size},
            {"patches_size", manifest.patches_size}};
}

ordered_json describe_index(const SlotIndex& index) {
    return {{"root_chunks", index.root.size()}, {"uki_chunks", index.uki.size()}};
}

ordered_json describe_head(const BundleHead& head) {
    return {{"signatures", describe_signatures(head.signatures)},
            {"manifest", describe_manifest(head.unauthenticated())}};
}

ordered_json describe_bundle(const std::string& path) {
    const auto fd = open_file(path, O_RDONLY);
    const Region bundle(fd, 0, size_of(fd, path), path);
    const auto head = read_head_of_whole(bundle);
    ordered_json result = {{"kind", "bundle"}, {"size", bundle.size()}};
    result.update(describe_head(head));
    const auto manifest = head.unauthenticated();
    const auto index = read_bundle_index(bundle, head, manifest);
    result["index"] = describe_index(index);
    const auto contents =
        read_bundle_contents(bundle, head, manifest, index.root.size() + index.uki.size());
    result["contents"] = {{"entries", contents.entries.size()}};
    return result;
}

ordered_json describe_uki(ByteView uki) {
    auto sections = ordered_json::array();
    for (const auto& section : uki_sections(uki))
        sections.push_back({{"name", section.name}, {"size", section.size}});
    ordered_json result = {{"size", uki.size()}, {"sections", sections}};
    const auto claims = read_uki_claims(uki);
    result["kernel"] = claims.kernel_release;
    result["command_line"] = claims.command_line;
    result["root_hash"] = claims.root_hash.hex();
    return result;
}

ordered_json describe_slot(const DiskImage& image, const ImageSlot& slot) {
    ordered_json result = {{"name", slot.name}, {"label", slot.root.label}};
    if (slot.is_empty())
        return result;
    if (slot.uki) {
        result["uki_file"] = slot.uki->file_name;
        result["uki"] = describe_uki(slot.uki->content);
    }
    if (slot.head)
        result.update(describe_head(BundleHead::parse(*slot.head)));
    if (const auto stored = read_slot_index(image.region(slot.verity)))
        result["index"] = describe_index(SlotIndex::parse(stored->index));
    return result;
}

ordered_json describe_image(const std::string& path) {
    const auto image = DiskImage::open(path);
    auto partitions = ordered_json::array();
    for (const auto& partition : image.table.partitions)
        partitions.push_back({{"number", partition.number},
                              {"label", partition.label},
                              {"type", partition.type.text()},
                              {"uuid", partition.uuid.text()},
                              {"start", partition.start},
                              {"size", partition.size},
                              {"attributes", fmt::format("{:#018x}", partition.attributes)}});
    auto slots = ordered_json::array();
    for (const auto& slot : image.slots)
        slots.push_back(describe_slot(image, slot));
    return {{"kind", "image"},
            {"size", size_of(image.fd, path)},
            {"sector_size", image.table.sector_size},
            {"table",
             {{"primary", image.table.health.primary},
              {"backup", image.table.health.backup},
              {"agree", image.table.health.agree}}},
            {"partitions", partitions},
            {"slots", slots}};
}

ordered_json describe(const std::string& path) {
    switch (artifact_kind(open_file(path, O_RDONLY), path)) {
    case ArtifactKind::bundle:
        return describe_bundle(path);
    case ArtifactKind::disk_image:
        return describe_image(path);
    case ArtifactKind::uki: {
        ordered_json result = {{"kind", "uki"}};
        result.update(describe_uki(read_file(path, max_uki_size)));
        return result;
    }
    }
    throw std::logic_error("unknown kind of file");
}

bool is_size(const std::string& key) {
    return key == "size" || key == "start" || key.ends_with("_size");
}

std::string plain(const std::string& key, const ordered_json& value) {
    if (is_size(key) && value.is_number_unsigned() && key != "sector_size")
        return format_size(value.get<std::uint64_t>());
    return value.is_string() ? printable(value.get<std::string>()) : value.dump();
}

/// "name .osrel, size 301 B" for a list's short entries.
std::optional<std::string> on_one_line(const ordered_json& object) {
    std::string line;
    for (const auto& [key, member] : object.items()) {
        if (member.is_structured())
            return std::nullopt;
        line += (line.empty() ? "" : ", ") + key + " " + plain(key, member);
    }
    return line;
}

/// The same as the JSON, indented for people.
void print(const ordered_json& object, const std::string& indent) {
    for (const auto& [key, member] : object.items()) {
        if (!member.is_structured()) {
            std::cout << fmt::format("{}{:<16} {}\n", indent, key, plain(key, member));
            continue;
        }
        std::cout << indent << key << ":\n";
        if (member.is_object()) {
            print(member, indent + "  ");
            continue;
        }
        for (const auto& entry : member) {
            const auto line = on_one_line(entry);
            std::cout << indent << "  - " << line.value_or("") << "\n";
            if (!line)
                print(entry, indent + "    ");
        }
    }
}

} // namespace

void inspect(const InspectOptions& options) {
    const auto description = describe(options.file);
    if (options.json)
        // Bytes that are no UTF-8 become U+FFFD; control characters are escaped by JSON itself.
        std::cout << description.dump(2, ' ', true, ordered_json::error_handler_t::replace) << "\n";
    else
        print(description, "");
    std::cout.flush();
}

} // namespace quoin
