// SPDX-License-Identifier: Apache-2.0
// The EFI System Partition, mounted only while an agent looks at it.
#pragma once

#include <string>

namespace quoin {

/// Mounts in a mount namespace of this process's own, so that nobody else sees it, two agents do
/// not collide at one directory, and the kernel unmounts it even when the agent is killed.
class EspMount {
  public:
    /// Throws Error(failed). A read-only mount beside another agent's writable one (and the other
    /// way round) is refused by the kernel with EBUSY while both last: waits up to ten seconds.
    EspMount(const std::string& device, const std::string& directory, bool writable);
    EspMount(const EspMount&) = delete;
    EspMount& operator=(const EspMount&) = delete;
    ~EspMount();

  private:
    std::string directory_;
};

} // namespace quoin
