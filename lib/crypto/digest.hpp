// SPDX-License-Identifier: Apache-2.0
// SHA-256, streaming and at once.
#pragma once

#include "base/bytes.hpp"
#include "base/fd.hpp"
#include "base/progress.hpp"

#include <array>
#include <memory>
#include <string>

namespace quoin {

/// 32 bytes of SHA-256 (FIPS 180-4).
struct Digest {
    std::array<std::uint8_t, 32> bytes{};

    [[nodiscard]] std::string hex() const { return to_hex(bytes); }
    /// 64 hex digits, or nothing.
    [[nodiscard]] static std::optional<Digest> parse(std::string_view hex);
    friend auto operator<=>(const Digest&, const Digest&) = default;
};

/// An incremental SHA-256. Reusable: `finish()` and `restart()` start a new message.
class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    Sha256& update(ByteView data);
    /// The digest of everything since the start; afterwards the object is ready for a new message.
    [[nodiscard]] Digest finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

[[nodiscard]] Digest sha256(ByteView data);
/// SHA-256 of `salt` followed by `data` without copying: dm-verity's block hash (hash type 1).
[[nodiscard]] Digest sha256(ByteView salt, ByteView data);
/// SHA-256 of a whole file; `name` is for messages. Throws Error(failed) on I/O errors.
[[nodiscard]] Digest sha256_of_file(FdRef file, const std::string& name,
                                    const ProgressObserver& progress = {});
/// A UUID derived from a name: the first 16 bytes of SHA-256("quoin:" purpose ":" name) marked as
/// an RFC 9562 version 8 UUID. Never random.
[[nodiscard]] Uuid derived_uuid(std::string_view purpose, std::string_view name);

} // namespace quoin
