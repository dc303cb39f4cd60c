// SPDX-License-Identifier: Apache-2.0
// Names of boot entries and their counters: Boot Loader Specification (UAPI.1), as systemd-boot 252
// reads it. Pure functions.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace quoin {

/// "ID_VERSION+LEFT-DONE.efi", or "ID_VERSION.efi" without a counter (confirmed).
struct BootEntryName {
    std::string id;      ///< image id
    std::string version; ///< image version
    struct Counter {
        unsigned left = 0;
        unsigned done = 0;
        friend bool operator==(const Counter&, const Counter&) = default;
    };
    std::optional<Counter> counter;

    /// The name as we and the loader write it, always with both numbers. Ours have one digit; the
    /// loader's DONE can grow beyond when every entry is bad.
    [[nodiscard]] std::string file_name() const;
    /// Nothing for names that are not ours; case is ignored in the suffix as FAT does. The counter
    /// is what follows the last '+': "+LEFT" or "+LEFT-DONE". Image ids hold no '_', so the first
    /// one ends the id.
    [[nodiscard]] static std::optional<BootEntryName> parse(std::string_view file_name);
    /// The same system without its counter.
    [[nodiscard]] BootEntryName confirmed() const { return {id, version, std::nullopt}; }
    [[nodiscard]] bool is_bad() const { return counter && counter->left == 0; }
    friend bool operator==(const BootEntryName&, const BootEntryName&) = default;
};

/// systemd-boot's order: entries without tries last, then id, then version, newest first.
/// Less means: is preferred.
[[nodiscard]] std::strong_ordering loader_order(const BootEntryName& left,
                                                const BootEntryName& right);

/// A fresh update has three tries: single digits, so the name's length never changes.
inline constexpr unsigned default_tries = 3;
inline constexpr unsigned max_tries = 9;

} // namespace quoin
