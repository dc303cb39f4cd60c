// SPDX-License-Identifier: Apache-2.0
// The journal, as far as a reboot is concerned.
#pragma once

#include <string>

namespace quoin {

/// Asks journald to put everything it has onto the medium and waits for it, at most ten seconds.
/// Speaks to it directly, since `journalctl` may lie on a root that cannot be read any more.
/// False when there is no journald, or it does not answer.
bool sync_journal(const std::string& socket_path = "/run/systemd/journal/io.systemd.journal");

} // namespace quoin
