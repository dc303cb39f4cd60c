// SPDX-License-Identifier: Apache-2.0
// The list is short on purpose: early userspace has no udev, so each module costs room in the UKI
// and time in every boot. What a board needs besides, its recipe names.
#include "builder/stages/boot_modules.hpp"

#include "base/error.hpp"
#include "builder/stages/archive.hpp"
#include "builder/stages/module_info.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <sstream>

namespace quoin {
namespace {

/// No verified boot works without these, as modules or built in.
constexpr std::array<std::string_view, 6> required_modules = {"dm_mod",  "dm_verity", "squashfs",
                                                              "overlay", "ext4",      "vfat"};

/// Drivers of which one must exist for the boot disk to be seen.
constexpr std::array<std::string_view, 7> disk_modules = {
    "virtio_blk", "virtio_scsi", "ahci", "nvme", "usb_storage", "mmc_block", "sd_mod"};

/// Loaded where they exist. Hashes come first, since dm-verity picks the fastest one present.
constexpr std::array<std::string_view, 29> welcome_modules = {
    "sha256_ssse3", "sha256_generic", "sha2_ce",
    "sha256_arm64", "crc32c_intel",   "crc32c_generic",
    "libcrc32c",    "nls_cp437",      "nls_iso8859_1",
    "nls_ascii",    "nls_utf8",       "efivarfs",
    "efi_pstore",   "virtio_pci",     "virtio_mmio",
    "virtio_blk",   "virtio_scsi",    "sd_mod",
    "ahci",         "nvme",           "xhci_pci",
    "uas",          "usb_storage",    "sdhci_pci",
    "sdhci_acpi",   "mmc_block",      "i6300esb",
    "iTCO_wdt",     "sp5100_tco"};

class Resolver {
  public:
    Resolver(const RootFiles& root, const std::string& release)
        : root_(root), directory_("usr/lib/modules/" + release + "/") {
        for (const auto& path : root.paths) {
            const auto name = module_name_of_path(path);
            if (!name.empty() && path.starts_with(directory_))
                paths_.emplace(name, path.substr(directory_.size()));
        }
        read_lines("modules.builtin", [this](std::istringstream& line) {
            std::string path;
            line >> path;
            built_in_.insert(module_name_of_path(path));
        });
        read_lines("modules.dep", [this](std::istringstream& line) {
            std::string path;
            line >> path;
            auto& depends = listed_depends_[module_name_of_path(path.substr(0, path.find(':')))];
            while (line >> path)
                depends.push_back(module_name_of_path(path));
        });
        read_lines("modules.alias", [this](std::istringstream& line) {
            std::string word, alias, module;
            line >> word >> alias >> module;
            aliases_.emplace(normalized_module_name(alias), normalized_module_name(module));
        });
    }

    [[nodiscard]] bool is_known(std::string_view name) const {
        return built_in_.contains(name) || paths_.contains(name);
    }
    /// A kernel without the list of what is built in cannot be judged.
    [[nodiscard]] bool can_judge() const { return !built_in_.empty(); }

    /// Adds the module after everything it depends on. Unknown names have been dealt with.
    void add(const std::string& name) {
        const auto found = paths_.find(name);
        if (built_in_.contains(name) || found == paths_.end() || !visited_.insert(name).second)
            return;
        const auto path = directory_ + found->second;
        const auto raw = root_.read(path);
        if (!raw)
            throw Error("cannot read kernel module '" + path + "' in the root");
        BootModule module{name, decompressed(*raw, path), {}};
        auto info = parse_module_info(module.content, path);
        module.firmware = std::move(info.firmware);

        const auto listed = listed_depends_.find(name);
        for (const auto& dependency :
             listed != listed_depends_.end() ? listed->second : info.depends)
            add(normalized_module_name(dependency));
        for (const auto& dependency : info.softdeps)
            add_alias(normalized_module_name(dependency));
        modules_.push_back(std::move(module));
    }

    [[nodiscard]] std::vector<BootModule> take() { return std::move(modules_); }

  private:
    void add_alias(const std::string& name) {
        if (is_known(name)) {
            add(name);
            return;
        }
        const auto [first, last] = aliases_.equal_range(name);
        for (auto it = first; it != last; ++it)
            add(it->second);
    }

    template <typename Use>
    void read_lines(const std::string& name, Use use) {
        const auto content = root_.read(directory_ + name);
        if (!content)
            return;
        std::istringstream lines{std::string(text_of(*content))};
        for (std::string text; std::getline(lines, text);) {
            if (text.empty() || text.front() == '#')
                continue;
            std::istringstream line(text);
            use(line);
        }
    }

    const RootFiles& root_;
    std::string directory_;
    std::map<std::string, std::string, std::less<>> paths_; ///< name → path below directory_
    std::set<std::string, std::less<>> built_in_;
    std::map<std::string, std::vector<std::string>> listed_depends_;
    std::multimap<std::string, std::string> aliases_;
    std::set<std::string> visited_;
    std::vector<BootModule> modules_;
};

} // namespace

BootModules find_boot_modules(const RootFiles& root, const std::string& kernel_release,
                              const std::vector<std::string>& wanted, const RecipePlaces& places) {
    Resolver resolver(root, kernel_release);
    BootModules result;

    if (!resolver.can_judge())
        result.warnings.push_back("the root has no modules.builtin for kernel '" + kernel_release +
                                  "': cannot check that it can open a verified root");
    for (const auto name : required_modules)
        if (resolver.can_judge() && !resolver.is_known(name))
            result.warnings.push_back("kernel '" + kernel_release + "' has '" + std::string(name) +
                                      "' neither built in nor as a module: it cannot open a "
                                      "verified root");
    if (resolver.can_judge() && std::ranges::none_of(disk_modules, [&](std::string_view name) {
            return resolver.is_known(name);
        }))
        result.warnings.push_back("kernel '" + kernel_release +
                                  "' has no driver for any usual disk: name one in boot.modules");

    for (const auto name : welcome_modules)
        resolver.add(std::string(normalized_module_name(name)));
    for (const auto name : required_modules)
        resolver.add(std::string(name));
    for (const auto& name : wanted) {
        const auto normalized = normalized_module_name(name);
        if (!resolver.is_known(normalized))
            throw places.mistake("boot.modules", name,
                                 "'" + name + "' in 'modules' is no module of kernel '" +
                                     kernel_release + "'");
        resolver.add(normalized);
    }
    result.modules = resolver.take();
    return result;
}

} // namespace quoin
