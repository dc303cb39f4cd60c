// SPDX-License-Identifier: Apache-2.0
// Small tars, and roots that are fit to become an image.
#pragma once

#include "builder/entry.hpp"
#include "builder/recipe.hpp"

#include <string>
#include <vector>

namespace quoin::test {

[[nodiscard]] Entry file_entry(const std::string& path, std::uint32_t mode = 0644);
[[nodiscard]] Entry directory_entry(const std::string& path, std::uint32_t mode = 0755);
[[nodiscard]] Entry link_entry(const std::string& path, const std::string& target);
[[nodiscard]] Entry hard_link_entry(const std::string& path, const std::string& first);

/// Writes a pax archive; names go into it as they are.
class TarBuilder {
  public:
    TarBuilder& add(Entry entry, const std::string& content = "");
    TarBuilder& file(const std::string& path, const std::string& content,
                     std::uint32_t mode = 0644) {
        return add(file_entry(path, mode), content);
    }
    TarBuilder& directory(const std::string& path, std::uint32_t mode = 0755) {
        return add(directory_entry(path, mode));
    }
    TarBuilder& link(const std::string& path, const std::string& target) {
        return add(link_entry(path, target));
    }
    TarBuilder& hard_link(const std::string& path, const std::string& first) {
        return add(hard_link_entry(path, first));
    }
    /// The archive, compressed with "gzip", "zstd", "xz" or not at all ("").
    [[nodiscard]] std::string bytes(const std::string& compression = "") const;
    void write(const std::string& path, const std::string& compression = "") const;

  private:
    struct Member {
        Entry entry;
        std::string content;
    };
    std::vector<Member> members_;
};

/// Directories, accounts, os-release, a kernel and two units: what an image at least has.
[[nodiscard]] TarBuilder small_root();

/// A recipe for the tar at `path` with everything else at its default.
[[nodiscard]] Recipe recipe_for_tar(const std::string& path);

void write_text(const std::string& path, const std::string& text);

/// `size` bytes that do not compress, the same for the same seed.
[[nodiscard]] std::string noise(std::size_t size, std::uint32_t seed);

} // namespace quoin::test
