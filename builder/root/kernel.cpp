// SPDX-License-Identifier: Apache-2.0
#include "builder/root/kernel.hpp"

#include "base/error.hpp"
#include "base/terminal.hpp"
#include "disk/version_order.hpp"

#include <algorithm>
#include <array>

namespace quoin {

std::optional<std::string> kernel_release_of(const std::string& path) {
    const std::string in_boot = "boot/vmlinuz-";
    if (path.starts_with(in_boot) && path.find('/', in_boot.size()) == std::string::npos &&
        path.size() > in_boot.size())
        return path.substr(in_boot.size());
    for (const std::string before : {"usr/lib/modules/", "lib/modules/"}) {
        const std::size_t end = path.find('/', before.size());
        if (path.starts_with(before) && end != std::string::npos && path.substr(end) == "/vmlinuz")
            return path.substr(before.size(), end - before.size());
    }
    return std::nullopt;
}

bool is_boot_file(const std::string& path) {
    if (kernel_release_of(path))
        return true;
    constexpr std::array<std::string_view, 5> links{"vmlinuz", "vmlinuz.old", "initrd.img",
                                                    "initrd.img.old", "initrd"};
    constexpr std::array<std::string_view, 4> kinds{"initrd.img-", "initrd-", "System.map-",
                                                    "config-"};
    const bool in_boot = path.starts_with("boot/");
    const auto name = std::string_view(path).substr(in_boot ? 5 : 0);
    if (std::find(links.begin(), links.end(), name) != links.end())
        return true;
    return in_boot && name.find('/') == std::string_view::npos &&
           std::any_of(kinds.begin(), kinds.end(),
                       [&](std::string_view kind) { return name.starts_with(kind); });
}

void KernelChoice::offer(const std::string& release, const ContentReader& content) {
    // It becomes part of names and of the report.
    if (!std::ranges::all_of(release, [](char c) { return c > ' ' && c <= '~'; }))
        throw refused("cannot use the kernel '" + printable(release) +
                      "': its release has characters other than printable ASCII");
    seen_.insert(release);
    const bool better = wanted_.empty()
                            ? release_.empty() || compare_versions(release, release_) > 0
                            : release == wanted_ && release_.empty();
    if (!better)
        return;
    image_ = read_whole(content, largest_kernel, "vmlinuz-" + release);
    release_ = release;
}

void KernelChoice::require_found(const RecipePlaces& places) const {
    if (!release_.empty())
        return;
    const std::string expected = "expected /boot/vmlinuz-* or /usr/lib/modules/*/vmlinuz";
    if (wanted_.empty())
        throw Error("no kernel found in the root: " + expected);
    std::string others;
    for (const std::string& release : seen_)
        others += (others.empty() ? "" : ", ") + printable(release);
    throw places.mistake("boot.kernel", "",
                         "no kernel '" + wanted_ + "' found in the root: " +
                             (others.empty() ? expected : "it has " + others));
}

} // namespace quoin
