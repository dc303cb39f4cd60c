// SPDX-License-Identifier: Apache-2.0
// What a build made, opened again: bundles, disk images, UKIs. Nothing here trusts what it reads.
#pragma once

#include "bundle/reader.hpp"
#include "disk/gpt.hpp"
#include "disk/verity.hpp"

#include <optional>
#include <string>
#include <vector>

namespace quoin {

enum class ArtifactKind { bundle, disk_image, uki };

/// Told from the first bytes. Throws Error(refused) when the file is none of these.
[[nodiscard]] ArtifactKind artifact_kind(FdRef fd, const std::string& path);

/// The head of a bundle that is as long as its manifest says, which nobody has verified. Throws
/// Error(refused) for other lengths.
[[nodiscard]] BundleHead read_head_of_whole(const Region& bundle);

/// What a UKI's command line says about its root.
struct UkiClaims {
    std::string command_line;
    std::string os_release;
    std::string kernel_release;
    Digest root_hash;
    Bytes salt;
    std::uint64_t data_blocks = 0;
};

/// Throws Error(refused) when the UKI is malformed or says nothing about a root.
[[nodiscard]] UkiClaims read_uki_claims(ByteView uki);

/// A kernel on the ESP.
struct InstalledUki {
    std::string file_name;
    Bytes content;
    std::optional<UkiClaims> claims; ///< nothing for one that is un-listed or not ours
};

/// A slot of a disk image with what belongs to it.
struct ImageSlot {
    std::string name; ///< "a", "b"
    Partition root;
    Partition verity;
    std::optional<InstalledUki> uki; ///< the one whose root hash the partition's UUID stands for
    std::optional<Bytes> head;       ///< bundle head from /EFI/quoin/LABEL.manifest

    [[nodiscard]] bool is_empty() const { return root.label == "_empty"; }
};

/// A disk image, opened for reading.
struct DiskImage {
    std::string path;
    UniqueFd fd;
    GptTable table;
    std::vector<ImageSlot> slots;

    /// Throws Error(refused) when there is no readable partition table or no ESP.
    [[nodiscard]] static DiskImage open(const std::string& path);

    [[nodiscard]] Region region(const Partition& partition) const;
    /// The slot that the boot loader would start; nothing when none can be.
    [[nodiscard]] const ImageSlot* preferred() const;
};

} // namespace quoin
