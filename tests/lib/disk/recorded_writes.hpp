// SPDX-License-Identifier: Apache-2.0
// Power cuts: what a piece of code writes is recorded (the linker wraps pwrite and fdatasync), and
// can be replayed onto an older state up to any point, also to the middle of a write.
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace quoin::test {

struct RecordedWrite {
    std::uint64_t offset = 0;
    Bytes data;
    bool synced = false; ///< before the next write began
};

/// The writes that `body` makes, to whatever file.
[[nodiscard]] std::vector<RecordedWrite> record_writes(const std::function<void()>& body);

/// Calls `check` with each state that a power cut during `writes` can leave of `before`: after
/// every write, and after every 512-byte sector of it. Writes must be synced one by one, so that no
/// later one can overtake an earlier one; the test fails when they are not.
void for_each_cut(const Bytes& before, const std::vector<RecordedWrite>& writes,
                  const std::function<void(const Bytes& state)>& check);

} // namespace quoin::test
