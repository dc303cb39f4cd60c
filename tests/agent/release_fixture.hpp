// SPDX-License-Identifier: Apache-2.0
// Small releases and the node that they are installed on: a real image file with a real partition
// table, a directory for the ESP, bundles as the builder writes them.
#pragma once

#include "agent/node.hpp"
#include "agent/steps/install.hpp"
#include "base/file.hpp"
#include "bundle/writer.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace quoin::test {

/// Bytes that look random and are the same for the same seed.
[[nodiscard]] Bytes noise(std::uint64_t seed, std::size_t size);

/// What a release is made of, chunk by chunk.
struct ReleaseContent {
    std::string version;
    std::vector<Bytes> chunks;              ///< of the root; padded to 4096 when it is made
    std::vector<std::uint16_t> generations; ///< of the chunks; missing ones are 0
    Contents contents;                      ///< the table as it is; fitting the chunks or not
    std::uint64_t kernel_seed = 1;          ///< of the boot image's largest section
    std::size_t kernel_size = 200'003;
    std::string compatible = "test-board";
    std::string architecture = "x86-64";
    std::string minimum_agent = "0.1.0";
    std::uint64_t security_epoch = 1;
    std::function<void(Manifest&)> lie; ///< in what is signed; the bundle stays as it is
};

/// `count` chunks of odd sizes between 1 and `largest` bytes.
[[nodiscard]] ReleaseContent content(const std::string& version, std::uint64_t seed,
                                     std::size_t count = 60, std::size_t largest = 40000);

struct Release {
    Bytes root;
    Bytes uki;
    SlotIndex index;
    Manifest manifest;
    std::string bundle; ///< path
    [[nodiscard]] std::string entry_name() const;
    /// Where head and index of the bundle end.
    [[nodiscard]] std::uint64_t data_offset() const;
};

/// A node that runs one release from slot a. Everything lies in one temporary directory.
class TestNode {
  public:
    explicit TestNode(const ReleaseContent& running);

    /// Writes "ID_VERSION.quoin", signed with the trusted key (or another one).
    [[nodiscard]] Release release(const ReleaseContent& content, bool trusted = true) const;

    [[nodiscard]] const Release& running() const { return running_; }
    [[nodiscard]] const std::string& directory() const { return directory_.path(); }
    [[nodiscard]] std::string image() const { return directory() + "/node.raw"; }
    [[nodiscard]] std::string entries_directory() const { return directory() + "/esp/EFI/Linux"; }
    [[nodiscard]] NodeOptions options() const;

    /// Installs through Node and SystemdBoot as the program does.
    InstallReport install(const std::string& source, const InstallObserver& observer = {}) const;
    InstallReport install(const InstallOptions& options,
                          const InstallObserver& observer = {}) const;
    /// `install --dry-run`.
    [[nodiscard]] InstallForecast forecast(const InstallOptions& options) const;

    /// Digest of everything that is on the disk, the ESP and in the state directory, its lock
    /// aside.
    [[nodiscard]] std::string fingerprint() const;
    /// Throws what is wrong, if slot a and its boot image are not as they were made.
    void check_running_untouched() const;
    /// Throws what is wrong, if slot b has a name, the loader lists more than the running system or
    /// the agent believes that it armed one.
    void check_nothing_armed() const;
    /// Throws what is wrong, if the loader could start something that does not lie whole in a slot.
    void check_startable_entries() const;
    /// Throws what is wrong, if `release` is not armed in slot b, whole and chosen by the loader.
    void check_armed(const Release& release) const;

    /// Puts back disk, ESP and state as they were when the node was made.
    void restore() const;

  private:
    void save() const;

    TemporaryDirectory directory_;
    SigningKey key_;
    Release running_;
};

} // namespace quoin::test
