// SPDX-License-Identifier: Apache-2.0
// systemd-boot (252 and later) with its entries in EFI/Linux on the ESP. What it does with names
// and counters: UAPI.1 (Boot Loader Specification), "boot counting".
#pragma once

#include "agent/bootloaders/boot_loader.hpp"

namespace quoin {

/// Works on a directory, so on a mounted ESP as well as on an unpacked one.
class SystemdBoot final : public BootLoader {
  public:
    explicit SystemdBoot(const std::string& esp_directory);

    [[nodiscard]] std::vector<BootEntry> entries() const override;
    void unlist(const BootEntryName& name) override;
    void stage(const BootEntryName& name, std::uint64_t size, const std::string& sha256,
               const BootImageReader& content) override;
    void arm(const BootEntryName& name, ByteView first_sector) override;
    bool confirm(const BootEntryName& name) override;
    void rearm(const BootEntryName& name, unsigned tries) override;
    [[nodiscard]] std::string path_of(const BootEntryName& name) const override;
    [[nodiscard]] std::uint64_t free_space(std::uint64_t more) const override;

  private:
    [[nodiscard]] BootEntry describe(const BootEntryName& name) const;
    /// The same system's entry under its name of the moment: the loader counts in the name.
    [[nodiscard]] std::optional<BootEntry> counted_twin(const BootEntryName& name) const;
    void rename_durably(const BootEntryName& from, const BootEntryName& to);
    void remove_unlisted(const BootEntryName& except);

    std::string directory_;
};

} // namespace quoin
