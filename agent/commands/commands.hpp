// SPDX-License-Identifier: Apache-2.0
// What the program can be told to do: one file a command, one function each. They report on
// standard output, say the rest on standard error and throw Error when they cannot do it.
#pragma once

#include "agent/node.hpp"

#include <cstdint>
#include <string>

namespace quoin::commands {

/// The command line, understood.
struct Invocation {
    NodeOptions node;
    bool json = false;
    std::string source;                   ///< install: path or URL
    bool reboot = false;                  ///< install, rollback
    bool force_quarantined = false;       ///< install
    bool dry_run = false;                 ///< install
    std::uint64_t max_bytes = UINT64_MAX; ///< install
};

void status(const Invocation& invocation);
void install(const Invocation& invocation);
void confirm(const Invocation& invocation);
void rollback(const Invocation& invocation);

// Called by systemd on the running node.
void health_gate(const Invocation& invocation);
void try_deadline(const Invocation& invocation);
void watch(const Invocation& invocation);

/// Text onto standard output.
void print(const std::string& text);

/// The result in one sentence, on standard output; nothing with --quiet.
void report(const std::string& sentence);

/// Throws Error(usage) "COMMAND works on the running node only" when options name an image file.
void require_live(const Invocation& invocation, const std::string& command);

} // namespace quoin::commands
