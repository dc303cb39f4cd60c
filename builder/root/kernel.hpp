// SPDX-License-Identifier: Apache-2.0
// Finding the kernel among the root's files. It is kept for the UKI; nothing that only a boot
// loader of another system would read stays in the root.
#pragma once

#include "builder/entry.hpp"
#include "builder/recipe/places.hpp"

#include <optional>
#include <set>
#include <string>

namespace quoin {

inline constexpr std::uint64_t largest_kernel = 64 << 20;

/// The release in "boot/vmlinuz-RELEASE" or "usr/lib/modules/RELEASE/vmlinuz".
[[nodiscard]] std::optional<std::string> kernel_release_of(const std::string& path);

/// Kernels, their initrds, maps and configurations in /boot, and the links to them in / and /boot.
[[nodiscard]] bool is_boot_file(const std::string& path);

/// Keeps the wanted kernel of those that come by: one release, or the newest.
class KernelChoice {
  public:
    /// `wanted`: a release, or empty for the newest by version order.
    explicit KernelChoice(std::string wanted) : wanted_(std::move(wanted)) {}

    /// Reads the content when this is the best kernel so far.
    void offer(const std::string& release, const ContentReader& content);

    /// Throws saying what was looked for, and what is there instead: the recipe's mistake when it
    /// names a release, else Error(failed).
    void require_found(const RecipePlaces& places) const;

    [[nodiscard]] const std::string& release() const { return release_; }
    [[nodiscard]] Bytes& image() { return image_; }

  private:
    std::string wanted_;
    std::string release_;
    Bytes image_;
    std::set<std::string> seen_;
};

} // namespace quoin
