// SPDX-License-Identifier: Apache-2.0
// A bundle in a local file: a mounted stick, a shared directory.
#pragma once

#include "agent/fetch/bundle_source.hpp"
#include "base/fd.hpp"

namespace quoin {

/// Reads with pread, nothing in between. A range counts as a request.
class FileSource final : public BundleSource {
  public:
    /// Throws Error(failed) when `path` cannot be opened or is neither a file nor a block device.
    FileSource(const std::string& path, std::uint64_t most_bytes);

    void start(std::uint64_t offset, std::uint64_t size) override;
    void start_again(std::uint64_t offset, std::uint64_t size) override;
    [[nodiscard]] std::size_t read(ByteSpan out) override;
    [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }
    void expect_size(std::uint64_t) override {} // it is known
    void limit(std::uint64_t more) override { most_bytes_ = bytes_ + more; }
    [[nodiscard]] bool seekable() const override { return true; }
    [[nodiscard]] std::uint64_t requests() const override { return requests_; }
    [[nodiscard]] std::uint64_t bytes() const override { return bytes_; }
    [[nodiscard]] const std::string& name() const override { return name_; }

  private:
    std::string name_;
    UniqueFd fd_;
    std::uint64_t size_;
    std::uint64_t most_bytes_;
    std::uint64_t next_ = 0;
    std::uint64_t end_ = 0;
    std::uint64_t requests_ = 0;
    std::uint64_t bytes_ = 0;
};

} // namespace quoin
