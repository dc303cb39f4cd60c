// SPDX-License-Identifier: Apache-2.0
// Slots and kernels are paired as early userspace does it: by the UUID that a root hash stands for.
#include "builder/artifacts/artifact.hpp"

#include "base/error.hpp"
#include "builder/stages/esp.hpp"
#include "disk/boot_entry.hpp"
#include "disk/uki.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace quoin {
namespace {

constexpr const char* uki_directory = "/EFI/Linux";
constexpr std::array<std::string_view, 2> architectures = {"x86-64", "arm64"};

bool starts_with(FdRef fd, std::uint64_t offset, std::string_view wanted, const std::string& path) {
    if (size_of(fd, path) < offset + wanted.size())
        return false;
    Bytes found(wanted.size());
    pread_exact(fd, found, offset, path);
    return text_of(found) == wanted;
}

bool is_type(const Partition& partition, Uuid PartitionTypes::*kind) {
    return std::ranges::any_of(architectures, [&](std::string_view architecture) {
        return partition.type == partition_types(architecture).*kind;
    });
}

std::vector<InstalledUki> read_ukis(const std::string& path, std::uint64_t esp_start) {
    std::vector<InstalledUki> ukis;
    for (const auto& name : list_esp(path, esp_start, uki_directory)) {
        auto content = read_esp_file(path, esp_start, std::string(uki_directory) + "/" + name);
        if (!content)
            throw refused("cannot read '" + name + "' from the ESP of '" + path + "'");
        InstalledUki uki{name, std::move(*content), std::nullopt};
        try {
            uki.claims = read_uki_claims(uki.content);
        } catch (const Error&) {
            // An un-listed update (first sector zero) or somebody else's kernel: not for any slot.
        }
        ukis.push_back(std::move(uki));
    }
    return ukis;
}

/// Labels of slots become names on the ESP only when they are ours.
bool is_plain_label(const std::string& label) {
    return BootEntryName::parse(label + ".efi").has_value();
}

} // namespace

ArtifactKind artifact_kind(FdRef fd, const std::string& path) {
    if (starts_with(fd, 0, "MZ", path))
        return ArtifactKind::uki;
    if (starts_with(fd, 512, "EFI PART", path) || starts_with(fd, 4096, "EFI PART", path))
        return ArtifactKind::disk_image;
    if (size_of(fd, path) >= bundle_header_size) {
        Bytes header(bundle_header_size);
        pread_exact(fd, header, 0, path);
        try {
            (void)BundleHeader::parse(header);
            return ArtifactKind::bundle;
        } catch (const Error& why) {
            throw refused("'" + path +
                          "' is neither a bundle nor a disk image nor a UKI: " + why.what());
        }
    }
    throw refused("'" + path + "' is neither a bundle nor a disk image nor a UKI");
}

BundleHead read_head_of_whole(const Region& bundle) {
    auto head = read_bundle_head(bundle);
    if (const auto mistake = head.header.mistake_in_size(head.unauthenticated(), bundle.size()))
        throw refused("cannot use '" + bundle.name() + "': " + *mistake);
    return head;
}

UkiClaims read_uki_claims(ByteView uki) {
    const auto text = [&](std::string_view name) {
        const auto section = uki_section(uki, name);
        auto content = std::string(text_of(section));
        content.erase(std::ranges::find(content, '\0'), content.end());
        return content;
    };
    UkiClaims claims;
    claims.command_line = text(".cmdline");
    claims.os_release = text(".osrel");
    claims.kernel_release = text(".uname");
    const auto value = [&](std::string_view key) {
        return command_line_value(claims.command_line, key).value_or("");
    };
    const auto root_hash = Digest::parse(value("roothash"));
    const auto salt = from_hex(value("quoin.salt"));
    const auto blocks = value("quoin.blocks");
    const auto [end, error] =
        std::from_chars(blocks.data(), blocks.data() + blocks.size(), claims.data_blocks);
    const bool is_number = error == std::errc() && end == blocks.data() + blocks.size();
    if (!root_hash || !salt || salt->size() != VerityParameters{}.salt.size() || !is_number)
        throw refused("the UKI's command line does not name a verified root");
    claims.root_hash = *root_hash;
    claims.salt = *salt;
    return claims;
}

DiskImage DiskImage::open(const std::string& path) {
    DiskImage image;
    image.path = path;
    image.fd = open_file(path, O_RDONLY);
    image.table = read_gpt(image.fd, path);
    const auto& partitions = image.table.partitions;
    const auto esp = std::ranges::find(partitions, esp_type(), &Partition::type);
    if (esp == partitions.end())
        throw refused("'" + path + "' has no EFI system partition");
    auto ukis = read_ukis(path, esp->start);

    for (std::size_t i = 0; i + 1 < partitions.size(); ++i) {
        if (!is_type(partitions[i], &PartitionTypes::root) ||
            !is_type(partitions[i + 1], &PartitionTypes::root_verity))
            continue;
        ImageSlot slot;
        slot.name = std::string(1, static_cast<char>('a' + image.slots.size()));
        slot.root = partitions[i];
        slot.verity = partitions[i + 1];
        for (const auto& uki : ukis)
            if (uki.claims && data_partition_uuid(uki.claims->root_hash) == slot.root.uuid)
                slot.uki = uki;
        if (!slot.is_empty() && is_plain_label(slot.root.label))
            slot.head =
                read_esp_file(path, esp->start, "/EFI/quoin/" + slot.root.label + ".manifest");
        image.slots.push_back(std::move(slot));
    }
    return image;
}

Region DiskImage::region(const Partition& partition) const {
    return {fd, partition.start, partition.size, path + ", partition '" + partition.label + "'"};
}

const ImageSlot* DiskImage::preferred() const {
    const ImageSlot* best = nullptr;
    std::optional<BootEntryName> best_name;
    for (const auto& slot : slots) {
        const auto name =
            slot.uki ? BootEntryName::parse(slot.uki->file_name) : std::optional<BootEntryName>();
        if (name && (!best || loader_order(*name, *best_name) < 0)) {
            best = &slot;
            best_name = name;
        }
    }
    return best;
}

} // namespace quoin
