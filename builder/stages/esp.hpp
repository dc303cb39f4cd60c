// SPDX-License-Identifier: Apache-2.0
// The EFI system partition inside an image file: made with mkfs.vfat, written and read with mtools,
// so neither root nor a mount is needed.
#pragma once

#include "base/bytes.hpp"
#include "builder/build_keys.hpp"
#include "builder/stages/disk_layout.hpp"

#include <optional>
#include <string>
#include <vector>

namespace quoin {

/// A file on the ESP; `path` begins with '/', its directories are made.
struct EspFile {
    std::string path;
    Bytes content;
};

/// What is the same in every image: loader (signed with `keys`) in both its places, loader.conf and
/// the marker that /loader/entries is ours. No random seed: it must never be shared by two nodes.
[[nodiscard]] std::vector<EspFile> loader_files(const Recipe& recipe, const BuildKeys& keys,
                                                std::int64_t time);

/// Makes a FAT32 file system at `place` of the image file and writes `files` in path order.
/// Deterministic in its arguments. Throws Error(usage) when a second UKI as large as the first
/// would not fit: the node could never update.
void write_esp(const std::string& image, Extent place, unsigned sector_size,
               std::uint32_t volume_id, std::int64_t time, std::vector<EspFile> files);

/// Writes one more file to such a file system, at byte `start` of the image; its directory is new,
/// those above are there.
void add_to_esp(const std::string& image, std::uint64_t start, std::int64_t time,
                const EspFile& file);

/// Names in a directory of an ESP that starts at byte `start` of the image; empty when it is
/// absent.
[[nodiscard]] std::vector<std::string> list_esp(const std::string& image, std::uint64_t start,
                                                const std::string& directory);

/// A file of the ESP; nothing when it is absent.
[[nodiscard]] std::optional<Bytes> read_esp_file(const std::string& image, std::uint64_t start,
                                                 const std::string& path);

} // namespace quoin
