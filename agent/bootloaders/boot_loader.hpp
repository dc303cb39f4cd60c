// SPDX-License-Identifier: Apache-2.0
// What the agent asks of a boot loader. Five verbs, each saying what it leaves alone. Behind it:
// systemd_boot.hpp now, GRUB and U-Boot later.
#pragma once

#include "base/bytes.hpp"
#include "disk/boot_entry.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace quoin {

/// One of our entries as the loader sees it.
struct BootEntry {
    BootEntryName name;
    bool listed = false; ///< false: first sector zero, the loader skips it
    std::uint64_t size = 0;
    std::optional<std::string> root_hash; ///< from the UKI's command line; nothing when unlisted
};

/// Yields the boot image in order: fills `buffer`, returns the bytes put there, 0 at the end.
using BootImageReader = std::function<std::size_t(ByteSpan buffer)>;

class BootLoader {
  public:
    virtual ~BootLoader() = default;

    /// Every entry of ours, in the loader's order of preference; unlisted ones last. Changes
    /// nothing.
    [[nodiscard]] virtual std::vector<BootEntry> entries() const = 0;

    /// Makes the loader skip an entry, durably. Leaves its file, its counter and all others alone.
    virtual void unlist(const BootEntryName& name) = 0;

    /// Writes a complete boot image under its final name, unlisted, synced and read back against
    /// `sha256` (hex). Removes nothing listed; other unlisted files of ours are removed first to
    /// make room. An unlisted file of that name, as an interrupted staging leaves one, is
    /// overwritten in place: `content` may be read from it, at the same offset or a later one.
    /// Throws Error(failed) before writing when there is no room.
    virtual void stage(const BootEntryName& name, std::uint64_t size, const std::string& sha256,
                       const BootImageReader& content) = 0;

    /// Makes a staged entry startable by one sector, durably: `first_sector` is the image's first
    /// 512 bytes. Leaves every other byte of the medium alone.
    virtual void arm(const BootEntryName& name, ByteView first_sector) = 0;

    /// Gives a tried entry its name without a counter, durably. Leaves the content alone. Returns
    /// false when it already was so.
    virtual bool confirm(const BootEntryName& name) = 0;

    /// Fresh tries for an exhausted entry that was judged inconclusive: unlist, rename, arm.
    virtual void rearm(const BootEntryName& name, unsigned tries) = 0;

    /// The content of an entry's file, for re-use of its blocks: a readable descriptor's path.
    [[nodiscard]] virtual std::string path_of(const BootEntryName& name) const = 0;

    /// Free bytes for boot images once `more` are freed; what else the loader's file system needs
    /// is left out.
    [[nodiscard]] virtual std::uint64_t free_space(std::uint64_t more) const = 0;
};

} // namespace quoin
